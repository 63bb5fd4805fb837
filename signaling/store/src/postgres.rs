//! A database that several nodes share.
//!
//! Commits queue at the one row of `state`, so that the database itself compares what was expected with what is. Each
//! call ends within its bound, whatever the network does. A connection that is lost is replaced by the next call; one that
//! is lost in the moment of a commit leaves a question, and it is asked before anything is answered.

mod address;
mod outcome;
mod rows;
mod session;
mod tls;

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use tokio::time::{Instant, timeout_at};

use crate::backup;
use crate::document::{Commit, Key, Revision};
use crate::engine::{Engine, FEED_CHANGES_MAX, Feed, Report};
use crate::entry::{EntryQuery, Page};
use crate::error::Error;
use crate::sqlite::Copy;

use session::Session;

pub use address::Address;

/// The engine of several nodes.
pub struct Postgres {
    runtime: Runtime,
    address: Address,
    session: Option<Session>,
    /// How long a call may take.
    call_max: Duration,
    /// How long a call may take that looks at everything.
    whole_max: Duration,
}

impl Postgres {
    /// An engine for the database at an address. It connects when it is first asked: a database that is down now may be
    /// up then.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: the system has no descriptor left for what the engine waits on.
    pub fn new(address: Address) -> Result<Self, Error> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::Unavailable { cause: cause.to_string() })?;
        Ok(Self { runtime, address, session: None, call_max: CALL_MAX, whole_max: WHOLE_MAX })
    }

    /// The same with another bound for calls, instead of 5 s. Those that look at everything have twelve times as long.
    #[must_use]
    pub fn with_call_max(self, call_max: Duration) -> Self {
        Self { call_max, whole_max: call_max * WHOLE_FACTOR, ..self }
    }

    /// Has work done over a session before its deadline. A session that turns out to be broken is replaced once: it may
    /// have been idle while the server was restarted.
    fn run<T>(
        &mut self,
        deadline: Instant,
        mut work: impl AsyncFnMut(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Self { runtime, address, session, call_max, .. } = self;
        loop {
            let was_idle = session.is_some();
            let attempt = async {
                if session.is_none() {
                    *session = Some(Session::open(address, *call_max).await?);
                }
                let Some(session) = session.as_mut() else { unreachable!("it was opened above") };
                work(session).await
            };
            let done = runtime.block_on(async { timeout_at(deadline, attempt).await });
            let late = |_late| Err(Error::Unavailable { cause: format!("{address}: no answer in time") });
            let is_late = done.is_err();
            let done = done.unwrap_or_else(late);
            if !matches!(done, Err(Error::Unavailable { .. })) {
                return done;
            }
            *session = None;
            if is_late || !was_idle {
                return done;
            }
        }
    }

    fn call<T>(&mut self, work: impl AsyncFnMut(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
        self.run(Instant::now() + self.call_max, work)
    }

    fn whole<T>(&mut self, work: impl AsyncFnMut(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
        self.run(Instant::now() + self.whole_max, work)
    }
}

impl Engine for Postgres {
    fn read(&mut self, each: &mut dyn FnMut(Key, &[u8])) -> Result<Revision, Error> {
        let (place, whole_max) = (self.address.to_string(), self.whole_max);
        let is_told = Cell::new(false);
        self.whole(async |session| {
            if is_told.get() {
                return Err(lost_in_the_middle(&place));
            }
            let view = session.view(whole_max).await?;
            let (revision, _pruned) = view.state().await?;
            view.documents(rows::ALIVE, |stored| {
                let (key, body) = stored.verified(&place)?;
                is_told.set(true);
                each(key, body.unwrap_or_default());
                Ok(())
            })
            .await?;
            Ok(revision)
        })
    }

    fn commit(&mut self, expected: Revision, commit: &Commit) -> Result<Revision, Error> {
        let settled = commit.settled()?;
        let name = outcome::name()?;
        let deadline = Instant::now() + self.call_max;
        // What is left is for the question what became of it.
        let asked_at = Instant::now() + self.call_max * 3 / 5;
        let is_sent = Cell::new(false);
        let done = self.run(asked_at, async |session| {
            if is_sent.get() {
                return Err(Error::Unavailable { cause: "the connection was lost".into() });
            }
            session.commit(expected, &settled, &commit.entries, &name, &is_sent).await
        });
        match done {
            Err(Error::Unavailable { cause }) if is_sent.get() => {
                self.outcome(deadline, expected, &name, cause)
            }
            done => done,
        }
    }

    fn since(&mut self, since: Revision) -> Result<Feed, Error> {
        let place = self.address.to_string();
        self.call(async |session| {
            let (state, found) = session.since(since).await?;
            let (current, pruned) = state;
            if since > current || since < pruned || found.len() > FEED_CHANGES_MAX {
                return Ok(Feed::Lost { current });
            }
            let changes = found.iter().map(|row| rows::change(row, 2, &place));
            let changes = changes.collect::<Result<_, _>>()?;
            Ok(Feed::Changes { revision: current, changes })
        })
    }

    fn prune(&mut self, until: Revision) -> Result<(), Error> {
        self.call(async |session| session.prune(until).await)
    }

    fn entries(&mut self, query: &EntryQuery) -> Result<Page, Error> {
        self.call(async |session| session.entries(query).await.map(|found| query.page(found)))
    }

    fn backup(&mut self, to: &Path) -> Result<(), Error> {
        let (place, whole_max) = (self.address.to_string(), self.whole_max);
        backup::write(to, |part| {
            let is_begun = Cell::new(false);
            self.whole(async |session| {
                if is_begun.get() {
                    return Err(lost_in_the_middle(&place));
                }
                let view = session.view(whole_max).await?;
                let (revision, pruned) = view.state().await?;
                is_begun.set(true);
                let copy = Copy::begin(part, revision, pruned)?;
                view.documents(rows::ALL, |stored| copy.put(&stored)).await?;
                view.all_entries(|number, entry| copy.append(number, entry)).await?;
                copy.end()
            })
        })
    }

    fn check(&mut self) -> Result<Report, Error> {
        let whole_max = self.whole_max;
        self.whole(async |session| {
            let mut report = Report::default();
            let view = session.view(whole_max).await?;
            let (revision, pruned) = view.state().await?;
            report.revision = revision;
            view.documents(rows::ALL, |stored| {
                stored.inspect(revision, pruned, &mut report);
                Ok(())
            })
            .await?;
            report.entries = view.count_entries().await?;
            Ok(report)
        })
    }

    fn twin(&self) -> Result<Box<dyn Engine>, Error> {
        let twin = Self::new(self.address.clone())?;
        Ok(Box::new(Self { call_max: self.call_max, whole_max: self.whole_max, ..twin }))
    }

    fn is_shared(&self) -> bool {
        true
    }
}

fn lost_in_the_middle(place: &str) -> Error {
    Error::Unavailable { cause: format!("{place}: the connection was lost in the middle of it") }
}

/// A customer waits for the answer.
const CALL_MAX: Duration = Duration::from_secs(5);
/// A million documents take half of it.
const WHOLE_MAX: Duration = Duration::from_secs(60);
const WHOLE_FACTOR: u32 = 12;
