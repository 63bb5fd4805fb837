//! Where a thread hangs out what it has counted, and others read it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::exposition;
use super::snapshot::Snapshot;

/// The end of the thread that counts.
#[derive(Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
    published_at: Option<Duration>,
}

/// The end of a thread that reads.
#[derive(Clone, Debug)]
pub struct Reader {
    shared: Arc<Shared>,
}

/// All readers of a process: what is scraped.
#[derive(Clone, Debug, Default)]
pub struct Board {
    readers: Vec<Reader>,
}

#[derive(Debug, Default)]
struct Shared {
    snapshot: Mutex<Arc<Snapshot>>,
    is_wanted: AtomicBool,
}

impl Publisher {
    /// How old a snapshot becomes, unless somebody wants a newer one.
    pub const INTERVAL: Duration = Duration::from_secs(1);

    /// Makes both ends; nothing is published yet.
    #[must_use]
    pub fn new() -> (Self, Reader) {
        let shared = Arc::<Shared>::default();
        (Self { shared: Arc::clone(&shared), published_at: None }, Reader { shared })
    }

    /// Publishes what `tell` adds to an empty snapshot, if the last one is a second old or a reader wants a newer one;
    /// otherwise it costs one load. `now` is a duration since any start.
    pub fn publish(&mut self, now: Duration, tell: impl FnOnce(&mut Snapshot)) {
        let is_fresh = self.published_at.is_some_and(|at| now.saturating_sub(at) < Self::INTERVAL);
        if is_fresh && !self.shared.is_wanted.load(Ordering::Relaxed) {
            return;
        }
        self.shared.is_wanted.store(false, Ordering::Relaxed);
        self.published_at = Some(now);
        let mut snapshot = Snapshot::default();
        tell(&mut snapshot);
        let snapshot = Arc::new(snapshot);
        // Readers hold the lock for as long as it takes to copy a pointer. The old snapshot is freed behind it.
        let old = core::mem::replace(
            &mut *self.shared.snapshot.lock().unwrap_or_else(PoisonError::into_inner),
            snapshot,
        );
        drop(old);
    }
}

impl Reader {
    /// Returns the last snapshot; an empty one if there is none yet.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.shared.snapshot.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says that the next call of [`Publisher::publish`] should not wait for its second.
    pub fn want(&self) {
        self.shared.is_wanted.store(true, Ordering::Relaxed);
    }
}

impl Board {
    /// Gathers the readers of all threads.
    #[must_use]
    pub fn new(readers: Vec<Reader>) -> Self {
        Self { readers }
    }

    /// Returns what all threads have published last; what several threads count is summed.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut sum = Snapshot::default();
        for reader in &self.readers {
            sum.add_all(&reader.snapshot());
        }
        sum
    }

    /// Returns it as the text that Prometheus scrapes, in format 0.0.4.
    #[must_use]
    pub fn exposition(&self) -> String {
        exposition::text(&self.snapshot())
    }
}
