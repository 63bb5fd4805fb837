//! The narrowest place of the path: packets wait for it in a queue that has an end.

use std::collections::VecDeque;

use crate::{counts::Lost, profile::Rate};

/// Tells each packet when its last bit leaves.
#[derive(Clone, Debug)]
pub(crate) struct Bottleneck {
    rate: Rate,
    /// When what was accepted so far has left, in nanoseconds.
    busy_until: u64,
    /// What is left over when that moment is rounded down, in bits times 1e9; so rounding never adds up.
    remainder: u128,
    /// When each waiting packet leaves; never more than the queue may hold, and the one being sent.
    departures: VecDeque<u64>,
}

impl Bottleneck {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, busy_until: 0, remainder: 0, departures: VecDeque::new() }
    }

    /// Accepts a packet and returns when it has left, or refuses it because the queue is full.
    pub(crate) fn pass(&mut self, now: u64, bytes: usize) -> Result<u64, Lost> {
        while self.departures.front().is_some_and(|departure| *departure <= now) {
            self.departures.pop_front();
        }
        // One is being sent and does not wait.
        if self.departures.len() > self.rate.queue_packets {
            return Err(Lost::QueueFull);
        }
        if self.busy_until < now {
            self.busy_until = now;
            self.remainder = 0;
        }
        let bits_per_second = u128::from(self.rate.bits_per_second.get());
        let work = bytes as u128 * 8 * 1_000_000_000 + self.remainder;
        let nanos = u64::try_from(work / bits_per_second).unwrap_or(u64::MAX);
        self.remainder = work % bits_per_second;
        self.busy_until = self.busy_until.saturating_add(nanos);
        self.departures.push_back(self.busy_until);
        Ok(self.busy_until)
    }
}
