//! Chances of a test: from a seed that is told when it fails.

use netem::random::Random;

/// Random numbers that are the same on every run.
pub(crate) struct Luck {
    seed: u64,
    random: Random,
}

impl Luck {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, random: Random::new(seed) }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.random.next_u64()
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.random.below(end as u64) as usize
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.number() as u8).collect()
    }

    /// Changes a few bits and perhaps the length of a packet.
    pub(crate) fn mutate(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut mutated = packet.to_vec();
        for _ in 0..=self.below(4) {
            if !mutated.is_empty() {
                let at = self.below(mutated.len());
                mutated[at] ^= 1 << self.below(8);
            }
        }
        match self.below(4) {
            0 => mutated.truncate(self.below(packet.len() + 1)),
            1 => mutated.extend(self.bytes(8)),
            _ => (),
        }
        mutated
    }
}

impl Drop for Luck {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the seed was {}", self.seed);
        }
    }
}
