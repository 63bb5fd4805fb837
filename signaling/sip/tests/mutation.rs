//! A hundred thousand mutants of the corpus: none panics, and none takes long.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

#[path = "bodies/sip_message.rs"]
mod sip_message;

const MUTANTS: u64 = 100_000;
/// What separates, ends, opens and closes: mutants with these go deeper than with any bytes.
const PIECES: [&[u8]; 24] = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b",", b";", b"\"", b"<", b">", b":", b"@", b"%", b"=", b"\\", b"\0",
    b"\xff", b"\x07", b"\x7f", b"\\\0", b"\n\n", b"SIP/2.0", b"sip:", b"\r\n ",
];
/// Generous for a loaded machine without optimisation, and far below what anything quadratic takes.
const LONGEST: Duration = Duration::from_secs(2);

/// Marsaglia's xorshift64: the same mutants every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("it is below a usize")
    }
}

#[test]
fn a_hundred_thousand_mutants_are_survived() {
    let corpus: Vec<Vec<u8>> =
        ["tests/torture", "../../tools/fuzz/corpus/sip_message"].into_iter().flat_map(files).collect();
    let seed = 0x5175_2077_6f72_6c64;
    let mut random = Random(seed);
    let mut slowest = Duration::ZERO;
    for number in 0..MUTANTS {
        let mut bytes = corpus[random.below(corpus.len())].clone();
        for _ in 0..=random.below(4) {
            mutate(&mut bytes, &corpus, &mut random);
        }
        let start = Instant::now();
        let outcome = std::panic::catch_unwind(|| sip_message::check(&bytes));
        slowest = slowest.max(start.elapsed());
        assert!(outcome.is_ok(), "seed {seed:#x}, mutant {number}: {:?}", String::from_utf8_lossy(&bytes));
    }
    assert!(slowest < LONGEST, "{slowest:?}");
}

#[test]
fn what_is_made_to_take_long_does_not() {
    let head =
        "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n";
    let fill = |piece: &str, len: usize| piece.repeat(len / piece.len());
    for message in [
        format!("{head}From: <sip:a@b>;tag=1\r\n{}\r\n", fill("x:y\r\n", 60_000)),
        format!("{head}From: <sip:a@b{}>;tag=1\r\n\r\n", fill(";p=q", 8_000)),
        format!("{head}From: \"{}\" <sip:a@b>;tag=1\r\n\r\n", fill("\\\"", 8_000)),
        format!("{head}From: <sip:a@b>;tag=1\r\nContact: {}\r\n\r\n", fill("<sip:a>,", 8_000)),
        format!("{head}From: <sip:a@b>;tag=1\r\nRequire: {}\r\n\r\n", fill("a,", 8_000)),
        format!("{head}From: <sip:a@b>;tag=1\r\nSubject:{}\r\n\r\n", fill("\r\n ", 8_000)),
        format!(
            "{head}From: <sip:a@b>;tag=1\r\n{}\r\n",
            fill(&format!("x:{}\r\n", fill(" \"<", 8_000)), 50_000)
        ),
        format!("{head}From: <sip:a@b>;{}\r\n\r\n", fill("t=\"\\\\\";", 8_000)),
    ] {
        let start = Instant::now();
        sip_message::check(message.as_bytes());
        assert!(start.elapsed() < LONGEST, "{:?}: {:.120}", start.elapsed(), message);
    }
}

fn mutate(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let piece = PIECES[random.below(PIECES.len())];
    match random.below(6) {
        0 => bytes.truncate(at),
        1 => drop(bytes.splice(at..at, piece.iter().copied())),
        2 => drop(bytes.drain(at..(at + random.below(20)).min(bytes.len()))),
        3 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (random.below(8) as u8)),
        4 => {
            let other = &corpus[random.below(corpus.len())];
            let from = random.below(other.len());
            let len = random.below(80).min(other.len() - from);
            drop(bytes.splice(at..at, other[from..from + len].iter().copied()));
        }
        _ => {
            let end = (at + piece.len()).min(bytes.len());
            drop(bytes.splice(at..end, piece.iter().copied()));
        }
    }
}

fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> =
        folder.read_dir().expect("seeds").map(|file| file.expect("a file").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a seed is readable")).collect()
}
