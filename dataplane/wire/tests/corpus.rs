//! Any bytes give a value or a reason: what fuzzing found worth keeping, cut short, changed, and plain noise.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use wire::demux;
use wire::rtcp;

#[path = "bodies/wire_datagram.rs"]
mod wire_datagram;
#[path = "bodies/wire_dtmf.rs"]
mod wire_dtmf;
#[path = "bodies/wire_rtcp.rs"]
mod wire_rtcp;
#[path = "bodies/wire_rtp.rs"]
mod wire_rtp;

type Check = fn(&[u8]);

/// The fuzz targets, by the names of their corpora.
const TARGETS: [(&str, Check); 4] = [
    ("wire_datagram", wire_datagram::check),
    ("wire_dtmf", wire_dtmf::check),
    ("wire_rtcp", wire_rtcp::check),
    ("wire_rtp", wire_rtp::check),
];

struct Entry {
    path: PathBuf,
    bytes: Vec<u8>,
    check: Check,
}

static CORPUS: LazyLock<Vec<Entry>> =
    LazyLock::new(|| TARGETS.into_iter().flat_map(|(target, check)| entries(target, check)).collect());

#[test]
fn the_corpus_holds_at_every_length() {
    for Entry { path, bytes, check } in CORPUS.iter() {
        println!("{}", path.display());
        for len in 0..=bytes.len() {
            check(&bytes[..len]);
        }
    }
}

proptest! {
    #[test]
    fn the_corpus_holds_with_any_bytes_changed(
        entry: Index,
        changes in vec(any::<(Index, u8)>(), 1..6),
    ) {
        let Entry { bytes, check, .. } = entry.get(&CORPUS);
        let mut bytes = bytes.clone();
        for (at, byte) in changes {
            if !bytes.is_empty() {
                *at.get_mut(&mut bytes) = byte;
            }
        }
        check(&bytes);
    }

    #[test]
    fn noise_is_survived(bytes in vec(any::<u8>(), 0..400)) {
        let _ = demux::classify(&bytes);
        let _ = rtcp::first_ssrc(&bytes);
        for (_, check) in TARGETS {
            check(&bytes);
        }
    }
}

/// Reads the corpus of a target; a target without one would only seem to be tested.
fn entries(target: &str, check: Check) -> Vec<Entry> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/fuzz/corpus").join(target);
    let files = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let entries: Vec<_> = files
        .map(|file| {
            let path = file.expect("a folder is listed to its end").path();
            let bytes = fs::read(&path).expect("a file of the corpus is readable");
            Entry { path, bytes, check }
        })
        .collect();
    assert!(!entries.is_empty(), "no corpus in {}", folder.display());
    entries
}
