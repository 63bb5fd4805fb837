//! The session keys of RTP, in the form that the ciphers take, and the nonces of both families of suites.

use crate::MasterKey;
use crate::cipher::{AesKey, GhashKey, HmacKey};
use crate::kdf::{Label, derive};
use crate::key::Secret;

/// The session keys of one direction of RTP.
pub(crate) struct RtpKeys {
    pub(crate) aes: AesKey,
    pub(crate) tag_key: TagKey,
    salt: Secret<16>,
    tag_len: u8,
    /// The keystream block that meets the first byte of the payload.
    pub(crate) first_block: u16,
}

/// What authenticates: the second key of counter mode, or the hash key of GCM.
pub(crate) enum TagKey {
    Hmac(HmacKey),
    Ghash(GhashKey),
}

impl RtpKeys {
    /// Derives them all at once.
    pub(crate) fn derive(master: &MasterKey) -> Self {
        let suite = master.suite();
        let mut key = Secret([0; 32]);
        let key = &mut key.0[..suite.key_len()];
        derive(master, Label::RtpEncryption, key);
        let mut salt = Secret([0; 16]);
        derive(master, Label::RtpSalt, &mut salt.0[..suite.salt_len()]);
        let tag_key = if suite.is_aead() {
            TagKey::Ghash(GhashKey::of_aes_key(key))
        } else {
            let mut authentication = Secret([0; 20]);
            derive(master, Label::RtpAuthentication, &mut authentication.0);
            TagKey::Hmac(HmacKey::new(&authentication.0))
        };
        // RFC 7714 section 8.1: GCM spends the block before the data on the tag, and counts from 1.
        let first_block = if suite.is_aead() { 2 } else { 0 };
        Self { aes: AesKey::new(key), tag_key, salt, tag_len: suite.rtp_tag_len() as u8, first_block }
    }

    /// Takes the session keys of GCM as RFC 7714 publishes them.
    #[cfg(test)]
    pub(crate) fn of_gcm_session(key: &[u8], salt: &[u8]) -> Self {
        let mut padded = Secret([0; 16]);
        padded.0[..12].copy_from_slice(salt);
        let tag_key = TagKey::Ghash(GhashKey::of_aes_key(key));
        Self { aes: AesKey::new(key), tag_key, salt: padded, tag_len: 16, first_block: 2 }
    }

    #[inline]
    pub(crate) fn tag_len(&self) -> usize {
        self.tag_len.into()
    }

    /// Returns the block that the counter is added to.
    #[inline]
    pub(crate) fn iv(&self, ssrc: u32, index: u64) -> [u8; 16] {
        match self.tag_key {
            TagKey::Hmac(_) => counter_mode_iv(&self.salt, ssrc, index),
            TagKey::Ghash(_) => gcm_iv(&self.salt, ssrc, index),
        }
    }
}

/// RFC 3711 section 4.1.1: salt, source and index side by side above the 16 bits of the block counter.
#[inline]
pub(crate) fn counter_mode_iv(salt: &Secret<16>, ssrc: u32, index: u64) -> [u8; 16] {
    (u128::from_be_bytes(salt.0) ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16).to_be_bytes()
}

/// RFC 7714 sections 8.1 and 9.1: the same two bytes further up, above the 32 bits of the block counter.
#[inline]
pub(crate) fn gcm_iv(salt: &Secret<16>, ssrc: u32, index: u64) -> [u8; 16] {
    (u128::from_be_bytes(salt.0) ^ u128::from(ssrc) << 80 ^ u128::from(index) << 32).to_be_bytes()
}
