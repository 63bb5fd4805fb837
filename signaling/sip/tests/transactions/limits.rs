//! What is full refuses what is new, and never what belongs to a call.

use sip::Name;
use sip::flow::Protocol::Udp;
use sip::transaction::{Limits, Reason};

use crate::bench::{Bench, PEER, flow, theirs, with_via};

const URI: &str = "sip:bob@198.51.100.1";

/// Three calls, then no more.
fn full(limits: Limits) -> Bench {
    let mut bench = Bench::with_limits(limits);
    for branch in ["a", "b", "c"] {
        bench.receive(&theirs("INVITE", branch, Udp), &flow(Udp, PEER));
    }
    bench.log();
    bench
}

fn small() -> Limits {
    Limits { transactions_max: 3, reserve_max: 2, retry_after_seconds: 7, ..Limits::default() }
}

fn in_dialog(method: &str, branch: &str) -> String {
    with_via(method, &format!("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{branch}"), URI, ";tag=ours")
}

#[test]
fn a_new_request_is_refused_without_state() {
    let mut bench = full(small());
    let before = bench.layer.load();
    for method in ["INVITE", "OPTIONS"] {
        for _ in 0..2 {
            bench.receive(&theirs(method, "new", Udp), &flow(Udp, PEER));
        }
    }
    assert_eq!(bench.log(), ["0 > 503"; 4]);
    assert_eq!(bench.layer.load(), before);
    assert_eq!(bench.layer.counters().of(Reason::RefusedFull), 4);
    let refusal = bench.responses().pop().unwrap();
    assert_eq!(refusal.header(Name::RetryAfter), Some("7"));
    assert!(refusal.to_tag().is_some());
}

#[test]
fn the_ack_of_what_was_refused_without_state_goes_no_further() {
    let mut bench = full(small());
    bench.receive(&theirs("INVITE", "new", Udp), &flow(Udp, PEER));
    let tag = bench.responses().pop().unwrap().to_tag().unwrap().to_owned();
    let ack =
        |tag: &str| with_via("ACK", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnew", URI, &format!(";tag={tag}"));
    bench.receive(&ack(&tag), &flow(Udp, PEER));
    assert_eq!(bench.log(), ["0 > 503"]);
    assert_eq!(bench.layer.counters().of(Reason::AckOfRefusal), 1);
    bench.receive(&ack("guessed"), &flow(Udp, PEER));
    assert_eq!(bench.log(), ["0 ! ack of nothing"]);
}

#[test]
fn what_belongs_to_a_call_is_taken_up_to_the_reserve_and_then_dropped() {
    let mut bench = full(small());
    bench.receive(&theirs("CANCEL", "a", Udp), &flow(Udp, PEER));
    bench.receive(&theirs("BYE", "x", Udp), &flow(Udp, PEER));
    bench.receive(&in_dialog("INVITE", "y"), &flow(Udp, PEER));
    let log = ["0 > 200", "0 ! cancelled", "0 ! request BYE", "0 > 100", "0 ! request INVITE"];
    assert_eq!(bench.log(), log);
    bench.receive(&in_dialog("BYE", "z"), &flow(Udp, PEER));
    assert_eq!(bench.log(), [""; 0], "it comes again");
    assert_eq!(bench.layer.counters().of(Reason::RequestOverflow), 1);
}

#[test]
fn a_host_has_its_share() {
    let mut bench = full(Limits { per_host_max: 3, ..Limits::default() });
    bench.receive(&theirs("INVITE", "d", Udp), &flow(Udp, "192.0.2.1:6000"));
    bench.receive(&theirs("INVITE", "e", Udp), &flow(Udp, "[::ffff:192.0.2.1]:5060"));
    assert_eq!(bench.log(), ["0 > 503", "0 > 503"]);
    bench.receive(&theirs("INVITE", "f", Udp), &flow(Udp, "192.0.2.2:5060"));
    assert_eq!(bench.log(), ["0 > 100", "0 ! request INVITE merged"]);
    assert_eq!(bench.layer.counters().of(Reason::RefusedHost), 2);
}

#[test]
fn bytes_that_are_kept_have_a_bound() {
    let mut bench = full(Limits { kept_bytes_max: 500, ..Limits::default() });
    assert!((500..700).contains(&bench.layer.load().kept_bytes), "{:?}", bench.layer.load());
    bench.receive(&theirs("INVITE", "d", Udp), &flow(Udp, PEER));
    assert_eq!(bench.log(), ["0 > 503"]);
    assert_eq!(bench.layer.counters().of(Reason::RefusedBytes), 1);
}

#[test]
fn room_comes_back_when_transactions_end() {
    let mut bench = Bench::with_limits(Limits { transactions_max: 1, per_host_max: 1, ..Limits::default() });
    for round in 0..3_u64 {
        let (id, request) = bench.asked(&theirs("OPTIONS", &round.to_string(), Udp), &flow(Udp, PEER));
        bench.answer(id, &request, 200);
        bench.run_to(32_000 * (round + 1));
        bench.assert_empty();
    }
    assert_eq!(bench.layer.counters().iter().map(|(_, count)| count).sum::<u64>(), 0);
}

#[test]
fn a_hundred_thousand_transactions_come_and_go_in_any_order() {
    const MANY: usize = 100_000;
    let mut bench = Bench::new();
    let sample = crate::bench::request(&theirs("OPTIONS", "1", Udp));
    let way = flow(Udp, PEER);
    let mut waiting = Vec::new();
    for number in 0..MANY {
        let mut request = sample.clone();
        request.headers_mut().set(Name::Via, format!("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{number}"));
        request.headers_mut().set(Name::CallId, number.to_string());
        let now = std::time::Duration::from_micros(number as u64);
        bench.layer.receive_request(now, request, way.clone());
        let Some(sip::transaction::Event::Request { id, request, .. }) = bench.layer.poll_event() else {
            panic!("{number} is new")
        };
        waiting.push((id, request));
    }
    assert_eq!(bench.layer.load().transactions, MANY);
    // Every other one from the front, the rest from the back.
    let (even, odd): (Vec<_>, Vec<_>) = waiting.into_iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let now = std::time::Duration::from_secs(1);
    for (_, (id, request)) in even.into_iter().chain(odd.into_iter().rev()) {
        bench.layer.respond(now, id, sip::Response::to_request(&request, 200)).unwrap();
        assert!(bench.layer.poll_transmit().is_some());
    }
    assert!(bench.layer.load().wakings <= 2 * MANY + 1024, "{:?}", bench.layer.load());
    bench.layer.handle_timeout(std::time::Duration::from_secs(33));
    bench.assert_empty();
}
