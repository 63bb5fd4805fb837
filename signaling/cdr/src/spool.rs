//! What the journal and the uploader share: the folder, its segments, and the desk of the thread that syncs.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::{Acquire, SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::figures::{Figures, Tally};
use crate::journal::desk::Desk;
use crate::journal::disk::Disk;
use crate::journal::segment::{Name, Segment};

/// The records on the disk, from the first byte of a call until its record is at its destination. [`Journal::open`]
/// gives it, [`Uploader::start`] takes it; the folder is free for another process when both are gone.
///
/// [`Journal::open`]: crate::Journal::open
/// [`Uploader::start`]: crate::Uploader::start
pub struct Spool {
    pub(crate) folder: PathBuf,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) tally: Tally,
    pub(crate) desk: Desk,
    /// Tells the uploader that there is more to read.
    pub(crate) ended: Notify,
    /// In the order of their numbers, which is the order of their entries.
    segments: Mutex<VecDeque<Arc<Segment>>>,
    /// Held, not used: the system gives it up when the process ends, however it does.
    _lock: File,
}

impl Spool {
    pub(crate) fn new(
        folder: &Path,
        disk: Arc<dyn Disk>,
        lock: File,
        tally: Tally,
        segments: VecDeque<Arc<Segment>>,
    ) -> Self {
        Self {
            folder: folder.to_path_buf(),
            disk,
            tally,
            desk: Desk::default(),
            ended: Notify::new(),
            segments: Mutex::new(segments),
            _lock: lock,
        }
    }

    /// What can be watched.
    pub fn figures(&self) -> Figures {
        self.tally.figures(self.lock().len())
    }

    pub(crate) fn path(&self, name: Name) -> PathBuf {
        self.folder.join(name.file_name())
    }

    pub(crate) fn add(&self, segment: Arc<Segment>) {
        self.lock().push_back(segment);
    }

    /// The first segment with this number or a later one.
    pub(crate) fn from(&self, number: u64) -> Option<Arc<Segment>> {
        let segments = self.lock();
        let at = segments.partition_point(|segment| segment.number < number);
        segments.get(at).cloned()
    }

    /// How many segments there are, and the oldest of them.
    pub(crate) fn oldest(&self) -> (usize, Option<Arc<Segment>>) {
        let segments = self.lock();
        (segments.len(), segments.front().cloned())
    }

    /// Takes what nobody needs any more off the list, oldest first: the end of a call is never removed before its
    /// beginning, which would make it open again.
    pub(crate) fn take_finished(&self) -> Vec<Arc<Segment>> {
        let mut segments = self.lock();
        let is_needed = |segment: &Arc<Segment>| {
            // Sealed first: a segment that is not may still be given calls.
            !segment.is_sealed.load(Acquire)
                || segment.open.load(SeqCst) > 0
                || segment.waiting.load(SeqCst) > 0
        };
        let finished = segments.iter().position(is_needed).unwrap_or(segments.len());
        segments.drain(..finished).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Segment>>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
