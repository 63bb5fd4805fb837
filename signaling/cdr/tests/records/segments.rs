//! The folder does not grow with what is done.

use cdr::{Destination, Journal, Opened, Uploader};

use crate::sample::{Folder, LONG, begin, files, id, outcome};

/// Plays calls that end at once, and has them uploaded to nowhere.
fn play(opened: &mut Opened, numbers: std::ops::Range<u64>) {
    let uploader = Uploader::start(opened.spool.clone(), &Destination::Off).unwrap();
    for number in numbers {
        opened.journal.begin(&begin(number)).unwrap();
        opened.journal.end(id(number), &outcome(number)).unwrap();
        if number % 100 == 0 {
            opened.journal.flush().unwrap();
        }
    }
    opened.journal.flush().unwrap();
    assert_eq!(uploader.drain(LONG).waiting, 0);
}

#[test]
fn segments_go_when_all_in_them_is_done() {
    let folder = Folder::new();
    let mut opened = Journal::open(&folder.spool()).unwrap();
    play(&mut opened, 0..30_000);
    assert_eq!(opened.spool.figures().discarded, 30_000);
    drop(opened);
    let left = files(&folder.spool(), ".segment").len();
    // 30,000 calls of 1 KB fill seven; one is in use, and some are made ahead.
    assert!(left <= 4, "{left} segments");
    assert!(files(&folder.spool(), ".done").len() <= left);
}

#[test]
fn a_call_of_many_hours_keeps_few_segments() {
    let folder = Folder::new();
    let mut opened = Journal::open(&folder.spool()).unwrap();
    for number in 1_000_000..1_000_200 {
        opened.journal.begin(&begin(number)).unwrap();
    }
    play(&mut opened, 0..60_000);
    drop(opened);
    let left = files(&folder.spool(), ".segment").len();
    assert!(left <= 8, "{left} segments");
    assert_eq!(Journal::open(&folder.spool()).unwrap().open.len(), 200);
}

#[test]
fn a_record_that_waits_keeps_its_segment_and_those_behind() {
    let folder = Folder::new();
    let mut opened = Journal::open(&folder.spool()).unwrap();
    for number in 0..10_000 {
        opened.journal.begin(&begin(number)).unwrap();
        opened.journal.end(id(number), &outcome(number)).unwrap();
        opened.journal.flush().unwrap();
    }
    drop(opened);
    let opened = Journal::open(&folder.spool()).unwrap();
    assert_eq!((opened.open.len(), opened.spool.figures().waiting), (0, 10_000));
}
