//! What fuzzing found worth keeping, replayed: at every length, and with bytes changed.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "bodies/crypto_open.rs"]
mod crypto_open;
#[path = "bodies/crypto_stream.rs"]
mod crypto_stream;
#[expect(dead_code, reason = "bytes are all that is chosen here")]
#[path = "media/random.rs"]
mod random;

use random::Random;

type Check = fn(&[u8]);

/// The fuzz targets, by the names of their corpora.
const TARGETS: [(&str, Check); 2] =
    [("crypto_open", crypto_open::check), ("crypto_stream", crypto_stream::check)];

#[test]
fn the_corpus_holds_at_every_length() {
    for (target, check) in TARGETS {
        for (path, input) in corpus(target) {
            println!("{}", path.display());
            (0..=input.len()).for_each(|len| check(&input[..len]));
        }
    }
}

#[test]
fn the_corpus_holds_with_bytes_changed() {
    for (target, check) in TARGETS {
        let mut random = Random::new(16);
        for (path, input) in corpus(target) {
            println!("{}", path.display());
            for _ in 0..20 {
                let mut input = input.clone();
                for _ in 0..random.below(4) + 1 {
                    let place = random.below(input.len() as u64) as usize;
                    input[place] = random.number() as u8;
                }
                check(&input);
            }
        }
    }
}

#[test]
fn noise_is_survived() {
    for (_, check) in TARGETS {
        let mut random = Random::new(17);
        for _ in 0..400 {
            let len = random.below(120) as usize;
            check(&random.bytes(len));
        }
    }
}

/// Reads the corpus of a target; a target without one would only seem to be tested.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/fuzz/corpus").join(target);
    let files = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut inputs: Vec<_> = files
        .map(|file| {
            let path = file.expect("a folder is listed to its end").path();
            let input = fs::read(&path).expect("a file of the corpus is readable");
            (path, input)
        })
        .collect();
    assert!(!inputs.is_empty(), "no corpus in {}", folder.display());
    inputs.sort();
    inputs
}
