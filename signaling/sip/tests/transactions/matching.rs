//! Which transaction a message belongs to.

use proptest::prelude::*;
use sip::flow::Protocol::{Tcp, Udp};
use sip::transaction::{Event, Reason};
use sip::{Name, Response};

use crate::bench::{Bench, PEER, flow, ours, target, theirs, with_via};

const URI: &str = "sip:bob@198.51.100.1";

#[test]
fn a_copy_gets_the_last_response_and_the_user_hears_nothing() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.receive(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.answer(id, &request, 180);
    bench.receive(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    let log = ["0 > 100", "0 ! request INVITE", "0 > 100", "0 > 180", "0 > 180"];
    assert_eq!(bench.log(), log);
    assert!(
        std::rc::Rc::ptr_eq(&bench.transmits[2].bytes, &bench.transmits[3].bytes),
        "copies share their bytes"
    );
    assert_eq!(bench.layer.counters().of(Reason::RequestRepeated), 2);
}

#[test]
fn branch_sent_by_and_method_tell_requests_apart() {
    let via = |host: &str, branch: &str| format!("SIP/2.0/UDP {host};branch={branch}");
    let first = with_via("OPTIONS", &via("a.example", "z9hG4bK1"), URI, "");
    for (again, other) in [
        (true, with_via("OPTIONS", &via("a.example", "z9hG4bK1"), "sip:else@198.51.100.1", ";tag=x")),
        // The port that goes without saying, and the case of a host, make no difference.
        (true, with_via("OPTIONS", &via("A.Example:5060", "z9hG4bK1"), URI, "")),
        (false, with_via("OPTIONS", &via("a.example:5070", "z9hG4bK1"), URI, "")),
        (false, with_via("OPTIONS", &via("b.example", "z9hG4bK1"), URI, "")),
        (false, with_via("OPTIONS", &via("a.example", "z9hG4bK2"), URI, "")),
        (false, with_via("MESSAGE", &via("a.example", "z9hG4bK1"), URI, "")),
    ] {
        let mut bench = Bench::new();
        bench.receive(&first, &flow(Udp, PEER));
        bench.receive(&other, &flow(Udp, PEER));
        assert_eq!(bench.layer.load().transactions, if again { 1 } else { 2 }, "{other}");
    }
}

#[test]
fn the_same_bytes_by_another_way_or_from_another_host_are_another_request() {
    let mut bench = Bench::new();
    let options = with_via("OPTIONS", "SIP/2.0/UDP a.example;branch=z9hG4bK1", URI, "");
    let elsewhere = PEER.replace("192.0.2.1", "192.0.2.2");
    assert_ne!(elsewhere, PEER);
    for way in [flow(Udp, PEER), flow(Tcp, PEER), flow(Udp, &elsewhere)] {
        let (id, request) = bench.asked(&options, &way);
        bench.answer(id, &request, 200);
    }
    assert_eq!(bench.layer.counters().of(Reason::RequestRepeated), 0);
    // From another port of the host it is a copy: an address translation may have changed it.
    bench.receive(&options, &flow(Udp, &PEER.replace(":5060", ":5070")));
    assert_eq!(bench.layer.counters().of(Reason::RequestRepeated), 1);
}

#[test]
fn without_the_cookie_rfc_2543_matches() {
    for via in
        ["SIP/2.0/UDP a.example;branch=1", "SIP/2.0/UDP a.example", "SIP/2.0/UDP a.example;branch=z9hG4bK"]
    {
        let mut bench = Bench::new();
        let (id, request) = bench.asked(&with_via("INVITE", via, URI, ""), &flow(Udp, PEER));
        bench.receive(&with_via("INVITE", via, URI, ""), &flow(Udp, PEER));
        bench.receive(&with_via("CANCEL", via, URI, ""), &flow(Udp, PEER));
        bench.answer(id, &request, 487);
        bench.receive(&with_via("ACK", via, URI, ";tag=ours"), &flow(Udp, PEER));
        bench.run_to(400);
        let log = ["0 > 100", "0 ! request INVITE", "0 > 100", "0 > 200", "0 ! cancelled", "0 > 487"];
        assert_eq!(bench.log(), log, "{via}");
        bench.receive(&with_via("INVITE", via, "sip:else@198.51.100.1", ""), &flow(Udp, PEER));
        bench.receive(&with_via("INVITE", "SIP/2.0/UDP b.example", URI, ""), &flow(Udp, PEER));
        let log = ["400 > 100", "400 ! request INVITE", "400 > 100", "400 ! request INVITE merged"];
        assert_eq!(bench.log(), log, "{via}");
    }
}

#[test]
fn only_the_topmost_via_counts() {
    let vias = "SIP/2.0/UDP edge.example;branch=z9hG4bKedge, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKinner";
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&with_via("OPTIONS", vias, URI, ""), &flow(Udp, PEER));
    bench.answer(id, &request, 200);
    let sent: Vec<_> = bench.responses()[0].headers().all(Name::Via).map(str::to_owned).collect();
    let expected = [
        "SIP/2.0/UDP edge.example;branch=z9hG4bKedge;received=192.0.2.1",
        "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKinner",
    ];
    assert_eq!(sent, expected);
}

