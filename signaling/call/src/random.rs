//! Tags, identities and keys that nobody foresees: a keyed hash of a counter.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Gives bytes that only the seed tells: HMAC-SHA256 of a counter (NIST SP 800-108 section 4.1).
pub(crate) struct Random {
    keyed: Hmac<Sha256>,
    counter: u64,
}

impl Random {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        let keyed = Hmac::new_from_slice(seed).expect("HMAC takes keys of any length");
        Self { keyed, counter: 0 }
    }

    /// Fills a place with bytes.
    pub(crate) fn fill(&mut self, place: &mut [u8]) {
        for part in place.chunks_mut(32) {
            for (to, from) in part.iter_mut().zip(self.block()) {
                *to = from;
            }
        }
    }

    /// Gives 32 bytes.
    pub(crate) fn block(&mut self) -> [u8; 32] {
        self.counter = self.counter.wrapping_add(1);
        let mut keyed = self.keyed.clone();
        keyed.update(&self.counter.to_be_bytes());
        keyed.finalize().into_bytes().into()
    }

    /// Gives 128 bits.
    pub(crate) fn number(&mut self) -> u128 {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        u128::from_be_bytes(bytes)
    }

    /// Gives 64 bits.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    pub(crate) fn half(&mut self) -> u64 {
        self.number() as u64
    }

    /// Gives a tag or a Call-ID: 32 digits.
    pub(crate) fn tag(&mut self) -> String {
        format!("{:032x}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_one_others() {
        let numbers = |seed| {
            let mut random = Random::new(&[seed; 32]);
            [random.number(), random.number()]
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
        let [first, second] = numbers(1);
        assert_ne!(first, second);
    }

    #[test]
    fn long_places_are_filled_to_their_ends() {
        let mut place = [0; 46];
        Random::new(&[7; 32]).fill(&mut place);
        assert!(place.windows(4).all(|part| part != [0; 4]));
    }
}
