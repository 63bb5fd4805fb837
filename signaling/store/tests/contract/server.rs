//! A database that goes away, hangs, or is lost in the moment of a commit.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::slice;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use store::{Address, Engine, Error, Postgres, Revision};

use crate::crash::{inspect, step};
use crate::places::{
    Folder, Place, SERVER, Schema, changes, open_schema, put, read, server_url, skip, unique,
};
use crate::proxy::{After, CALL_MAX, Mood, Proxy};

#[test]
fn a_commit_whose_answer_is_lost_is_asked_about() {
    let Some(schema) = Schema::new() else { return };
    let proxy = Proxy::start();
    assert_eq!(step(&mut *schema.open(), Revision(0)), Ok(Revision(1)));
    let mut store = proxy.engine(&schema.name);
    assert_eq!(read(&mut store).0, 1);
    proxy.set(Mood::CutAfterCommit(After::Fair));
    assert_eq!(step(&mut store, Revision(1)), Ok(Revision(2)), "it was done");
    proxy.set(Mood::CutBeforeCommit(After::Fair));
    let refused = step(&mut store, Revision(2));
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "it was not done: {refused:?}");
    assert_eq!(inspect(&mut store, 2), 2);
    assert_eq!(step(&mut store, Revision(2)), Ok(Revision(3)));
}

#[test]
fn a_commit_that_arrives_after_its_connection_has_ended_is_waited_for() {
    let Some(schema) = Schema::new() else { return };
    let proxy = Proxy::start();
    assert_eq!(step(&mut *schema.open(), Revision(0)), Ok(Revision(1)));
    let mut store = proxy.engine(&schema.name);
    assert_eq!(read(&mut store).0, 1);
    proxy.set(Mood::LateCommit);
    assert_eq!(step(&mut store, Revision(1)), Ok(Revision(2)));
    assert_eq!(inspect(&mut store, 2), 2);
}

#[test]
fn a_commit_that_nobody_can_be_asked_about_is_undecided() {
    let Some(schema) = Schema::new() else { return };
    let proxy = Proxy::start();
    assert_eq!(step(&mut *schema.open(), Revision(0)), Ok(Revision(1)));
    let mut store = proxy.engine(&schema.name);
    assert_eq!(read(&mut store).0, 1);
    for (mood, revision) in [(Mood::CutAfterCommit(After::Cut), 2), (Mood::CutBeforeCommit(After::Cut), 2)] {
        proxy.set(mood);
        let begun = Instant::now();
        let undecided = step(&mut store, Revision(read(&mut *schema.open()).0));
        assert!(matches!(undecided, Err(Error::Undecided { .. })), "{undecided:?}");
        assert!(begun.elapsed() < CALL_MAX * 2, "{:?}", begun.elapsed());
        proxy.set(Mood::Fair);
        assert_eq!(inspect(&mut store, revision), revision);
    }
}

#[test]
fn a_connection_that_was_cut_while_idle_is_replaced_unnoticed() {
    let Some(schema) = Schema::new() else { return };
    let (proxy, folder) = (Proxy::start(), Folder::new());
    assert_eq!(step(&mut *schema.open(), Revision(0)), Ok(Revision(1)));
    let mut store = proxy.engine(&schema.name);
    assert_eq!(read(&mut store).0, 1);
    let mut after_a_cut = |work: &mut dyn FnMut(&mut Postgres)| {
        proxy.set(Mood::Cut);
        proxy.set(Mood::Fair);
        work(&mut store);
    };
    after_a_cut(&mut |store| assert_eq!(step(store, Revision(1)), Ok(Revision(2))));
    after_a_cut(&mut |store| assert_eq!(read(store).0, 2));
    after_a_cut(&mut |store| assert!(store.since(Revision(1)).is_ok()));
    after_a_cut(&mut |store| store.backup(&folder.0.join("backup")).unwrap());
    after_a_cut(&mut |store| assert!(store.check().unwrap().is_clean()));
}

#[test]
fn a_silent_network_holds_nobody_up() {
    let Some(schema) = Schema::new() else { return };
    let proxy = Proxy::start();
    assert_eq!(step(&mut *schema.open(), Revision(0)), Ok(Revision(1)));
    let mut store = proxy.engine(&schema.name);
    assert_eq!(read(&mut store).0, 1);
    proxy.set(Mood::Silent);
    for _connected_and_not in 0..2 {
        let begun = Instant::now();
        assert!(matches!(step(&mut store, Revision(1)), Err(Error::Unavailable { .. })));
        assert!(matches!(store.since(Revision(1)), Err(Error::Unavailable { .. })));
        assert!(begun.elapsed() < CALL_MAX * 5 / 2, "{:?}", begun.elapsed());
    }
    proxy.set(Mood::Fair);
    assert_eq!(inspect(&mut store, 1), 1);
}

