//! Nonces that nobody has to remember: a time and a salt, authenticated by a secret of the server.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::hash::hex;

/// The length of the secret: that of the hash.
pub const SECRET_LEN: usize = 32;

/// 16 digits of time, 16 of salt.
const STAMP_LEN: usize = 32;
/// 128 bits of authentication, as digits.
const TAG_LEN: usize = 32;

/// Makes nonces and knows its own again, also after a restart and on another node with the same secret.
pub struct NonceFactory {
    secret: [u8; SECRET_LEN],
    lifetime_seconds: u64,
}

/// What a nonce is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceAge {
    /// One of ours, and not too old.
    Fresh,
    /// One of ours, and too old: the client is asked once more, with `stale=true`.
    Stale,
    /// None of ours.
    Foreign,
}

impl NonceFactory {
    /// Makes a factory; the secret is random, and the same wherever nonces of each other are to be known.
    pub const fn new(secret: [u8; SECRET_LEN], lifetime_seconds: u64) -> Self {
        Self { secret, lifetime_seconds }
    }

    /// Makes a nonce for a realm. The salt differs for each, so that each has counts of its own.
    pub fn issue(&self, realm: &str, now_seconds: u64, salt: u64) -> String {
        let mut nonce = format!("{now_seconds:016x}{salt:016x}");
        let tag = self.tag(realm, &nonce);
        nonce.push_str(&tag);
        nonce
    }

    /// Tells what a nonce is worth.
    pub fn age(&self, realm: &str, nonce: &str, now_seconds: u64) -> NonceAge {
        let Some((stamp, tag)) = nonce.split_at_checked(STAMP_LEN) else { return NonceAge::Foreign };
        if !bool::from(self.tag(realm, stamp).as_bytes().ct_eq(tag.as_bytes())) {
            return NonceAge::Foreign;
        }
        let time = stamp.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        // The clock of whoever made it may be a little ahead, and a clock may be set back.
        match time.map(|time| now_seconds.saturating_sub(time)) {
            Some(age) if age < self.lifetime_seconds => NonceAge::Fresh,
            Some(_) => NonceAge::Stale,
            None => NonceAge::Foreign,
        }
    }

    fn tag(&self, realm: &str, stamp: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.update(stamp.as_bytes());
        mac.update(realm.as_bytes());
        let mut tag = hex(&mac.finalize().into_bytes());
        tag.truncate(TAG_LEN);
        tag
    }
}

impl Drop for NonceFactory {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_known_again_until_it_is_old() {
        let factory = NonceFactory::new([7; SECRET_LEN], 300);
        let nonce = factory.issue("example.com", 1_000, 42);
        assert_eq!(nonce.len(), STAMP_LEN + TAG_LEN);
        assert_eq!(factory.age("example.com", &nonce, 1_299), NonceAge::Fresh);
        assert_eq!(factory.age("example.com", &nonce, 1_300), NonceAge::Stale);
        assert_eq!(factory.age("example.com", &nonce, 999), NonceAge::Fresh);
        assert_ne!(nonce, factory.issue("example.com", 1_000, 43));
    }

    #[test]
    fn a_nonce_of_somebody_else_is_foreign() {
        let factory = NonceFactory::new([7; SECRET_LEN], 300);
        let nonce = factory.issue("example.com", 1_000, 42);
        assert_eq!(factory.age("example.org", &nonce, 1_000), NonceAge::Foreign);
        assert_eq!(
            NonceFactory::new([8; SECRET_LEN], 300).age("example.com", &nonce, 1_000),
            NonceAge::Foreign
        );
        for at in 0..nonce.len() {
            let mut changed = nonce.clone().into_bytes();
            changed[at] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(factory.age("example.com", &changed, 1_000), NonceAge::Foreign, "{at}");
        }
        for nonce in ["", "0", &"é".repeat(40)] {
            assert_eq!(factory.age("example.com", nonce, 1_000), NonceAge::Foreign);
        }
    }
}
