//! A process that is killed at any moment, again and again, and each of its calls in the bucket once.
//!
//! The test starts itself as a child, which plays calls and says what it has on the disk; kills it after a random number
//! of lines; and starts it again on the same folders. `CDR_KILLS` says how often.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cdr::{Destination, Journal, Outcome, Status, Uploader};

use crate::sample::{Folder, Random, START_MS, begin, id, outcome, read_bucket, upload};

#[test]
fn a_process_killed_at_any_moment_leaves_one_object_a_call() {
    if let Some(folder) = env::var_os("CDR_CHILD") {
        return play(&PathBuf::from(folder), env::var("CDR_RUN").unwrap().parse().unwrap());
    }
    let kills = env::var("CDR_KILLS").map_or(200, |kills| kills.parse().unwrap());
    let seed = env::var("CDR_SEED")
        .map_or_else(|_unset| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    println!("seed {seed}");
    let (folder, mut random, mut ledger) = (Folder::new(), Random(seed), Ledger::default());
    for run in 0..kills {
        let lines = run_and_kill(&folder, run, random.below(40));
        ledger.take(&lines);
    }

    let mut opened = Journal::open(&folder.spool()).unwrap();
    ledger.compare(&opened.open.iter().map(|call| call.begin.transaction_id.to_string()).collect());
    for call in &opened.open {
        opened.journal.end(call.begin.transaction_id, &recovered()).unwrap();
    }
    opened.journal.flush().unwrap();
    let figures = upload(&opened.spool, &folder.bucket());

    assert_eq!(figures.conflicts, 0);
    let found = read_bucket(&folder.bucket());
    println!("{kills} kills, {} calls, {} objects", ledger.begun.len(), found.len());
    ledger.compare_objects(&found);
}

/// Starts the child, reads so many of its lines, kills it, and reads what it had still said.
fn run_and_kill(folder: &Folder, run: u64, lines_max: u64) -> Vec<String> {
    let name = "kill::a_process_killed_at_any_moment_leaves_one_object_a_call";
    let mut child = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env("CDR_CHILD", folder.spool().parent().unwrap())
        .env("CDR_RUN", run.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = Vec::new();
    let mut is_ready = false;
    while !is_ready || (lines.len() as u64) < lines_max {
        let line = output.next().expect("the child ended by itself").unwrap();
        is_ready |= line == "ready";
        lines.push(line);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The last line may be cut off: then nobody was told.
    lines.extend(output.map_while(Result::ok).filter(|line| line.ends_with('.')));
    lines
}

/// The child: ends half of what it finds open, then plays calls until it is killed. What it says ends in a dot.
fn play(folder: &Path, run: u64) {
    let mut opened = Journal::open(&folder.join("spool")).unwrap();
    let uploader =
        Uploader::start(opened.spool.clone(), &Destination::Folder(folder.join("bucket"))).unwrap();
    let mut random = Random(run);
    let mut open = BTreeSet::new();
    let mut said = String::new();
    for call in &opened.open {
        said += &format!("open {}.\n", call.begin.transaction_id);
        if random.below(2) == 0 {
            opened.journal.end(call.begin.transaction_id, &recovered()).unwrap();
        }
    }
    opened.journal.flush().unwrap();
    // The harness has begun a line of its own.
    say(&format!("\n{said}ready\n"));
    for number in run * 1_000_000.. {
        said.clear();
        opened.journal.begin(&begin(number)).unwrap();
        said += &format!("begun {}.\n", id(number));
        open.insert(number);
        for &number in &open.clone() {
            match random.below(8) {
                0 => opened.journal.answer(id(number), START_MS + number + 1_000).unwrap(),
                1 => {
                    opened.journal.end(id(number), &outcome(number)).unwrap();
                    open.remove(&number);
                    said += &format!("ended {} {}.\n", id(number), outcome(number).end_time_ms);
                }
                _ => {}
            }
        }
        opened.journal.flush().unwrap();
        say(&said);
    }
    drop(uploader);
}

fn say(text: &str) {
    let mut stdout = stdout().lock();
    stdout.write_all(text.as_bytes()).unwrap();
    stdout.flush().unwrap();
}

fn recovered() -> Outcome {
    let (status, status_message) = (Status::Completed, "Recovered".into());
    Outcome { status, status_message, end_time_ms: START_MS }
}

/// What children have said they have on the disk.
#[derive(Default)]
struct Ledger {
    begun: BTreeSet<String>,
    /// With the time of the end.
    ended: BTreeMap<String, String>,
}

impl Ledger {
    fn take(&mut self, lines: &[String]) {
        let words = |line: &'_ String| -> Vec<String> {
            line.trim_end_matches('.').split(' ').map(str::to_owned).collect()
        };
        let lines: Vec<_> = lines.iter().map(words).collect();
        let open = lines.iter().filter(|words| words[0] == "open").map(|words| words[1].clone()).collect();
        self.compare(&open);
        for words in &lines {
            match words[0].as_str() {
                "begun" => drop(self.begun.insert(words[1].clone())),
                "ended" => drop(self.ended.insert(words[1].clone(), words[2].clone())),
                _ => {}
            }
        }
        // Those that were open may have been ended since, without a word.
        self.begun.extend(open);
    }

    /// What is told to be open has not ended.
    fn compare(&self, open: &BTreeSet<String>) {
        for id in open {
            assert!(!self.ended.contains_key(id), "{id} has ended, and is open");
        }
    }

    fn compare_objects(&self, found: &BTreeMap<String, Vec<u8>>) {
        let mut objects = BTreeMap::new();
        for (key, json) in found {
            let id = key.rsplit_once('_').unwrap().1;
            let json = String::from_utf8(json.clone()).unwrap();
            assert!(objects.insert(id.to_owned(), json).is_none(), "{id} has two objects");
        }
        for id in &self.begun {
            assert!(objects.contains_key(id), "{id} has no object");
        }
        for (id, end_time_ms) in &self.ended {
            let json = &objects[id];
            assert!(json.contains("Normal Call Clearing") && json.contains(end_time_ms), "{id}: {json}");
        }
    }
}
