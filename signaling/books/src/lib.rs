//! The books of a node: what is known of every attempt stands in the journal before anybody outside sees its effect.
//!
//! Calls know attempts, `cdr` knows records; this is where one becomes the other, whatever the disk and earlier processes
//! have to say to it.

#![forbid(unsafe_code)]

mod echoes;
mod words;

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use call::{Attempt, AttemptId, CallId, Ended, Note};
use cdr::{
    Begin, Destination, Error, Figures, Journal, OpenCall, Opened, Outcome, Record, TransactionId, Uploader,
};
use telemetry::say;
use trunk::VoiceConnectorId;

use echoes::{Echo, Echoes};
use words::{milliseconds, recovered};

/// The file whose age says when the process was last alive.
const PULSE: &str = "alive";
/// How long to wait at the end for records that are on their way.
const DRAIN: Duration = Duration::from_secs(5);
/// How many records wait in memory for room on the disk; the next ones are told in the log alone.
const WAITING_MAX: usize = 100_000;
/// How long a record may wait for its destination until somebody should know, and how often that is said.
const LATE: Duration = Duration::from_secs(60);

/// What is known of the attempts of a node.
pub struct Books {
    journal: Journal,
    uploader: Uploader,
    account: String,
    pulse: PathBuf,
    /// When a process before this one was last alive.
    alive_ms: Option<u64>,
    attempts: HashMap<AttemptId, Entry>,
    echoes: Echoes,
    /// Records for which the disk had no room. They are written as soon as it has.
    waiting: Vec<Record>,
    /// Ends of calls that the journal did not take. It is told them again.
    owed: Vec<(TransactionId, Outcome)>,
    /// What has begun since the last flush, with the calls that may yet be refused.
    fresh: Vec<(AttemptId, Option<CallId>)>,
    /// Calls that are not in the journal, and must not go on.
    unkept: Vec<CallId>,
    is_flushed: bool,
    told: Instant,
}

/// An attempt that is not over.
struct Entry {
    id: TransactionId,
    kept: Kept,
}

/// Where it is known.
enum Kept {
    Journal,
    /// Here alone: the journal had no room.
    Here(Box<Begin>, Option<u64>),
    /// The copy of an INVITE whose refusal has its record. If it is refused again, that was it.
    Repeated(Box<Begin>),
}

impl Books {
    /// Opens the journal in the data folder, and ends the calls that a process before this one has left open.
    ///
    /// # Errors
    ///
    /// If the folder cannot be worked in, another process has the journal, or there can be no such destination.
    pub fn open(data: &Path, account: &str, destination: &Destination) -> Result<Self, Error> {
        let Opened { journal, spool, open, unanswered, written, notes } =
            Journal::open(&data.join("journal"))?;
        for note in notes {
            say!(Warn, "found in the journal", found = format_args!("{note:?}"));
        }
        let pulse = data.join(PULSE);
        let since_epoch = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok().map(milliseconds);
        let pulsed = fs::metadata(&pulse).and_then(|found| found.modified()).ok();
        let alive_ms = pulsed.max(written).and_then(since_epoch);
        let now_ms = since_epoch(SystemTime::now()).unwrap_or(0);
        let (echoes, over) = Echoes::new(open, unanswered, now_ms);
        let mut books = Self {
            journal,
            uploader: Uploader::start(spool, destination)?,
            account: account.to_owned(),
            pulse,
            alive_ms,
            attempts: HashMap::new(),
            echoes,
            waiting: Vec::new(),
            owed: Vec::new(),
            fresh: Vec::new(),
            unkept: Vec::new(),
            is_flushed: true,
            told: Instant::now(),
        };
        if !over.is_empty() {
            say!(Warn, "calls have ended with the process before this one", calls = over.len());
        }
        books.recover(over);
        books.pulse();
        Ok(books)
    }

