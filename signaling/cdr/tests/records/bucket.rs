//! A bucket behind a network, and what it may do to us.

use std::net::SocketAddr;

use cdr::{Bucket, Destination, Figures, Journal, Uploader};

use crate::sample::{Folder, LONG, files, objects, record};
use crate::web::{Mood, Web};

pub(crate) fn destination(address: SocketAddr) -> Destination {
    Destination::Bucket(Bucket {
        endpoint: format!("http://{address}"),
        region: "us-east-1".into(),
        name: "records".into(),
        access_key_id: "test".into(),
        secret_access_key: "test".into(),
        certificates: None,
    })
}

/// Uploads so many records there, until all of them are.
fn upload(folder: &Folder, web: &Web, records: u64) -> Figures {
    let mut opened = Journal::open(&folder.spool()).unwrap();
    for number in 0..records {
        opened.journal.refuse(&record(number)).unwrap();
    }
    opened.journal.flush().unwrap();
    Uploader::start(opened.spool, &destination(web.address)).unwrap().drain(LONG)
}

#[test]
fn records_are_put_once_each() {
    let (folder, web) = (Folder::new(), Web::new(&[]));
    let figures = upload(&folder, &web, 200);
    assert_eq!((figures.uploaded, figures.failed, figures.waiting), (200, 0, 0));
    assert_eq!((web.objects(), web.puts()), (objects(0..200), 200));
}

#[test]
fn whatever_a_store_says_each_record_is_there_once() {
    use Mood::{HangUp, Refuse, StoreAndFail, StoreAndHangUp};
    let moods = [
        Refuse("503 Slow Down"),
        StoreAndFail,
        HangUp,
        StoreAndHangUp,
        Refuse("409 Conflict"),
        Refuse("403 Forbidden"),
        Refuse("404 Not Found"),
        StoreAndFail,
        Refuse("500 Internal Server Error"),
        Refuse("412 Precondition Failed"),
    ];
    let (folder, web) = (Folder::new(), Web::new(&moods));
    let figures = upload(&folder, &web, 40);
    assert_eq!((figures.uploaded, figures.conflicts, figures.waiting), (40, 0, 0));
    assert!(figures.failed >= 8, "{figures:?}");
    assert_eq!((web.objects(), web.overwritten()), (objects(0..40), 0));
}

#[test]
fn a_store_that_knows_no_condition_is_asked_first_and_then_written_to() {
    let (folder, web) = (Folder::new(), Web::simple());
    web.insert(record(0).key(), &record(0).json());
    web.insert(record(1).key(), b"somebody else's");
    let figures = upload(&folder, &web, 10);
    assert_eq!((figures.uploaded, figures.conflicts), (10, 1));
    let mut expected = objects(0..10);
    expected.insert(record(1).key(), b"somebody else's".to_vec());
    assert_eq!((web.objects(), web.overwritten()), (expected, 0));
    assert_eq!(files(&folder.spool(), ".conflict-1").len(), 1);
}

#[test]
fn the_same_bytes_are_no_conflict_and_others_are() {
    let (folder, web) = (Folder::new(), Web::new(&[]));
    web.insert(record(0).key(), &record(0).json());
    let mut altered = record(1).json();
    *altered.last_mut().unwrap() = b']';
    web.insert(record(1).key(), &altered);
    web.insert(record(2).key(), b"short");
    let figures = upload(&folder, &web, 3);
    assert_eq!((figures.uploaded, figures.conflicts), (3, 2));
    assert_eq!(web.objects()[&record(1).key()], altered);
}

#[test]
fn settings_that_do_not_fit_are_refused_and_the_old_ones_stay() {
    let (folder, web) = (Folder::new(), Web::new(&[]));
    let mut opened = Journal::open(&folder.spool()).unwrap();
    let uploader = Uploader::start(opened.spool.clone(), &destination(web.address)).unwrap();
    let Destination::Bucket(mut bucket) = destination(web.address) else { panic!("another kind") };
    bucket.certificates = Some(b"no certificate".to_vec());
    let refused = uploader.set_destination(&Destination::Bucket(bucket)).err().unwrap();
    assert_eq!(refused.word(), "destination");
    opened.journal.refuse(&record(0)).unwrap();
    opened.journal.flush().unwrap();
    uploader.drain(LONG);
    assert_eq!(web.objects(), objects(0..1));
}
