//! What the thread that owns an engine does for everybody else.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use store::{Clerk, EntryQuery, Error, Feed, Pace, Revision};

use crate::places::{Folder, Place, Schema, changes, gone, put, read};
use crate::proxy::{After, CALL_MAX, Mood, Proxy};

const LONG: Duration = Duration::from_secs(10);

fn start(place: &dyn Place) -> (Clerk, Receiver<Feed>) {
    Clerk::start(place.open(), Pace::default(), Revision(0)).unwrap()
}

#[test]
fn commits_are_done_in_their_order_and_answered_once() {
    let folder = Folder::new();
    let (clerk, feed) = start(&folder);
    let (sender, answers) = channel();
    for revision in 0..100 {
        let sender = sender.clone();
        let commit = changes([put("a", &[revision])]);
        let deadline = Instant::now() + LONG;
        clerk.commit(Revision(revision.into()), commit, deadline, move |answer| sender.send(answer).unwrap());
    }
    drop(sender);
    let answers: Vec<_> = answers.iter().collect();
    assert_eq!(answers, (1..=100).map(|revision| Ok(Revision(revision))).collect::<Vec<_>>());
    let behind = clerk.commit_and_wait(Revision(7), changes([]), LONG);
    assert_eq!(behind, Err(Error::Behind { current: Revision(100) }));
    assert_eq!(clerk.ask(|store| Ok(read(store).0)).recv().unwrap(), Ok(100));
    // Its own commits are no news.
    drop(clerk);
    assert_eq!(feed.iter().count(), 0);
}

#[test]
fn a_commit_that_waited_too_long_is_not_begun() {
    let folder = Folder::new();
    let (clerk, _feed) = start(&folder);
    let (go, wait) = channel::<()>();
    let begun = clerk.ask(move |_store| Ok(wait.recv()));
    let (sender, answers) = channel();
    clerk.commit(Revision(0), changes([put("a", b"1")]), Instant::now(), move |answer| {
        sender.send(answer).unwrap();
    });
    go.send(()).unwrap();
    begun.recv().unwrap().unwrap().unwrap();
    assert!(matches!(answers.recv().unwrap(), Err(Error::Unavailable { .. })));
    assert_eq!(clerk.commit_and_wait(Revision(0), changes([]), LONG), Ok(Revision(1)));
}

#[test]
fn a_full_desk_refuses_at_once_and_what_waits_is_done_before_the_end() {
    let folder = Folder::new();
    let (clerk, _feed) = start(&folder);
    let (go, wait) = channel::<()>();
    let (here, is_here) = channel();
    let _held = clerk.ask(move |_store| Ok(here.send(()).map(|()| wait.recv())));
    is_here.recv().unwrap();
    let (sender, answers) = channel();
    for revision in 0..1_025 {
        let sender = sender.clone();
        clerk.commit(Revision(revision), changes([]), Instant::now() + LONG, move |answer| {
            sender.send(answer).unwrap();
        });
    }
    drop(sender);
    assert!(
        matches!(answers.recv().unwrap(), Err(Error::Unavailable { .. })),
        "the last one is refused first"
    );
    go.send(()).unwrap();
    drop(clerk);
    assert_eq!(answers.iter().last(), Some(Ok(Revision(1_024))));
}

#[test]
fn long_work_runs_beside_commits() {
    let folder = Folder::new();
    let (clerk, _feed) = start(&folder);
    let (go, wait) = channel::<()>();
    let aside = clerk.aside(move |store| Ok(wait.recv().map(|()| read(store).0)));
    assert_eq!(clerk.commit_and_wait(Revision(0), changes([put("a", b"1")]), LONG), Ok(Revision(1)));
    go.send(()).unwrap();
    assert_eq!(aside.recv().unwrap().unwrap(), Ok(1));
}

#[test]
fn what_is_gone_is_forgotten_after_a_while() {
    let folder = Folder::new();
    let pace = Pace { remembered: 20, ..Pace::default() };
    let (clerk, _feed) = Clerk::start(folder.open(), pace, Revision(0)).unwrap();
    for revision in 0..60 {
        let commit = changes([gone(&revision.to_string())]);
        clerk.commit_and_wait(Revision(revision), commit, LONG).unwrap();
    }
    let report = clerk.ask(|store| store.check()).recv().unwrap().unwrap();
    assert!((20..25).contains(&report.gone) && report.is_clean(), "{report:?}");
    let since = |back: u64| clerk.ask(move |store| store.since(Revision(60 - back))).recv().unwrap();
    assert!(matches!(since(20), Ok(Feed::Changes { .. })));
    assert!(matches!(since(30), Ok(Feed::Lost { .. })));
}

