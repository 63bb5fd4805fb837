//! A disk without room refuses calls, and loses none.

use std::cell::RefCell;
use std::sync::atomic::Ordering::SeqCst;

use cdr::{Begin, Destination, Error, Journal, Opened, Uploader};

use crate::disk::Moody;
use crate::sample::{Folder, LONG, begin, id, objects, outcome, read_bucket, record, upload, wait_until};

/// Begins calls until there is no room for another one, and tells how many there are.
fn fill(journal: &mut Journal) -> u64 {
    for number in 0..1_000_000 {
        match journal.begin(&begin(number)) {
            Ok(()) => journal.flush().unwrap(),
            Err(Error::Full) => return number,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("a disk without an end");
}

fn end(journal: &mut Journal, numbers: impl Iterator<Item = u64>) {
    for number in numbers {
        journal.answer(id(number), record(number).answer_time_ms.unwrap()).unwrap();
        journal.flush().unwrap();
        journal.end(id(number), &outcome(number)).unwrap();
        journal.flush().unwrap();
    }
}

#[test]
fn every_call_that_was_let_in_can_be_answered_and_can_end() {
    let folder = Folder::new();
    let Opened { mut journal, spool, .. } = Journal::open_on(&folder.spool(), Moody::new(3)).unwrap();

    let calls = fill(&mut journal);

    assert!(calls > 3_000, "only {calls} calls in 12 MiB");
    assert!(!journal.has_room());
    end(&mut journal, 0..calls);
    upload(&spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects(0..calls));
}

#[test]
fn there_is_room_for_a_call_that_comes_to_a_connector_with_a_longer_name() {
    let folder = Folder::new();
    let Opened { mut journal, spool, .. } = Journal::open_on(&folder.spool(), Moody::new(2)).unwrap();
    assert!(journal.has_room());
    let calls = fill(&mut journal);
    let widest = "w".repeat(36);
    for number in 0..calls {
        journal.reassign(id(number), &widest).unwrap();
    }
    end(&mut journal, 0..calls);
    let figures = upload(&spool, &folder.bucket());
    assert_eq!((figures.uploaded, figures.bytes), (calls, 8 << 20));
}

#[test]
fn what_is_learnt_of_calls_is_taken_while_there_is_room_and_takes_nothing_from_them() {
    let folder = Folder::new();
    let Opened { mut journal, spool, .. } = Journal::open_on(&folder.spool(), Moody::new(2)).unwrap();
    let calls = fill(&mut journal);
    let longer = |number| Begin { sip_auth_user: Some("5".repeat(128).as_str().into()), ..begin(number) };
    let amended = (0..calls).take_while(|number| {
        let taken = journal.amend(id(*number), &longer(*number));
        journal.flush().unwrap();
        taken.is_ok()
    });
    let amended = amended.count() as u64;
    assert!(amended < calls, "{amended} of {calls}");
    end(&mut journal, 0..calls);
    assert_eq!(upload(&spool, &folder.bucket()).uploaded, calls);
    let user = |record: &Vec<u8>| record.windows(128).any(|part| part == [b'5'; 128]);
    assert_eq!(read_bucket(&folder.bucket()).values().filter(|record| user(record)).count() as u64, amended);
}

#[test]
fn refused_attempts_leave_their_records_for_a_while_and_take_nothing_from_the_calls() {
    let folder = Folder::new();
    let Opened { mut journal, spool, .. } = Journal::open_on(&folder.spool(), Moody::new(2)).unwrap();
    let calls = fill(&mut journal);

    let refused = (calls..).take_while(|&number| journal.refuse(&record(number)).is_ok()).count() as u64;

    assert!((300..10_000).contains(&refused), "{refused} refusals");
    assert!(matches!(journal.refuse(&record(calls + refused)), Err(Error::Full)));
    journal.flush().unwrap();
    end(&mut journal, 0..calls);
    upload(&spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects(0..calls + refused));
}

#[test]
fn calls_are_let_in_again_when_records_have_gone() {
    let folder = Folder::new();
    let Opened { mut journal, spool, .. } = Journal::open_on(&folder.spool(), Moody::new(3)).unwrap();
    let calls = fill(&mut journal);
    end(&mut journal, 0..calls);
    upload(&spool, &folder.bucket());

    let journal_cell = RefCell::new(journal);
    wait_until("room", || journal_cell.borrow_mut().begin(&begin(calls)).is_ok());
    let mut journal = journal_cell.into_inner();

    journal.flush().unwrap();
    end(&mut journal, calls..calls + 1);
    upload(&spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects(0..calls + 1));
}

#[test]
fn a_restart_on_a_full_disk_keeps_the_room_for_open_calls() {
    let folder = Folder::new();
    let disk = Moody::new(3);
    let calls = fill(&mut Journal::open_on(&folder.spool(), disk.clone()).unwrap().journal);
    disk.segments_max.store(0, SeqCst);

    let Opened { mut journal, spool, open, .. } = Journal::open_on(&folder.spool(), disk).unwrap();

    assert_eq!(open.len() as u64, calls);
    assert!(matches!(journal.begin(&begin(calls)), Err(Error::Full)));
    end(&mut journal, 0..calls);
    upload(&spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects(0..calls));
}

#[test]
fn a_disk_that_is_full_from_the_start_is_used_when_it_has_room() {
    let folder = Folder::new();
    let disk = Moody::new(0);
    let journal = RefCell::new(Journal::open_on(&folder.spool(), disk.clone()).unwrap().journal);
    assert!(matches!(journal.borrow_mut().begin(&begin(1)), Err(Error::Full)));
    disk.segments_max.store(2, SeqCst);
    // Each refusal has the disk asked again.
    wait_until("room", || {
        let _ = journal.borrow_mut().begin(&begin(1));
        journal.borrow().open_calls() == 1
    });
}

#[test]
fn what_the_disk_did_not_take_is_written_when_it_does() {
    let folder = Folder::new();
    let disk = Moody::new(3);
    let Opened { mut journal, spool, .. } = Journal::open_on(&folder.spool(), disk.clone()).unwrap();
    journal.begin(&begin(1)).unwrap();
    disk.is_write_full.store(true, SeqCst);
    assert!(matches!(journal.flush(), Err(Error::Disk { .. })));
    journal.answer(id(1), record(1).answer_time_ms.unwrap()).unwrap();
    assert!(matches!(journal.flush(), Err(Error::Disk { .. })));
    disk.is_write_full.store(false, SeqCst);
    journal.end(id(1), &outcome(1)).unwrap();
    journal.flush().unwrap();
    upload(&spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects([1].into_iter()));
}

#[test]
fn a_segment_on_bad_blocks_is_left_for_the_next() {
    let folder = Folder::new();
    let disk = Moody::new(4);
    let mut journal = Journal::open_on(&folder.spool(), disk.clone()).unwrap().journal;
    journal.begin(&begin(1)).unwrap();
    journal.flush().unwrap();
    for number in 2..5 {
        journal.begin(&begin(number)).unwrap();
        journal.answer(id(number), record(number).answer_time_ms.unwrap()).unwrap();
        journal.end(id(number), &outcome(number)).unwrap();
    }
    disk.bad_writes.store(1, SeqCst);
    journal.flush().unwrap();
    drop(journal);

    let mut opened = Journal::open(&folder.spool()).unwrap();
    assert_eq!(opened.open.len(), 1);
    end(&mut opened.journal, 1..2);
    upload(&opened.spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects(1..5));
}

#[test]
fn a_sync_that_fails_is_counted_and_the_record_uploaded_all_the_same() {
    let folder = Folder::new();
    let disk = Moody::new(3);
    let Opened { mut journal, spool, .. } = Journal::open_on(&folder.spool(), disk.clone()).unwrap();
    disk.is_sync_bad.store(true, SeqCst);
    journal.begin(&begin(1)).unwrap();
    end(&mut journal, 1..2);
    let figures = Uploader::start(spool, &Destination::Folder(folder.bucket())).unwrap().drain(LONG);
    assert!(figures.unsynced > 0);
    assert_eq!(read_bucket(&folder.bucket()), objects(1..2));
}
