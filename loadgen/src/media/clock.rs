//! The clock of a run.

use std::time::Instant;

/// Counts nanoseconds of CLOCK_MONOTONIC since the run began. What is below takes the time as a number, so that tests
/// can say what time it is.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    begin: Instant,
}

impl Clock {
    /// Begins to count.
    #[must_use]
    pub fn start() -> Self {
        Self { begin: Instant::now() }
    }

    /// Returns the time.
    #[inline]
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        // 64 bits last for 584 years.
        self.begin.elapsed().as_nanos() as u64
    }
}
