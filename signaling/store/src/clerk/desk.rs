//! Where work waits for the clerk.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::document::{Commit, Revision};
use crate::engine::Engine;
use crate::error::Error;

/// What is handed over.
pub(super) enum Work {
    Commit { expected: Revision, commit: Commit, deadline: Instant, answer: Answer },
    Ask(Question),
}

type Question = Box<dyn FnOnce(Result<&mut dyn Engine, Error>) + Send>;

pub(super) type Answer = Box<dyn FnOnce(Result<Revision, Error>) + Send>;

impl Work {
    /// Answers without doing it.
    pub(super) fn refuse(self, error: Error) {
        match self {
            Self::Commit { answer, .. } => answer(Err(error)),
            Self::Ask(question) => question(Err(error)),
        }
    }
}

/// What the clerk does next.
pub(super) enum Next {
    Work(Work),
    Look,
    End,
}

#[derive(Default)]
pub(super) struct Desk {
    tray: Mutex<Tray>,
    bell: Condvar,
}

#[derive(Default)]
struct Tray {
    waiting: VecDeque<Work>,
    /// Why commits are refused.
    trouble: Option<Error>,
    is_closed: bool,
}

impl Desk {
    /// Lays work down, or refuses it at once.
    pub(super) fn put(&self, work: Work) {
        let mut tray = self.tray();
        let full = || Error::Unavailable { cause: format!("{WAITING_MAX} others wait for it") };
        let refusal = match &tray.trouble {
            _ if tray.is_closed => Some(closed()),
            Some(trouble) => Some(trouble.clone()),
            None => (tray.waiting.len() >= WAITING_MAX).then(full),
        };
        let Some(error) = refusal else {
            tray.waiting.push_back(work);
            self.bell.notify_one();
            return;
        };
        // Whoever is answered may come back at once.
        drop(tray);
        work.refuse(error);
    }

    /// Waits for work, until it is time to look.
    pub(super) fn next(&self, look_at: Option<Instant>) -> Next {
        let mut tray = self.tray();
        loop {
            let now = Instant::now();
            if look_at.is_some_and(|look_at| now >= look_at) && !tray.is_closed {
                return Next::Look;
            }
            if let Some(work) = tray.waiting.pop_front() {
                return Next::Work(work);
            }
            if tray.is_closed {
                return Next::End;
            }
            tray = match look_at {
                Some(look_at) => {
                    let waited = self.bell.wait_timeout(tray, look_at.saturating_duration_since(now));
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.bell.wait(tray).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    pub(super) fn trouble(&self) -> Option<Error> {
        self.tray().trouble.clone()
    }

    /// Says that commits are refused from now on, or no more, and what was before.
    pub(super) fn set_trouble(&self, trouble: Option<Error>) -> Option<Error> {
        std::mem::replace(&mut self.tray().trouble, trouble)
    }

    pub(super) fn close(&self) {
        self.tray().is_closed = true;
        self.bell.notify_one();
    }

    fn tray(&self) -> MutexGuard<'_, Tray> {
        // Nothing is half done under the lock.
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn closed() -> Error {
    Error::Unavailable { cause: "it is being closed".into() }
}

/// A second of commits, at a thousand a second.
const WAITING_MAX: usize = 1_024;
