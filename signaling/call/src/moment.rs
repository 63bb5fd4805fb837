//! What time it is.

use std::time::Duration;

/// The time as the door read it: once a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Since the start; it never goes back.
    pub elapsed: Duration,
    /// Since 1970; it goes wherever somebody sets the clock.
    pub unix: Duration,
}
