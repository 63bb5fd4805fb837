//! How long a call to receive is still willing to wait.

use core::time::Duration;
use std::time::Instant;

/// What is left of a wait, however often it is interrupted.
///
/// The kernel ends a wait early for a signal that the process ignores (`SIGCHLD` among them), and for packets that turn
/// out to be none of ours. Whoever then begins again with the whole wait never returns, and whoever returns has his
/// caller spin.
pub(crate) struct Patience {
    wait: Duration,
    deadline: Deadline,
}

enum Deadline {
    Unset,
    At(Instant),
    /// Too far away for the clock.
    Never,
}

impl Patience {
    /// Begins a wait. It looks at the clock when somebody is about to sleep for the first time, so never under load.
    #[inline]
    pub(crate) fn new(wait: Duration) -> Self {
        Self { wait, deadline: Deadline::Unset }
    }

    /// Returns how long to sleep; none when the time is over.
    pub(crate) fn left(&mut self) -> Option<Duration> {
        if self.wait.is_zero() {
            return None;
        }
        match self.deadline {
            Deadline::Unset => {
                self.deadline = Instant::now().checked_add(self.wait).map_or(Deadline::Never, Deadline::At);
                Some(self.wait)
            }
            Deadline::At(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                (!left.is_zero()).then_some(left)
            }
            Deadline::Never => Some(self.wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_is_over_at_once() {
        assert_eq!(Patience::new(Duration::ZERO).left(), None);
    }

    #[test]
    fn what_is_left_shrinks_to_nothing() {
        let mut patience = Patience::new(Duration::from_millis(2));
        let mut before = patience.left().unwrap();
        assert_eq!(before, Duration::from_millis(2));
        while let Some(left) = patience.left() {
            assert!(left <= before);
            before = left;
        }
        assert_eq!(patience.left(), None);
    }

    #[test]
    fn a_wait_longer_than_the_clock_counts_never_ends() {
        let mut patience = Patience::new(Duration::MAX);
        for _ in 0..3 {
            assert_eq!(patience.left(), Some(Duration::MAX));
        }
    }
}
