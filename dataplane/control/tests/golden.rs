//! The bytes of every kind of message, so that a change of the layout is noticed and gets a version of its own.

use std::collections::BTreeSet;
use std::fmt::Debug;

use control::{FromMedia, Malformed, ToMedia};

#[path = "messages/samples.rs"]
mod samples;
#[path = "vectors/reader.rs"]
mod vectors;

use vectors::Vector;

#[test]
fn every_message_of_a_client_has_the_bytes_of_its_vector() {
    let vectors = vectors::read();
    for (name, message) in samples::to_media() {
        check(&vectors[name], message.encode(), message, ToMedia::parse);
    }
}

#[test]
fn every_message_of_the_media_process_has_the_bytes_of_its_vector() {
    let vectors = vectors::read();
    for (name, message) in samples::from_media() {
        check(&vectors[name], message.encode(), message, FromMedia::parse);
    }
}

#[test]
fn every_vector_has_its_message() {
    let samples: Vec<_> = samples::to_media().into_iter().map(|(name, _)| name).collect();
    let samples: BTreeSet<_> =
        samples.into_iter().chain(samples::from_media().into_iter().map(|(name, _)| name)).collect();
    let vectors = vectors::read();
    assert_eq!(vectors.keys().map(String::as_str).collect::<BTreeSet<_>>(), samples);
}

fn check<M: Debug + PartialEq>(
    vector: &Vector,
    encoded: Vec<u8>,
    message: M,
    parse: fn(&[u8]) -> Result<M, Malformed>,
) {
    assert_eq!(encoded, vector.good, "{message:?}");
    assert_eq!(parse(&vector.good).as_ref(), Ok(&message));
    // What was wanted is told in words; the reason is its first one.
    let reason = parse(&vector.twin).map_err(|reason| format!("{reason:?}")).expect_err("a twin must fail");
    assert!(
        reason.starts_with(&vector.reason),
        "{message:?}: the twin fails for {reason}, not {}",
        vector.reason
    );
}
