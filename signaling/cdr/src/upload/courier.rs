//! One record on its way.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio::time::{sleep, timeout};

use crate::figures::count;
use crate::spool::Spool;

use super::backoff;
use super::conflict;
use super::cursor::Waiting;
use super::store::{Created, Present, Store};

/// What couriers have in common.
pub(super) struct Round {
    pub(super) spool: Arc<Spool>,
    stores: watch::Receiver<Store>,
    lanes: Semaphore,
    /// The last attempt of anybody failed.
    is_down: AtomicBool,
    /// The destination takes records again.
    is_up: Notify,
    /// Whoever waits for another attempt is to try now.
    hurry: Notify,
}

/// A record that needs no courier any more.
pub(super) struct Delivered {
    pub(super) waiting: Waiting,
    pub(super) is_wanted: bool,
}

impl Round {
    pub(super) fn new(spool: Arc<Spool>, stores: watch::Receiver<Store>) -> Self {
        Self {
            spool,
            stores,
            lanes: Semaphore::new(LANES),
            is_down: AtomicBool::new(false),
            is_up: Notify::new(),
            hurry: Notify::new(),
        }
    }

    /// Cuts all waits for another attempt short.
    pub(super) fn hurry(&self) {
        self.hurry.notify_waiters();
    }

    /// The store of an attempt, and its way through the network. Into a folder all go together.
    async fn store(&self, stores: &mut watch::Receiver<Store>) -> (Store, Option<SemaphorePermit<'_>>) {
        let store = stores.borrow_and_update().clone();
        if !matches!(store, Store::Objects(_)) {
            return (store, None);
        }
        let lane = self.lanes.acquire().await.expect("the lanes are never closed");
        // Another one may have been set meanwhile.
        (stores.borrow_and_update().clone(), Some(lane))
    }

    fn succeeded(&self) {
        if self.is_down.swap(false, SeqCst) {
            self.is_up.notify_waiters();
        }
    }
}

/// Carries a record until it is there.
pub(super) async fn carry(round: Arc<Round>, waiting: Waiting) -> Delivered {
    let mut stores = round.stores.clone();
    let mut failures = 0;
    loop {
        let (store, lane) = round.store(&mut stores).await;
        if matches!(store, Store::Off) {
            return Delivered { waiting, is_wanted: false };
        }
        let attempt = timeout(ATTEMPT_MAX, deliver(&round.spool, &store, &waiting)).await;
        drop(lane);
        if attempt.is_ok_and(|delivered| delivered.is_ok()) {
            round.succeeded();
            return Delivered { waiting, is_wanted: true };
        }
        count(&round.spool.tally.failed);
        round.is_down.store(true, SeqCst);
        failures += 1;
        rest(&round, &mut stores, backoff::wait(failures, waiting.id.seed())).await;
    }
}

/// Waits for another attempt. Success of others ends it early, but never within its first part: a store may refuse this
/// record and take all others.
async fn rest(round: &Round, stores: &mut watch::Receiver<Store>, wait: Duration) {
    let first = wait.min(REST_MIN);
    let rest = async {
        sleep(first).await;
        tokio::select! {
            () = sleep(wait - first) => {}
            () = round.is_up.notified() => {}
        }
    };
    tokio::select! {
        () = rest => {}
        () = round.hurry.notified() => {}
        _ = stores.changed() => {}
    }
}

/// Makes one attempt. Ok means that the record is where it belongs, or is kept as a conflict.
async fn deliver(spool: &Spool, store: &Store, waiting: &Waiting) -> io::Result<()> {
    let Waiting { key, json, .. } = waiting;
    let created = store.create(key, json).await?;
    if created == Created::Yes {
        return Ok(());
    }
    match store.compare(key, json).await? {
        Present::Same => Ok(()),
        Present::Different => {
            if conflict::keep(&spool.folder, waiting.id, json)? {
                count(&spool.tally.conflicts);
            }
            Ok(())
        }
        Present::Nothing if created == Created::Unknown => store.put(key, json).await,
        Present::Nothing => Err(io::Error::new(io::ErrorKind::NotFound, "what was said to exist does not")),
    }
}

/// Attempts at the same time through the network.
const LANES: usize = 16;
/// Longer than the client's own limit, which knows better what it was waiting for.
const ATTEMPT_MAX: Duration = Duration::from_secs(60);
/// How often at most one record is tried.
const REST_MIN: Duration = Duration::from_millis(500);
