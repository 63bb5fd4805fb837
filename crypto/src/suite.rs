//! The cipher suites, their sizes and their names.

use core::fmt;
use core::str::FromStr;

/// A way to protect media: cipher, key size and tag length together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Suite {
    /// AES-128 in counter mode, HMAC-SHA1 cut to 80 bits (RFC 3711, RFC 4568 section 6.2.1).
    AesCm128HmacSha1_80,
    /// AES-128 in counter mode, HMAC-SHA1 cut to 32 bits for RTP (RFC 4568 section 6.2.2).
    AesCm128HmacSha1_32,
    /// AES-192 in counter mode, HMAC-SHA1 cut to 80 bits (RFC 6188).
    AesCm192HmacSha1_80,
    /// AES-192 in counter mode, HMAC-SHA1 cut to 32 bits for RTP (RFC 6188).
    AesCm192HmacSha1_32,
    /// AES-256 in counter mode, HMAC-SHA1 cut to 80 bits (RFC 6188).
    AesCm256HmacSha1_80,
    /// AES-256 in counter mode, HMAC-SHA1 cut to 32 bits for RTP (RFC 6188).
    AesCm256HmacSha1_32,
    /// AES-128 in Galois/counter mode with its full tag (RFC 7714).
    AeadAes128Gcm,
    /// AES-256 in Galois/counter mode with its full tag (RFC 7714).
    AeadAes256Gcm,
}

impl Suite {
    /// Every suite, in the order of the registry.
    pub const ALL: [Self; 8] = [
        Self::AesCm128HmacSha1_80,
        Self::AesCm128HmacSha1_32,
        Self::AesCm192HmacSha1_80,
        Self::AesCm192HmacSha1_32,
        Self::AesCm256HmacSha1_80,
        Self::AesCm256HmacSha1_32,
        Self::AeadAes128Gcm,
        Self::AeadAes256Gcm,
    ];

    /// The longest tag of any suite: what a buffer must leave free behind an RTP packet.
    pub const RTP_OVERHEAD_MAX: usize = 16;

    /// What a buffer must leave free behind an RTCP packet: the longest tag and the index word.
    pub const RTCP_OVERHEAD_MAX: usize = 16 + 4;

    /// Returns the length of the master key, and of the session encryption key.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 | Self::AeadAes128Gcm => 16,
            Self::AesCm192HmacSha1_80 | Self::AesCm192HmacSha1_32 => 24,
            Self::AesCm256HmacSha1_80 | Self::AesCm256HmacSha1_32 | Self::AeadAes256Gcm => 32,
        }
    }

    /// Returns the length of the master salt: 112 bits, or the 96 of a GCM nonce.
    #[must_use]
    pub const fn salt_len(self) -> usize {
        if self.is_aead() { 12 } else { 14 }
    }

    /// Returns the length of what SDES carries behind `inline:`, before base64: key and salt.
    #[must_use]
    pub const fn inline_len(self) -> usize {
        self.key_len() + self.salt_len()
    }

    /// Returns the length of the tag behind an RTP packet.
    #[must_use]
    pub const fn rtp_tag_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm192HmacSha1_80 | Self::AesCm256HmacSha1_80 => 10,
            Self::AesCm128HmacSha1_32 | Self::AesCm192HmacSha1_32 | Self::AesCm256HmacSha1_32 => 4,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }

    /// Returns the length of the tag behind an RTCP packet.
    ///
    /// RFC 4568 section 6.2.2: a suite with a 32-bit tag keeps 80 bits for SRTCP.
    #[must_use]
    pub const fn rtcp_tag_len(self) -> usize {
        if self.is_aead() { 16 } else { 10 }
    }

    /// Tells whether cipher and tag are one algorithm (GCM).
    #[must_use]
    pub const fn is_aead(self) -> bool {
        matches!(self, Self::AeadAes128Gcm | Self::AeadAes256Gcm)
    }

    /// Returns the registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name_in(Spelling::Registered)
    }

    const fn name_in(self, spelling: Spelling) -> &'static str {
        use Spelling::{Registered, Swapped};
        match (self, spelling) {
            (Self::AesCm128HmacSha1_80, Registered) => "AES_CM_128_HMAC_SHA1_80",
            (Self::AesCm128HmacSha1_80, Swapped) => "AES_128_CM_HMAC_SHA1_80",
            (Self::AesCm128HmacSha1_32, Registered) => "AES_CM_128_HMAC_SHA1_32",
            (Self::AesCm128HmacSha1_32, Swapped) => "AES_128_CM_HMAC_SHA1_32",
            (Self::AesCm192HmacSha1_80, Registered) => "AES_192_CM_HMAC_SHA1_80",
            (Self::AesCm192HmacSha1_80, Swapped) => "AES_CM_192_HMAC_SHA1_80",
            (Self::AesCm192HmacSha1_32, Registered) => "AES_192_CM_HMAC_SHA1_32",
            (Self::AesCm192HmacSha1_32, Swapped) => "AES_CM_192_HMAC_SHA1_32",
            (Self::AesCm256HmacSha1_80, Registered) => "AES_256_CM_HMAC_SHA1_80",
            (Self::AesCm256HmacSha1_80, Swapped) => "AES_CM_256_HMAC_SHA1_80",
            (Self::AesCm256HmacSha1_32, Registered) => "AES_256_CM_HMAC_SHA1_32",
            (Self::AesCm256HmacSha1_32, Swapped) => "AES_CM_256_HMAC_SHA1_32",
            (Self::AeadAes128Gcm, Registered | Swapped) => "AEAD_AES_128_GCM",
            (Self::AeadAes256Gcm, Registered | Swapped) => "AEAD_AES_256_GCM",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which of its two names a peer used for a suite.
///
/// RFC 6188 registers `AES_256_CM_...`, while the pattern of RFC 4568 suggests `AES_CM_256_...`; both are in
/// use, and an answer must repeat the one that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// The name in the registry.
    Registered,
    /// Key size and mode the other way round.
    Swapped,
}

