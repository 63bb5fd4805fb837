//! What is left on the disk when a process ends in the middle of a write.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::Random;

/// A segment's head; the head of an entry, with the length of what follows; entries begin at multiples of this.
const SEGMENT_HEAD: usize = 32;
const ENTRY_HEAD: usize = 8;
const ALIGNMENT: usize = 8;

/// Puts a part of an entry behind the last one of the journal: one that was being written.
pub(crate) fn tear(journal: &Path, random: &mut Random) {
    let paths = fs::read_dir(journal).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "segment")).collect();
    paths.sort();
    let mut segments = paths.into_iter().rev().map(|path| (fs::read(&path).unwrap(), path));
    // The last one with anything in it is the one in use.
    let Some((bytes, path)) = segments.find(|(bytes, _)| entry_len(bytes, SEGMENT_HEAD) > 0) else { return };
    let mut end = SEGMENT_HEAD;
    while entry_len(&bytes, end) > 0 {
        end += entry_len(&bytes, end);
    }
    let len = entry_len(&bytes, SEGMENT_HEAD);
    let part = &bytes[SEGMENT_HEAD..][..1 + random.below(len as u64 - 9) as usize];
    if end + len <= bytes.len() {
        File::options().write(true).open(path).unwrap().write_all_at(part, end as u64).unwrap();
    }
}

fn entry_len(bytes: &[u8], at: usize) -> usize {
    let Some(len) = bytes.get(at..at + 4) else { return 0 };
    let len = u32::from_le_bytes(len.try_into().unwrap()) as usize;
    if len == 0 { 0 } else { (ENTRY_HEAD + len).next_multiple_of(ALIGNMENT) }
}
