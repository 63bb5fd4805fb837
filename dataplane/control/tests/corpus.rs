//! What fuzzing found worth keeping, replayed: at every length, with bytes changed, and plain noise.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

#[path = "bodies/control_message.rs"]
mod control_message;

use control_message::check;

/// The inputs of the fuzz target; without one it would only seem to be tested.
static CORPUS: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/fuzz/corpus/control_message");
    let files = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = files.map(|file| file.expect("a folder is listed to its end").path());
    let mut inputs: Vec<_> =
        paths.map(|path| (path.clone(), fs::read(path).expect("a file of the corpus is readable"))).collect();
    assert!(!inputs.is_empty(), "no corpus in {}", folder.display());
    inputs.sort();
    inputs
});

#[test]
fn the_corpus_holds_at_every_length() {
    for (path, input) in CORPUS.iter() {
        println!("{}", path.display());
        (0..=input.len()).for_each(|len| check(&input[..len]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_corpus_holds_with_any_bytes_changed(input: Index, changes in vec(any::<(Index, u8)>(), 1..6)) {
        let (_, input) = input.get(&CORPUS);
        let mut input = input.clone();
        for (at, byte) in changes {
            *at.get_mut(&mut input) = byte;
        }
        check(&input);
    }

    #[test]
    fn noise_is_survived(input in vec(any::<u8>(), 0..400)) {
        check(&input);
    }
}
