//! Writes that were cut off anywhere, and bits that have turned.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use cdr::{Journal, Note};

use crate::sample::{Folder, Random, begin, files, id, objects, outcome, read_bucket, record, upload};

/// A segment with some entries, and where each of them ends.
struct Written {
    folder: Folder,
    path: PathBuf,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Written {
    fn new(write: &[fn(&mut Journal)]) -> Self {
        let folder = Folder::new();
        let mut journal = Journal::open(&folder.spool()).unwrap().journal;
        let path = files(&folder.spool(), ".segment").remove(0);
        let mut ends = Vec::new();
        for write in write {
            write(&mut journal);
            journal.flush().unwrap();
            let bytes = fs::read(&path).unwrap();
            let end = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
            ends.push(end.next_multiple_of(8));
        }
        drop(journal);
        let bytes = fs::read(&path).unwrap();
        Self { folder, path, bytes, ends }
    }

    /// Puts these bytes where the entries were, followed by nothing.
    fn replace(&self, bytes: &[u8]) {
        let file = File::create(&self.path).unwrap();
        file.write_all_at(bytes, 0).unwrap();
        file.set_len(self.bytes.len() as u64).unwrap();
    }
}

#[test]
fn an_entry_that_was_cut_off_anywhere_never_was_and_is_written_over() {
    let written = Written::new(&[
        |journal| journal.begin(&begin(1)).unwrap(),
        |journal| journal.end(id(1), &outcome(1)).unwrap(),
    ]);
    // The padding behind the last byte is zeros either way.
    let whole = written.bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    for cut in written.ends[0]..whole {
        for rest in [&[][..], &[0xff; 300]] {
            written.replace(&[&written.bytes[..cut], rest].concat());
            let mut opened = Journal::open(&written.folder.spool()).unwrap();
            let open: Vec<_> = opened.open.iter().map(|call| call.begin.transaction_id).collect();
            assert_eq!(open, [id(1)], "cut at {cut}");
            let is_torn = written.bytes[written.ends[0]..cut].iter().chain(rest).any(|&byte| byte != 0);
            assert_eq!(opened.notes.iter().any(|note| matches!(note, Note::Torn(..))), is_torn, "{cut}");
            opened.journal.begin(&begin(2)).unwrap();
            opened.journal.flush().unwrap();
            drop(opened);
            let opened = Journal::open(&written.folder.spool()).unwrap();
            assert_eq!((opened.open.len(), opened.notes), (2, vec![]), "cut at {cut}");
        }
    }
}

#[test]
fn a_whole_last_entry_counts() {
    let written = Written::new(&[
        |journal| journal.begin(&begin(1)).unwrap(),
        |journal| journal.end(id(1), &outcome(1)).unwrap(),
    ]);
    written.replace(&written.bytes[..written.ends[1]]);
    assert_eq!(Journal::open(&written.folder.spool()).unwrap().open, []);
}

#[test]
fn a_bit_that_turns_costs_its_entry_at_most() {
    let written = Written::new(&[
        |journal| journal.begin(&begin(1)).unwrap(),
        |journal| journal.begin(&begin(2)).unwrap(),
        |journal| journal.begin(&begin(3)).unwrap(),
        |journal| journal.refuse(&record(4)).unwrap(),
    ]);
    let mut random = Random(4);
    for at in written.ends[0]..written.ends[1] {
        let mut bytes = written.bytes[..written.ends[3]].to_vec();
        bytes[at] ^= 1 << random.below(8);
        written.replace(&bytes);
        let opened = Journal::open(&written.folder.spool()).unwrap();
        let open: Vec<_> = opened.open.iter().map(|call| call.begin.transaction_id).collect();
        assert_eq!(opened.spool.figures().waiting, 1, "byte {at}");
        // A bit of what pads an entry may turn as it likes.
        let is_padding = open == [id(1), id(2), id(3)];
        assert!(is_padding || open == [id(1), id(3)], "byte {at}: {open:?}");
        let is_told = opened.notes.iter().any(|note| matches!(note, Note::Damaged(..)));
        assert_eq!(is_told, !is_padding, "byte {at}");
    }
}

#[test]
fn an_end_that_is_damaged_leaves_its_call_open() {
    let written = Written::new(&[
        |journal| journal.begin(&begin(1)).unwrap(),
        |journal| journal.end(id(1), &outcome(1)).unwrap(),
        |journal| journal.begin(&begin(2)).unwrap(),
    ]);
    let mut bytes = written.bytes[..written.ends[2]].to_vec();
    bytes[written.ends[0] + 40] ^= 0x10;
    written.replace(&bytes);
    let opened = Journal::open(&written.folder.spool()).unwrap();
    assert_eq!(opened.open.len(), 2);
    assert_eq!(opened.spool.figures().waiting, 0);
}

#[test]
fn a_beginning_that_is_damaged_is_made_good_by_the_answer() {
    let written = Written::new(&[
        |journal| journal.begin(&begin(1)).unwrap(),
        |journal| journal.answer(id(1), record(1).answer_time_ms.unwrap()).unwrap(),
    ]);
    let mut bytes = written.bytes[..written.ends[1]].to_vec();
    bytes[60] ^= 1;
    written.replace(&bytes);
    let mut opened = Journal::open(&written.folder.spool()).unwrap();
    assert_eq!(opened.open[0].begin, begin(1));
    opened.journal.end(id(1), &outcome(1)).unwrap();
    opened.journal.flush().unwrap();
    upload(&opened.spool, &written.folder.bucket());
    assert_eq!(read_bucket(&written.folder.bucket()), objects([1].into_iter()));
}

#[test]
fn any_bytes_open() {
    let written = Written::new(&[|journal| journal.begin(&begin(1)).unwrap()]);
    for seed in 0..100 {
        let mut random = Random(seed);
        let noise: Vec<u8> = (0..2_000).map(|_| random.below(256) as u8).collect();
        written.replace(&[&written.bytes[..32], &noise].concat());
        let opened = Journal::open(&written.folder.spool()).unwrap();
        assert_eq!(opened.open, [], "seed {seed}");
    }
}