    /// Shows that the process is alive, and writes what had to wait.
    pub fn pulse(&mut self) {
        let touched = File::create(&self.pulse).and_then(|file| file.set_modified(SystemTime::now()));
        if let Err(error) = touched {
            say!(Warn, "nothing can be written to the data folder", error = error);
        }
        let silent = self.echoes.expire(Instant::now());
        self.recover(silent);
        let Self { journal, waiting, owed, .. } = self;
        owed.retain(|(id, outcome)| is_refused(journal.end(*id, outcome)));
        waiting.retain(|record| is_refused(journal.refuse(record)));
        self.write();
        self.tell_late();
    }

    /// Begins an attempt. What the journal does not take is refused with the next [`flush`](Self::flush).
    pub fn begin(&mut self, attempt: &Attempt) {
        let begin = words::begin(attempt, &self.account);
        match self.echoes.take(&begin) {
            None => {
                self.fresh.push((attempt.id, attempt.call));
                self.enter(attempt.id, attempt.call, begin);
            }
            Some(Echo::Open(before)) => {
                let entry = Entry { id: before.transaction_id, kept: Kept::Journal };
                self.attempts.insert(attempt.id, entry);
                self.reassign(before.transaction_id, attempt.connector);
            }
            Some(Echo::Refused) => {
                self.fresh.push((attempt.id, attempt.call));
                let entry = Entry { id: begin.transaction_id, kept: Kept::Repeated(Box::new(begin)) };
                self.attempts.insert(attempt.id, entry);
            }
        }
    }

    /// Goes on with an attempt that had to wait for a login: more is known of it now. Its record has the number and the
    /// time of its beginning.
    pub fn resume(&mut self, attempt: &Attempt) {
        let Some(Entry { id, kept }) = self.attempts.get_mut(&attempt.id) else { return self.begin(attempt) };
        let begin = words::begin(attempt, &self.account);
        self.fresh.push((attempt.id, attempt.call));
        self.is_flushed = false;
        match kept {
            Kept::Journal => {
                if let Err(error) = self.journal.amend(*id, &begin) {
                    say!(Warn, "no room in the journal for a login", error = format_args!("{error}"));
                    self.unkept.extend(attempt.call);
                }
            }
            Kept::Repeated(before) => **before = Begin { transaction_id: *id, ..begin },
            Kept::Here(..) => self.enter(attempt.id, attempt.call, begin),
        }
    }

    /// Notes that a connector's host has answered.
    pub fn answer(&mut self, attempt: AttemptId, connector: VoiceConnectorId, at: Duration) {
        self.is_flushed = false;
        let Some(entry) = self.attempts.get_mut(&attempt) else { return };
        let id = entry.id;
        if let Kept::Here(begin, answered) = &mut entry.kept {
            begin.voice_connector_id = connector.to_string().as_str().into();
            *answered = Some(milliseconds(at));
            return;
        }
        self.reassign(id, connector);
        if let Err(error) = self.journal.answer(id, milliseconds(at)) {
            say!(Error, "the journal does not take an answer", error = format_args!("{error}"));
        }
    }

    /// Ends an attempt with its record.
    pub fn end(&mut self, ended: &Ended) {
        let Some(entry) = self.attempts.remove(&ended.attempt.id) else { return };
        self.is_flushed = false;
        let outcome = words::outcome(ended);
        match entry.kept {
            Kept::Repeated(_) => {}
            Kept::Journal => {
                self.reassign(entry.id, ended.attempt.connector);
                self.conclude(entry.id, outcome);
            }
            Kept::Here(mut begin, answer_time_ms) => {
                begin.voice_connector_id = ended.attempt.connector.to_string().as_str().into();
                self.keep(Record { begin: *begin, answer_time_ms, outcome });
            }
        }
    }

    /// Writes what this turn has brought. Returns the calls that could not be kept: they must not go on.
    #[must_use]
    pub fn flush(&mut self) -> Vec<CallId> {
        for (attempt, call) in self.fresh.clone() {
            // One that waits for a login has no call yet: if it does not come back, that was it, too.
            if call.is_some()
                && let Some(Entry { kept: Kept::Repeated(begin), .. }) = self.attempts.get_mut(&attempt)
            {
                let begin = (**begin).clone();
                self.enter(attempt, call, begin);
            }
        }
        if self.write() {
            self.fresh.clear();
        } else {
            self.unkept.extend(self.fresh.drain(..).filter_map(|(_attempt, call)| call));
        }
        std::mem::take(&mut self.unkept)
    }

