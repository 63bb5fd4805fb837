//! The contract, line by line.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

use store::{
    BODY_BYTES_MAX, Change, Commit, Cursor, EntryQuery, Error, FEED_CHANGES_MAX, Feed, ID_BYTES_MAX,
    Revision, Sqlite, TEXT_BYTES_MAX,
};

use crate::places::{Folder, Place, Schema, changes, entry, gone, key, put, read};

/// Each of these is asked of both engines.
macro_rules! asked_of_both {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&super::Folder::new()) })*
        }
        mod postgres {
            $(#[test] fn $name() {
                if let Some(schema) = super::Schema::new() {
                    super::$name(&schema)
                }
            })*
        }
    };
}

asked_of_both! {
    an_empty_store_is_at_revision_0
    what_was_accepted_is_there_after_opening_again
    documents_come_in_the_order_of_their_bytes
    who_is_behind_changes_nothing
    of_many_at_once_each_commit_counts_once
    what_does_not_fit_changes_nothing
    the_feed_tells_the_newest_of_what_has_changed
    a_feed_that_cannot_be_whole_is_lost
    entries_are_found_by_what_they_say
    entries_come_page_by_page_and_the_newest_first
    a_backup_is_a_store_and_replaces_nothing
    a_look_at_everything_counts_it
    a_twin_sees_and_changes_the_same
}

fn an_empty_store_is_at_revision_0(place: &dyn Place) {
    let mut store = place.open();
    assert_eq!(read(&mut *store), (0, vec![]));
    let none = Feed::Changes { revision: Revision(0), changes: vec![] };
    assert_eq!(store.since(Revision(0)).unwrap(), none);
    assert!(store.check().unwrap().is_clean());
}

fn what_was_accepted_is_there_after_opening_again(place: &dyn Place) {
    let mut store = place.open();
    let longest = "i".repeat(ID_BYTES_MAX);
    let largest = vec![0xa5; BODY_BYTES_MAX];
    let documents: [(&str, &[u8]); 5] = [
        ("%_'\"\\", b"\0\xff"),
        ("+14255550100", b"{}"),
        (&longest, b"x"),
        ("largest", &largest),
        ("über", b""),
    ];
    let first = changes(documents.map(|(id, body)| put(id, body)));
    assert_eq!(store.commit(Revision(0), &first).unwrap(), Revision(1));
    // Nothing at all is a commit, too.
    assert_eq!(store.commit(Revision(1), &Commit::default()).unwrap(), Revision(2));
    drop(store);
    let mut expected: Vec<_> =
        documents.iter().map(|(id, body)| (key("number", id), body.to_vec())).collect();
    expected.sort();
    assert_eq!(read(&mut *place.open()), (2, expected));
}

fn documents_come_in_the_order_of_their_bytes(place: &dyn Place) {
    let mut store = place.open();
    let keys = [("a", "Z"), ("a", "_"), ("a", "a"), ("a", "ä"), ("a_b", "1"), ("ab", "0")];
    let shuffled = [3, 0, 5, 2, 4, 1]
        .map(|at: usize| Change { key: key(keys[at].0, keys[at].1), body: Some((*b"x").into()) });
    store.commit(Revision(0), &changes(shuffled)).unwrap();
    let found: Vec<_> = read(&mut *store).1.into_iter().map(|(key, _body)| key).collect();
    assert_eq!(found, keys.map(|(kind, id)| key(kind, id)));
}

fn who_is_behind_changes_nothing(place: &dyn Place) {
    let mut store = place.open();
    store.commit(Revision(0), &changes([put("a", b"1")])).unwrap();
    for expected in [Revision(0), Revision(2)] {
        let late =
            Commit { changes: vec![put("a", b"2"), put("b", b"2")], entries: vec![entry(1, "a", "b", "c")] };
        let behind = Error::Behind { current: Revision(1) };
        assert_eq!(store.commit(expected, &late), Err(behind));
    }
    assert_eq!(read(&mut *store), (1, vec![(key("number", "a"), b"1".to_vec())]));
    assert!(store.entries(&EntryQuery::default()).unwrap().entries.is_empty());
}

