//! CANCEL, both ways: RFC 3261 section 9.

use sip::flow::Protocol::{Tcp, Tls, Udp};
use sip::transaction::Reason;
use sip::{Method, Name, Response};

use crate::bench::{Bench, PEER, flow, ours, target, theirs};

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new();
    let id = bench.ask(ours("INVITE", "Route: <sip:edge.example;lr>\r\n"), &target(Tls));
    bench.act(|layer, now| layer.cancel(now, id, Some("SIP;cause=200;text=\"Call completed elsewhere\"")));
    assert_eq!(bench.log(), ["0 > INVITE"]);
    bench.answered(180, "theirs", 0);
    assert_eq!(bench.log(), ["0 > CANCEL", "0 ! response 180"]);
    let [invite, cancel] = &bench.requests()[..] else { panic!("two requests were sent") };
    for name in [Name::Via, Name::Route, Name::From, Name::To, Name::CallId] {
        assert_eq!(cancel.header(name), invite.header(name), "{name:?}");
    }
    assert_eq!((cancel.uri(), cancel.header(Name::CSeq)), (invite.uri(), Some("1 CANCEL")));
    assert_eq!(cancel.header(Name::Reason), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
}

#[test]
fn a_cancel_is_sent_until_it_is_answered_and_its_answer_is_not_told() {
    let mut bench = Bench::new();
    let id = bench.ask(ours("INVITE", ""), &target(Udp));
    bench.answered(100, "", 0);
    bench.act(|layer, now| layer.cancel(now, id, None));
    bench.run_to(600);
    bench.answered(200, "theirs", 0);
    bench.run_to(700);
    bench.answered(487, "theirs", 2);
    bench.run_to(60_000);
    let log =
        ["0 > INVITE", "0 ! response 100", "0 > CANCEL", "500 > CANCEL", "700 > ACK", "700 ! response 487"];
    assert_eq!(bench.log(), log);
    bench.assert_empty();
}

#[test]
fn what_is_answered_before_a_provisional_response_is_not_cancelled() {
    let mut bench = Bench::new();
    let id = bench.ask(ours("INVITE", ""), &target(Udp));
    bench.act(|layer, now| layer.cancel(now, id, None));
    bench.answered(486, "theirs", 0);
    bench.run_to(60_000);
    assert_eq!(bench.log(), ["0 > INVITE", "0 > ACK", "0 ! response 486"]);
    bench.assert_empty();
}

#[test]
fn what_was_cancelled_and_is_not_answered_fails_after_32_seconds() {
    let mut bench = Bench::new();
    let id = bench.ask(ours("INVITE", ""), &target(Tcp));
    bench.answered(180, "theirs", 0);
    bench.run_to(1_000);
    bench.act(|layer, now| layer.cancel(now, id, None));
    bench.answered(200, "theirs", 0);
    bench.run_to(60_000);
    let log = ["0 > INVITE", "0 ! response 180", "1000 > CANCEL", "33000 ! failed timeout"];
    assert_eq!(bench.log(), log);
    bench.assert_empty();
}

#[test]
fn only_an_open_invite_is_cancelled_and_once() {
    let mut bench = Bench::new();
    let bye = bench.ask(ours("BYE", ""), &target(Udp));
    let invite = bench.ask(ours("INVITE", ""), &target(Udp));
    bench.answered(180, "theirs", 0);
    bench.log();
    for id in [bye, invite, invite] {
        bench.act(|layer, now| layer.cancel(now, id, None));
    }
    assert_eq!(bench.log(), ["0 > CANCEL"]);
    assert_eq!(bench.layer.counters().of(Reason::CancelLate), 2);
}

#[test]
fn a_cancel_of_the_peer_is_answered_and_told_once() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.answer(id, &request, 180);
    bench.receive(&theirs("CANCEL", "1", Udp), &flow(Udp, PEER));
    bench.receive(&theirs("CANCEL", "1", Udp), &flow(Udp, PEER));
    let log = ["0 > 100", "0 ! request INVITE", "0 > 180", "0 > 200", "0 ! cancelled", "0 > 200"];
    assert_eq!(bench.log(), log);
    let answer = &bench.responses()[2];
    // RFC 3261 section 9.2: the tag of the answer to the INVITE.
    assert_eq!((answer.to_tag(), answer.header(Name::CSeq)), (Some("ours"), Some("1 CANCEL")));
    bench.answer(id, &request, 487);
    bench.receive(&theirs("ACK", "1", Udp), &flow(Udp, PEER));
    bench.run_to(10_000);
    assert_eq!(bench.log(), ["0 > 487"]);
    bench.assert_empty();
}

#[test]
fn a_cancel_before_any_response_of_the_user_has_a_tag_of_its_own() {
    let mut bench = Bench::new();
    bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.receive(&theirs("CANCEL", "1", Udp), &flow(Udp, PEER));
    assert!(bench.responses()[1].to_tag().is_some_and(|tag| tag.len() == 32));
}

#[test]
fn a_cancel_without_its_invite_is_refused() {
    let mut bench = Bench::new();
    bench.asked(&theirs("OPTIONS", "1", Udp), &flow(Udp, PEER));
    bench.receive(&theirs("CANCEL", "1", Udp), &flow(Udp, PEER));
    bench.receive(&theirs("CANCEL", "other", Udp), &flow(Udp, PEER));
    assert_eq!(bench.log(), ["0 ! request OPTIONS", "0 > 481", "0 > 481"]);
    assert_eq!(bench.layer.counters().of(Reason::CancelUnmatched), 2);
}

#[test]
fn a_cancel_from_another_host_ends_nothing() {
    for protocol in [Udp, Tcp] {
        let mut bench = Bench::new();
        let (id, request) = bench.asked(&theirs("INVITE", "1", protocol), &flow(protocol, PEER));
        bench.receive(&theirs("CANCEL", "1", protocol), &flow(protocol, "192.0.2.2:5060"));
        // Another port, or another connection, of the same host may.
        bench.receive(&theirs("CANCEL", "1", protocol), &flow(protocol, "192.0.2.1:6000"));
        let log = ["0 > 100", "0 ! request INVITE", "0 > 481", "0 > 200", "0 ! cancelled"];
        assert_eq!(bench.log(), log);
        bench.answer(id, &request, 487);
    }
}

#[test]
fn a_cancel_after_the_final_response_is_answered_and_changes_nothing() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.answer(id, &request, 200);
    bench.log();
    bench.receive(&theirs("CANCEL", "1", Udp), &flow(Udp, PEER));
    assert_eq!(bench.log(), ["0 > 200"]);
    bench.run_to(500);
    assert_eq!(bench.log(), ["500 > 200"], "the acceptance still waits for its ACK");
}

#[test]
fn the_answer_to_a_cancel_that_was_never_sent_is_dropped() {
    let mut bench = Bench::new();
    bench.ask(ours("INVITE", ""), &target(Udp));
    let mut cancel = bench.requests()[0].clone();
    cancel.headers_mut().set(Name::CSeq, "1 CANCEL");
    assert_eq!(cancel.method(), Method::Invite, "only its CSeq says CANCEL");
    let answer = Response::to_request(&cancel, 200).with_to_tag("theirs").unwrap();
    bench.act(|layer, now| layer.receive_response(now, answer, flow(Udp, PEER)));
    assert_eq!(bench.log(), ["0 > INVITE"]);
    assert_eq!(bench.layer.counters().of(Reason::ResponseMethod), 1);
}
