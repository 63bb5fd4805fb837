//! Holds for any bytes taken as a stream: what comes out does not depend on how they came in.

use sip::Malformed;
use sip::framing::{Stream, Unit};

pub(crate) fn check(bytes: &[u8]) {
    let whole = units(bytes, bytes.len().max(1));
    for step in [1, 7, 64] {
        assert_eq!(units(bytes, step), whole, "in steps of {step}");
    }
}

/// The bodies of messages, `None` for a ping, and the error that ended the stream.
fn units(bytes: &[u8], step: usize) -> (Vec<Option<Vec<u8>>>, Option<Malformed>) {
    let mut stream = Stream::new();
    let mut found = Vec::new();
    for chunk in bytes.chunks(step) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let fed = stream.feed(rest);
            rest = &rest[fed..];
            loop {
                match stream.next_unit() {
                    Ok(Some(Unit::Message(lexed))) => found.push(Some(lexed.body.to_vec())),
                    Ok(Some(Unit::Ping)) => found.push(None),
                    Ok(None) => break,
                    Err(error) => return (found, Some(error)),
                }
            }
            assert!(fed > 0, "there is room once everything was taken out");
        }
    }
    (found, None)
}
