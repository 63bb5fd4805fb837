//! The messages of RFC 4475 as a trunk hears them, from a host that it knows and from one that it does not.
//!
//! The files are those of `sip`, whose own test says what each owes to the grammar alone. Here is what a peer hears.

use std::path::Path;

use call::Input;
use sip::flow::{Destination, Flow};

use crate::scene::*;

/// Section, name, what is answered (0: nothing), and what counts it.
const TABLE: [(&str, &str, u16, &str); 49] = [
    ("3.1.1.1", "wsinv", 481, "dialog_unknown"),
    ("3.1.1.2", "intmeth", 501, "request_answered method_unknown"),
    ("3.1.1.3", "esc01", 403, "refused number_not_e164"),
    ("3.1.1.4", "escnull", 405, "request_answered method_not_served"),
    ("3.1.1.5", "esc02", 501, "request_answered method_unknown"),
    ("3.1.1.6", "lwsdisp", 200, ""),
    ("3.1.1.7", "longreq", 403, "refused number_not_e164"),
    ("3.1.1.8", "dblreq", 405, "request_answered method_not_served"),
    ("3.1.1.9", "semiuri", 200, ""),
    ("3.1.1.10", "transports", 200, ""),
    ("3.1.1.11", "mpart01", 405, "request_answered method_not_served"),
    ("3.1.1.12", "unreason", 0, "response_foreign"),
    ("3.1.1.13", "noreason", 0, "response_foreign"),
    ("3.1.2.1", "badinv01", 400, "request_answered header_broken"),
    ("3.1.2.2", "clerr", 400, "request_answered truncated"),
    ("3.1.2.3", "ncl", 400, "request_answered length_invalid"),
    ("3.1.2.4", "scalar02", 400, "request_answered header_broken"),
    ("3.1.2.5", "scalarlg", 0, "response_broken header_broken"),
    ("3.1.2.6", "quotbal", 400, "request_answered header_broken"),
    ("3.1.2.7", "ltgtruri", 400, "request_answered request_uri"),
    ("3.1.2.8", "lwsruri", 400, "request_answered request_uri"),
    ("3.1.2.9", "lwsstart", 400, "request_answered request_uri"),
    ("3.1.2.10", "trws", 400, "request_answered request_uri"),
    ("3.1.2.11", "escruri", 400, "request_answered request_uri"),
    ("3.1.2.12", "baddate", 400, "request_answered header_broken"),
    ("3.1.2.13", "regbadct", 400, "request_answered header_broken"),
    ("3.1.2.14", "badaspec", 400, "request_answered header_broken"),
    ("3.1.2.15", "baddn", 400, "request_answered header_broken"),
    ("3.1.2.16", "badvers", 505, "request_answered version"),
    ("3.1.2.17", "mismatch01", 400, "request_answered method_mismatch"),
    ("3.1.2.18", "mismatch02", 400, "request_answered method_mismatch"),
    ("3.1.2.19", "bigcode", 0, "response_broken status_code"),
    ("3.2.1", "badbranch", 200, ""),
    ("3.3.1", "insuf", 400, "request_answered header_missing"),
    ("3.3.2", "unkscm", 416, "request_answered request_uri_scheme"),
    ("3.3.3", "novelsc", 416, "request_answered request_uri_scheme"),
    ("3.3.4", "unksm2", 405, "request_answered method_not_served"),
    ("3.3.5", "bext01", 420, "request_answered extension"),
    ("3.3.6", "invut", 415, "request_answered media_type"),
    ("3.3.7", "regaut01", 405, "request_answered method_not_served"),
    ("3.3.8", "multi01", 400, "request_answered header_repeated"),
    ("3.3.9", "mcl01", 400, "request_answered header_repeated"),
    ("3.3.10", "bcast", 0, "response_foreign"),
    ("3.3.11", "zeromf", 200, ""),
    ("3.3.12", "cparam01", 405, "request_answered method_not_served"),
    ("3.3.13", "cparam02", 405, "request_answered method_not_served"),
    ("3.3.14", "regescrt", 405, "request_answered method_not_served"),
    ("3.3.15", "sdp01", 406, "request_answered accept"),
    ("3.4.1", "inv2543", 403, "refused number_not_e164"),
];

/// Says a message from a host, and returns the final answer with what has counted it.
fn said(name: &str, source: [u8; 4]) -> (u16, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sip/tests/torture").join(name);
    let path = path.with_extension("sip");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut world = World::new();
    let peer = Peer::new(source);
    let flow: Flow = peer.flow(&Destination::Target(peer.target()));
    world.hear(Input::Received { flow, bytes: &bytes });
    world.settle(&mut []);
    let code = |text: &String| text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok();
    let answers: Vec<u16> = world.wire.iter().filter_map(|(_, text)| code(text)).collect();
    assert!(world.wire.iter().all(|(remote, _)| remote.ip() == peer.address.ip()), "{name}: to the sender");
    let finals: Vec<u16> = answers.into_iter().filter(|status| *status >= 200).collect();
    assert!(finals.len() <= 1, "{name}: {finals:?}");
    (finals.first().copied().unwrap_or(0), world.counted().join(" "))
}

#[test]
fn each_message_gets_what_it_is_owed_and_is_counted_once() {
    for (section, name, answer, counted) in TABLE {
        assert_eq!(said(name, PBX), (answer, counted.to_owned()), "{section} {name}");
    }
}

#[test]
fn a_host_that_nobody_lists_hears_nothing_of_any() {
    for (section, name, ..) in TABLE {
        let (answer, counted) = said(name, [203, 0, 113, 66]);
        assert_eq!(answer, 0, "{section} {name}");
        assert!(!counted.is_empty(), "{section} {name} is counted");
    }
}