fn of_many_at_once_each_commit_counts_once(place: &dyn Place) {
    let mut first = place.open();
    thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let mut store = first.twin().unwrap();
            scope.spawn(move || {
                let (mut done, mut revision) = (0, Revision(0));
                while done < 20 {
                    let (current, found) = read(&mut *store);
                    let total = found.first().map_or(0, |(_key, body)| body[0]);
                    assert!(Revision(current) >= revision);
                    let commit = Commit {
                        changes: vec![put("total", &[total + 1])],
                        entries: vec![entry(0, name, "Add", "total")],
                    };
                    match store.commit(Revision(current), &commit) {
                        Ok(accepted) => {
                            done += 1;
                            revision = accepted;
                        }
                        Err(Error::Behind { current: faster }) => assert!(faster > Revision(current)),
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(read(&mut *first), (60, vec![(key("number", "total"), vec![60])]));
    let query = EntryQuery { limit: 100, account: Some("b".into()), ..EntryQuery::default() };
    assert_eq!(first.entries(&query).unwrap().entries.len(), 20);
}

fn what_does_not_fit_changes_nothing(place: &dyn Place) {
    let mut store = place.open();
    let with_entry = |entry| Commit { changes: vec![put("a", b"1")], entries: vec![entry] };
    let long = "x".repeat(TEXT_BYTES_MAX);
    let commits = [
        changes([put("a", b"1"), put("", b"1")]),
        changes([put("a", b"1"), put("nul\0", b"1")]),
        changes([put("a", b"1"), put(&"i".repeat(ID_BYTES_MAX + 1), b"1")]),
        changes([put("a", b"1"), put("b", &vec![0; BODY_BYTES_MAX + 1])]),
        with_entry(entry(0, "a\0", "b", "c")),
        with_entry(entry(0, "a", "b", &long)),
    ];
    for commit in commits {
        let refused = store.commit(Revision(0), &commit);
        assert!(matches!(refused, Err(Error::Unfit { .. })), "{refused:?}");
    }
    assert_eq!(read(&mut *store), (0, vec![]));
}

fn the_feed_tells_the_newest_of_what_has_changed(place: &dyn Place) {
    let mut store = place.open();
    store.commit(Revision(0), &changes([put("a", b"1"), put("b", b"1"), put("c", b"1")])).unwrap();
    store.commit(Revision(1), &changes([put("c", b"2"), gone("a")])).unwrap();
    store.commit(Revision(2), &changes([put("b", b"3"), put("d", b"3"), gone("never")])).unwrap();
    store.commit(Revision(3), &changes([gone("d")])).unwrap();
    let feed = |changes: &[Change]| Feed::Changes { revision: Revision(4), changes: changes.to_vec() };
    let all = [gone("a"), put("c", b"2"), put("b", b"3"), gone("never"), gone("d")];
    for (since, from) in [(0, 0), (1, 0), (2, 2), (3, 4), (4, 5)] {
        assert_eq!(store.since(Revision(since)).unwrap(), feed(&all[from..]), "since {since}");
    }
    store.commit(Revision(4), &changes([put("a", b"5")])).unwrap();
    let again = Feed::Changes { revision: Revision(5), changes: vec![put("a", b"5")] };
    assert_eq!(store.since(Revision(4)).unwrap(), again);
}

fn a_feed_that_cannot_be_whole_is_lost(place: &dyn Place) {
    let mut store = place.open();
    let lost = |current| Ok(Feed::Lost { current: Revision(current) });
    assert_eq!(store.since(Revision(1)), lost(0), "it has never been");
    store.commit(Revision(0), &changes([put("a", b"1"), put("b", b"1")])).unwrap();
    store.commit(Revision(1), &changes([gone("a")])).unwrap();
    store.commit(Revision(2), &changes([gone("b")])).unwrap();
    store.prune(Revision(2)).unwrap();
    assert_eq!(store.since(Revision(1)), lost(3), "it is forgotten");
    let rest = Feed::Changes { revision: Revision(3), changes: vec![gone("b")] };
    assert_eq!(store.since(Revision(2)).unwrap(), rest);
    // Earlier, and later than now.
    store.prune(Revision(1)).unwrap();
    assert_eq!(store.since(Revision(1)), lost(3));
    store.prune(Revision(9)).unwrap();
    assert_eq!(store.since(Revision(2)), lost(3));
    let none = Feed::Changes { revision: Revision(3), changes: vec![] };
    assert_eq!(store.since(Revision(3)).unwrap(), none);
    assert_eq!(store.check().unwrap().gone, 0);

    let many = (0..FEED_CHANGES_MAX).map(|number| put(&number.to_string(), b"x"));
    store.commit(Revision(3), &changes(many)).unwrap();
    let Ok(Feed::Changes { changes: found, .. }) = store.since(Revision(3)) else { panic!("it is lost") };
    assert_eq!(found.len(), FEED_CHANGES_MAX);
    store.commit(Revision(4), &changes([put("one more", b"x")])).unwrap();
    assert_eq!(store.since(Revision(3)), lost(5), "it is too much");
}

fn entries_are_found_by_what_they_say(place: &dyn Place) {
    let mut store = place.open();
    let all = [
        entry(10, "111122223333", "CreateVoiceConnector", "vc-1"),
        entry(20, "111122223333", "DeleteVoiceConnector", "vc-1"),
        entry(30, "444455556666", "CreateVoiceConnector", "vc-2"),
        entry(40, "111122223333", "PutVoiceConnectorOrigination", "ü'; --"),
    ];
    store.commit(Revision(0), &Commit { changes: vec![], entries: all[..2].to_vec() }).unwrap();
    store.commit(Revision(1), &Commit { changes: vec![], entries: all[2..].to_vec() }).unwrap();
    let any = EntryQuery { limit: 10, ..EntryQuery::default() };
    let queries = [
        (any.clone(), vec![3, 2, 1, 0]),
        (EntryQuery { account: Some("111122223333".into()), ..any.clone() }, vec![3, 1, 0]),
        (EntryQuery { target: Some("vc-1".into()), ..any.clone() }, vec![1, 0]),
        (EntryQuery { target: Some("ü'; --".into()), ..any.clone() }, vec![3]),
        (EntryQuery { operation: Some("CreateVoiceConnector".into()), ..any.clone() }, vec![2, 0]),
        (EntryQuery { from_ms: Some(20), until_ms: Some(40), ..any.clone() }, vec![2, 1]),
        (EntryQuery { account: Some("444455556666".into()), target: Some("vc-1".into()), ..any }, vec![]),
    ];
    for (query, expected) in queries {
        let expected: Vec<_> = expected.into_iter().map(|at: usize| all[at].clone()).collect();
        let page = store.entries(&query).unwrap();
        assert_eq!((page.entries, page.next), (expected, None), "{query:?}");
    }
}

fn entries_come_page_by_page_and_the_newest_first(place: &dyn Place) {
    let mut store = place.open();
    for revision in 0..5 {
        let entries = (0..3).map(|number| entry(revision * 3 + number, "a", "Op", "t")).collect();
        let revision = Revision(revision.unsigned_abs());
        store.commit(revision, &Commit { changes: vec![], entries }).unwrap();
    }
    let mut query = EntryQuery { limit: 4, operation: Some("Op".into()), ..EntryQuery::default() };
    let (mut times, mut pages) = (vec![], 0);
    loop {
        let page = store.entries(&query).unwrap();
        times.extend(page.entries.iter().map(|entry| entry.at_ms));
        pages += 1;
        // The cursor has travelled to a customer and back, and somebody writes meanwhile.
        let Some(next) = page.next else { break };
        query.after = Some(next.to_string().parse::<Cursor>().unwrap());
        let later = Commit { changes: vec![], entries: vec![entry(99, "a", "Op", "t")] };
        store.commit(Revision(4 + pages), &later).unwrap();
    }
    assert_eq!((times, pages), ((0..15).rev().collect(), 4));
}

fn a_backup_is_a_store_and_replaces_nothing(place: &dyn Place) {
    let mut store = place.open();
    let first = Commit {
        changes: vec![put("a", b"1"), put("b", b"\0\xff"), put("c", b"")],
        entries: vec![entry(1, "a", "Op", "t"), entry(2, "a", "Op", "ü")],
    };
    store.commit(Revision(0), &first).unwrap();
    store.commit(Revision(1), &changes([gone("a")])).unwrap();
    let folder = Folder::new();
    fs::create_dir(folder.store()).unwrap();
    let file = folder.store().join("store.sqlite");
    store.backup(&file).unwrap();
    let refused = store.backup(&file);
    assert_eq!(refused, Err(Error::Exists { path: file.clone() }));
    let nowhere = store.backup(&folder.0.join("no/folder/here"));
    assert!(matches!(nowhere, Err(Error::Unavailable { .. })), "{nowhere:?}");
    let names: Vec<_> = fs::read_dir(folder.store()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(names, ["store.sqlite"], "something is left");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let mut copy = Sqlite::open(&folder.store()).unwrap();
    let all = EntryQuery { limit: 10, ..EntryQuery::default() };
    assert_eq!(read(&mut copy), read(&mut *store));
    assert_eq!(store::Engine::since(&mut copy, Revision(1)), store.since(Revision(1)));
    assert_eq!(store::Engine::entries(&mut copy, &all), store.entries(&all));
    assert!(store::Engine::check(&mut copy).unwrap().is_clean());
    assert_eq!(store::Engine::commit(&mut copy, Revision(2), &Commit::default()), Ok(Revision(3)));
    let bad = store.backup(Path::new("/"));
    assert!(matches!(bad, Err(Error::Exists { .. })), "{bad:?}");
}

fn a_look_at_everything_counts_it(place: &dyn Place) {
    let mut store = place.open();
    let first =
        Commit { changes: vec![put("a", b"1"), put("b", b"2")], entries: vec![entry(1, "a", "b", "c")] };
    store.commit(Revision(0), &first).unwrap();
    store.commit(Revision(1), &changes([gone("a")])).unwrap();
    let report = store.check().unwrap();
    assert_eq!((report.revision, report.documents, report.gone, report.entries), (Revision(2), 1, 1, 1));
    assert!(report.is_clean(), "{report:?}");
}

fn a_twin_sees_and_changes_the_same(place: &dyn Place) {
    let mut store = place.open();
    let mut twin = store.twin().unwrap();
    store.commit(Revision(0), &changes([put("a", b"1")])).unwrap();
    assert_eq!(twin.commit(Revision(1), &changes([put("b", b"2")])), Ok(Revision(2)));
    assert_eq!(read(&mut *store), read(&mut *twin));
    drop(store);
    assert_eq!(twin.commit(Revision(2), &changes([gone("a")])), Ok(Revision(3)));
}

#[test]
fn a_folder_belongs_to_one_process() {
    let folder = Folder::new();
    let mut store = Sqlite::open(&folder.store()).unwrap();
    let Err(Error::Taken { folder: taken, holder }) = Sqlite::open(&folder.store()) else {
        panic!("two have it")
    };
    assert_eq!((taken, holder), (folder.store(), format!("process {}", std::process::id())));
    let twin = store::Engine::twin(&store).unwrap();
    store::Engine::commit(&mut store, Revision(0), &Commit::default()).unwrap();
    drop(store);
    assert!(Sqlite::open(&folder.store()).is_err(), "its twin still has it");
    drop(twin);
    Sqlite::open(&folder.store()).unwrap();
}
