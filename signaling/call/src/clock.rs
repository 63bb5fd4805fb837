//! What is to happen later.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use trunk::CarrierLinkId;

use crate::summary::CallId;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A target has said nothing.
    NoProvisional {
        call: CallId,
        /// Which target, as it is counted.
        target: usize,
    },
    /// The caller is told again that it rings.
    Ringing { call: CallId },
    /// It has rung for too long.
    Unanswered { call: CallId },
    /// Media has said nothing.
    MediaSilent { call: CallId },
    /// The call has lasted for as long as it may.
    CallMax { call: CallId },
    /// A link is asked whether it is there.
    Probe { link: CarrierLinkId },
    /// A name was not found in time.
    Query { query: u64 },
    /// Acceptances of an INVITE do not come any more.
    Accepted,
}

/// Timers that are never taken back: who hears one asks whether it still means anything.
#[derive(Debug, Default)]
pub(crate) struct Clock(BinaryHeap<Reverse<(Duration, Timer)>>);

impl Clock {
    pub(crate) fn set(&mut self, at: Duration, timer: Timer) {
        self.0.push(Reverse((at, timer)));
    }

    pub(crate) fn next(&self) -> Option<Duration> {
        self.0.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes out a timer that is due.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, timer))| timer)
    }
}
