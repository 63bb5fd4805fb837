//! Reads the vectors; each file begins with how it is written.

use std::collections::BTreeMap;

/// A message as bytes, and a twin of it that is none.
pub(crate) struct Vector {
    pub(crate) good: Vec<u8>,
    pub(crate) twin: Vec<u8>,
    /// The name of the reason for which the twin is refused.
    pub(crate) reason: String,
}

/// Returns all vectors by name.
pub(crate) fn read() -> BTreeMap<String, Vector> {
    let files = [
        include_str!("event.hex"),
        include_str!("greeting.hex"),
        include_str!("request.hex"),
        include_str!("response.hex"),
    ];
    let blocks = files.into_iter().flat_map(|file| file.split("\nmessage ").skip(1));
    let vectors: Vec<_> = blocks.map(vector).collect();
    let count = vectors.len();
    let vectors: BTreeMap<_, _> = vectors.into_iter().collect();
    assert_eq!(vectors.len(), count, "a name stands twice");
    vectors
}

fn vector(block: &str) -> (String, Vector) {
    let (name, lines) = block.split_once('\n').expect("the message follows on the next line");
    let mut vector = Vector { good: Vec::new(), twin: Vec::new(), reason: String::new() };
    for line in lines.lines() {
        let fields = line.split_once('#').map_or(line, |(fields, _)| fields);
        let (good, twin) = match fields.split_once('|') {
            None => (fields, fields),
            Some((good, twin)) => {
                assert!(vector.reason.is_empty(), "{name}: two alternatives");
                let (twin, reason) =
                    twin.trim().rsplit_once("  ").expect("bytes, two spaces, and the reason");
                vector.reason = reason.to_owned();
                (good, twin)
            }
        };
        vector.good.extend(bytes(good));
        vector.twin.extend(bytes(twin));
    }
    assert!(!vector.reason.is_empty(), "{name}: no alternative");
    (name.to_owned(), vector)
}

fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(digits.len() % 2 == 0, "half a byte in {text}");
    let byte =
        |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).expect("two hexadecimal digits");
    digits.chunks(2).map(byte).collect()
}
