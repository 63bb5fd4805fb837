//! What must survive a kill at any moment, written before it is acted on.
//!
//! ```text
//! begin, answer, end -> buffer --flush--> segment --sync--> uploader
//!                       (tape)            (page cache)      (reads the disk)
//! ```
//!
//! The thread of the calls only fills a buffer and writes it once a turn. What it has written survives the end of the
//! process; what the committer has synced survives a loss of power, and only then is it uploaded. A call keeps the
//! segment with its latest state, a record the segment that it is in; segments that nobody keeps go, oldest first.

mod commit;
pub(crate) mod desk;
pub(crate) mod disk;
pub(crate) mod entry;
mod lock;
mod replay;
pub(crate) mod segment;
mod tape;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, SeqCst};
use std::thread::JoinHandle;

use crate::error::Error;
use crate::record::{Begin, Outcome, Record};
use crate::spool::Spool;
use crate::transaction_id::TransactionId;

use replay::Replay;
use segment::{SEGMENT_LEN, Segment};
use tape::{Pending, Tape, Written};

pub use disk::{Disk, LocalDisk};
pub use replay::{Note, OpenCall, Opened};

/// The calls that are open, and the records of those that have ended.
pub struct Journal {
    spool: Arc<Spool>,
    tape: Tape,
    open: HashMap<TransactionId, Call>,
    /// What the open calls still need in order to be answered and to end.
    reserved: u64,
    /// Which segment is being emptied of open calls, and which calls were in it.
    moving: (u64, Vec<TransactionId>),
    scratch: Vec<u8>,
    committer: Option<JoinHandle<()>>,
}

struct Call {
    begin: Begin,
    answer_time_ms: Option<u64>,
    /// The segment with its latest state, as soon as that is written.
    home: Option<Arc<Segment>>,
    /// Its part of what is reserved.
    reserved: u64,
}

impl Journal {
    /// Opens the journal in a folder, which is made if there is none, and tells which calls are open in it.
    ///
    /// # Errors
    ///
    /// Another process has the folder; a later release has written it; or the system refuses something.
    pub fn open(folder: &Path) -> Result<Opened, Error> {
        Self::open_on(folder, Arc::new(LocalDisk))
    }

