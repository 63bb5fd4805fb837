//! Numbers that nobody can foretell, from the kernel, many at a time.

/// A supply of random numbers.
pub(crate) struct Random {
    numbers: [u8; SUPPLY_BYTES],
    used: usize,
}

/// One system call for so many bytes.
const SUPPLY_BYTES: usize = 1024;

impl Random {
    pub(crate) fn new() -> Self {
        Self { numbers: [0; SUPPLY_BYTES], used: SUPPLY_BYTES }
    }

    /// Returns the next number.
    pub(crate) fn next(&mut self) -> u32 {
        if self.used == SUPPLY_BYTES {
            getrandom::fill(&mut self.numbers).expect("Linux always has random numbers");
            self.used = 0;
        }
        let number = self.numbers[self.used..].first_chunk().expect("the supply is a multiple of four bytes");
        self.used += 4;
        u32::from_ne_bytes(*number)
    }
}
