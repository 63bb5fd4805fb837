//! Keys and numbers that nobody can foretell, from the system.

use std::fs::File;
use std::io::{self, BufReader, Read};

use crypto::{MasterKey, Suite};

/// Where random bytes come from; a read of a page serves some hundred keys.
pub(super) struct Randomness {
    source: BufReader<File>,
}

impl Randomness {
    pub(super) fn open() -> io::Result<Self> {
        let mut random = Self { source: BufReader::new(File::open("/dev/urandom")?) };
        random.source.read_exact(&mut [0])?;
        Ok(random)
    }

    pub(super) fn u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_ne_bytes(bytes)
    }

    /// Makes the two keys of one side.
    pub(super) fn keys(&mut self, suite: Suite) -> (MasterKey, MasterKey) {
        let mut key = || {
            let mut bytes = vec![0; suite.inline_len()];
            self.fill(&mut bytes);
            MasterKey::from_bytes(suite, &bytes).expect("a key has the length that its suite says")
        };
        (key(), key())
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        self.source.read_exact(bytes).expect("the system has given random bytes before, and never ceases to");
    }
}