#[test]
fn whoever_holds_the_lock_and_dies_is_not_waited_for() {
    let Some(schema) = Schema::new() else { return };
    let proxy = Proxy::start();
    assert_eq!(step(&mut *schema.open(), Revision(0)), Ok(Revision(1)));
    let mut silent = proxy.engine(&schema.name);
    assert_eq!(read(&mut silent).0, 1);
    // Its COMMIT never arrives, nor does its end: at the server the lock stays with a session that waits for more.
    proxy.set(Mood::CutBeforeCommit(After::Silent));
    let (undecided, begun) = (step(&mut silent, Revision(1)), Instant::now());
    assert!(matches!(undecided, Err(Error::Undecided { .. })), "{undecided:?}");
    let mut other = schema.open();
    assert_eq!(step(&mut *other, Revision(1)), Ok(Revision(2)));
    assert!(begun.elapsed() < CALL_MAX * 2, "{:?}", begun.elapsed());
}

#[test]
fn a_server_over_tls_is_verified() {
    let Some(schema) = Schema::new() else { return };
    let Some(folder) = folder() else { return };
    let url = fs::read_to_string(folder.join("tls.url")).unwrap();
    let (password, root) = (folder.join("password"), folder.join("root.pem"));
    let open = |url: &str, roots: &[PathBuf]| {
        let address = Address::parse(url, Some(&password), roots).unwrap();
        Postgres::new(address.with_schema(&schema.name).unwrap()).unwrap()
    };
    let mut store = open(url.trim(), slice::from_ref(&root));
    assert_eq!(step(&mut store, Revision(0)), Ok(Revision(1)));
    // Another name than the certificate has, and other roots than it stands on.
    let elsewhere = url.trim().replace("localhost", "127.0.0.1");
    for (url, roots) in [(elsewhere.as_str(), vec![root]), (url.trim(), vec![])] {
        let refused = open(url, &roots).since(Revision(0));
        assert!(
            matches!(&refused, Err(Error::Unavailable { cause }) if cause.contains("certificate")),
            "{refused:?}"
        );
    }
}

#[test]
fn a_server_that_is_killed_and_restarted_loses_nothing() {
    if server_url().is_none() || folder().is_none() {
        return;
    }
    // The schema of this test outlives no restart by others, and no test of others this restart.
    let _alone = SERVER.write().unwrap_or_else(PoisonError::into_inner);
    let name = format!("restart_{}", unique());
    let mut store = open_schema(&name).with_call_max(Duration::from_secs(2));
    let is_over = AtomicBool::new(false);
    let (told, refusals) = thread::scope(|scope| {
        let committing = scope.spawn(|| commit_until(&mut store, &is_over));
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(700));
            control("kill");
            thread::sleep(Duration::from_millis(500));
            control("start");
        }
        thread::sleep(Duration::from_millis(500));
        is_over.store(true, Ordering::Relaxed);
        committing.join().unwrap()
    });
    println!("{told} commits, {refusals} refused");
    assert!(told > 10 && refusals >= 3);
    assert_eq!(inspect(&mut store, told), told);
}

/// Commits, and after each that was refused looks where it is: as a node does.
fn commit_until(store: &mut Postgres, is_over: &AtomicBool) -> (u64, u64) {
    let (mut revision, mut refusals, mut is_sure) = (Revision(0), 0, true);
    while !is_over.load(Ordering::Relaxed) || !is_sure {
        if !is_sure {
            let Ok(current) = store.read(&mut |_key, _body| {}) else {
                thread::sleep(Duration::from_millis(20));
                continue;
            };
            assert!(current == revision || current == revision.next(), "told {revision}, found {current}");
            (revision, is_sure) = (current, true);
        }
        match step(store, revision) {
            Ok(next) => revision = next,
            Err(Error::Unavailable { .. } | Error::Undecided { .. }) => {
                (refusals, is_sure) = (refusals + 1, false)
            }
            Err(error) => panic!("{error}"),
        }
    }
    (revision.0, refusals)
}

#[test]
fn a_later_release_and_tables_of_others_are_left_alone() {
    let Some(schema) = Schema::new() else { return };
    schema.open().commit(Revision(0), &changes([put("a", b"1")])).unwrap();
    schema.break_with("INSERT INTO step VALUES (4, 'wings', 0)");
    let refused = schema.open().since(Revision(0));
    assert!(
        matches!(&refused, Err(Error::NotOurs { found, .. }) if found.contains("version 4")),
        "{refused:?}"
    );
    schema.break_with("DROP TABLE step");
    let refused = schema.open().since(Revision(0));
    assert!(
        matches!(&refused, Err(Error::NotOurs { found, .. }) if found.contains("another program")),
        "{refused:?}"
    );
}

fn folder() -> Option<PathBuf> {
    let folder = env::var_os("TRUNKLINE_POSTGRES_FOLDER").map(PathBuf::from);
    if folder.is_none() {
        skip(
            "a server that may be restarted: TRUNKLINE_POSTGRES_FOLDER is not set; tests/postgres.sh sets it",
        );
    }
    folder
}

fn control(verb: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres.sh");
    assert!(Command::new(script).arg(verb).status().unwrap().success(), "{verb}");
}
