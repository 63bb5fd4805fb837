//! Any bytes of a DNS server give records, nothing or a failure: what is worth keeping, cut short, changed, and plain noise.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

#[path = "bodies/dns_reply.rs"]
mod dns_reply;

static CORPUS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(corpus);

/// Lengths, kinds and pointers at their edges.
const EDGES: [u8; 10] = [0, 1, 5, 33, 41, 63, 64, 0xc0, 0xc1, 0xff];

/// The seeds of the fuzz target.
fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/fuzz/corpus/dns_reply");
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.expect("a folder is listed to its end").path()).collect();
    paths.sort();
    let seeds: Vec<_> = paths.iter().map(|path| fs::read(path).expect("a seed is readable")).collect();
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    seeds
}

#[test]
fn every_seed_is_a_reply_and_holds_at_every_length() {
    for seed in CORPUS.iter() {
        for len in 0..=seed.len() {
            dns_reply::check(&seed[..len]);
        }
    }
}

#[test]
fn every_seed_holds_with_any_byte_changed() {
    for seed in CORPUS.iter() {
        for at in 0..seed.len() {
            for value in EDGES.into_iter().chain([seed[at] ^ 1, seed[at] ^ 0x80]) {
                let mut mutant = seed.clone();
                mutant[at] = value;
                dns_reply::check(&mutant);
            }
        }
    }
}

proptest! {
    #[test]
    fn the_seeds_hold_with_several_bytes_changed(seed: Index, changes in vec(any::<(Index, u8)>(), 2..8)) {
        let mut bytes = seed.get(&CORPUS).clone();
        for (at, byte) in changes {
            *at.get_mut(&mut bytes) = byte;
        }
        dns_reply::check(&bytes);
    }

    #[test]
    fn noise_is_survived(bytes in vec(any::<u8>(), 0..600)) {
        dns_reply::check(&bytes);
    }
}