/// A suite together with the spelling it came in; displays as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuiteName {
    /// What is meant.
    pub suite: Suite,
    /// How it was written.
    pub spelling: Spelling,
}

impl From<Suite> for SuiteName {
    fn from(suite: Suite) -> Self {
        Self { suite, spelling: Spelling::Registered }
    }
}

impl FromStr for SuiteName {
    type Err = UnknownSuite;

    /// Parses either spelling. RFC 5234 section 2.3: literal text in a grammar is case-insensitive, and the
    /// names are such literals in RFC 4568.
    fn from_str(text: &str) -> Result<Self, UnknownSuite> {
        for spelling in [Spelling::Registered, Spelling::Swapped] {
            for suite in Suite::ALL {
                if suite.name_in(spelling).eq_ignore_ascii_case(text) {
                    return Ok(Self { suite, spelling });
                }
            }
        }
        Err(UnknownSuite)
    }
}

impl fmt::Display for SuiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.suite.name_in(self.spelling))
    }
}

/// The name is none of the suites that are spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownSuite;

impl fmt::Display for UnknownSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a known crypto suite; known are:")?;
        Suite::ALL.iter().try_for_each(|suite| write!(f, " {suite}"))
    }
}

impl core::error::Error for UnknownSuite {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_and_is_written_back_as_it_came() {
        for suite in Suite::ALL {
            for spelling in [Spelling::Registered, Spelling::Swapped] {
                let text = suite.name_in(spelling);
                let name: SuiteName = text.parse().unwrap();
                assert_eq!(name.suite, suite);
                assert_eq!(name.to_string(), text);
            }
        }
    }

    #[test]
    fn names_are_read_without_regard_to_case() {
        let name: SuiteName = "aes_cm_256_hmac_sha1_80".parse().unwrap();
        assert_eq!(name.suite, Suite::AesCm256HmacSha1_80);
        assert_eq!(name.to_string(), "AES_CM_256_HMAC_SHA1_80");
    }

    #[test]
    fn suites_without_protection_have_no_name_here() {
        for text in ["NULL_HMAC_SHA1_80", "F8_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_8", "", "AES_CM_128"] {
            assert_eq!(text.parse::<SuiteName>(), Err(UnknownSuite), "{text}");
        }
    }
}
