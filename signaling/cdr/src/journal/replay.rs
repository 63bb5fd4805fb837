//! What the disk says after a restart.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::SystemTime;

use crate::error::Error;
use crate::figures::{Tally, count};
use crate::record::Begin;
use crate::spool::Spool;
use crate::transaction_id::TransactionId;
use crate::upload;

use super::desk::Reel;
use super::disk::Disk;
use super::entry::{self, Entry, Found, written_len};
use super::segment::{HEAD_LEN, Head, Name, SEGMENT_LEN, Segment, parse_head, parse_marks};
use super::{Journal, commit, lock};

/// An opened journal, and what was in it.
pub struct Opened {
    /// To write to.
    pub journal: Journal,
    /// For the uploader.
    pub spool: Arc<Spool>,
    /// Calls that have begun and not ended, oldest first. The caller goes on with them or ends them.
    pub open: Vec<OpenCall>,
    /// How the last calls began that have ended without an answer, oldest first: as far as the journal still knows, and no
    /// more than some thousand. A copy of the INVITE of one of them may come yet, if its process ended between the record
    /// and the response.
    pub unanswered: Vec<Begin>,
    /// When the journal was last written to: a process was alive then.
    pub written: Option<SystemTime>,
    /// What is worth a line in the log.
    pub notes: Vec<Note>,
}

/// A call that a process before this one has begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCall {
    /// How it began.
    pub begin: Begin,
    /// When it was answered, if it was.
    pub answer_time_ms: Option<u64>,
}

/// Something about the folder that somebody may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A file that is none of ours. It is left alone.
    Foreign(PathBuf),
    /// A file that has the name of ours and cannot be read as such. It is left alone; calls in it are unknown.
    Unreadable(PathBuf),
    /// So many bytes within a segment are damaged. What stands around them is used, and the file is kept under another
    /// name when it has served.
    Damaged(PathBuf, u64),
    /// So many bytes at the end were being written when the process or the power went. Nothing was acted on that they
    /// say, and they are overwritten.
    Torn(PathBuf, u64),
}

/// What is needed to go on.
pub(super) struct Replay {
    pub(super) spool: Arc<Spool>,
    pub(super) reels: VecDeque<Reel>,
    pub(super) open: Vec<(OpenCall, Arc<Segment>)>,
    pub(super) unanswered: Vec<Begin>,
    pub(super) written: Option<SystemTime>,
    pub(super) notes: Vec<Note>,
    pub(super) next_number: u64,
}

/// Takes the folder and reads all that is in it.
pub(super) fn replay(folder: &Path, disk: Arc<dyn Disk>) -> Result<Replay, Error> {
    let failed = |cause| Error::Folder { path: folder.to_path_buf(), cause };
    fs::create_dir_all(folder).map_err(failed)?;
    let lock = lock::take(folder)?;
    let mut reading = Reading::new(folder);
    let names = reading.names().map_err(failed)?;
    for &number in &names.segments {
        reading.segment(number, names.done.contains(&number))?;
    }
    for &number in names.done.difference(&names.segments) {
        // Its segment has gone, and with it all that it could say.
        let _ = fs::remove_file(folder.join(Name::Done(number).file_name()));
    }
    let reels = reading.reels(&*disk);
    let next_number = names.segments.last().map_or(1, |last| last + 1);
    reading.finish(disk, lock, reels, next_number)
}

struct Names {
    segments: BTreeSet<u64>,
    done: BTreeSet<u64>,
}

struct Reading<'a> {
    folder: &'a Path,
    tally: Tally,
    /// With how far each is whole, and whether anything stands behind that.
    segments: BTreeMap<u64, Read>,
    open: HashMap<TransactionId, (OpenCall, Arc<Segment>)>,
    unanswered: VecDeque<Begin>,
    written: Option<SystemTime>,
    notes: Vec<Note>,
}

struct Read {
    segment: Arc<Segment>,
    whole_len: u64,
    torn_len: u64,
    /// Its space is still set aside.
    has_space: bool,
}

