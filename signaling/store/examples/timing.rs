//! What it costs to keep something: one commit at a time, all of it at once, and what has changed.
//!
//! `cargo run --release -p store --example timing -- FOLDER` in a folder on the disk that is meant; with
//! `TRUNKLINE_POSTGRES_URL`, the same in a schema of that database, which must not be there.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it is what the example is for")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use store::{Address, Change, Commit, Engine, Entry, Feed, Key, Kind, Postgres, Revision, Sqlite};

const COMMITS: usize = 2_000;
const DOCUMENTS: usize = 100_000;
const BODY_BYTES: usize = 400;
/// What one commit of many would bring if several were waiting.
const GROUPS: [usize; 3] = [1, 4, 16];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: timing FOLDER")?).join("store-timing");
    fs::create_dir_all(&folder)?;
    println!("sqlite");
    measure(&mut Sqlite::open(&folder.join("sqlite"))?, &folder)?;
    let begun = Instant::now();
    let mut store = Sqlite::open(&folder.join("sqlite"))?;
    let revision = store.read(&mut |_key, _body| {})?;
    println!("  open and read at revision {revision}: {}", milliseconds(begun));
    if let Ok(url) = std::env::var("TRUNKLINE_POSTGRES_URL") {
        println!("postgresql");
        let address = Address::parse(&url, None, &[])?.with_schema("trunkline_timing")?;
        measure(&mut Postgres::new(address)?, &folder)?;
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn measure(store: &mut dyn Engine, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut revision = Revision(0);
    for changes in GROUPS {
        let mut times = Vec::with_capacity(COMMITS);
        for number in 0..COMMITS {
            let commit = commit(number..number + changes)?;
            let begun = Instant::now();
            revision = store.commit(revision, &commit)?;
            times.push(begun.elapsed());
        }
        times.sort();
        let at = |of: usize| times[COMMITS * of / 1_000].as_secs_f64() * 1e3;
        println!(
            "  commit of {changes} documents and entries: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
            at(500),
            at(990),
            at(999)
        );
    }
    for first in (0..DOCUMENTS).step_by(10_000) {
        revision = store.commit(revision, &commit(first..first + 10_000)?)?;
    }
    let begun = Instant::now();
    let mut bytes = 0;
    store.read(&mut |_key, body| bytes += body.len())?;
    println!("  read of {} MB in {DOCUMENTS} documents: {}", bytes / 1_000_000, milliseconds(begun));
    let current = store.commit(revision, &commit(7..8)?)?;
    let begun = Instant::now();
    for _ in 0..1_000 {
        let Feed::Changes { changes, .. } = store.since(revision)? else { return Err("it is lost".into()) };
        assert_eq!(changes.len(), 1);
    }
    println!("  what has changed, one document: {:.3} ms", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    for _ in 0..1_000 {
        store.since(current)?;
    }
    println!("  what has changed, nothing: {:.3} ms", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let report = store.check()?;
    println!(
        "  check of {} documents, {} entries: {}",
        report.documents,
        report.entries,
        milliseconds(begun)
    );
    let to = folder.join("backup");
    let begun = Instant::now();
    store.backup(&to)?;
    println!("  backup of {} MB: {}", fs::metadata(&to)?.len() / 1_000_000, milliseconds(begun));
    fs::remove_file(to)?;
    Ok(())
}

fn commit(numbers: std::ops::Range<usize>) -> Result<Commit, store::Error> {
    let kind = Kind::parse("number")?;
    let change = |number: usize| Change {
        key: Key { kind: kind.clone(), id: format!("+1425{number:07}").into() },
        body: Some(vec![b'x'; BODY_BYTES].into()),
    };
    let entry = |number: usize| Entry {
        at_ms: 1_700_000_000_000,
        account: "111122223333".into(),
        actor: "AKIAEXAMPLE".into(),
        operation: "UpdatePhoneNumber".into(),
        target: format!("+1425{number:07}").into(),
        detail: "{\"Name\":\"Front desk\",\"ip\":\"192.0.2.1\"}".into(),
    };
    Ok(Commit { changes: numbers.clone().map(change).collect(), entries: numbers.map(entry).collect() })
}

fn milliseconds(begun: Instant) -> String {
    format!("{:.0} ms", begun.elapsed().as_secs_f64() * 1e3)
}
