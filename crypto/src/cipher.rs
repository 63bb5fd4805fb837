//! What the processor can do, and the primitives in the best form that it can run.
//!
//! This folder holds the only unsafe code of the crate. Each way to use the processor is a token type
//! (`Vaes`, `AesNi`, `Avx512`, ...) that only its `detect` can make: holding one proves that the instructions
//! exist, which is the whole safety argument for calling them.

mod aes_ctr;
mod ghash;
mod hmac_sha1;
mod sha1_avx2;
mod sha1_avx512;
mod sha1_ni;
mod sha1_rounds;

use core::fmt;
use std::sync::OnceLock;

pub(crate) use aes_ctr::{AesKey, keystream_portable};
pub(crate) use ghash::GhashKey;
pub(crate) use hmac_sha1::{HmacKey, Message, tag_of_parts};

/// The most messages that are authenticated side by side: the 16 lanes of a 512-bit register.
pub(crate) const LANES_MAX: usize = 16;

/// The instructions to work with, chosen once.
///
/// [`Engine::best`] is what a program wants. The others exist so that tests can prove that all give the same
/// bytes, and benches can tell what each is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine {
    pub(crate) aes: aes_ctr::Unit,
    pub(crate) ghash: ghash::Unit,
    pub(crate) sha1: hmac_sha1::Unit,
}

impl Engine {
    /// Returns the fastest engine of this processor.
    #[must_use]
    pub fn best() -> Self {
        static BEST: OnceLock<Engine> = OnceLock::new();
        *BEST.get_or_init(|| Self {
            aes: aes_ctr::Unit::best(),
            ghash: ghash::Unit::best(),
            sha1: hmac_sha1::Unit::best(),
        })
    }

    /// Returns the engine that runs everywhere: the RustCrypto crates, one packet at a time.
    #[must_use]
    pub fn portable() -> Self {
        Self { aes: aes_ctr::Unit::Portable, ghash: ghash::Unit::Portable, sha1: hmac_sha1::Unit::PORTABLE }
    }

    /// Returns the portable engine, the best one, and those that differ from the best in one unit.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let best = Self::best();
        let mut engines = vec![Self::portable(), best];
        engines.extend(aes_ctr::Unit::all().into_iter().map(|aes| Self { aes, ..best }));
        engines.extend(ghash::Unit::all().into_iter().map(|ghash| Self { ghash, ..best }));
        engines.extend(hmac_sha1::Unit::all().into_iter().map(|sha1| Self { sha1, ..best }));
        // The best one has come once more with each unit; two neighbours of it are the same only then.
        let mut seen = Vec::new();
        engines.retain(|engine| {
            !seen.contains(engine) && {
                seen.push(*engine);
                true
            }
        });
        engines
    }

    /// Computes the tag of GCM over associated data and ciphertext (NIST SP 800-38D section 7.1).
    ///
    /// The nonce stands in the first 12 bytes of `iv`; counter value 1 masks the tag, the data begin at 2.
    #[inline]
    pub(crate) fn gcm_tag(
        self,
        (aes, ghash): (&AesKey, &GhashKey),
        iv: [u8; 16],
        associated: &[u8],
        ciphertext: &[u8],
    ) -> [u8; 16] {
        let mut tag = self.ghash.hash(ghash, associated, ciphertext);
        self.aes.apply_keystream(aes, iv, 1, &mut tag);
        tag
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.aes, self.ghash, self.sha1)
    }
}
