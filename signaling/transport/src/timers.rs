//! When to look at a connection again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Deadlines of connections. Each connection knows which of its entries counts; the others are passed over.
#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl Timers {
    /// Asks for a connection at a time.
    pub(crate) fn add(&mut self, at: Instant, connection: u64) {
        self.heap.push(Reverse((at, connection)));
    }

    /// Returns when the next one is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next one out, if it is due.
    pub(crate) fn take(&mut self, now: Instant) -> Option<(Instant, u64)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}
