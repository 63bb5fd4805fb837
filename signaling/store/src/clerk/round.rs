//! What the clerk does, one thing after the other.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Instant;

use crate::document::{Commit, Revision};
use crate::engine::{Engine, Feed};
use crate::error::Error;

use super::Pace;
use super::desk::{Answer, Desk, Next, Work};

pub(super) struct Round {
    engine: Box<dyn Engine>,
    desk: Arc<Desk>,
    pace: Pace,
    /// What the reader of the feed knows, or will know.
    told: Revision,
    /// `None` when nobody reads it any more.
    feed: Option<SyncSender<Feed>>,
    /// When to look for what others have changed, or whether the database is back.
    look_at: Option<Instant>,
    /// How often it was looked for in vain.
    misses: u32,
    /// Commits since it was last forgotten what is gone.
    unpruned: u64,
}

impl Round {
    pub(super) fn new(
        engine: Box<dyn Engine>,
        desk: Arc<Desk>,
        pace: Pace,
        told: Revision,
        feed: SyncSender<Feed>,
    ) -> Self {
        let look_at = Some(Instant::now());
        Self { engine, desk, pace, told, feed: Some(feed), look_at, misses: 0, unpruned: 0 }
    }

    pub(super) fn run(mut self) {
        loop {
            match self.desk.next(self.look_at) {
                Next::Look => self.look(),
                Next::Work(work) => match self.desk.trouble() {
                    Some(trouble) => work.refuse(trouble),
                    None => self.work(work),
                },
                Next::End => return,
            }
        }
    }

    fn work(&mut self, work: Work) {
        match work {
            Work::Ask(question) => question(Ok(&mut *self.engine)),
            Work::Commit { expected, commit, deadline, answer } => {
                self.commit(expected, &commit, deadline, answer);
            }
        }
    }

    fn commit(&mut self, expected: Revision, commit: &Commit, deadline: Instant, answer: Answer) {
        if Instant::now() >= deadline {
            return answer(Err(Error::Unavailable { cause: "others took too long before it".into() }));
        }
        let done = self.engine.commit(expected, commit);
        match &done {
            Ok(revision) => {
                // Its own caller need not be told, unless it is behind anyway.
                if self.told == expected {
                    self.told = *revision;
                }
                self.unpruned += 1;
            }
            Err(error @ (Error::Unavailable { .. } | Error::Undecided { .. })) => self.is_down(error.clone()),
            Err(Error::Behind { .. }) => self.look_at = Some(Instant::now()),
            Err(_other) => {}
        }
        answer(done);
        self.prune();
    }

    /// Looks for what has changed; that it can be looked for says that the database is up.
    fn look(&mut self) {
        match self.engine.since(self.told) {
            Ok(feed) => {
                self.is_up();
                self.tell(feed);
            }
            Err(error) => self.is_down(error),
        }
    }

    fn tell(&mut self, feed: Feed) {
        let (Feed::Changes { revision, .. } | Feed::Lost { current: revision }) = feed;
        let Some(sender) = self.feed.as_ref().filter(|_sender| revision != self.told) else { return };
        match sender.try_send(feed) {
            Ok(()) => self.told = revision,
            // It comes with what will have changed until there is room.
            Err(TrySendError::Full(_feed)) => self.look_at = Some(Instant::now() + self.pace.look),
            Err(TrySendError::Disconnected(_feed)) => self.feed = None,
        }
    }

    fn is_up(&mut self) {
        self.misses = 0;
        // Alone on a store, there is nothing to look for.
        self.look_at = self.engine.is_shared().then(|| Instant::now() + self.pace.look);
        if let Some(trouble) = self.desk.set_trouble(None) {
            telemetry::say!(Info, "the store is back", after = trouble.word());
        }
    }

    fn is_down(&mut self, error: Error) {
        let wait = self.pace.look.saturating_mul(1 << self.misses.min(DOUBLINGS_MAX));
        self.look_at = Some(Instant::now() + wait.min(self.pace.look_max));
        self.misses = self.misses.saturating_add(1);
        let (reason, cause) = (error.word(), error.to_string());
        if self.desk.set_trouble(Some(error)).is_none() {
            telemetry::say!(Error, "the store is down; changes are refused", reason = reason, cause = cause);
        }
    }

    fn prune(&mut self) {
        if self.unpruned <= self.pace.remembered / PRUNES || self.desk.trouble().is_some() {
            return;
        }
        self.unpruned = 0;
        let until = Revision(self.told.0.saturating_sub(self.pace.remembered));
        if let Err(error) = self.engine.prune(until) {
            // What is remembered too long costs some room, until the next time.
            telemetry::say!(Warn, "what is gone was not forgotten", cause = error.to_string());
        }
    }
}

/// 2^10 looks are more than any longest wait.
const DOUBLINGS_MAX: u32 = 10;

/// So often within what is remembered: it costs a millisecond or two.
const PRUNES: u64 = 10;