    /// Tells whether attempts find room in the journal.
    #[must_use]
    pub fn has_room(&mut self) -> bool {
        self.is_flushed && self.waiting.is_empty() && self.owed.is_empty() && self.journal.has_room()
    }

    /// Ends, and gives records that are on their way a moment to arrive.
    pub fn close(mut self) {
        let silent = self.echoes.drain();
        self.recover(silent);
        self.write();
        drop(self.journal);
        let figures = self.uploader.drain(DRAIN);
        if figures.waiting > 0 {
            say!(Info, "records wait for the next start", waiting = figures.waiting);
        }
    }

    fn enter(&mut self, attempt: AttemptId, call: Option<CallId>, begin: Begin) {
        self.is_flushed = false;
        let id = begin.transaction_id;
        let kept = match self.journal.begin(&begin) {
            Ok(()) => Kept::Journal,
            Err(error) => {
                say!(Warn, "no room in the journal for an attempt", error = format_args!("{error}"));
                self.unkept.extend(call);
                Kept::Here(Box::new(begin), None)
            }
        };
        self.attempts.insert(attempt, Entry { id, kept });
    }

    fn reassign(&mut self, id: TransactionId, connector: VoiceConnectorId) {
        // A call that is not open is told with what follows.
        let _ = self.journal.reassign(id, connector.as_str());
    }

    fn recover(&mut self, calls: Vec<OpenCall>) {
        self.is_flushed &= calls.is_empty();
        for call in calls {
            self.conclude(call.begin.transaction_id, recovered(&call, self.alive_ms));
        }
    }

    fn conclude(&mut self, id: TransactionId, outcome: Outcome) {
        let Err(error) = self.journal.end(id, &outcome) else { return };
        say!(Error, "the journal does not take an end", error = format_args!("{error}"));
        self.owed.push((id, outcome));
    }

    fn keep(&mut self, record: Record) {
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

    fn write(&mut self) -> bool {
        if !self.is_flushed {
            match self.journal.flush() {
                Ok(()) => self.is_flushed = true,
                Err(error) => say!(Error, "the journal cannot be written", error = format_args!("{error}")),
            }
        }
        self.is_flushed
    }

    /// Returns how far records have come.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.uploader.figures()
    }

    /// Says now and then that records do not get to where they belong.
    fn tell_late(&mut self) {
        if self.told.elapsed() < LATE {
            return;
        }
        let figures = self.uploader.figures();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let waits = Duration::from_millis(figures.oldest_waiting_age_ms(milliseconds(now)));
        if waits >= LATE {
            self.told = Instant::now();
            say!(
                Warn,
                "records wait for their destination",
                waiting = figures.waiting,
                oldest_s = waits.as_secs(),
                failed = figures.failed,
                bytes = figures.bytes
            );
        }
    }
}

/// Tells why the trunk has refused an attempt: the reason to all, what led to it to those who may read numbers.
pub fn note(note: &Note) {
    let at_ms = milliseconds(note.at);
    let transaction = note.attempt.map(|attempt| TransactionId::new(at_ms, attempt.0));
    let transaction = transaction.map_or_else(|| "none".to_owned(), |id| id.to_string());
    let (status, reason) = (u64::from(note.status), note.reason);
    say!(Info, "call refused", transaction = transaction.as_str(), status = status, reason = reason);
    say!(Debug, "call refused because", transaction = transaction.as_str(), trace = note.trace.as_str());
}

/// Whether the journal is to be told once more. What it does not know any more has its record.
fn is_refused(told: Result<(), Error>) -> bool {
    told.is_err_and(|error| !matches!(error, Error::NotOpen { .. }))
}
