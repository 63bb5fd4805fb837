//! Key material: overwritten when dropped, never printed, never copied by accident.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Suite;

/// The longest `key || salt` of any suite: 32 bytes of key and 14 of salt.
const INLINE_LEN_MAX: usize = 46;

/// What SDES hands over for one direction: a master key and a master salt for one suite.
///
/// It has neither `Debug` nor `Clone`, and its bytes are overwritten when it is dropped.
#[derive(ZeroizeOnDrop)]
pub struct MasterKey {
    #[zeroize(skip)]
    suite: Suite,
    bytes: [u8; INLINE_LEN_MAX],
}

impl MasterKey {
    /// Takes the bytes behind `inline:` (after base64): the key, then the salt.
    ///
    /// # Errors
    ///
    /// If the number of bytes is not [`Suite::inline_len`].
    pub fn from_bytes(suite: Suite, key_and_salt: &[u8]) -> Result<Self, KeyLengthError> {
        if key_and_salt.len() != suite.inline_len() {
            return Err(KeyLengthError { suite, found: key_and_salt.len() });
        }
        let mut bytes = [0; INLINE_LEN_MAX];
        bytes[..key_and_salt.len()].copy_from_slice(key_and_salt);
        Ok(Self { suite, bytes })
    }

    /// Returns the suite that the key is for.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Tells whether both are the same key for the same suite, in a time that does not tell where they differ.
    ///
    /// RFC 4568 section 7.1.4: an unchanged key keeps its rollover counters, a changed one starts anew.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.suite == other.suite && bool::from(self.bytes.ct_eq(&other.bytes))
    }

    /// Returns key and salt as they came, to hand them to the process that uses them. They belong nowhere else.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes[..self.suite.inline_len()]
    }

    /// The same key once more, for whoever derives from it later.
    pub(crate) fn kept(&self) -> Self {
        Self { suite: self.suite, bytes: self.bytes }
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.bytes[..self.suite.key_len()]
    }

    /// Returns the salt as the 112 bits that key derivation works on.
    ///
    /// RFC 7714 section 11: the 96-bit salt of GCM is padded with zeros at its end.
    pub(crate) fn salt(&self) -> [u8; 14] {
        let mut salt = [0; 14];
        let salt_len = self.suite.salt_len();
        let start = self.suite.key_len();
        salt[..salt_len].copy_from_slice(&self.bytes[start..start + salt_len]);
        salt
    }
}

/// The key and salt together do not have the length that the suite asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLengthError {
    suite: Suite,
    found: usize,
}

impl fmt::Display for KeyLengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { suite, found } = self;
        write!(
            f,
            "wrong key length for {suite}: wanted {} bytes ({} of key, {} of salt), found {found}",
            suite.inline_len(),
            suite.key_len(),
            suite.salt_len(),
        )
    }
}

impl core::error::Error for KeyLengthError {}

/// Compares a received tag with the one it should be, in a time that does not tell where they differ.
#[inline]
pub(crate) fn is_same_tag(received: &[u8], expected: &[u8]) -> bool {
    debug_assert_eq!(received.len(), expected.len(), "both are cut to the length of the suite");
    let difference = received.iter().zip(expected).fold(0, |difference, (x, y)| difference | (x ^ y));
    difference.ct_eq(&0u8).into()
}

/// A block of derived secret bytes that is overwritten when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secret<const N: usize>(pub(crate) [u8; N]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_the_wrong_length_is_refused_with_what_was_wanted() {
        let error = MasterKey::from_bytes(Suite::AesCm256HmacSha1_80, &[0; 30]).err().unwrap();
        assert_eq!(
            error.to_string(),
            "wrong key length for AES_256_CM_HMAC_SHA1_80: wanted 46 bytes (32 of key, 14 of salt), found 30"
        );
    }

    #[test]
    fn keys_are_the_same_only_if_suite_key_and_salt_are() {
        let key = |suite, fill, last| {
            let mut bytes = [fill; 30];
            bytes[29] = last;
            MasterKey::from_bytes(suite, &bytes).unwrap()
        };
        let one = key(Suite::AesCm128HmacSha1_80, 1, 1);
        assert!(one.same_as(&key(Suite::AesCm128HmacSha1_80, 1, 1)));
        assert!(!one.same_as(&key(Suite::AesCm128HmacSha1_80, 1, 2)));
        assert!(!one.same_as(&key(Suite::AesCm128HmacSha1_32, 1, 1)));
    }
}
