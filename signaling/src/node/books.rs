//! The books of this node: what is known of every attempt stands in the journal before anybody outside sees its effect.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use call::{Attempt, AttemptId, Ended, Note};
use cdr::{
    Begin, Destination, Disposition, Error, Journal, OpenCall, Opened, Outcome, Record, Status,
    TransactionId, Uploader,
};
use telemetry::say;

/// The file whose age says when the process was last alive.
const PULSE: &str = "alive";
/// What the record of a call says whose process ended before the call did.
const RECOVERED: &str = "Recovered";
/// How long to wait at the end for records that are on their way.
const DRAIN: Duration = Duration::from_secs(5);
/// How many records wait in memory for room on the disk; the next ones are told in the log alone.
const WAITING_MAX: usize = 100_000;

pub(super) struct Books {
    journal: Journal,
    uploader: Uploader,
    account: String,
    pulse: PathBuf,
    attempts: HashMap<AttemptId, Entry>,
    /// Records for which the disk had no room. They are written as soon as it has.
    waiting: Vec<Record>,
    is_flushed: bool,
}

/// An attempt that is not over.
struct Entry {
    id: TransactionId,
    /// What is known of it, where the journal had no room for that.
    unwritten: Option<(Begin, Option<u64>)>,
}

impl Books {
    /// Opens the journal in the data folder, and ends the calls that a process before this one has left open.
    pub(super) fn open(data: &Path, account: &str, destination: &Destination) -> Result<Self, Error> {
        let Opened { mut journal, spool, open, notes } = Journal::open(&data.join("journal"))?;
        for note in notes {
            say!(Warn, "found in the journal", found = format_args!("{note:?}"));
        }
        let pulse = data.join(PULSE);
        let alive = fs::metadata(&pulse).and_then(|found| found.modified()).ok();
        let alive_ms = alive.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(milliseconds);
        for call in open {
            journal.end(call.begin.transaction_id, &recovered(&call, alive_ms))?;
        }
        journal.flush()?;
        let mut books = Self {
            journal,
            uploader: Uploader::start(spool, destination)?,
            account: account.to_owned(),
            pulse,
            attempts: HashMap::new(),
            waiting: Vec::new(),
            is_flushed: true,
        };
        books.pulse();
        Ok(books)
    }

    /// Shows that the process is alive, and writes what had to wait.
    pub(super) fn pulse(&mut self) {
        let touched = File::create(&self.pulse).and_then(|file| file.set_modified(SystemTime::now()));
        if let Err(error) = touched {
            say!(Warn, "nothing can be written to the journal's folder", error = error);
        }
        let Self { journal, waiting, .. } = self;
        waiting.retain(|record| journal.refuse(record).is_err());
        self.is_flushed = false;
        self.flush();
    }

    pub(super) fn begin(&mut self, attempt: &Attempt) {
        self.is_flushed = false;
        let begin = begin(attempt, &self.account);
        let id = begin.transaction_id;
        let unwritten = match self.journal.begin(&begin) {
            Ok(()) => None,
            Err(error) => {
                say!(Warn, "no room in the journal for an attempt", error = format_args!("{error}"));
                Some((begin, None))
            }
        };
        self.attempts.insert(attempt.id, Entry { id, unwritten });
    }

    pub(super) fn answer(&mut self, attempt: AttemptId, at: Duration) {
        self.is_flushed = false;
        let Some(entry) = self.attempts.get_mut(&attempt) else { return };
        if let Some((_, answered)) = &mut entry.unwritten {
            *answered = Some(milliseconds(at));
        } else if let Err(error) = self.journal.answer(entry.id, milliseconds(at)) {
            say!(Error, "the journal does not take an answer", error = format_args!("{error}"));
        }
    }

    pub(super) fn end(&mut self, ended: &Ended) {
        self.is_flushed = false;
        let Some(entry) = self.attempts.remove(&ended.attempt.id) else { return };
        let outcome = outcome(ended);
        let Some((begin, answer_time_ms)) = entry.unwritten else {
            if let Err(error) = self.journal.end(entry.id, &outcome) {
                say!(Error, "the journal does not take an end", error = format_args!("{error}"));
            }
            return;
        };
        let record = Record { begin, answer_time_ms, outcome };
        if self.journal.refuse(&record).is_ok() {
            return;
        }
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push(record);
        } else {
            let text = String::from_utf8_lossy(&record.json()).into_owned();
            say!(Error, "a record finds room neither on the disk nor in memory", record = text);
        }
    }

    /// Writes what this turn has brought, if it is not written yet.
    pub(super) fn flush(&mut self) {
        if self.is_flushed {
            return;
        }
        match self.journal.flush() {
            Ok(()) => self.is_flushed = true,
            Err(error) => say!(Error, "the journal cannot be written", error = format_args!("{error}")),
        }
    }

    /// Tells whether attempts find room in the journal.
    pub(super) const fn has_room(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Ends, and gives records that are on their way a moment to arrive.
    pub(super) fn close(self) {
        let figures = self.uploader.drain(DRAIN);
        if figures.waiting > 0 {
            say!(Info, "records wait for the next start", waiting = figures.waiting);
        }
    }
}

/// Ends a call whose process ended before it did: when that was last alive, and no earlier than what is known.
fn recovered(call: &OpenCall, alive_ms: Option<u64>) -> Outcome {
    let known_ms = call.answer_time_ms.unwrap_or(call.begin.start_time_ms);
    let status = if call.answer_time_ms.is_some() { Status::Completed } else { Status::Rejected };
    Outcome {
        status,
        status_message: RECOVERED.into(),
        end_time_ms: alive_ms.unwrap_or(known_ms).max(known_ms),
    }
}

/// Tells why the trunk has refused an attempt: the reason to all, what led to it to those who may read numbers.
pub(super) fn note(note: &Note) {
    let at_ms = milliseconds(note.at);
    let transaction = note.attempt.map(|attempt| TransactionId::new(at_ms, attempt.0));
    let transaction = transaction.map_or_else(|| "none".to_owned(), |id| id.to_string());
    let (status, reason) = (u64::from(note.status), note.reason);
    say!(Info, "call refused", transaction = transaction.as_str(), status = status, reason = reason);
    say!(Debug, "call refused because", transaction = transaction.as_str(), trace = note.trace.as_str());
}

fn begin(attempt: &Attempt, account: &str) -> Begin {
    let start_time_ms = milliseconds(attempt.begun);
    Begin {
        aws_account_id: account.into(),
        transaction_id: TransactionId::new(start_time_ms, attempt.id.0),
        call_id: attempt.sip_call_id.as_str().into(),
        voice_connector_id: attempt.connector.to_string().as_str().into(),
        from_number: attempt.from_number.as_str().into(),
        to_number: attempt.to_number.as_str().into(),
        disposition: match attempt.disposition {
            call::Disposition::Origination => Disposition::Origination,
            call::Disposition::Termination => Disposition::Termination,
        },
        sip_auth_user: attempt.sip_user.as_deref().map(Into::into),
        start_time_ms,
    }
}

fn outcome(ended: &Ended) -> Outcome {
    Outcome {
        status: match ended.status {
            call::Status::Completed => Status::Completed,
            call::Status::Rejected => Status::Rejected,
            call::Status::RateLimited => Status::RateLimited,
        },
        status_message: ended.message.as_str().into(),
        end_time_ms: milliseconds(ended.ended),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
