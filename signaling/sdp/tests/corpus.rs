//! Any bytes give a description or a reason: what is worth keeping, cut short, changed, and plain noise.

use std::fs;
use std::path::Path;
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;

#[path = "bodies/sdp_parse.rs"]
mod sdp_parse;

const MUTANTS: u64 = 100_000;
const THREADS: u64 = 2;

#[test]
fn the_corpus_holds_cut_short_at_every_line() {
    for bytes in corpus() {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        for end in ends.flat_map(|end| [end.saturating_sub(3), end, end + 1]) {
            sdp_parse::check(&bytes[..end]);
        }
        sdp_parse::check(&bytes);
    }
}

#[test]
fn a_hundred_thousand_mutants_are_survived() {
    let corpus = corpus();
    thread::scope(|scope| {
        for part in 0..THREADS {
            let corpus = &corpus;
            scope.spawn(move || {
                for seed in (part..MUTANTS).step_by(usize::try_from(THREADS).expect("a small number")) {
                    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
                    let mutant = dice.mutant(corpus);
                    let outcome = std::panic::catch_unwind(|| sdp_parse::check(&mutant));
                    assert!(outcome.is_ok(), "seed {seed}: {}", String::from_utf8_lossy(&mutant));
                }
            });
        }
    });
}

proptest! {
    #[test]
    fn noise_is_survived(bytes in vec(any::<u8>(), 0..400)) {
        sdp_parse::check(&bytes);
        sdp_parse::check(&[b"v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 1 RTP/AVP 0\na=".as_slice(), &bytes].concat());
    }
}

/// Throws as xorshift does: the same seed, the same mutant.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % sides.max(1)
    }

    fn pick<'a>(&mut self, corpus: &'a [Vec<u8>]) -> &'a [u8] {
        &corpus[self.throw(corpus.len())]
    }

    fn line<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').collect();
        lines.get(self.throw(lines.len())).copied().unwrap_or_default()
    }

    /// One text of the corpus with up to five changes: bytes, pieces, numbers, and lines of others.
    fn mutant(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut text = self.pick(corpus).to_vec();
        for _ in 0..=self.throw(5) {
            let at = self.throw(text.len());
            let end = (at + self.throw(12)).min(text.len());
            match self.throw(7) {
                0 if at < text.len() => text[at] ^= 1 << self.throw(8),
                1 if at < text.len() => text[at] = b"\r\n\0 =:/|;0a\xff"[self.throw(12)],
                2 => drop(text.drain(at..end)),
                3 => {
                    let piece = text[at..end].to_vec();
                    text.splice(at..at, piece);
                }
                4 => {
                    let numbers: [&[u8]; 5] = [b"0", b"65535", b"65536", b"-1", b"99999999999999999999"];
                    text.splice(at..at, numbers[self.throw(5)].iter().copied());
                }
                5 => {
                    let other = self.pick(corpus);
                    let line = self.line(other).to_vec();
                    let starts = text.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                    let at = at.max(starts);
                    let at = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                    text.splice(at..at, line);
                }
                _ => text.truncate(text.len() - self.throw(8).min(text.len())),
            }
        }
        text
    }
}

/// The seeds of the fuzz target, and the torture.
fn corpus() -> Vec<Vec<u8>> {
    let folders = ["../../tools/fuzz/corpus/sdp_parse", "tests/torture"];
    let folders = folders.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let files = folders.iter().flat_map(|folder| {
        let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<_> =
            files.map(|file| file.expect("a folder is listed to its end").path()).collect();
        assert!(!paths.is_empty(), "no corpus in {}", folder.display());
        paths.sort();
        paths
    });
    files.map(|path| fs::read(path).expect("a file of the corpus is readable")).collect()
}
