//! What a peer says of a request, as 128 bits under a key: as good as the texts, and of one length however long they are.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Equal ones are of equal texts, and nobody outside can make two texts meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Fingerprint([u8; 16]);

/// Takes fingerprints.
pub(crate) struct Fingerprints(Hmac<Sha256>);

impl Fingerprints {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"))
    }

    /// Hashes parts, which are not taken for other parts that make the same text.
    pub(crate) fn of(&self, parts: &[&[u8]]) -> Fingerprint {
        let mut keyed = self.0.clone();
        for part in parts {
            keyed.update(&part.len().to_be_bytes());
            keyed.update(part);
        }
        let hash: [u8; 32] = keyed.finalize().into_bytes().into();
        Fingerprint(hash.first_chunk().copied().expect("16 of 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_keys_make_a_difference() {
        let [one, other] = [[1; 32], [2; 32]].map(|secret| Fingerprints::new(&secret));
        assert_eq!(one.of(&[b"ab", b"c"]), one.of(&[b"ab", b"c"]));
        assert_ne!(one.of(&[b"ab", b"c"]), one.of(&[b"a", b"bc"]));
        assert_ne!(one.of(&[b"ab", b"c"]), other.of(&[b"ab", b"c"]));
    }
}
