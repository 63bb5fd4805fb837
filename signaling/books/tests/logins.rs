//! An attempt that waits for a login is in the journal like any other: one record, whatever dies in between.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use books::Books;
use call::{Attempt, AttemptId, Disposition, Ended, Status};
use cdr::Destination;
use trunk::VoiceConnectorId;

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("books-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// What a process finds that begins here.
    fn open(&self) -> Books {
        let destination = Destination::Folder(self.0.join("cdr"));
        Books::open(&self.0, "123456789012", &destination).unwrap()
    }

    fn records(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.0.join("cdr"), &mut found);
        found
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => collect(&path, found),
            path => found.push(fs::read_to_string(path).unwrap()),
        }
    }
}

/// An INVITE that is asked to log in.
fn asked(id: u128) -> Attempt {
    Attempt {
        id: AttemptId(id),
        call: None,
        connector: VoiceConnectorId::parse("headquarters0000000001").unwrap(),
        sip_call_id: "a".to_owned(),
        invite_call_id: "a".to_owned(),
        from_number: "+12065550101".to_owned(),
        to_number: "+14255550100".to_owned(),
        disposition: Disposition::Termination,
        sip_user: None,
        begun: SystemTime::now().duration_since(UNIX_EPOCH).unwrap(),
    }
}

/// Has an attempt go on with a login.
fn come_back(books: &mut Books, attempt: &Attempt) -> Attempt {
    let resumed = Attempt { sip_user: Some("pbx".to_owned()), ..attempt.clone() };
    books.resume(&resumed);
    assert_eq!(books.flush(), []);
    resumed
}

fn end(books: &mut Books, attempt: &Attempt, message: &str) {
    books.end(&Ended {
        attempt: attempt.clone(),
        status: Status::Rejected,
        message: message.to_owned(),
        answered: None,
        ended: attempt.begun + Duration::from_secs(32),
    });
    assert_eq!(books.flush(), []);
}

fn begin(books: &mut Books, attempt: &Attempt) {
    books.begin(attempt);
    assert_eq!(books.flush(), []);
}

/// The only record, which has all of this.
fn check(folder: &Folder, parts: &[&str]) {
    let records = folder.records();
    let [record] = &records[..] else { panic!("{records:?}") };
    for part in parts {
        assert!(record.contains(part), "{part}: {record}");
    }
}

#[test]
fn what_comes_back_has_the_record_of_who_has_logged_in_from_its_beginning_on() {
    let folder = Folder::new("back");
    let mut books = folder.open();
    let attempt = asked(1);
    begin(&mut books, &attempt);
    let resumed = come_back(&mut books, &attempt);
    end(&mut books, &resumed, "486 Busy Here");
    books.close();
    let start = format!("\"StartTime\":{}", attempt.begun.as_millis());
    check(&folder, &["\"SipAuthUser\":\"pbx\"", "486 Busy Here", &start]);
}

#[test]
fn what_does_not_come_back_has_the_record_of_its_challenge() {
    let folder = Folder::new("silent");
    let mut books = folder.open();
    begin(&mut books, &asked(1));
    end(&mut books, &asked(1), "401 Unauthorized");
    books.close();
    check(&folder, &["401 Unauthorized"]);
}

#[test]
fn a_process_that_dies_while_it_waits_leaves_one_record() {
    let folder = Folder::new("dies");
    let mut books = folder.open();
    begin(&mut books, &asked(1));
    drop(books);
    folder.open().close();
    check(&folder, &["Recovered", "\"Status\":\"Rejected\""]);
    folder.open().close();
    check(&folder, &["Recovered"]);
}

#[test]
fn a_process_that_dies_after_the_login_leaves_one_record_with_it() {
    let folder = Folder::new("later");
    let mut books = folder.open();
    let attempt = asked(1);
    begin(&mut books, &attempt);
    come_back(&mut books, &attempt);
    drop(books);
    folder.open().close();
    check(&folder, &["Recovered", "\"SipAuthUser\":\"pbx\""]);
}

#[test]
fn an_invite_that_comes_again_to_the_next_process_is_asked_again_and_is_the_same_attempt() {
    let folder = Folder::new("again");
    let mut books = folder.open();
    let attempt = asked(1);
    begin(&mut books, &attempt);
    drop(books);
    let mut books = folder.open();
    let again = asked(2);
    begin(&mut books, &again);
    let resumed = come_back(&mut books, &again);
    end(&mut books, &resumed, "486 Busy Here");
    books.close();
    let start = format!("\"StartTime\":{}", attempt.begun.as_millis());
    check(&folder, &["\"SipAuthUser\":\"pbx\"", "486 Busy Here", &start]);
}

#[test]
fn the_copy_of_an_invite_whose_refusal_is_recorded_waits_without_another_record() {
    let folder = Folder::new("refused");
    let mut books = folder.open();
    begin(&mut books, &asked(1));
    end(&mut books, &asked(1), "login is wrong");
    drop(books);
    let mut books = folder.open();
    begin(&mut books, &asked(2));
    end(&mut books, &asked(2), "401 Unauthorized");
    books.close();
    check(&folder, &["login is wrong"]);
}
