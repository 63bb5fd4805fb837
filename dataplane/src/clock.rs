//! Time as workers see it: read once a turn, and passed down.

use std::time::Instant;

/// A clock that began when the process did.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Starts a clock.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Reads it.
    #[must_use]
    pub fn now(&self) -> Now {
        Now { us: self.0.elapsed().as_micros() as u64 }
    }
}

/// The time of a turn; nobody below asks the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Microseconds since the clock began.
    pub us: u64,
}

impl Now {
    /// Returns milliseconds, which come round after 49 days.
    #[must_use]
    pub fn ms(self) -> u32 {
        (self.us / 1000) as u32
    }

    /// Tells whether a time in milliseconds, at most 24 days away, is still to come.
    #[must_use]
    pub fn is_before(self, ms: u32) -> bool {
        ms.wrapping_sub(self.ms()).cast_signed() > 0
    }

    /// Returns how many milliseconds have passed since a time at most 24 days away; none if it is still to come, as
    /// another thread may have read the clock a little later.
    #[must_use]
    pub fn since(self, ms: u32) -> u32 {
        self.ms().wrapping_sub(ms).cast_signed().max(0).cast_unsigned()
    }
}