#[test]
fn a_request_that_came_by_two_ways_is_told_as_merged() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.receive(&theirs("INVITE", "2", Udp), &flow(Udp, PEER));
    let log = ["0 > 100", "0 ! request INVITE", "0 > 100", "0 ! request INVITE merged"];
    assert_eq!(bench.log(), log);
    // Within a dialog there is nothing to merge, and what is over is forgotten.
    bench.receive(&with_via("INVITE", "SIP/2.0/UDP x;branch=z9hG4bK3", URI, ";tag=ours"), &flow(Udp, PEER));
    bench.answer(id, &request, 486);
    bench.receive(&theirs("ACK", "1", Udp), &flow(Udp, PEER));
    bench.run_to(5_000);
    bench.receive(&theirs("INVITE", "4", Udp), &flow(Udp, PEER));
    let log = bench.log();
    assert_eq!(log.iter().filter(|line| line.ends_with("request INVITE")).count(), 2, "{log:?}");
}

#[test]
fn a_request_that_was_refused_may_come_again_with_the_same_number() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.answer(id, &request, 503);
    bench.run_to(100);
    bench.log();
    bench.receive(&theirs("INVITE", "2", Udp), &flow(Udp, PEER));
    bench.receive(&theirs("INVITE", "3", Udp), &flow(Udp, PEER));
    let log = ["100 > 100", "100 ! request INVITE", "100 > 100", "100 ! request INVITE merged"];
    assert_eq!(bench.log(), log);
    // The end of the first one leaves what leads to the second one.
    bench.receive(&theirs("ACK", "1", Udp), &flow(Udp, PEER));
    bench.run_to(6_000);
    assert_eq!(bench.layer.load().transactions, 2);
    bench.receive(&theirs("INVITE", "4", Udp), &flow(Udp, PEER));
    assert_eq!(bench.log(), ["6000 > 100", "6000 ! request INVITE merged"]);
}

