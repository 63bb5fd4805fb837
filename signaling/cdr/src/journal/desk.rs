//! What is left for the thread that waits for disks, so that the thread of the calls does not.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::segment::Segment;

/// Two piles behind one lock that nobody holds while waiting for a disk: work to do, and segments made ahead.
#[derive(Default)]
pub(crate) struct Desk {
    piles: Mutex<Piles>,
    work_came: Condvar,
    reel_came: Condvar,
    /// Whether a made segment lies there, so that the thread of the calls looks without the lock.
    has_reel: AtomicBool,
    /// The disk had no room for another segment.
    pub(crate) is_full: AtomicBool,
}

#[derive(Default)]
struct Piles {
    work: Work,
    reels: VecDeque<Reel>,
}

/// A segment that can be written, and how far it has been.
#[derive(Debug)]
pub(crate) struct Reel {
    pub(crate) segment: Arc<Segment>,
    pub(crate) file: Arc<File>,
    pub(crate) len: u64,
}

/// What the committer finds on the desk. However often it is asked before it looks, it does not grow: there is an item
/// per segment.
#[derive(Default)]
pub(crate) struct Work {
    /// Segments with entries that a loss of power must not take, and how far they are written.
    pub(crate) written: BTreeMap<u64, Reel>,
    /// Segments that nothing is added to any more.
    pub(crate) sealed: Vec<Arc<Segment>>,
    /// Segments that some calls do not need any more, once what is written is synced.
    pub(crate) released: BTreeMap<u64, (Arc<Segment>, u64)>,
    /// Another segment is wanted.
    pub(crate) is_reel_wanted: bool,
    /// Records have been uploaded.
    pub(crate) is_swept: bool,
    /// The journal has gone.
    pub(crate) is_last: bool,
}

impl Work {
    fn is_none(&self) -> bool {
        self.written.is_empty()
            && self.sealed.is_empty()
            && self.released.is_empty()
            && !self.is_reel_wanted
            && !self.is_swept
            && !self.is_last
    }
}

impl Desk {
    /// Puts work on the desk, and wakes the committer unless it was not idle anyway.
    pub(crate) fn put(&self, add: impl FnOnce(&mut Work)) {
        let mut piles = self.lock();
        let was_idle = piles.work.is_none();
        add(&mut piles.work);
        let is_last = piles.work.is_last;
        drop(piles);
        if was_idle || is_last {
            self.work_came.notify_one();
        }
    }

    /// Waits until there is work, for a while.
    pub(crate) fn wait(&self, at_most: Duration) {
        let piles = self.lock();
        let waited = self.work_came.wait_timeout_while(piles, at_most, |piles| piles.work.is_none());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for more work to come, unless there is no more to come.
    pub(crate) fn gather(&self, time: Duration) {
        let piles = self.lock();
        let waited = self.work_came.wait_timeout_while(piles, time, |piles| !piles.work.is_last);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes all work from the desk.
    pub(crate) fn take(&self) -> Work {
        mem::take(&mut self.lock().work)
    }

    /// Puts a made segment on the desk.
    pub(crate) fn put_reel(&self, reel: Reel) {
        self.lock().reels.push_back(reel);
        self.is_full.store(false, SeqCst);
        self.has_reel.store(true, SeqCst);
        self.reel_came.notify_one();
    }

    /// Tells that no segment could be made.
    pub(crate) fn tell_full(&self) {
        let piles = self.lock();
        self.is_full.store(true, SeqCst);
        drop(piles);
        self.reel_came.notify_one();
    }

    /// Takes a made segment, if there is one.
    pub(crate) fn take_reel(&self) -> Option<Reel> {
        if !self.has_reel.load(SeqCst) {
            return None;
        }
        let mut piles = self.lock();
        let reel = piles.reels.pop_front();
        self.has_reel.store(!piles.reels.is_empty(), SeqCst);
        reel
    }

    /// Takes a made segment, and waits a moment for one that is being made.
    pub(crate) fn wait_for_reel(&self, at_most: Duration) -> Option<Reel> {
        let piles = self.lock();
        let is_coming = |piles: &mut Piles| piles.reels.is_empty() && !self.is_full.load(SeqCst);
        let waited = self.reel_came.wait_timeout_while(piles, at_most, is_coming);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.take_reel()
    }

    fn lock(&self) -> MutexGuard<'_, Piles> {
        self.piles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
