//! The hashes of digest authentication, and the one of user, realm and password that is kept.

use md5::Md5;
use sha2::Sha256;
use sha2::digest::Digest;
use zeroize::Zeroize;

use super::DigestError;

/// A hash that both sides know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// MD5: broken as a hash, and what most peers still ask for.
    Md5,
    /// SHA-256 (RFC 8760).
    Sha256,
}

impl Algorithm {
    /// Reads the word of an algorithm; `SHA256` is accepted, as several peers write it.
    ///
    /// # Errors
    /// `DigestError::SessionAlgorithm` or `DigestError::Algorithm` when it is another one.
    pub fn parse(word: &str) -> Result<Self, DigestError> {
        if word.eq_ignore_ascii_case("MD5") {
            Ok(Self::Md5)
        } else if word.eq_ignore_ascii_case("SHA-256") || word.eq_ignore_ascii_case("SHA256") {
            Ok(Self::Sha256)
        } else if word.len() > 5 && word.to_ascii_lowercase().ends_with("-sess") {
            Err(DigestError::SessionAlgorithm)
        } else {
            Err(DigestError::Algorithm)
        }
    }

    /// Returns the word as it is registered.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// Hashes parts with colons between them, to lower-case hexadecimal digits.
    pub(super) fn hex(self, parts: &[&str]) -> String {
        match self {
            Self::Md5 => hex(&joined::<Md5>(parts)),
            Self::Sha256 => hex(&joined::<Sha256>(parts)),
        }
    }
}

fn joined<D: Digest>(parts: &[&str]) -> Vec<u8> {
    let mut digest = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            digest.update(b":");
        }
        digest.update(part.as_bytes());
    }
    digest.finalize().to_vec()
}

/// Writes bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|nibble| char::from_digit(u32::from(nibble), 16));
    bytes.iter().flat_map(digits).flatten().collect()
}

/// The hash of user, realm and password: as good as the password where the realm is the same, so that it is never
/// shown and overwritten when it is dropped.
pub struct Ha1 {
    algorithm: Algorithm,
    hex: String,
}

impl Ha1 {
    /// Hashes a password.
    pub fn new(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> Self {
        Self { algorithm, hex: algorithm.hex(&[user, realm, password]) }
    }

    /// Takes a hash that was kept, as hexadecimal digits; `None` when it is none of the algorithm.
    pub fn from_hex(algorithm: Algorithm, hex: &str) -> Option<Self> {
        let len = match algorithm {
            Algorithm::Md5 => 32,
            Algorithm::Sha256 => 64,
        };
        let fits = hex.len() == len && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        fits.then(|| Self { algorithm, hex: hex.to_ascii_lowercase() })
    }

    /// Returns the algorithm it was made with.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn as_hex(&self) -> &str {
        &self.hex
    }
}

impl Drop for Ha1 {
    fn drop(&mut self) {
        self.hex.zeroize();
    }
}
