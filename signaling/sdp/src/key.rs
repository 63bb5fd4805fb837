//! Master keys: overwritten when dropped, and shown by nothing but the writing of a description.

use core::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::{Zeroize, Zeroizing};

use crate::suite::Suite;

/// A master key with its salt, for one suite in one of its spellings.
///
/// Its `Debug` shows the suite only. Two keys are equal if suite and bytes are; the spelling does not count.
#[derive(Clone)]
pub struct Key {
    suite: Suite,
    spelling: &'static str,
    bytes: [u8; KEY_LEN_MAX],
}

impl Key {
    /// Takes key and salt for a suite; its name in an offer is spelled as it is here.
    ///
    /// # Errors
    ///
    /// If no suite has the name, or its keys have another length.
    pub fn new(suite: &str, key_and_salt: &[u8]) -> Result<Self, KeyError> {
        let (suite, spelling) = Suite::spelled(suite).ok_or(KeyError::UnknownSuite)?;
        let mut bytes = [0; KEY_LEN_MAX];
        match bytes.get_mut(..suite.inline_len()) {
            Some(room) if room.len() == key_and_salt.len() => room.copy_from_slice(key_and_salt),
            _ => return Err(KeyError::Length { suite, found: key_and_salt.len() }),
        }
        Ok(Self { suite, spelling, bytes })
    }

    /// Takes what stands behind `inline:`.
    pub(crate) fn from_base64(suite: &str, text: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; TEXT_KEY_LEN_MAX]);
        let decoded_len = BASE64.decode_slice(text, bytes.as_mut_slice()).map_err(|_| KeyError::NotBase64)?;
        Self::new(suite, bytes.get(..decoded_len).unwrap_or_default())
    }

    /// Returns what stands behind `inline:`, padded. RFC 4568 section 6.1: padding is part of it.
    pub(crate) fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(self.expose()))
    }

    /// Returns the suite that the key is for.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Returns the name of the suite as it was spelled.
    #[must_use]
    pub const fn spelling(&self) -> &'static str {
        self.spelling
    }

    /// Returns key and salt, to hand them to who protects media with them. They belong nowhere else.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.get(..self.suite.inline_len()).unwrap_or_default()
    }
}

impl PartialEq for Key {
    /// Takes the same time wherever the keys differ.
    fn eq(&self, other: &Self) -> bool {
        let difference = self.bytes.iter().zip(&other.bytes).fold(0, |sum, (x, y)| sum | (x ^ y));
        self.suite == other.suite && core::hint::black_box(difference) == 0
    }
}

impl Eq for Key {}

impl Drop for Key {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.spelling)
    }
}

/// Why bytes are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// No suite that is spoken here has this name.
    UnknownSuite,
    /// Key and salt together have another length than the suite asks for.
    Length {
        /// The suite.
        suite: Suite,
        /// How many bytes there are.
        found: usize,
    },
    /// The text is no base64, or far too long.
    NotBase64,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSuite => f.write_str("not a known suite"),
            Self::Length { suite, found } => {
                write!(f, "wrong key length for {suite}: wanted {} bytes, found {found}", suite.inline_len())
            }
            Self::NotBase64 => f.write_str("not base64 of a key"),
        }
    }
}

impl core::error::Error for KeyError {}

/// 32 bytes of key and 14 of salt.
const KEY_LEN_MAX: usize = 32 + 14;

/// Room for keys that are too long, so that they are told from what is no base64.
const TEXT_KEY_LEN_MAX: usize = 96;

/// Peers leave the padding out, and the bits behind the last byte as they happen to be.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_with_and_without_padding_and_written_with_it() {
        let key = Key::new("AES_256_CM_HMAC_SHA1_80", &[0xa5; 46]).unwrap();
        let text = key.to_base64();
        assert!(text.ends_with("=="));
        for text in [text.as_str(), text.trim_end_matches('=')] {
            assert_eq!(Key::from_base64("AES_256_CM_HMAC_SHA1_80", text).as_ref(), Ok(&key));
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused_with_what_was_wanted() {
        let error = Key::new("AEAD_AES_128_GCM", &[0; 30]).unwrap_err();
        assert_eq!(error.to_string(), "wrong key length for AEAD_AES_128_GCM: wanted 28 bytes, found 30");
        assert_eq!(Key::from_base64("AES_CM_128_HMAC_SHA1_80", "no key"), Err(KeyError::NotBase64));
        assert_eq!(Key::new("NULL_HMAC_SHA1_80", &[]), Err(KeyError::UnknownSuite));
    }

    #[test]
    fn keys_are_equal_by_their_bytes_and_suite() {
        let key = |suite, byte| Key::new(suite, &[byte; 46]).unwrap();
        assert_eq!(key("AES_256_CM_HMAC_SHA1_80", 1), key("AES_CM_256_HMAC_SHA1_80", 1));
        assert_ne!(key("AES_256_CM_HMAC_SHA1_80", 1), key("AES_256_CM_HMAC_SHA1_80", 2));
        assert_ne!(key("AES_256_CM_HMAC_SHA1_80", 1), key("AES_256_CM_HMAC_SHA1_32", 1));
    }

    #[test]
    fn a_key_is_shown_by_its_suite_only() {
        let key = Key::new("AES_CM_128_HMAC_SHA1_32", &[0x41; 30]).unwrap();
        assert_eq!(format!("{key:?}"), "Key(AES_CM_128_HMAC_SHA1_32)");
    }
}
