//! What the user of the transactions has no room for is refused without state.

use sip::Name;
use sip::flow::Protocol::Udp;
use sip::transaction::{Limits, Reason};

use crate::bench::{Bench, PEER, flow, request, theirs, with_via};

#[test]
fn what_is_refused_for_load_is_forgotten_and_its_ack_is_known() {
    let mut bench = Bench::with_limits(Limits::default());
    let before = bench.layer.load();
    let invite = request(&theirs("INVITE", "a", Udp));
    bench.act(|layer, _| layer.refuse_for_now(invite, &flow(Udp, PEER), 7));
    assert_eq!(bench.log(), ["0 > 503"]);
    assert_eq!(bench.layer.load(), before);
    let refusal = bench.responses().pop().unwrap();
    assert_eq!(refusal.header(Name::RetryAfter), Some("7"));
    let tag = format!(";tag={}", refusal.to_tag().unwrap());
    let via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa";
    bench.receive(&with_via("ACK", via, "sip:bob@198.51.100.1", &tag), &flow(Udp, PEER));
    assert_eq!(bench.log(), [""; 0]);
    let counters = bench.layer.counters();
    assert_eq!((counters.of(Reason::RefusedLoad), counters.of(Reason::AckOfRefusal)), (1, 1));
}

#[test]
fn a_copy_is_told_from_a_new_request() {
    let mut bench = Bench::with_limits(Limits::default());
    let (first, other) = (theirs("INVITE", "a", Udp), theirs("INVITE", "b", Udp));
    assert!(!bench.layer.knows(&request(&first), &flow(Udp, PEER)));
    bench.receive(&first, &flow(Udp, PEER));
    assert!(
        bench.layer.knows(&request(&first), &flow(Udp, PEER))
            && !bench.layer.knows(&request(&other), &flow(Udp, PEER))
    );
}
