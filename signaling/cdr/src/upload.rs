//! From the disk to the customer's bucket.
//!
//! One thread, which reads the spool in its order and carries up to 256 records at a time, sixteen of them through a
//! network, and into a folder together. It shares nothing with the calls but the disk and some counters: whatever a store
//! does to it, they go on.

mod backoff;
mod bucket;
mod conflict;
mod courier;
mod cursor;
mod destination;
mod folder;
mod landing;
mod store;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::error::Error;
use crate::figures::{Figures, count};
use crate::journal::segment::{Name, mark};
use crate::spool::Spool;

use courier::{Delivered, Round};
use cursor::{Cursor, Waiting};
use store::Store;

pub use bucket::Bucket;
pub(crate) use conflict::is_conflict;
pub use destination::Destination;

/// Carries ended records to their destination, each until it is there.
pub struct Uploader {
    spool: Arc<Spool>,
    store: watch::Sender<Store>,
    /// Until when the thread may go on without anything left, or with something left.
    stop: watch::Sender<Option<Instant>>,
    thread: Option<JoinHandle<()>>,
}

impl Uploader {
    /// Starts to carry what is in the spool, and what comes into it.
    ///
    /// # Errors
    ///
    /// The settings of the destination do not fit each other, or the system has no thread left.
    pub fn start(spool: Arc<Spool>, destination: &Destination) -> Result<Self, Error> {
        let (store, stores) = watch::channel(Store::new(destination)?);
        let (stop, stops) = watch::channel(None);
        let failed = |cause: io::Error| Error::Folder { path: spool.folder.clone(), cause };
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let round = Arc::new(Round::new(spool.clone(), stores));
        let run = move || runtime.block_on(run(round, stops));
        let thread = thread::Builder::new().name("cdr-upload".into()).spawn(run).map_err(failed)?;
        Ok(Self { spool, store, stop, thread: Some(thread) })
    }

    /// Changes the destination, at once: what waits for another attempt is tried there now. An attempt under way is
    /// waited for, because the old place may have taken the record already.
    ///
    /// # Errors
    ///
    /// The settings of the destination do not fit each other; the old one stays.
    pub fn set_destination(&self, destination: &Destination) -> Result<(), Error> {
        let _old = self.store.send_replace(Store::new(destination)?);
        Ok(())
    }

    /// What can be watched.
    pub fn figures(&self) -> Figures {
        self.spool.figures()
    }

    /// Carries what is left, for so long at most, and ends. What stays behind is carried after the next start.
    pub fn drain(mut self, at_most: Duration) -> Figures {
        self.end(Instant::now() + at_most);
        self.spool.figures()
    }

    fn end(&mut self, deadline: Instant) {
        self.stop.send_replace(Some(deadline));
        if let Some(thread) = self.thread.take() {
            // A panic over there has been told there.
            let _ = thread.join();
        }
    }
}

impl Drop for Uploader {
    fn drop(&mut self) {
        self.end(Instant::now());
    }
}

async fn run(round: Arc<Round>, mut stops: watch::Receiver<Option<Instant>>) {
    let spool = round.spool.clone();
    let mut cursor = Cursor::new(spool.clone());
    let mut couriers = JoinSet::new();
    // By their places: the first is the oldest.
    let mut carried = BTreeMap::new();
    loop {
        let is_read = fill(&round, &mut cursor, &mut couriers, &mut carried);
        let oldest = carried.first_key_value().map_or(0, |(_place, end_time_ms)| *end_time_ms);
        spool.tally.oldest_end_time_ms.store(oldest, Relaxed);
        let deadline = *stops.borrow_and_update();
        if deadline.is_some_and(|deadline| is_over(&spool, deadline)) {
            return;
        }
        tokio::select! {
            Some(delivered) = couriers.join_next() => {
                // A courier that panics keeps its record waiting: it is carried after the next start.
                let Ok(delivered) = delivered else { continue };
                carried.remove(&place(&delivered.waiting));
                settle(&spool, &delivered);
            }
            () = spool.ended.notified() => {}
            _ = stops.changed() => round.hurry(),
            () = sleep(READ_AGAIN), if !is_read => {}
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {}
        }
    }
}

/// Gives couriers what there is to carry, and says whether the spool could be read.
fn fill(
    round: &Arc<Round>,
    cursor: &mut Cursor,
    couriers: &mut JoinSet<Delivered>,
    carried: &mut BTreeMap<(u64, u64), u64>,
) -> bool {
    while couriers.len() < CARRIED_MAX {
        match cursor.next() {
            Ok(Some(waiting)) => {
                carried.insert(place(&waiting), waiting.end_time_ms);
                couriers.spawn(courier::carry(round.clone(), waiting));
            }
            Ok(None) => break,
            Err(_unread) => {
                count(&round.spool.tally.unread);
                return false;
            }
        }
    }
    true
}

fn place(waiting: &Waiting) -> (u64, u64) {
    (waiting.segment.number, waiting.offset)
}

fn is_over(spool: &Spool, deadline: Instant) -> bool {
    Instant::now() >= deadline || spool.tally.waiting.load(SeqCst) == 0
}

/// Notes that a record is where it belongs. Should the note be lost, the record is carried once more and finds itself.
fn settle(spool: &Spool, Delivered { waiting, is_wanted }: &Delivered) {
    let path = spool.path(Name::Done(waiting.segment.number));
    // A full disk costs another trip after a restart, nothing else.
    let _ = spool.disk.append(&path, &mark(waiting.offset));
    count(if *is_wanted { &spool.tally.uploaded } else { &spool.tally.discarded });
    spool.tally.waiting.fetch_sub(1, SeqCst);
    if waiting.segment.waiting.fetch_sub(1, SeqCst) == 1 {
        spool.desk.put(|work| work.is_swept = true);
    }
}

/// Records in memory. While a store is down, the others wait on the disk.
const CARRIED_MAX: usize = 256;
/// A disk that cannot be read is not asked all the time.
const READ_AGAIN: Duration = Duration::from_secs(1);