impl<'a> Reading<'a> {
    fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            tally: Tally::default(),
            segments: BTreeMap::new(),
            open: HashMap::new(),
            unanswered: VecDeque::new(),
            written: None,
            notes: Vec::new(),
        }
    }

    fn names(&mut self) -> io::Result<Names> {
        let mut names = Names { segments: BTreeSet::new(), done: BTreeSet::new() };
        for entry in fs::read_dir(self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            match Name::parse(&name) {
                Some(Name::Segment(number)) => drop(names.segments.insert(number)),
                Some(Name::Done(number)) => drop(names.done.insert(number)),
                None if name == lock::NAME || name.ends_with(".damaged") => {}
                None if upload::is_conflict(&name) => count(&self.tally.conflicts),
                None => self.notes.push(Note::Foreign(entry.path())),
            }
        }
        Ok(names)
    }

    fn segment(&mut self, number: u64, has_marks: bool) -> Result<(), Error> {
        let path = self.folder.join(Name::Segment(number).file_name());
        let Ok(bytes) = fs::read(&path) else {
            self.notes.push(Note::Unreadable(path));
            return Ok(());
        };
        match parse_head(&bytes, number) {
            Head::Ours => {}
            Head::Newer(version) => return Err(Error::Newer { file: path, version }),
            Head::Unmade => {
                // Its maker died before it was given anything. What cannot be removed is seen again.
                let _ = fs::remove_file(&path);
                return Ok(());
            }
            Head::Unreadable => {
                self.notes.push(Note::Unreadable(path));
                return Ok(());
            }
        }
        // Before anything is written here.
        let written = fs::metadata(&path).and_then(|found| found.modified()).ok();
        self.written = self.written.max(written);
        let marks = if has_marks { self.marks(number) } else { HashSet::new() };
        self.entries(number, path, &bytes, &marks);
        Ok(())
    }

    fn entries(&mut self, number: u64, path: PathBuf, bytes: &[u8], marks: &HashSet<u64>) {
        let segment = Arc::new(Segment::new(number, 0));
        let mut at = HEAD_LEN;
        let mut damaged_len = 0;
        while let Some(Found { start, end, entry }) = entry::next(bytes, at) {
            damaged_len += written_len(&bytes[at..start]) as u64;
            at = end.min(bytes.len());
            match entry {
                Entry::Call { begin, answer_time_ms } => {
                    let id = begin.transaction_id;
                    let call = OpenCall { begin: *begin, answer_time_ms };
                    count(&segment.open);
                    if let Some((_call, before)) = self.open.insert(id, (call, segment.clone())) {
                        before.open.fetch_sub(1, SeqCst);
                    }
                }
                Entry::Ended(ended) => {
                    if let Some((call, before)) = self.open.remove(&ended.id) {
                        before.open.fetch_sub(1, SeqCst);
                        self.note_ended(call);
                    }
                    if !marks.contains(&(start as u64)) {
                        count(&segment.waiting);
                        count(&self.tally.waiting);
                    }
                }
            }
        }
        if damaged_len > 0 {
            segment.is_damaged.store(true, SeqCst);
            self.notes.push(Note::Damaged(path.clone(), damaged_len));
        }
        let torn_len = written_len(&bytes[at..]) as u64;
        if torn_len > 0 {
            self.notes.push(Note::Torn(path, torn_len));
        }
        segment.synced.store(at as u64, Relaxed);
        let has_space = bytes.len() as u64 == SEGMENT_LEN;
        self.segments.insert(number, Read { segment, whole_len: at as u64, torn_len, has_space });
    }

    fn note_ended(&mut self, call: OpenCall) {
        if call.answer_time_ms.is_some() {
            return;
        }
        if self.unanswered.len() == UNANSWERED_MAX {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back(call.begin);
    }

    fn marks(&self, number: u64) -> HashSet<u64> {
        let path = self.folder.join(Name::Done(number).file_name());
        // Without its marks, the records of a segment are uploaded once more, and find themselves.
        let Ok(bytes) = fs::read(&path) else { return HashSet::new() };
        let torn = bytes.len() % 8;
        if torn > 0 {
            // Marks to come are to stand where they are looked for.
            let whole_len = (bytes.len() - torn) as u64;
            let _ = OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(whole_len));
        }
        parse_marks(&bytes).collect()
    }

    /// The last segment with anything in it, and the empty ones behind it, are written on: their space is set aside, and
    /// on a full disk there is no other.
    fn reels(&self, disk: &dyn Disk) -> VecDeque<Reel> {
        let mut reels = VecDeque::new();
        for Read { segment, whole_len, torn_len, has_space } in self.segments.values().rev() {
            let reel = if *has_space { self.reel(disk, segment, *whole_len, *torn_len) } else { None };
            match reel {
                Some(reel) => reels.push_front(reel),
                None => segment.is_sealed.store(true, SeqCst),
            }
            if *whole_len > HEAD_LEN as u64 {
                break;
            }
        }
        let first = reels.front().map_or(u64::MAX, |reel: &Reel| reel.segment.number);
        for Read { segment, torn_len, .. } in self.segments.range(..first).map(|(_number, read)| read) {
            segment.is_sealed.store(true, SeqCst);
            // Others were written behind it: this was more than the last write of a process.
            segment.is_damaged.fetch_or(*torn_len > 0, SeqCst);
        }
        reels
    }

    /// Makes a segment fit to be written on: what is torn is overwritten, what was not synced is.
    fn reel(&self, disk: &dyn Disk, segment: &Arc<Segment>, len: u64, torn_len: u64) -> Option<Reel> {
        let path = self.folder.join(Name::Segment(segment.number).file_name());
        let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
        if torn_len > 0 {
            let zeros = vec![0; usize::try_from(torn_len).ok()?];
            disk.write(&file, &zeros, len).ok()?;
        }
        disk.sync(&file).ok()?;
        Some(Reel { segment: segment.clone(), file: Arc::new(file), len })
    }

    fn finish(
        self,
        disk: Arc<dyn Disk>,
        lock: File,
        mut reels: VecDeque<Reel>,
        mut next_number: u64,
    ) -> Result<Replay, Error> {
        let segments = self.segments.into_values().map(|read| read.segment).collect();
        let spool = Arc::new(Spool::new(self.folder, disk, lock, self.tally, segments));
        while reels.len() < REELS_AT_START {
            let Ok(reel) = commit::make(&spool, next_number) else {
                spool.desk.tell_full();
                break;
            };
            next_number += 1;
            reels.push_back(reel);
        }
        let mut open: Vec<_> = self.open.into_values().collect();
        open.sort_by_key(|(call, _home)| (call.begin.start_time_ms, call.begin.transaction_id));
        let Self { written, notes, .. } = self;
        let unanswered = self.unanswered.into();
        Ok(Replay { spool, reels, open, unanswered, written, notes, next_number })
    }
}

/// Far more than begin and end in one turn of a process.
const UNANSWERED_MAX: usize = 4_096;
/// The one in use, and one for when it is full.
const REELS_AT_START: usize = 2;
