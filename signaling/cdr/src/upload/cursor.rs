//! Reads the spool from the disk, record by record, in the order in which calls ended.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;

use crate::journal::entry::{self, Entry, Found};
use crate::journal::segment::{HEAD_LEN, Name, Segment, parse_marks};
use crate::spool::Spool;
use crate::transaction_id::TransactionId;

/// A record that is not at its destination.
pub(super) struct Waiting {
    pub(super) id: TransactionId,
    pub(super) end_time_ms: u64,
    pub(super) key: String,
    pub(super) json: Vec<u8>,
    pub(super) segment: Arc<Segment>,
    pub(super) offset: u64,
}

pub(super) struct Cursor {
    spool: Arc<Spool>,
    place: Option<Place>,
    /// The number of the segment that comes next.
    next_number: u64,
}

/// A segment that is being read.
struct Place {
    segment: Arc<Segment>,
    file: File,
    /// Records that a process before this one has delivered.
    done: HashSet<u64>,
    /// What was read of it last, where that begins, and how much of it is behind us.
    bytes: Vec<u8>,
    base: u64,
    at: usize,
}

impl Cursor {
    pub(super) fn new(spool: Arc<Spool>) -> Self {
        Self { spool, place: None, next_number: 0 }
    }

    /// The next record, if there is one yet.
    pub(super) fn next(&mut self) -> io::Result<Option<Waiting>> {
        loop {
            let Some(place) = &mut self.place else {
                let Some(segment) = self.spool.from(self.next_number) else { return Ok(None) };
                self.place = Place::enter(&self.spool, &segment)?;
                if self.place.is_none() {
                    self.next_number = segment.number + 1;
                }
                continue;
            };
            if let Some(waiting) = place.next() {
                return Ok(Some(waiting));
            }
            // Asked before reading on: what is sealed has all of its entries synced.
            let is_sealed = place.segment.is_sealed.load(Acquire);
            if place.read_on()? {
                continue;
            }
            if !is_sealed {
                return Ok(None);
            }
            self.next_number = place.segment.number + 1;
            self.place = None;
        }
    }
}

impl Place {
    /// Opens a segment, unless it has gone: then all in it was done.
    fn enter(spool: &Spool, segment: &Arc<Segment>) -> io::Result<Option<Self>> {
        let file = match File::open(spool.path(Name::Segment(segment.number))) {
            Ok(file) => file,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(cause),
        };
        // Marks that cannot be read are made again.
        let marks = fs::read(spool.path(Name::Done(segment.number))).unwrap_or_default();
        let done = parse_marks(&marks).collect();
        let segment = segment.clone();
        Ok(Some(Self { segment, file, done, bytes: Vec::new(), base: HEAD_LEN as u64, at: 0 }))
    }

    fn next(&mut self) -> Option<Waiting> {
        while let Some(Found { start, end, entry }) = entry::next(&self.bytes, self.at) {
            self.at = end.min(self.bytes.len());
            let offset = self.base + start as u64;
            let Entry::Ended(ended) = entry else { continue };
            if self.done.contains(&offset) {
                continue;
            }
            return Some(Waiting {
                id: ended.id,
                end_time_ms: ended.end_time_ms,
                key: ended.key.to_owned(),
                json: ended.json.to_vec(),
                segment: self.segment.clone(),
                offset,
            });
        }
        None
    }

    /// Reads what has been synced since, and says whether that was anything.
    fn read_on(&mut self) -> io::Result<bool> {
        let base = self.base + self.bytes.len() as u64;
        let synced = self.segment.synced.load(Acquire);
        let Some(len) = synced.checked_sub(base).filter(|&len| len > 0) else { return Ok(false) };
        let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, base)?;
        (self.bytes, self.base, self.at) = (bytes, base, 0);
        Ok(true)
    }
}
