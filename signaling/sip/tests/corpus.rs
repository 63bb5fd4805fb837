//! Any bytes give a message, an answer that is owed, or a reason: the seeds and the messages of RFC 4475, cut short,
//! changed, and plain noise.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use sip::lexer::lex;
use sip::validate::{Rules, Verdict, validate};

#[path = "bodies/sip_message.rs"]
mod sip_message;
#[path = "bodies/sip_multipart.rs"]
mod sip_multipart;
#[path = "bodies/sip_stream.rs"]
mod sip_stream;
#[path = "bodies/sip_transaction.rs"]
mod sip_transaction;
#[path = "bodies/sip_uri.rs"]
mod sip_uri;

type Check = fn(&[u8]);

/// The folders of seeds, and what holds for them.
const TARGETS: [(&str, Check); 8] = [
    ("../../tools/fuzz/corpus/sip_message", sip_message::check),
    ("../../tools/fuzz/corpus/sip_multipart", sip_multipart::check),
    ("../../tools/fuzz/corpus/sip_stream", sip_stream::check),
    ("../../tools/fuzz/corpus/sip_transaction", sip_transaction::check),
    ("../../tools/fuzz/corpus/sip_uri", sip_uri::check),
    ("tests/torture", sip_message::check),
    ("tests/torture", sip_stream::check),
    ("tests/torture", sip_transaction::check),
];

struct Entry {
    name: String,
    bytes: Vec<u8>,
    check: Check,
}

static CORPUS: LazyLock<Vec<Entry>> =
    LazyLock::new(|| TARGETS.into_iter().flat_map(|(folder, check)| entries(folder, check)).collect());

#[test]
fn the_corpus_holds_at_every_length() {
    for Entry { name, bytes, check } in CORPUS.iter() {
        println!("{name}");
        // Long messages are cut at every seventh byte: the others are cut in the lines that they share.
        let step = if bytes.len() > 1500 { 7 } else { 1 };
        for len in (0..=bytes.len()).step_by(step).chain([bytes.len()]) {
            check(&bytes[..len]);
        }
    }
}

#[test]
fn the_seeds_of_transactions_come_as_far_as_they_say() {
    for (seed, expected) in [
        ("accepted", &["request", "ack", "request"][..]),
        ("cancelled", &["request", "request", "cancelled"]),
        ("forked", &["provisional", "success", "success", "success"]),
        ("full", &["request"; 10]),
        ("refused", &["request", "request", "request", "request"]),
        ("refusing", &["provisional", "refusal", "provisional", "refusal"]),
        ("without_cookie", &["request"]),
    ] {
        let entry = CORPUS.iter().find(|entry| entry.name.ends_with(&format!("sip_transaction/{seed}.txt")));
        let heard = sip_transaction::heard(&entry.expect("it is there").bytes);
        assert_eq!(heard.get(..expected.len()), Some(expected), "{seed}: {heard:?}");
    }
}

proptest! {
    #[test]
    fn the_corpus_holds_with_any_bytes_changed(entry: Index, changes in vec(any::<(Index, u8)>(), 1..6)) {
        let Entry { bytes, check, .. } = entry.get(&CORPUS);
        let mut bytes = bytes.clone();
        for (at, byte) in changes {
            *at.get_mut(&mut bytes) = byte;
        }
        check(&bytes);
    }

    #[test]
    fn a_control_byte_anywhere_in_a_head_leads_to_no_call(control in control(), at in any::<Index>()) {
        let mut bytes = INVITE.to_vec();
        prop_assert!(is_worked_with(&bytes));
        let head_len = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("an empty line");
        bytes.insert(at.index(head_len), control);
        prop_assert!(!is_worked_with(&bytes), "{}", String::from_utf8_lossy(&bytes));
        sip_message::check(&bytes);
    }

    #[test]
    fn noise_is_survived(bytes in vec(any::<u8>(), 0..400)) {
        for (_, check) in TARGETS {
            check(&bytes);
        }
    }
}

const INVITE: &[u8] = include_bytes!("../../../tools/fuzz/corpus/sip_message/invite.sip");

/// All but the tab, which is white space, and line feeds, before which the line may end.
fn control() -> impl Strategy<Value = u8> {
    let is_meant = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n');
    proptest::sample::select((0..=127).filter(is_meant).collect::<Vec<u8>>())
}

fn is_worked_with(bytes: &[u8]) -> bool {
    lex(bytes).is_ok_and(|lexed| matches!(validate(&lexed, &Rules::TRUNK), Verdict::Request(_)))
}

/// Reads the seeds of a folder; a target without one would only seem to be tested.
fn entries(folder: &str, check: Check) -> Vec<Entry> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let entries: Vec<_> = files
        .map(|file| {
            let path = file.expect("a folder is listed to its end").path();
            let bytes = fs::read(&path).expect("a seed is readable");
            assert!(!bytes.is_empty(), "{} is empty", path.display());
            Entry { name: path.display().to_string(), bytes, check }
        })
        .collect();
    assert!(!entries.is_empty(), "no seeds in {}", folder.display());
    entries
}
