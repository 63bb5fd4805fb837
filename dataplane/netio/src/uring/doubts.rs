//! Sends that have neither failed nor succeeded as far as anybody knows.

use std::collections::VecDeque;

/// How many batches may be in doubt before two of them count as one. The number only decides how late they are counted.
const BATCHES_MAX: usize = 64;

/// Batches that were sent while completions lay unread.
///
/// A send that succeeds does not complete, so it is known to have succeeded when all completions that were there when
/// it was submitted have been read. Only then is it counted, as a count must never fall.
pub(crate) struct Doubts {
    batches: VecDeque<Doubt>,
}

struct Doubt {
    /// The number of completions read by which the batch is settled.
    until: u64,
    sends: u64,
}

impl Doubts {
    pub(crate) fn new() -> Self {
        Self { batches: VecDeque::with_capacity(BATCHES_MAX) }
    }

    /// Adds a batch, settled when `until` completions have been read.
    pub(crate) fn add(&mut self, sends: u64, until: u64) {
        let is_full = self.batches.len() == BATCHES_MAX;
        match self.batches.back_mut() {
            Some(last) if is_full || last.until == until => {
                last.until = until;
                last.sends += sends;
            }
            _ => self.batches.push_back(Doubt { until, sends }),
        }
    }

    /// Takes out a send whose failure was the completion read last. One that the kernel could not tell in time, since
    /// the queue of completions was full, has been counted as sent and remains so.
    pub(crate) fn fail(&mut self, read: u64) {
        if let Some(doubt) = self.batches.iter_mut().find(|doubt| doubt.until >= read) {
            doubt.sends = doubt.sends.saturating_sub(1);
        }
    }

    /// Returns how many sends are known to have succeeded since this was last asked.
    pub(crate) fn settle(&mut self, read: u64) -> u64 {
        let mut sent = 0;
        while let Some(doubt) = self.batches.front()
            && doubt.until <= read
        {
            sent += doubt.sends;
            self.batches.pop_front();
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_count_when_the_completions_before_them_are_read() {
        let mut doubts = Doubts::new();
        doubts.add(64, 10);
        doubts.add(64, 12);
        assert_eq!(doubts.settle(9), 0);
        doubts.fail(10);
        assert_eq!(doubts.settle(10), 63);
        doubts.fail(11);
        doubts.fail(12);
        assert_eq!(doubts.settle(12), 62);
        assert_eq!(doubts.settle(99), 0);
    }

    #[test]
    fn batches_beyond_the_most_wait_for_each_other() {
        let mut doubts = Doubts::new();
        for batch in 0..100 {
            doubts.add(1, batch);
        }
        assert_eq!(doubts.batches.len(), BATCHES_MAX);
        assert_eq!(doubts.settle(62), 63);
        assert_eq!(doubts.settle(99), 37);
    }
}
