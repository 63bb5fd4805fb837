//! The writing end of the journal: entries go into a buffer, the buffer into the segment in use, and behind that one lie
//! others with their space set aside.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::figures::count;
use crate::spool::Spool;
use crate::transaction_id::TransactionId;

use super::desk::Reel;
use super::entry::ENTRY_MAX;
use super::segment::{HEAD_LEN, SEGMENT_LEN, Segment};

pub(super) struct Tape {
    spool: Arc<Spool>,
    active: Option<Reel>,
    spares: VecDeque<Reel>,
    buffer: Vec<u8>,
    /// Whose entries are in the buffer, in their order.
    pending: Vec<Pending>,
}

/// An entry that is not written yet.
pub(super) enum Pending {
    Call(TransactionId),
    /// With the segment that the call is in, which is no longer needed for it.
    Ended(Option<Arc<Segment>>),
}

/// Entries that have been written, and where.
pub(super) struct Written {
    pub(super) segment: Arc<Segment>,
    pub(super) entries: Vec<Pending>,
}

impl Tape {
    pub(super) fn new(spool: Arc<Spool>, mut reels: VecDeque<Reel>) -> Self {
        let active = reels.pop_front();
        Self { spool, active, spares: reels, buffer: Vec::new(), pending: Vec::new() }
    }

    /// How much can be written whatever happens to the disk. Each change of segments may leave as much unused as an
    /// entry is long.
    pub(super) fn room(&self) -> u64 {
        let active = self.active.as_ref().map_or(0, |reel| SEGMENT_LEN - reel.len);
        let spare = SEGMENT_LEN - (HEAD_LEN + ENTRY_MAX) as u64;
        (active + spare * self.spares.len() as u64).saturating_sub(self.buffer.len() as u64)
    }

    /// How many segments are made ahead.
    pub(super) fn spares(&self) -> usize {
        self.spares.len()
    }

    /// Takes a segment that was made in the meantime.
    pub(super) fn collect(&mut self) {
        while let Some(reel) = self.spool.desk.take_reel() {
            self.add(reel);
        }
    }

    /// Asks for another segment, and waits a moment for it unless the disk is known to be full.
    pub(super) fn wait(&mut self) {
        self.want();
        if let Some(reel) = self.spool.desk.wait_for_reel(REEL_WAIT) {
            self.add(reel);
        }
    }

    /// Asks for another segment.
    pub(super) fn want(&self) {
        self.spool.desk.put(|work| work.is_reel_wanted = true);
    }

    /// Whether the segment in use takes that much more. If it does not: [`write`](Self::write), then
    /// [`turn`](Self::turn).
    pub(super) fn fits(&self, len: usize) -> bool {
        let len = (self.buffer.len() + len) as u64;
        self.active.as_ref().is_some_and(|reel| reel.len + len <= SEGMENT_LEN)
    }

    /// Adds an entry, which fits.
    pub(super) fn push(&mut self, entry: &[u8], pending: Pending) {
        debug_assert!(self.fits(entry.len()), "an entry of {} bytes does not fit", entry.len());
        self.buffer.extend_from_slice(entry);
        self.pending.push(pending);
    }

    /// Writes what is in the buffer. After an error all of it is there still.
    pub(super) fn write(&mut self) -> Result<Option<Written>, Error> {
        if self.buffer.is_empty() {
            return Ok(None);
        }
        loop {
            let Some(reel) = &mut self.active else { return Err(Error::Full) };
            let Err(cause) = self.spool.disk.write(&reel.file, &self.buffer, reel.len) else {
                reel.len += self.buffer.len() as u64;
                self.buffer.clear();
                let entries = std::mem::take(&mut self.pending);
                let segment = reel.segment.clone();
                self.count(&segment, &entries);
                return Ok(Some(Written { segment, entries }));
            };
            // Space may come back; a segment on bad blocks is left, if there is another one. What part of the buffer it
            // may have taken is read as the same entries a second time, which changes nothing.
            if cause.kind() == io::ErrorKind::StorageFull || self.spares.is_empty() {
                return Err(Error::Disk { cause });
            }
            self.turn()?;
        }
    }

    /// A segment is counted on before it can be sealed, so that it is never removed under its calls.
    fn count(&self, segment: &Segment, entries: &[Pending]) {
        for entry in entries {
            match entry {
                Pending::Call(_id) => count(&segment.open),
                Pending::Ended(_home) => {
                    count(&segment.waiting);
                    count(&self.spool.tally.waiting);
                }
            }
        }
    }

    /// Leaves the segment in use for the next one.
    pub(super) fn turn(&mut self) -> Result<(), Error> {
        let next = self.spares.pop_front().ok_or(Error::Full)?;
        if let Some(reel) = self.active.replace(next) {
            self.spool.desk.put(|work| {
                work.sealed.push(reel.segment.clone());
                work.written.insert(reel.segment.number, reel);
            });
        }
        Ok(())
    }

    /// Has what was written so far synced.
    pub(super) fn sync(&self) {
        let Some(reel) = &self.active else { return };
        let reel = Reel { segment: reel.segment.clone(), file: reel.file.clone(), len: reel.len };
        self.spool.desk.put(|work| {
            work.written.insert(reel.segment.number, reel);
        });
    }

    fn add(&mut self, reel: Reel) {
        if self.active.is_none() {
            self.active = Some(reel);
        } else {
            self.spares.push_back(reel);
        }
    }
}

/// How long a call may wait for a segment to be made. It happens only if thousands begin at once.
const REEL_WAIT: Duration = Duration::from_millis(50);
