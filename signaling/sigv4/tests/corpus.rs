//! Any bytes give a claim or a reason: the seeds cut short and changed, and plain noise.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

#[path = "bodies/sigv4_claim.rs"]
mod sigv4_claim;

static CORPUS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(corpus);

#[test]
fn the_corpus_holds_at_every_length() {
    for (name, bytes) in CORPUS.iter() {
        println!("{name}");
        for len in 0..bytes.len() {
            sigv4_claim::check(&bytes[..len]);
        }
        assert_eq!(sigv4_claim::check(bytes), name.starts_with("signed"), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn changed_seeds_are_survived(seed: Index, changes in vec((any::<Index>(), any::<Index>(), any::<u8>()), 1..5)) {
        let mut bytes = seed.get(&CORPUS).1.clone();
        for (at, end, byte) in changes {
            let (at, end) = (at.index(bytes.len() + 1), end.index(bytes.len() + 1));
            match byte % 3 {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                _ => {
                    let piece = bytes[at.min(end)..end.max(at).min(at.min(end) + 40)].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        sigv4_claim::check(&bytes);
    }

    #[test]
    fn noise_is_survived(bytes in vec(any::<u8>(), 0..300)) {
        sigv4_claim::check(&bytes);
        sigv4_claim::check(&[b"GET /\nHost:x\nAuthorization:AWS4-HMAC-SHA256 ".as_slice(), &bytes].concat());
    }
}

fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/fuzz/corpus/sigv4_claim");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> =
        entries.map(|entry| entry.expect("a folder is listed to its end").path()).collect();
    assert!(!paths.is_empty(), "no corpus in {}", folder.display());
    paths.sort();
    let named = paths.into_iter().map(|path| {
        let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
        (name, fs::read(path).expect("a file of the corpus is readable"))
    });
    named.collect()
}
