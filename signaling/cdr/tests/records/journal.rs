//! What is written is there after a restart, and nothing else is.

use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

use cdr::{Begin, Destination, Error, Journal, Note, OpenCall, Uploader};

use crate::sample::{
    Folder, LONG, START_MS, begin, files, id, objects, outcome, read_bucket, record, upload,
};

#[test]
fn calls_that_have_not_ended_are_open_after_a_restart_and_can_go_on() {
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.spool()).unwrap().journal;
    journal.begin(&begin(1)).unwrap();
    journal.begin(&begin(2)).unwrap();
    journal.answer(id(2), START_MS + 1_002).unwrap();
    journal.flush().unwrap();
    drop(journal);
    let written = UNIX_EPOCH + Duration::from_millis(START_MS);
    for path in files(&folder.spool(), ".segment") {
        File::options().write(true).open(path).unwrap().set_modified(written).unwrap();
    }

    let mut opened = Journal::open(&folder.spool()).unwrap();

    assert_eq!(opened.written, Some(written), "when a process was alive, not this one");
    let expected = [
        OpenCall { begin: begin(1), answer_time_ms: None },
        OpenCall { begin: begin(2), answer_time_ms: Some(START_MS + 1_002) },
    ];
    assert_eq!(opened.open, expected);
    assert_eq!(opened.notes, []);
    opened.journal.answer(id(1), START_MS + 1_001).unwrap();
    opened.journal.end(id(1), &outcome(1)).unwrap();
    opened.journal.end(id(2), &outcome(2)).unwrap();
    opened.journal.flush().unwrap();
    upload(&opened.spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects([1, 2].into_iter()));
}

#[test]
fn a_call_that_another_connector_took_has_the_record_of_that_one() {
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.spool()).unwrap().journal;
    for number in 1..4 {
        journal.begin(&begin(number)).unwrap();
    }
    // One is answered, one ends; of the third the disk has not heard it.
    for number in 1..4 {
        journal.reassign(id(number), "branch0000000000000001").unwrap();
    }
    journal.answer(id(1), record(1).answer_time_ms.unwrap()).unwrap();
    journal.answer(id(2), record(2).answer_time_ms.unwrap()).unwrap();
    journal.end(id(2), &outcome(2)).unwrap();
    assert!(matches!(journal.reassign(id(2), "x"), Err(Error::NotOpen { .. })));
    journal.flush().unwrap();
    drop(journal);

    let mut opened = Journal::open(&folder.spool()).unwrap();
    let connectors: Vec<_> =
        opened.open.iter().map(|call| call.begin.voice_connector_id.as_str().to_owned()).collect();
    assert_eq!(connectors, ["branch0000000000000001", "11111222223333334444"]);
    opened.journal.end(id(1), &outcome(1)).unwrap();
    opened.journal.flush().unwrap();
    upload(&opened.spool, &folder.bucket());
    let expected = [1, 2].map(|number| {
        let mut record = record(number);
        record.begin.voice_connector_id = "branch0000000000000001".into();
        (record.key(), record.json())
    });
    assert_eq!(read_bucket(&folder.bucket()), expected.into());
}

#[test]
fn what_is_learnt_of_a_call_after_its_beginning_is_in_its_record() {
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.spool()).unwrap().journal;
    let unknown = |number| Begin { sip_auth_user: None, from_number: "5".into(), ..begin(number) };
    for number in 1..4 {
        journal.begin(&unknown(number)).unwrap();
    }
    journal.flush().unwrap();
    for number in [1, 2] {
        // Its number and its time are those of its beginning.
        let known = Begin { transaction_id: id(9), start_time_ms: 9, ..begin(number) };
        journal.amend(id(number), &known).unwrap();
        journal.answer(id(number), record(number).answer_time_ms.unwrap()).unwrap();
    }
    journal.end(id(2), &outcome(2)).unwrap();
    assert!(matches!(journal.amend(id(2), &begin(2)), Err(Error::NotOpen { .. })));
    journal.flush().unwrap();
    drop(journal);

    let mut opened = Journal::open(&folder.spool()).unwrap();
    let open: Vec<&Begin> = opened.open.iter().map(|call| &call.begin).collect();
    assert_eq!(open, [&begin(1), &unknown(3)]);
    opened.journal.end(id(1), &outcome(1)).unwrap();
    opened.journal.flush().unwrap();
    upload(&opened.spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects([1, 2].into_iter()));
}

#[test]
fn a_restart_tells_which_attempts_have_ended_without_an_answer() {
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.spool()).unwrap().journal;
    for number in 0..3 {
        journal.begin(&begin(number)).unwrap();
    }
    journal.answer(id(1), START_MS + 1_001).unwrap();
    for number in [2, 1] {
        journal.end(id(number), &outcome(number)).unwrap();
    }
    journal.refuse(&record(3)).unwrap();
    journal.flush().unwrap();
    drop(journal);
    let opened = Journal::open(&folder.spool()).unwrap();
    assert_eq!(opened.unanswered, [begin(2)], "its end, and how it began, with the Call-ID of its INVITE");
    assert_eq!(opened.open.len(), 1);
}

