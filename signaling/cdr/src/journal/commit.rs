//! The thread that waits for disks: syncs in groups, makes segments ahead, removes finished ones.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Release, SeqCst};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::figures::count;
use crate::spool::Spool;

use super::desk::{Reel, Work};
use super::segment::{HEAD_LEN, Name, SEGMENT_LEN, Segment, head};

/// Starts the thread, which makes segments from this number on.
pub(super) fn start(spool: Arc<Spool>, next_number: u64) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name("cdr-commit".into()).spawn(move || run(&spool, next_number))
}

fn run(spool: &Spool, mut next_number: u64) {
    let mut is_reel_owed = false;
    loop {
        spool.desk.wait(if is_reel_owed { FULL_WAIT } else { IDLE_WAIT });
        // What else comes in this time shares the sync. Records may wait for it, calls do not.
        spool.desk.gather(GROUP);
        let work = spool.desk.take();
        is_reel_owed |= work.is_reel_wanted;
        let is_last = work.is_last;
        settle(spool, work);
        if is_last {
            return;
        }
        if is_reel_owed {
            is_reel_owed = !supply(spool, &mut next_number);
        }
    }
}

fn settle(spool: &Spool, work: Work) {
    for reel in work.written.into_values() {
        if spool.disk.sync(&reel.file).is_err() {
            // What a sync has failed on counts as clean afterwards, so that another one proves nothing. It can still be
            // read, and is uploaded from there; only a loss of power now would lose it.
            count(&spool.tally.unsynced);
        }
        reel.segment.synced.store(reel.len, Release);
    }
    for segment in work.sealed {
        segment.is_sealed.store(true, Release);
    }
    for (segment, calls) in work.released.into_values() {
        segment.open.fetch_sub(calls, SeqCst);
    }
    spool.ended.notify_one();
    for segment in spool.take_finished() {
        remove(spool, &segment);
    }
}

/// The segment goes before its marks: the other way round, its records would be new again for a moment.
fn remove(spool: &Spool, segment: &Segment) {
    let path = spool.path(Name::Segment(segment.number));
    let removed = if segment.is_damaged.load(SeqCst) {
        fs::rename(&path, path.with_extension("damaged"))
    } else {
        fs::remove_file(&path)
    };
    // If it cannot be removed, the next start finds all of it done, and tries again.
    if removed.is_ok() {
        let _ = fs::remove_file(spool.path(Name::Done(segment.number)));
    }
}

/// Makes a segment ahead, and says whether that worked.
fn supply(spool: &Spool, next_number: &mut u64) -> bool {
    match make(spool, *next_number) {
        Ok(reel) => {
            *next_number += 1;
            spool.desk.put_reel(reel);
            true
        }
        Err(_full) => {
            spool.desk.tell_full();
            false
        }
    }
}

/// Makes a segment and puts it behind the others.
pub(super) fn make(spool: &Spool, number: u64) -> std::io::Result<Reel> {
    let path = spool.path(Name::Segment(number));
    let file = spool.disk.create(&path, &head(number), SEGMENT_LEN)?;
    let segment = Arc::new(Segment::new(number, HEAD_LEN as u64));
    spool.add(segment.clone());
    Ok(Reel { segment, file: Arc::new(file), len: HEAD_LEN as u64 })
}

/// Half of what a record may wait for a sync that takes another half: 10 ms after its call has ended it is safe.
const GROUP: Duration = Duration::from_millis(4);
/// Nothing depends on it: work wakes the thread.
const IDLE_WAIT: Duration = Duration::from_secs(60);
/// How often a full disk is asked whether it still is.
const FULL_WAIT: Duration = Duration::from_millis(100);