#[test]
fn what_another_node_changes_is_here_within_a_second() {
    let Some(schema) = Schema::new() else { return };
    let (here, _own) = start(&schema);
    let (_there, feed) = start(&schema);
    for revision in 0..5 {
        let begun = Instant::now();
        let change = put("a", &[revision]);
        let expected = Revision(revision.into());
        here.commit_and_wait(expected, changes([change.clone()]), LONG).unwrap();
        let told = feed.recv_timeout(Duration::from_secs(1)).expect("it is here within a second");
        assert_eq!(told, Feed::Changes { revision: expected.next(), changes: vec![change] });
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn a_feed_that_nobody_reads_grows_no_queue_and_ends_at_the_newest() {
    let Some(schema) = Schema::new() else { return };
    let pace = Pace { look: Duration::from_millis(1), ..Pace::default() };
    let (_clerk, feed) = Clerk::start(schema.open(), pace, Revision(0)).unwrap();
    let mut other = schema.open();
    for revision in 0..100_u8 {
        other.commit(Revision(revision.into()), &changes([put("a", &[revision])])).unwrap();
    }
    let mut told = Vec::new();
    while told.last() != Some(&100) {
        let Feed::Changes { revision, changes } = feed.recv_timeout(LONG).unwrap() else { panic!("lost") };
        assert_eq!(changes, [put("a", &[u8::try_from(revision.0 - 1).unwrap()])]);
        told.push(revision.0);
    }
    assert!(told.len() < 8 && told.is_sorted(), "{told:?}");
}

#[test]
fn while_the_database_is_down_commits_fail_at_once_and_it_is_found_again() {
    let Some(schema) = Schema::new() else { return };
    let proxy = Proxy::start();
    let engine = Box::new(proxy.engine(&schema.name));
    let (clerk, feed) = Clerk::start(engine, Pace::default(), Revision(0)).unwrap();
    let commit = |revision| clerk.commit_and_wait(Revision(revision), changes([put("a", b"1")]), LONG);
    assert_eq!(commit(0), Ok(Revision(1)));
    for (mood, revision) in [(Mood::Cut, 1), (Mood::Silent, 2)] {
        proxy.set(mood);
        let first = commit(revision);
        assert!(matches!(first, Err(Error::Unavailable { .. })), "{first:?}");
        let begun = Instant::now();
        for _ in 0..1_000 {
            assert!(matches!(commit(revision), Err(Error::Unavailable { .. })));
        }
        let entries = clerk.ask(|store| store.entries(&EntryQuery::default())).recv().unwrap();
        assert!(matches!(entries, Err(Error::Unavailable { .. })), "{entries:?}");
        assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
        proxy.set(Mood::Fair);
        let begun = Instant::now();
        while clerk.trouble().is_some() {
            assert!(begun.elapsed() < CALL_MAX + Duration::from_secs(2), "it is not found again");
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(commit(revision), Ok(Revision(revision + 1)));
    }
    drop(clerk);
    assert_eq!(feed.iter().count(), 0, "nobody else has changed anything");
}

#[test]
fn an_undecided_commit_that_was_done_comes_through_the_feed() {
    let Some(schema) = Schema::new() else { return };
    let proxy = Proxy::start();
    let engine = Box::new(proxy.engine(&schema.name));
    let (clerk, feed) = Clerk::start(engine, Pace::default(), Revision(0)).unwrap();
    assert_eq!(clerk.commit_and_wait(Revision(0), changes([]), LONG), Ok(Revision(1)));
    proxy.set(Mood::CutAfterCommit(After::Cut));
    let undecided = clerk.commit_and_wait(Revision(1), changes([put("a", b"1")]), LONG);
    assert!(matches!(undecided, Err(Error::Undecided { .. })), "{undecided:?}");
    proxy.set(Mood::Fair);
    let told = feed.recv_timeout(LONG).unwrap();
    assert_eq!(told, Feed::Changes { revision: Revision(2), changes: vec![put("a", b"1")] });
}
