//! What can be watched: counted by whoever acts, read by whoever asks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst};

use crate::journal::segment::SEGMENT_LEN;

/// The state of the pipeline at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Ended records on the disk that are not at their destination.
    pub waiting: u64,
    /// What the journal takes on the disk: records that wait, calls that are open, and room for more.
    pub bytes: u64,
    /// When the call ended whose record has waited longest among those being sent, in milliseconds since 1970.
    pub oldest_end_time_ms: Option<u64>,
    /// Records that are at their destination since the start of the process.
    pub uploaded: u64,
    /// Records that nobody wanted: logging of calls was off.
    pub discarded: u64,
    /// Attempts to upload that did not succeed and were, or will be, repeated.
    pub failed: u64,
    /// Records beside the journal, because their name was taken by other bytes.
    pub conflicts: u64,
    /// Times that the disk did not promise to keep what it was given.
    pub unsynced: u64,
    /// Times that the spool could not be read.
    pub unread: u64,
}

impl Figures {
    /// How long the oldest record has waited, in milliseconds.
    pub fn oldest_waiting_age_ms(&self, now_ms: u64) -> u64 {
        self.oldest_end_time_ms.map_or(0, |end_time_ms| now_ms.saturating_sub(end_time_ms))
    }
}

/// The same, while it is being counted.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) waiting: AtomicU64,
    /// 0 stands for none: nothing that is recorded ended in 1970.
    pub(crate) oldest_end_time_ms: AtomicU64,
    pub(crate) uploaded: AtomicU64,
    pub(crate) discarded: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    pub(crate) unsynced: AtomicU64,
    pub(crate) unread: AtomicU64,
}

impl Tally {
    pub(crate) fn figures(&self, segments: usize) -> Figures {
        let oldest = self.oldest_end_time_ms.load(Relaxed);
        Figures {
            waiting: self.waiting.load(Relaxed),
            bytes: segments as u64 * SEGMENT_LEN,
            oldest_end_time_ms: (oldest > 0).then_some(oldest),
            uploaded: self.uploaded.load(Relaxed),
            discarded: self.discarded.load(Relaxed),
            failed: self.failed.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            unsynced: self.unsynced.load(Relaxed),
            unread: self.unread.load(Relaxed),
        }
    }
}

/// Counts one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, SeqCst);
}
