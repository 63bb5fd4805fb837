//! The suites of RFC 4568, RFC 6188 and RFC 7714 as names and lengths.
//!
//! What they do to packets is none of our business; a description needs to compare them and to check a key's length.

use core::fmt;

/// A cipher suite: its two spellings, and the lengths of its key and salt.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Suite {
    spellings: [&'static str; 2],
    key_len: usize,
    salt_len: usize,
}

impl Suite {
    /// Every suite that a key can be for, in the order of the registry.
    pub const ALL: [Self; 8] = [
        Self::counter_mode("AES_CM_128_HMAC_SHA1_80", "AES_128_CM_HMAC_SHA1_80", 16),
        Self::counter_mode("AES_CM_128_HMAC_SHA1_32", "AES_128_CM_HMAC_SHA1_32", 16),
        Self::counter_mode("AES_192_CM_HMAC_SHA1_80", "AES_CM_192_HMAC_SHA1_80", 24),
        Self::counter_mode("AES_192_CM_HMAC_SHA1_32", "AES_CM_192_HMAC_SHA1_32", 24),
        Self::counter_mode("AES_256_CM_HMAC_SHA1_80", "AES_CM_256_HMAC_SHA1_80", 32),
        Self::counter_mode("AES_256_CM_HMAC_SHA1_32", "AES_CM_256_HMAC_SHA1_32", 32),
        Self::galois("AEAD_AES_128_GCM", 16),
        Self::galois("AEAD_AES_256_GCM", 32),
    ];

    const fn counter_mode(registered: &'static str, swapped: &'static str, key_len: usize) -> Self {
        Self { spellings: [registered, swapped], key_len, salt_len: 14 }
    }

    const fn galois(name: &'static str, key_len: usize) -> Self {
        Self { spellings: [name, name], key_len, salt_len: 12 }
    }

    /// Finds a suite by either spelling, in any case.
    ///
    /// RFC 6188 registers `AES_256_CM_...`, while the pattern of RFC 4568 suggests `AES_CM_256_...`; both are in use.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::spelled(text).map(|(suite, _)| suite)
    }

    /// Finds a suite together with the spelling that was meant.
    pub(crate) fn spelled(text: &str) -> Option<(Self, &'static str)> {
        Self::ALL.into_iter().find_map(|suite| {
            let spelling = suite.spellings.into_iter().find(|name| name.eq_ignore_ascii_case(text))?;
            Some((suite, spelling))
        })
    }

    /// Returns the registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        let [registered, _] = self.spellings;
        registered
    }

    /// Returns the other name in use, key size and mode the other way round; the same one for GCM.
    #[must_use]
    pub const fn swapped_name(self) -> &'static str {
        let [_, swapped] = self.spellings;
        swapped
    }

    /// Returns the length of what stands behind `inline:` before base64: key and salt.
    #[must_use]
    pub const fn inline_len(self) -> usize {
        self.key_len.saturating_add(self.salt_len)
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_name_one_suite_in_any_case() {
        for suite in Suite::ALL {
            assert_eq!(Suite::named(suite.name()), Some(suite));
            assert_eq!(Suite::named(&suite.swapped_name().to_lowercase()), Some(suite));
        }
        assert_eq!(
            Suite::spelled("aes_cm_256_hmac_sha1_32").map(|(_, name)| name),
            Some("AES_CM_256_HMAC_SHA1_32")
        );
    }

    #[test]
    fn suites_that_do_not_protect_have_no_name_here() {
        for text in ["NULL_HMAC_SHA1_80", "F8_128_HMAC_SHA1_80", "AES_CM_128", ""] {
            assert_eq!(Suite::named(text), None, "{text}");
        }
    }

    #[test]
    fn keys_and_salts_have_the_lengths_of_their_standards() {
        let lens = Suite::ALL.map(Suite::inline_len);
        assert_eq!(lens, [30, 30, 38, 38, 46, 46, 28, 44]);
    }
}