#[test]
fn a_record_waits_through_restarts_and_is_uploaded_once() {
    let folder = Folder::new();
    let mut opened = Journal::open(&folder.spool()).unwrap();
    for number in 0..100 {
        opened.journal.begin(&begin(number)).unwrap();
        opened.journal.answer(id(number), START_MS + number + 1_000).unwrap();
        opened.journal.end(id(number), &outcome(number)).unwrap();
    }
    opened.journal.flush().unwrap();
    drop(opened);

    let opened = Journal::open(&folder.spool()).unwrap();
    assert_eq!(opened.open, []);
    assert_eq!(opened.spool.figures().waiting, 100);
    assert_eq!(upload(&opened.spool, &folder.bucket()).uploaded, 100);
    drop(opened);

    let opened = Journal::open(&folder.spool()).unwrap();
    assert_eq!(upload(&opened.spool, &folder.bucket()).uploaded, 0);
    assert_eq!(read_bucket(&folder.bucket()), objects(0..100));
}

#[test]
fn an_attempt_that_is_refused_leaves_its_record_too() {
    let folder = Folder::new();
    let mut opened = Journal::open(&folder.spool()).unwrap();
    opened.journal.refuse(&record(1)).unwrap();
    opened.journal.flush().unwrap();
    upload(&opened.spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects([1].into_iter()));
}

#[test]
fn a_call_begins_once_and_ends_once() {
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.spool()).unwrap().journal;
    assert!(matches!(journal.end(id(1), &outcome(1)), Err(Error::NotOpen { .. })));
    assert!(matches!(journal.answer(id(1), 0), Err(Error::NotOpen { .. })));
    journal.begin(&begin(1)).unwrap();
    assert!(matches!(journal.begin(&begin(1)), Err(Error::AlreadyOpen { .. })));
    assert!(matches!(journal.refuse(&record(1)), Err(Error::AlreadyOpen { .. })));
    journal.end(id(1), &outcome(1)).unwrap();
    assert!(matches!(journal.end(id(1), &outcome(1)), Err(Error::NotOpen { .. })));
    assert_eq!(journal.open_calls(), 0);
}

#[test]
fn only_the_first_answer_counts() {
    let folder = Folder::new();
    let mut opened = Journal::open(&folder.spool()).unwrap();
    opened.journal.begin(&begin(1)).unwrap();
    opened.journal.answer(id(1), START_MS + 1_001).unwrap();
    opened.journal.answer(id(1), START_MS + 9_000).unwrap();
    opened.journal.end(id(1), &outcome(1)).unwrap();
    opened.journal.flush().unwrap();
    upload(&opened.spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects([1].into_iter()));
}

#[test]
fn the_second_to_come_is_told_who_has_the_folder() {
    let folder = Folder::new();
    let first = Journal::open(&folder.spool()).unwrap();
    let refused = Journal::open(&folder.spool()).err().unwrap();
    assert!(refused.to_string().contains(&format!("belongs to process {}", std::process::id())), "{refused}");
    drop(first);
    assert!(Journal::open(&folder.spool()).is_ok());
}

#[test]
fn the_folder_belongs_to_the_uploader_too() {
    let folder = Folder::new();
    let opened = Journal::open(&folder.spool()).unwrap();
    let uploader = Uploader::start(opened.spool.clone(), &Destination::Off).unwrap();
    drop(opened);
    assert!(matches!(Journal::open(&folder.spool()), Err(Error::Taken { .. })));
    uploader.drain(LONG);
    assert!(Journal::open(&folder.spool()).is_ok());
}

#[test]
fn files_of_others_are_told_and_left_alone() {
    let folder = Folder::new();
    drop(Journal::open(&folder.spool()).unwrap());
    let foreign = folder.spool().join("notes.txt");
    let unreadable = folder.spool().join("00000000000000ff.segment");
    fs::write(&foreign, "by hand").unwrap();
    fs::write(&unreadable, [7; 4_096]).unwrap();

    let mut opened = Journal::open(&folder.spool()).unwrap();

    opened.notes.sort_by_key(|note| matches!(note, Note::Unreadable(_)));
    assert_eq!(opened.notes, [Note::Foreign(foreign.clone()), Note::Unreadable(unreadable.clone())]);
    opened.journal.begin(&begin(1)).unwrap();
    opened.journal.flush().unwrap();
    drop(opened);
    assert_eq!(fs::read(&foreign).unwrap(), b"by hand");
    assert_eq!(fs::read(&unreadable).unwrap(), [7; 4_096]);
    assert_eq!(Journal::open(&folder.spool()).unwrap().open.len(), 1);
}

#[test]
fn a_journal_of_a_later_release_is_not_touched() {
    let folder = Folder::new();
    drop(Journal::open(&folder.spool()).unwrap());
    let path = files(&folder.spool(), ".segment").remove(0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 2;
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, &bytes[..28]) as u32;
    bytes[28..32].copy_from_slice(&crc.to_le_bytes());
    fs::write(&path, &bytes).unwrap();

    let refused = Journal::open(&folder.spool()).err().unwrap();

    assert!(matches!(refused, Error::Newer { version: 2, .. }), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_segment_that_was_being_made_is_made_again() {
    let folder = Folder::new();
    drop(Journal::open(&folder.spool()).unwrap());
    fs::write(folder.spool().join("0000000000000003.segment"), []).unwrap();
    fs::write(folder.spool().join("0000000000000004.segment"), [0; 9_000]).unwrap();
    let opened = Journal::open(&folder.spool()).unwrap();
    assert_eq!(opened.notes, []);
    assert_eq!(files(&folder.spool(), ".segment").len(), 2);
}
