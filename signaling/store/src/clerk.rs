//! The thread that owns an engine, so that nobody else waits for a disk or a network.
//!
//! A commit is handed over and answered by a call on this thread. While the database is down, commits are refused at
//! once, and the clerk alone goes on asking whether it is back. What other nodes have changed comes as a feed.

mod desk;
mod round;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::document::{Commit, Revision};
use crate::engine::{Engine, Feed};
use crate::error::Error;

use desk::{Desk, Work};
use round::Round;

/// How often a clerk looks, and how much it remembers.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// After this time what others have changed is looked for.
    pub look: Duration,
    /// While the database is down it is looked for ever later, up to this.
    pub look_max: Duration,
    /// After so many commits it is forgotten that something is gone.
    pub remembered: u64,
}

impl Default for Pace {
    /// What others change is here within a second, on both ends of a database that comes back.
    fn default() -> Self {
        let (look, look_max) = (Duration::from_millis(200), Duration::from_secs(1));
        Self { look, look_max, remembered: 10_000 }
    }
}

/// Hands work to the thread that owns an engine. Dropped, it has what waits done, and ends.
pub struct Clerk {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

impl Clerk {
    /// Starts the thread. `known` is the revision that the caller has in memory; the feed begins there.
    ///
    /// The feed may tell what the caller knows already, from its own commits. A commit whose outcome was undecided comes
    /// through it if it was done. It waits for its reader, and tells the newest when there is room.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: the system has no thread left.
    pub fn start(
        engine: Box<dyn Engine>,
        pace: Pace,
        known: Revision,
    ) -> Result<(Self, Receiver<Feed>), Error> {
        let desk = Arc::new(Desk::default());
        let (feed, feeds) = sync_channel(FEEDS_MAX);
        let round = Round::new(engine, desk.clone(), pace, known, feed);
        let thread = thread::Builder::new()
            .name("store".into())
            .spawn(move || round.run())
            .map_err(|cause| Error::Unavailable { cause: cause.to_string() })?;
        Ok((Self { desk, thread: Some(thread) }, feeds))
    }

    /// Hands a commit over. The answer is called once: at once if the database is known to be down, else by the thread,
    /// which it must not hold up. A commit that was not begun before its deadline is not begun any more; one that was
    /// begun ends within the bound of the engine, and its answer is true.
    pub fn commit(
        &self,
        expected: Revision,
        commit: Commit,
        deadline: Instant,
        answer: impl FnOnce(Result<Revision, Error>) + Send + 'static,
    ) {
        self.desk.put(Work::Commit { expected, commit, deadline, answer: Box::new(answer) });
    }

    /// The same, and waits for the answer.
    ///
    /// # Errors
    ///
    /// As [`Engine::commit`].
    pub fn commit_and_wait(
        &self,
        expected: Revision,
        commit: Commit,
        at_most: Duration,
    ) -> Result<Revision, Error> {
        let (sender, receiver) = channel();
        self.commit(expected, commit, Instant::now() + at_most, move |answer| {
            // Whoever waits is below.
            let _ = sender.send(answer);
        });
        receiver.recv().unwrap_or_else(|_gone| Err(desk::closed()))
    }

    /// Has short work done with the engine, in its turn: looking entries up, for one. While the database is down, it is
    /// refused at once like a commit.
    pub fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Engine) -> Result<T, Error> + Send + 'static,
    ) -> Receiver<Result<T, Error>> {
        let (sender, receiver) = channel();
        self.desk.put(Work::Ask(Box::new(move |engine| {
            // Who has stopped waiting does not want to know.
            let _ = sender.send(engine.and_then(work));
        })));
        receiver
    }

    /// Has long work done beside the commits, with another engine on the same store and in a thread of its own: a backup,
    /// a check, reading everything. Without a thread left for it, the receiver hears that nobody answers.
    pub fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Engine) -> Result<T, Error> + Send + 'static,
    ) -> Receiver<Result<T, Error>> {
        let (sender, receiver) = channel();
        self.desk.put(Work::Ask(Box::new(move |engine| {
            let twin = engine.and_then(|engine| engine.twin());
            let run = move || {
                // Who has stopped waiting does not want to know.
                let _ = sender.send(twin.and_then(|mut twin| work(&mut *twin)));
            };
            let _ = thread::Builder::new().name("store-aside".into()).spawn(run);
        })));
        receiver
    }

    /// Why commits are refused at once, while they are.
    pub fn trouble(&self) -> Option<Error> {
        self.desk.trouble()
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        self.desk.close();
        if let Some(thread) = self.thread.take() {
            // A panic over there has been told there.
            let _ = thread.join();
        }
    }
}

/// The reader takes them as they come; what does not fit comes with the next one.
const FEEDS_MAX: usize = 4;
