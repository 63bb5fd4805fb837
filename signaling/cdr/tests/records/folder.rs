//! A folder as the bucket, and what it has in common with any other.

use std::fs;

use cdr::{Destination, Journal, Opened, Uploader};

use crate::sample::{
    Folder, LONG, begin, files, id, objects, outcome, read_bucket, record, upload, wait_until,
};

fn opened_with(folder: &Folder, numbers: std::ops::Range<u64>) -> Opened {
    let mut opened = Journal::open(&folder.spool()).unwrap();
    for number in numbers {
        opened.journal.begin(&begin(number)).unwrap();
        opened.journal.answer(id(number), record(number).answer_time_ms.unwrap()).unwrap();
        opened.journal.end(id(number), &outcome(number)).unwrap();
    }
    opened.journal.flush().unwrap();
    opened
}

#[test]
fn a_crash_between_the_upload_and_its_mark_uploads_nothing_twice() {
    let folder = Folder::new();
    let opened = opened_with(&folder, 0..50);
    upload(&opened.spool, &folder.bucket());
    drop(opened);
    let marks = files(&folder.spool(), ".done").remove(0);
    // Half of them lost, and one torn.
    let kept = fs::read(&marks).unwrap()[..25 * 8 + 3].to_vec();
    fs::write(&marks, kept).unwrap();

    let mut opened = Journal::open(&folder.spool()).unwrap();
    assert_eq!(opened.spool.figures().waiting, 25);
    opened.journal.refuse(&record(50)).unwrap();
    opened.journal.flush().unwrap();
    let figures = upload(&opened.spool, &folder.bucket());
    drop(opened);

    assert_eq!((figures.uploaded, figures.conflicts, figures.failed), (26, 0, 0));
    assert_eq!(read_bucket(&folder.bucket()), objects(0..51));
    assert_eq!(Journal::open(&folder.spool()).unwrap().spool.figures().waiting, 0);
}

#[test]
fn what_an_attempt_left_half_done_is_written_over() {
    let folder = Folder::new();
    let opened = opened_with(&folder, 0..1);
    let incomplete = folder.bucket().join(".incomplete");
    fs::create_dir_all(&incomplete).unwrap();
    let name = record(0).key().rsplit_once('/').unwrap().1.to_owned();
    fs::write(incomplete.join(name), "half an attempt, longer than the record itself ".repeat(20)).unwrap();
    upload(&opened.spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects(0..1));
    assert_eq!(fs::read_dir(&incomplete).unwrap().count(), 0);
}

#[test]
fn other_bytes_under_the_name_are_kept_and_so_is_the_record() {
    let folder = Folder::new();
    let path = folder.bucket().join(record(0).key());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "somebody else's").unwrap();
    let opened = opened_with(&folder, 0..2);

    let figures = upload(&opened.spool, &folder.bucket());

    assert_eq!((figures.conflicts, figures.uploaded), (1, 2));
    assert_eq!(fs::read(&path).unwrap(), b"somebody else's");
    let kept = files(&folder.spool(), ".conflict-1");
    assert_eq!(fs::read(&kept[0]).unwrap(), record(0).json());

    // After a crash before the mark the same is found, and kept once.
    drop(opened);
    fs::remove_file(files(&folder.spool(), ".done").remove(0)).unwrap();
    let opened = Journal::open(&folder.spool()).unwrap();
    assert_eq!(opened.notes, []);
    assert_eq!(upload(&opened.spool, &folder.bucket()).conflicts, 1);
    assert_eq!(files(&folder.spool(), ".conflict-2"), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_changed_destination_is_used_at_once() {
    let folder = Folder::new();
    let opened = opened_with(&folder, 0..20);
    // A file where a folder should be: nothing can be made below it.
    let blocked = folder.spool().join("blocked.conflict-0");
    fs::write(&blocked, "").unwrap();
    let uploader = Uploader::start(opened.spool, &Destination::Folder(blocked)).unwrap();
    wait_until("failures", || uploader.figures().failed >= 20);
    assert_eq!(uploader.figures().waiting, 20);
    assert!(uploader.figures().oldest_waiting_age_ms(u64::MAX) > 0);

    uploader.set_destination(&Destination::Folder(folder.bucket())).unwrap();
    // Not by draining, which cuts all waits short by itself.
    wait_until("uploads", || uploader.figures().waiting == 0);
    assert_eq!(uploader.drain(LONG).uploaded, 20);
    assert_eq!(read_bucket(&folder.bucket()), objects(0..20));
}

#[test]
fn records_that_nobody_wants_are_counted_and_gone() {
    let folder = Folder::new();
    let opened = opened_with(&folder, 0..20);
    let figures = Uploader::start(opened.spool.clone(), &Destination::Off).unwrap().drain(LONG);
    assert_eq!((figures.discarded, figures.uploaded, figures.waiting), (20, 0, 0));
    drop(opened);
    let opened = Journal::open(&folder.spool()).unwrap();
    assert_eq!(upload(&opened.spool, &folder.bucket()).uploaded, 0);
}

#[test]
fn draining_ends_in_time_and_leaves_the_rest_for_the_next_start() {
    let folder = Folder::new();
    let opened = opened_with(&folder, 0..5);
    let blocked = folder.spool().join("blocked");
    fs::write(&blocked, "").unwrap();
    let uploader = Uploader::start(opened.spool.clone(), &Destination::Folder(blocked)).unwrap();
    let figures = uploader.drain(std::time::Duration::from_millis(50));
    assert_eq!((figures.waiting, figures.uploaded), (5, 0));
    upload(&opened.spool, &folder.bucket());
    assert_eq!(read_bucket(&folder.bucket()), objects(0..5));
}
