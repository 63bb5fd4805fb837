//! Who a customer's equipment says it is, and what proves it.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// A user of digest authentication (RFC 3261 section 22) with its secrets, never its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The name.
    pub username: Box<str>,
    /// One secret per algorithm, ascending.
    pub secrets: Box<[Ha1]>,
}

impl Credential {
    /// Finds the secret for an algorithm.
    pub fn secret(&self, algorithm: DigestAlgorithm) -> Option<&Ha1> {
        self.secrets.iter().find(|secret| secret.algorithm == algorithm)
    }
}

/// The hash of user, realm and password (RFC 7616 section 3.4.2). Who has it can log in, so it is as secret as these.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// How it was made.
    pub algorithm: DigestAlgorithm,
    bytes: Box<[u8]>,
}

impl Ha1 {
    /// Reads the hash from hexadecimal digits; `None` if they are not of the algorithm's length.
    pub fn parse(algorithm: DigestAlgorithm, hex: &str) -> Option<Self> {
        if hex.len() != algorithm.hex_len() || !hex.is_ascii() {
            return None;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let pairs = hex.as_bytes().chunks_exact(2).map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        });
        Some(Self { algorithm, bytes: pairs.collect::<Option<_>>()? })
    }

    /// Gives the bytes of the hash.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Ha1 {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ha1({}, redacted)", self.algorithm)
    }
}

/// The hash that digest authentication is done with (RFC 8760).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub enum DigestAlgorithm {
    /// The one that all equipment knows.
    #[serde(rename = "MD5")]
    Md5,
    /// The one to prefer.
    #[serde(rename = "SHA-256")]
    Sha256,
    /// The one that is fast without instructions for SHA-256.
    #[serde(rename = "SHA-512-256")]
    Sha512Of256,
}

impl DigestAlgorithm {
    const fn hex_len(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 | Self::Sha512Of256 => 64,
        }
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512Of256 => "SHA-512-256",
        })
    }
}

/// A text that nobody may read by accident: it has no contents in `Debug`, and is overwritten when it is dropped.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes the text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// Gives the text to whoever says so.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_from_hexadecimal_of_its_length() {
        let hex = "939e7578ed9e3c518a452acee763bce9";
        let ha1 = Ha1::parse(DigestAlgorithm::Md5, hex).unwrap();
        assert_eq!(ha1.bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>(), hex);
        assert_eq!(Ha1::parse(DigestAlgorithm::Md5, &hex.to_uppercase()), Some(ha1));
        assert_eq!(Ha1::parse(DigestAlgorithm::Sha256, hex), None);
        assert_eq!(Ha1::parse(DigestAlgorithm::Md5, &hex.replace('9', "g")), None);
        assert_eq!(Ha1::parse(DigestAlgorithm::Md5, &"é".repeat(16)), None);
        assert!(Ha1::parse(DigestAlgorithm::Sha512Of256, &hex.repeat(2)).is_some());
    }

    #[test]
    fn secrets_are_in_no_debug_output() {
        let hex = "939e7578ed9e3c518a452acee763bce9";
        let credential = Credential {
            username: "5600".into(),
            secrets: [Ha1::parse(DigestAlgorithm::Md5, hex).unwrap()].into(),
        };
        let shown = format!("{credential:?} {:?}", Secret::new(hex.to_owned()));
        assert!(shown.contains("5600") && shown.contains("redacted"), "{shown}");
        assert!(!shown.contains("939e") && !shown.contains("147"), "{shown}");
        assert!(credential.secret(DigestAlgorithm::Md5).is_some());
        assert!(credential.secret(DigestAlgorithm::Sha256).is_none());
    }
}