    /// The same, on a disk of the caller's.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_on(folder: &Path, disk: Arc<dyn Disk>) -> Result<Opened, Error> {
        let Replay { spool, reels, open, unanswered, written, notes, next_number } =
            replay::replay(folder, disk)?;
        let committer = commit::start(spool.clone(), next_number)
            .map_err(|cause| Error::Folder { path: folder.to_path_buf(), cause })?;
        let mut journal = Self {
            tape: Tape::new(spool.clone(), reels),
            spool: spool.clone(),
            open: HashMap::new(),
            reserved: 0,
            moving: (0, Vec::new()),
            scratch: Vec::new(),
            committer: Some(committer),
        };
        for (call, home) in &open {
            journal.adopt(call, home);
        }
        let open = open.into_iter().map(|(call, _home)| call).collect();
        Ok(Opened { journal, spool, open, unanswered, written, notes })
    }

    fn adopt(&mut self, OpenCall { begin, answer_time_ms }: &OpenCall, home: &Arc<Segment>) {
        let (call_len, ended_len) = entry::lens_max(begin, &mut self.scratch);
        let reserved = if answer_time_ms.is_some() { ended_len } else { call_len + ended_len };
        self.reserved += reserved;
        let (begin, home) = (begin.clone(), Some(home.clone()));
        let call = Call { begin, answer_time_ms: *answer_time_ms, home, reserved };
        self.open.insert(call.begin.transaction_id, call);
    }

    /// Begins a call. It is on the disk after the next [`flush`](Self::flush), and nothing of it may be visible before.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] when the call could not be sure of room for its end. [`Error::AlreadyOpen`] if its number has
    /// been given before.
    pub fn begin(&mut self, begin: &Begin) -> Result<(), Error> {
        let id = begin.transaction_id;
        if self.open.contains_key(&id) {
            return Err(Error::AlreadyOpen { id });
        }
        let (call_len, ended_len) = entry::lens_max(begin, &mut self.scratch);
        let reserved = call_len + ended_len;
        self.admit(call_len + reserved + REFUSALS_LEN)?;
        let call = Call { begin: begin.clone(), answer_time_ms: None, home: None, reserved };
        self.scratch.clear();
        entry::write_call(&mut self.scratch, begin, None);
        self.place()?;
        self.tape.push(&self.scratch, Pending::Call(id));
        self.reserved += reserved;
        self.open.insert(id, call);
        Ok(())
    }

    /// Answers a call: from here on it is paid for. A second answer changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`], or the disk did not take what was written before.
    pub fn answer(&mut self, id: TransactionId, time_ms: u64) -> Result<(), Error> {
        let call = self.open.get(&id).ok_or(Error::NotOpen { id })?;
        if call.answer_time_ms.is_some() {
            return Ok(());
        }
        self.scratch.clear();
        entry::write_call(&mut self.scratch, &call.begin, Some(time_ms));
        self.place()?;
        self.tape.push(&self.scratch, Pending::Call(id));
        let call = self.open.get_mut(&id).expect("it was found above");
        call.answer_time_ms = Some(time_ms);
        let spent = self.scratch.len() as u64;
        call.reserved -= spent;
        self.reserved -= spent;
        Ok(())
    }

    /// Notes that a call is another connector's than it began with: it has the record. The disk hears of it with what
    /// is written next of the call.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`].
    pub fn reassign(&mut self, id: TransactionId, connector: &str) -> Result<(), Error> {
        let call = self.open.get_mut(&id).ok_or(Error::NotOpen { id })?;
        if call.begin.voice_connector_id.as_str() != connector {
            call.begin.voice_connector_id = connector.into();
        }
        Ok(())
    }

    /// Says anew how a call began, when more is known of it than at its beginning: whoever calls has logged in. Its number
    /// and its time stay. It is on the disk after the next [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`]; [`Error::Full`] when there is no room to say it, and the call is as it was.
    pub fn amend(&mut self, id: TransactionId, begin: &Begin) -> Result<(), Error> {
        let call = self.open.get(&id).ok_or(Error::NotOpen { id })?;
        let (answer_time_ms, before) = (call.answer_time_ms, call.reserved);
        let begin = Begin { transaction_id: id, start_time_ms: call.begin.start_time_ms, ..begin.clone() };
        let (call_len, ended_len) = entry::lens_max(&begin, &mut self.scratch);
        let reserved = if answer_time_ms.is_some() { ended_len } else { call_len + ended_len };
        self.admit((call_len + reserved + REFUSALS_LEN).saturating_sub(before))?;
        self.scratch.clear();
        entry::write_call(&mut self.scratch, &begin, answer_time_ms);
        self.place()?;
        self.tape.push(&self.scratch, Pending::Call(id));
        self.reserved = self.reserved - before + reserved;
        let call = self.open.get_mut(&id).expect("it was found above");
        (call.begin, call.reserved) = (begin, reserved);
        Ok(())
    }

    /// Ends a call: its record is made, and cannot be changed any more.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`] if it never began or has ended before; or the disk did not take what was written before, and
    /// the call is still open.
    pub fn end(&mut self, id: TransactionId, outcome: &Outcome) -> Result<(), Error> {
        let call = self.open.get(&id).ok_or(Error::NotOpen { id })?;
        self.scratch.clear();
        entry::write_ended(&mut self.scratch, &call.begin, call.answer_time_ms, outcome);
        self.place()?;
        let call = self.open.remove(&id).expect("it was found above");
        self.tape.push(&self.scratch, Pending::Ended(call.home));
        self.reserved -= call.reserved;
        Ok(())
    }

    /// Records an attempt that ends where it begins: one that was refused. There is room for some hundreds of them when
    /// there is none for calls.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] when that room is used up, too: leave the attempt unanswered, its sender tries again.
    pub fn refuse(&mut self, record: &Record) -> Result<(), Error> {
        let id = record.begin.transaction_id;
        if self.open.contains_key(&id) {
            return Err(Error::AlreadyOpen { id });
        }
        let mut entry = std::mem::take(&mut self.scratch);
        entry.clear();
        entry::write_ended(&mut entry, &record.begin, record.answer_time_ms, &record.outcome);
        self.scratch = entry;
        self.admit(self.scratch.len() as u64)?;
        self.place()?;
        self.tape.push(&self.scratch, Pending::Ended(None));
        Ok(())
    }

    /// Writes what the turn has brought. Then what it says may be acted on: a kill of the process takes none of it.
    ///
    /// # Errors
    ///
    /// The disk did not take it. It is kept for the next flush; nothing of it may be acted on before that succeeds.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.tape.collect();
        if self.write()? {
            self.carry();
            self.write()?;
        }
        if self.tape.room() < self.reserved + REFUSALS_LEN + SEGMENT_LEN {
            self.tape.want();
        }
        Ok(())
    }

    /// Tells whether another call would be let in, whatever its texts are.
    pub fn has_room(&mut self) -> bool {
        self.tape.collect();
        let has_room = self.tape.room() >= self.reserved + REFUSALS_LEN + CALL_LEN_MAX;
        if !has_room {
            self.tape.want();
        }
        has_room
    }

    /// How many calls are open.
    pub fn open_calls(&self) -> usize {
        self.open.len()
    }

    /// Lets in what leaves to the open calls what is theirs.
    fn admit(&mut self, len: u64) -> Result<(), Error> {
        let has_room = |journal: &Self| journal.tape.room() >= journal.reserved + len;
        if has_room(self) {
            return Ok(());
        }
        self.tape.collect();
        if !has_room(self) {
            self.tape.wait();
        }
        if has_room(self) { Ok(()) } else { Err(Error::Full) }
    }

    /// Sees to it that the segment in use takes the entry in the scratch.
    fn place(&mut self) -> Result<(), Error> {
        if !self.tape.fits(self.scratch.len()) {
            self.write()?;
            self.tape.turn()?;
        }
        Ok(())
    }

    /// Writes the buffer, and says whether there was anything in it.
    fn write(&mut self) -> Result<bool, Error> {
        let Some(Written { segment, entries }) = self.tape.write()? else { return Ok(false) };
        let mut released = Vec::new();
        let mut is_urgent = false;
        for entry in entries {
            match entry {
                Pending::Call(id) => match self.open.get_mut(&id) {
                    Some(call) => {
                        is_urgent |= call.answer_time_ms.is_some();
                        released.extend(call.home.replace(segment.clone()));
                    }
                    // It has ended in the same turn.
                    None => released.push(segment.clone()),
                },
                Pending::Ended(home) => {
                    is_urgent = true;
                    released.extend(home);
                }
            }
        }
        // What replaces another state is synced before that one may go.
        if is_urgent || !released.is_empty() {
            self.tape.sync();
            self.spool.desk.put(|work| {
                for segment in released {
                    work.released.entry(segment.number).or_insert((segment, 0)).1 += 1;
                }
            });
        }
        Ok(true)
    }

    /// Writes the state of some calls anew if nothing else keeps the oldest segment, so that one call of many hours does
    /// not keep all the segments behind its own. What is rewritten is less than half of what is written.
    fn carry(&mut self) {
        let (segments, Some(oldest)) = self.spool.oldest() else { return };
        let kept_max = SEGMENTS_KEPT + self.tape.spares() as u64 + 2 * (self.reserved / SEGMENT_LEN);
        if segments as u64 <= kept_max || !oldest.is_sealed.load(Acquire) || oldest.waiting.load(SeqCst) > 0 {
            return;
        }
        if self.moving.0 != oldest.number {
            let is_there = |call: &&Call| call.home.as_ref().is_some_and(|home| home.number == oldest.number);
            let ids = self.open.values().filter(is_there).map(|call| call.begin.transaction_id).collect();
            self.moving = (oldest.number, ids);
        }
        for _ in 0..CARRIED_MAX {
            let Some(id) = self.moving.1.pop() else { return };
            let Some(call) = self.open.get(&id) else { continue };
            if call.home.as_ref().is_none_or(|home| home.number != oldest.number) {
                continue;
            }
            self.scratch.clear();
            entry::write_call(&mut self.scratch, &call.begin, call.answer_time_ms);
            let has_room = self.tape.room() >= self.reserved + self.scratch.len() as u64;
            if !has_room || self.place().is_err() {
                // Another time: the calls of this segment are looked up again.
                self.moving = (0, Vec::new());
                return;
            }
            self.tape.push(&self.scratch, Pending::Call(id));
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // What cannot be written now was not acted on either: the caller has had the error from `flush`.
        let _ = self.flush();
        self.tape.sync();
        self.spool.desk.put(|work| work.is_last = true);
        if let Some(committer) = self.committer.take() {
            // A panic over there has been told there.
            let _ = committer.join();
        }
    }
}

/// Room for the records of attempts that are refused because there is no room: some 500 of 500 bytes.
const REFUSALS_LEN: u64 = 256 << 10;
/// Two states and a record: 2 × 1 KiB and 6 KiB.
const CALL_LEN_MAX: u64 = 8 << 10;
/// So many segments are never worth emptying.
const SEGMENTS_KEPT: u64 = 4;
/// How many calls a turn carries on: 64 of 400 bytes are written in 10 µs.
const CARRIED_MAX: usize = 64;
