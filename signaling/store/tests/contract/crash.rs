//! A process that commits and is killed at any moment, again and again: what it was told is there, nothing is half.

use std::env;
use std::io::{BufRead, BufReader, Write, stdout};
use std::process::{Command, Stdio};

use store::{Commit, Engine, EntryQuery, Revision};

use crate::places::{Folder, Place, Schema, entry, gone, open_told, put, read};

const KILLS: u64 = 50;

#[test]
fn sqlite_keeps_what_a_killed_process_was_told() {
    match env::var("STORE_CHILD") {
        Ok(told) => commit_until_killed(&mut *open_told(&told)),
        Err(_unset) => {
            kill_again_and_again(&Folder::new(), "crash::sqlite_keeps_what_a_killed_process_was_told");
        }
    }
}

#[test]
fn postgres_keeps_what_a_killed_process_was_told() {
    match env::var("STORE_CHILD") {
        Ok(told) => commit_until_killed(&mut *open_told(&told)),
        Err(_unset) => {
            if let Some(schema) = Schema::new() {
                kill_again_and_again(&schema, "crash::postgres_keeps_what_a_killed_process_was_told");
            }
        }
    }
}

/// Each commit moves both halves and one entry to its revision, and takes a document to and fro.
pub(crate) fn step(store: &mut dyn Engine, revision: Revision) -> Result<Revision, store::Error> {
    let next = revision.next();
    let half = next.0.to_string().repeat(50);
    let fro = if next.0.is_multiple_of(2) { put("fro", b"x") } else { gone("fro") };
    let commit = Commit {
        changes: vec![put("left", half.as_bytes()), fro, put("right", half.as_bytes())],
        entries: vec![entry(next.0.cast_signed(), "a", "Step", "t")],
    };
    store.commit(revision, &commit)
}

/// The store is at a whole revision, which is this one or the next.
pub(crate) fn inspect(store: &mut dyn Engine, told: u64) -> u64 {
    let (revision, found) = read(store);
    assert!((told..=told + 1).contains(&revision), "told {told}, found {revision}");
    let half = revision.to_string().repeat(50).into_bytes();
    let halves: Vec<_> =
        found.iter().filter(|(key, _body)| &*key.id != "fro").map(|(_key, body)| body.clone()).collect();
    let is_begun = revision > 0;
    assert_eq!(halves, if is_begun { vec![half.clone(), half] } else { vec![] });
    assert_eq!(found.len() == 3, is_begun && revision.is_multiple_of(2));
    let newest = store.entries(&EntryQuery::default()).unwrap().entries;
    assert_eq!(newest.first().map_or(0, |entry| entry.at_ms), revision.cast_signed());
    let report = store.check().unwrap();
    assert!(report.is_clean() && report.entries == revision, "{report:?}");
    revision
}

fn commit_until_killed(store: &mut dyn Engine) {
    let mut revision = Revision(read(store).0);
    // The harness has begun a line of its own.
    say("\nready.\n");
    loop {
        revision = step(store, revision).unwrap();
        say(&format!("{revision}.\n"));
    }
}

fn say(text: &str) {
    let mut stdout = stdout().lock();
    stdout.write_all(text.as_bytes()).unwrap();
    stdout.flush().unwrap();
}

fn kill_again_and_again(place: &dyn Place, name: &str) {
    let mut seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut told = 0;
    for _ in 0..KILLS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let lines = run_and_kill(place, name, (seed >> 33) % 40, (seed >> 50) % 1_000);
        let heard = lines.iter().filter_map(|line| line.strip_suffix('.')?.parse().ok()).max();
        told = inspect(&mut *place.open(), heard.unwrap_or(told));
    }
    println!("{KILLS} kills, {told} commits");
    assert!(told > KILLS, "too few commits to prove anything: {told}");
}

/// Starts the child, hears so many of its lines, waits so many microseconds, and kills it.
fn run_and_kill(place: &dyn Place, name: &str, lines_max: u64, wait_us: u64) -> Vec<String> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env("STORE_CHILD", place.told())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut lines, mut is_ready) = (Vec::new(), false);
    while !is_ready || (lines.len() as u64) < lines_max {
        let line = output.next().expect("the child ended by itself").unwrap();
        is_ready |= line == "ready.";
        lines.push(line);
    }
    // The moment is to be any, not the one after an answer.
    std::thread::sleep(std::time::Duration::from_micros(wait_us));
    child.kill().unwrap();
    child.wait().unwrap();
    lines.extend(output.map_while(Result::ok));
    lines
}
