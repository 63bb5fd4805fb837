//! What a record costs: on the thread of the calls, on the way to a folder, and after a restart.
//!
//! `cargo run --release -p cdr --example timing -- FOLDER` in a folder on the disk that is meant.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it is what the example is for")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use cdr::{Begin, Destination, Disposition, Journal, Outcome, Status, TransactionId, Uploader};

const CALLS: u64 = 100_000;
/// What a turn of the event loop brings at 1,000 calls a second and 1 ms a turn, and when it has to catch up.
const TURNS: [u64; 2] = [1, 16];
const UPLOADS: u64 = 5_000;
/// Records a second, and for how long.
const PACE: u64 = 1_000;
const PACED_S: u64 = 5;
/// Calls that are up when a process is killed.
const OPEN: u64 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: timing FOLDER")?).join("cdr-timing");
    for turn in TURNS {
        let elapsed = calls(&folder.join(turn.to_string()), turn)?;
        let each = elapsed.as_secs_f64() * 1e6 / CALLS as f64;
        println!("begin, answer and end, {turn} a turn: {each:.2} µs a call");
    }
    let begun = Instant::now();
    let opened = Journal::open(&folder.join("1"))?;
    let waiting = opened.spool.figures().waiting;
    println!("open with {waiting} records: {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    drop(opened);
    for calls in [OPEN, 10 * OPEN] {
        let elapsed = recovery(&folder.join(format!("open-{calls}")), calls)?;
        println!("open with {calls} calls, and end them: {:.0} ms", elapsed.as_secs_f64() * 1e3);
    }
    let elapsed = uploads(&folder)?;
    println!("upload to a folder: {:.0} records a second", UPLOADS as f64 / elapsed.as_secs_f64());
    let nowhere = paced(&folder.join("nowhere"), &Destination::Off)?;
    let somewhere = paced(&folder.join("somewhere"), &Destination::Folder(folder.join("paced")))?;
    println!("the folder's part at {PACE} records a second: {:.0} µs a record", somewhere - nowhere);
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn calls(folder: &Path, turn: u64) -> Result<Duration, cdr::Error> {
    let mut journal = Journal::open(folder)?.journal;
    let begun = Instant::now();
    for first in (0..CALLS).step_by(turn as usize) {
        let numbers = first..CALLS.min(first + turn);
        for number in numbers.clone() {
            journal.begin(&begin(number))?;
        }
        journal.flush()?;
        for number in numbers.clone() {
            journal.answer(begin_id(number), number + 1)?;
        }
        journal.flush()?;
        for number in numbers {
            journal.end(begin_id(number), &outcome(number))?;
        }
        journal.flush()?;
    }
    Ok(begun.elapsed())
}

/// How long a process that starts takes for the calls of the one before it.
fn recovery(folder: &Path, calls: u64) -> Result<Duration, cdr::Error> {
    let mut journal = Journal::open(folder)?.journal;
    for number in 0..calls {
        journal.begin(&begin(number))?;
        journal.answer(begin_id(number), number + 1)?;
        journal.flush()?;
    }
    drop(journal);
    let begun = Instant::now();
    let mut opened = Journal::open(folder)?;
    for call in &opened.open {
        opened.journal.end(call.begin.transaction_id, &outcome(0))?;
    }
    opened.journal.flush()?;
    Ok(begun.elapsed())
}

fn uploads(folder: &Path) -> Result<Duration, cdr::Error> {
    let mut opened = Journal::open(&folder.join("spool"))?;
    for number in 0..UPLOADS {
        opened.journal.begin(&begin(number))?;
        opened.journal.end(begin_id(number), &outcome(number))?;
    }
    opened.journal.flush()?;
    let begun = Instant::now();
    Uploader::start(opened.spool, &Destination::Folder(folder.join("bucket")))?
        .drain(Duration::from_secs(600));
    Ok(begun.elapsed())
}

/// What a record costs the whole process, in microseconds of a processor, when records come as calls end.
fn paced(folder: &Path, destination: &Destination) -> Result<f64, Box<dyn Error>> {
    let mut opened = Journal::open(folder)?;
    let uploader = Uploader::start(opened.spool, destination)?;
    let (begun, before) = (Instant::now(), processor_ms()?);
    for number in 0..PACE * PACED_S {
        opened.journal.begin(&begin(number))?;
        opened.journal.end(begin_id(number), &outcome(number))?;
        opened.journal.flush()?;
        let due = begun + Duration::from_secs(number) / PACE as u32;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let left = uploader.figures().waiting;
    uploader.drain(Duration::from_secs(600));
    let spent = processor_ms()? - before;
    println!("{left} records waited at the end");
    Ok(spent as f64 * 1e3 / (PACE * PACED_S) as f64)
}

/// The time that this process has had of processors: the 14th and 15th field, in hundredths of a second.
fn processor_ms() -> Result<u64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').ok_or("a process without a name")?.1.split_whitespace();
    let ticks: Vec<u64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<u64>() * 10)
}

fn begin_id(number: u64) -> TransactionId {
    TransactionId::new(1_552_026_458_563 + number, u128::from(number))
}

fn begin(number: u64) -> Begin {
    Begin {
        aws_account_id: "123456789012".into(),
        transaction_id: begin_id(number),
        call_id: "777a06c7-aa41-4e8f-9e2f-5a6f9c8a1b2c@192.0.2.1".into(),
        invite_call_id: "777a06c7-aa41-4e8f-9e2f-5a6f9c8a1b2c@192.0.2.1".into(),
        voice_connector_id: "11111222223333334444".into(),
        from_number: "+12065550100".into(),
        to_number: "+12065550101".into(),
        disposition: Disposition::Termination,
        sip_auth_user: Some("5600".into()),
        start_time_ms: 1_552_026_458_563 + number,
    }
}

fn outcome(number: u64) -> Outcome {
    Outcome {
        status: Status::Completed,
        status_message: "Normal Call Clearing".into(),
        end_time_ms: 1_552_026_488_036 + number,
    }
}