#[test]
fn the_ack_of_an_acceptance_is_found_by_its_dialog_and_number() {
    let ack = |change: (&str, &str)| {
        with_via("ACK", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKack", URI, ";tag=ours")
            .replace(change.0, change.1)
    };
    for (change, found) in [
        (("call-1", "call-1"), true),
        // Hosts may have been rewritten on the way.
        (("alice@192.0.2.1>;tag", "alice@sbc.example>;tag"), true),
        (("branch=z9hG4bKack", "branch=z9hG4bK1"), true),
        (("call-1", "call-2"), false),
        (("tag=ours", "tag=others"), false),
        (("tag=theirs", "tag=other"), false),
        (("CSeq: 1", "CSeq: 2"), false),
    ] {
        let mut bench = Bench::new();
        let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
        bench.answer(id, &request, 200);
        bench.receive(&ack(change), &flow(Udp, PEER));
        let Some(Event::Ack { id: told, .. }) = bench.events.last() else { panic!("{change:?}: it is told") };
        assert_eq!(*told, found.then_some(id), "{change:?}");
    }
}

#[test]
fn an_ack_before_any_answer_is_dropped() {
    let mut bench = Bench::new();
    bench.receive(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.receive(&theirs("ACK", "1", Udp), &flow(Udp, PEER));
    assert_eq!(bench.log(), ["0 > 100", "0 ! request INVITE"]);
    assert_eq!(bench.layer.counters().of(Reason::AckEarly), 1);
}

#[test]
fn a_response_is_ours_by_its_branch_and_its_only_via() {
    let mut bench = Bench::new();
    bench.ask(ours("OPTIONS", ""), &target(Tcp));
    let sent = bench.requests()[0].clone();
    let via = sent.header(Name::Via).unwrap().to_owned();
    assert!(via.starts_with("SIP/2.0/TCP 198.51.100.1;branch=z9hG4bK") && !via.contains("rport"), "{via}");
    let good = Response::to_request(&sent, 200);
    let changed = |change: &dyn Fn(&mut Response)| {
        let mut response = good.clone();
        change(&mut response);
        response
    };
    let other_digit = if via.ends_with('0') { "1" } else { "0" };
    let other_via = format!("{}{other_digit}", &via[..via.len() - 1]);
    for (response, reason, count) in [
        (changed(&|response| response.headers_mut().set(Name::Via, &*other_via)), Reason::ResponseForeign, 1),
        (
            changed(&|response| response.headers_mut().push(Name::Via, "SIP/2.0/TCP x")),
            Reason::ResponseVias,
            1,
        ),
        (changed(&|response| response.headers_mut().set(Name::CSeq, "1 INVITE")), Reason::ResponseMethod, 1),
        (changed(&|response| response.headers_mut().set(Name::CSeq, "1 CANCEL")), Reason::ResponseMethod, 2),
    ] {
        bench.act(|layer, now| layer.receive_response(now, response, flow(Tcp, PEER)));
        assert_eq!(bench.layer.counters().of(reason), count, "{reason:?}");
    }
    assert_eq!(bench.log(), ["0 > OPTIONS"]);
    for _ in 0..2 {
        let copy = good.clone();
        bench.act(|layer, now| layer.receive_response(now, copy, flow(Tcp, PEER)));
    }
    assert_eq!(bench.log(), ["0 ! response 200"]);
    assert_eq!(bench.layer.counters().of(Reason::ResponseLate), 1);
}

#[test]
fn the_port_of_datagrams_is_asked_for() {
    let mut bench = Bench::new();
    bench.ask(ours("OPTIONS", ""), &target(Udp));
    assert!(bench.requests()[0].top_via().unwrap().wants_rport());
}

fn part() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9]{1,4}"
}

proptest! {
    /// Whatever the parts are, requests are the same one when and only when branch, host and method are.
    #[test]
    fn requests_are_the_same_by_their_parts_only(
        branches in (part(), part()), hosts in (part(), part()), methods in (0..3_usize, 0..3_usize), same: u8,
    ) {
        let pick = |bit: u8, (first, second): (String, String)| {
            let second = if same & bit == 0 { first.clone() } else { second };
            (first, second)
        };
        let (branches, hosts) = (pick(1, branches), pick(2, hosts));
        let words = ["OPTIONS", "BYE", "MESSAGE"];
        let text = |method: usize, host: &str, branch: &str| {
            with_via(words[method], &format!("SIP/2.0/UDP h{host}.example;branch=z9hG4bK{branch}"), URI, "")
        };
        let mut bench = Bench::new();
        bench.receive(&text(methods.0, &hosts.0, &branches.0), &flow(Udp, PEER));
        bench.receive(&text(methods.1, &hosts.1, &branches.1), &flow(Udp, PEER));
        let equal = methods.0 == methods.1
            && branches.0 == branches.1
            && hosts.0.eq_ignore_ascii_case(&hosts.1);
        prop_assert_eq!(bench.layer.load().transactions, if equal { 1 } else { 2 });
    }

    /// A branch of ours leads to its own request, and to no other one.
    #[test]
    fn responses_find_their_requests_in_any_order(order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let mut bench = Bench::new();
        let ids: Vec<_> = order.iter().map(|_| bench.ask(ours("OPTIONS", ""), &target(Udp))).collect();
        let sent = bench.requests();
        for at in order {
            let response = Response::to_request(&sent[at], 200);
            bench.act(|layer, now| layer.receive_response(now, response, flow(Udp, PEER)));
            let found = matches!(bench.events.last(), Some(Event::Response { id, .. }) if *id == ids[at]);
            prop_assert!(found);
        }
    }

    /// A guessed branch is nobody's.
    #[test]
    fn a_branch_that_was_not_minted_here_is_foreign(number: u64, proof: u64) {
        let mut bench = Bench::new();
        bench.ask(ours("OPTIONS", ""), &target(Udp));
        let mut response = Response::to_request(&bench.requests()[0], 200);
        let via = format!("SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{number:016x}{proof:016x}");
        response.headers_mut().set(Name::Via, via);
        bench.act(|layer, now| layer.receive_response(now, response, flow(Udp, PEER)));
        prop_assert_eq!(bench.layer.counters().of(Reason::ResponseForeign), 1);
    }
}
