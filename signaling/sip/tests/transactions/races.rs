//! What other back-to-back user agents got wrong, each as a call in which it would show.

use sip::dialog::{Dialog, Order};
use sip::flow::Protocol::{Tcp, Udp};
use sip::transaction::{Event, Reason};
use sip::{Method, Name, Request, Response};

use crate::bench::{Bench, LOCAL, PEER, flow, ours, target, theirs, with_via};

const URI: &str = "sip:bob@198.51.100.1";

/// The response that the user was told last.
fn told(bench: &Bench) -> Response {
    match bench.events.last() {
        Some(Event::Response { response, .. }) => response.clone(),
        other => panic!("a response is told, not {other:?}"),
    }
}

/// The peer accepts our INVITE: with a way of its own, and a Contact.
fn accept(bench: &mut Bench, invite: &Request, tag: &str) {
    let acceptance = Response::to_request(invite, 200)
        .with_to_tag(tag)
        .expect("To is one")
        .with(Name::RecordRoute, "<sip:near.example;lr>")
        .with(Name::RecordRoute, "<sip:far.example;lr=on>")
        .with(Name::Contact, format!("<sip:{tag}@pbx.example:5070>"));
    bench.act(|layer, now| layer.receive_response(now, acceptance, flow(Udp, PEER)));
}

fn acknowledge(bench: &mut Bench, ack: Request) {
    bench.act(|layer, _| layer.acknowledge(ack, target(Udp), LOCAL)).expect("it can be written");
}

#[test]
fn one_lost_datagram_costs_half_a_second_and_not_thirty() {
    let mut bench = Bench::new();
    bench.ask(ours("INVITE", ""), &target(Udp));
    bench.transmits.clear();
    bench.run_to(500);
    bench.answered(200, "theirs", 0);
    assert_eq!(bench.log(), ["0 > INVITE", "500 > INVITE", "500 ! response 200"]);
}

#[test]
fn the_487_to_our_own_cancel_is_acknowledged_also_when_it_comes_again() {
    let mut bench = Bench::new();
    let id = bench.ask(ours("INVITE", "Route: <sip:edge.example;lr>\r\n"), &target(Udp));
    bench.answered(180, "theirs", 0);
    bench.act(|layer, now| layer.cancel(now, id, None));
    bench.answered(487, "theirs", 1);
    bench.answered(487, "theirs", 2);
    let log = ["0 > INVITE", "0 ! response 180", "0 > CANCEL", "0 > ACK", "0 ! response 487", "0 > ACK"];
    assert_eq!(bench.log(), log);
    let [invite, _, ack, _] = &bench.requests()[..] else { panic!("four requests were sent") };
    for name in [Name::Via, Name::Route, Name::From, Name::CallId] {
        assert_eq!(ack.header(name), invite.header(name), "{name:?}");
    }
    assert_eq!((ack.to_tag(), ack.header(Name::CSeq)), (Some("theirs"), Some("1 ACK")));
}

#[test]
fn a_200_that_races_our_cancel_is_told_and_can_be_ended() {
    let mut bench = Bench::new();
    let id = bench.ask(ours("INVITE", ""), &target(Udp));
    bench.answered(180, "theirs", 0);
    bench.act(|layer, now| layer.cancel(now, id, None));
    let invite = bench.requests()[0].clone();
    accept(&mut bench, &invite, "theirs");
    assert_eq!(bench.log().last().map(String::as_str), Some("0 ! response 200"));
    let mut dialog = Dialog::uac(&invite, &told(&bench)).unwrap();
    acknowledge(&mut bench, dialog.ack(1));
    // A BYE after the CANCEL goes by the route set as any other.
    let bye = dialog.request(Method::Bye);
    let routes: Vec<_> = bye.headers().all(Name::Route).collect();
    assert_eq!(routes, ["<sip:far.example;lr=on>", "<sip:near.example;lr>"]);
    assert_eq!(bye.uri().as_str(), "sip:theirs@pbx.example:5070");
    bench.ask(bye, &target(Udp));
    assert_eq!(bench.log(), ["0 > ACK", "0 > BYE"]);
}

#[test]
fn a_200_after_the_call_is_gone_is_acknowledged_from_itself_alone() {
    let mut bench = Bench::new();
    bench.ask(ours("INVITE", ""), &target(Tcp));
    let invite = bench.requests()[0].clone();
    bench.answered(486, "first", 0);
    bench.assert_empty();
    bench.log();
    // Another branch of a fork accepts when nothing is left of the transaction.
    accept(&mut bench, &invite, "second");
    assert_eq!(bench.log(), ["0 ! response 200"]);
    let mut dialog = Dialog::from_acceptance(&told(&bench)).unwrap();
    let ack = dialog.ack(dialog.local_number());
    assert_eq!((ack.to_tag(), ack.header(Name::CSeq)), (Some("second"), Some("1 ACK")));
    assert_eq!(dialog.next_hop().as_str(), "sip:far.example;lr=on");
    acknowledge(&mut bench, ack);
    bench.ask(dialog.request(Method::Bye), &target(Tcp));
    assert_eq!(bench.log(), ["0 > ACK", "0 > BYE"]);
}

#[test]
fn every_copy_of_a_200_is_told_so_that_it_gets_its_ack() {
    let mut bench = Bench::new();
    bench.ask(ours("INVITE", ""), &target(Udp));
    let invite = bench.requests()[0].clone();
    let mut branches = Vec::new();
    for _ in 0..3 {
        accept(&mut bench, &invite, "theirs");
        let dialog = Dialog::uac(&invite, &told(&bench)).unwrap();
        acknowledge(&mut bench, dialog.ack(1));
        let ack = bench.requests().pop().unwrap();
        branches.push(ack.top_via().unwrap().branch().unwrap().to_owned());
    }
    branches.dedup();
    assert_eq!(branches.len(), 3, "each ACK is a transaction of its own: {branches:?}");
}

#[test]
fn forks_are_told_with_their_own_tags() {
    let mut bench = Bench::new();
    bench.ask(ours("INVITE", ""), &target(Udp));
    let invite = bench.requests()[0].clone();
    let mut dialogs = std::collections::HashSet::new();
    for tag in ["first", "second", "third"] {
        accept(&mut bench, &invite, tag);
        dialogs.insert(Dialog::uac(&invite, &told(&bench)).unwrap().id().clone());
    }
    assert_eq!(dialogs.len(), 3);
}

#[test]
fn a_bye_after_the_end_is_told_and_so_never_met_with_silence() {
    let mut bench = Bench::new();
    let bye = with_via("BYE", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK9", URI, ";tag=gone");
    let (id, request) = bench.asked(&bye, &flow(Udp, PEER));
    bench.answer(id, &request, 481);
    bench.receive(&bye, &flow(Udp, PEER));
    assert_eq!(bench.log(), ["0 ! request BYE", "0 > 481", "0 > 481"]);
}

#[test]
fn a_retry_after_401_is_alone_with_its_answers() {
    let mut bench = Bench::new();
    let first = bench.ask(ours("INVITE", ""), &target(Udp));
    bench.answered(401, "theirs", 0);
    let mut again = ours("INVITE", "Authorization: Digest username=\"a\"\r\n");
    again.headers_mut().set(Name::CSeq, "2 INVITE");
    let second = bench.ask(again, &target(Udp));
    assert_ne!(first, second);
    bench.log();
    // The copy of the 401 is acknowledged, and not taken for the answer to the retry.
    bench.answered(401, "theirs", 2);
    assert_eq!(bench.log(), ["0 > ACK"]);
    assert_eq!(bench.requests().pop().unwrap().header(Name::CSeq), Some("1 ACK"));
    bench.answered(200, "theirs", 1);
    assert!(matches!(bench.events.last(), Some(Event::Response { id, .. }) if *id == second));
}

#[test]
fn the_ack_of_a_refusal_is_not_taken_for_a_new_request() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.answer(id, &request, 404);
    let ack = with_via("ACK", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", URI, ";tag=ours");
    bench.receive(&ack, &flow(Udp, PEER));
    assert_eq!(bench.log(), ["0 > 100", "0 ! request INVITE", "0 > 404"]);
}

#[test]
fn a_200_of_ours_is_sent_again_until_its_ack_comes() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.answer(id, &request, 200);
    bench.run_to(1_500);
    let ack = with_via("ACK", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2", URI, ";tag=ours");
    bench.receive(&ack, &flow(Udp, PEER));
    bench.run_to(60_000);
    let log = ["0 > 100", "0 ! request INVITE", "0 > 200", "500 > 200", "1500 > 200", "1500 ! ack"];
    assert_eq!(bench.log(), log);
    bench.assert_empty();
}

#[test]
fn a_copy_of_an_invite_that_was_accepted_is_no_new_call() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    bench.answer(id, &request, 200);
    bench.log();
    bench.receive(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    assert_eq!(bench.log(), [""; 0]);
}

#[test]
fn a_second_final_response_is_not_sent() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &flow(Udp, PEER));
    for code in [486, 200, 180, 487] {
        bench.answer(id, &request, code);
    }
    assert_eq!(bench.log(), ["0 > 100", "0 ! request INVITE", "0 > 486"]);
    assert_eq!(bench.layer.counters().of(Reason::AnswerRepeated), 3);
}

#[test]
fn a_request_of_a_dialog_is_found_whatever_connection_brings_it() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Tcp), &flow(Tcp, PEER));
    let acceptance = Response::to_request(&request, 200).with_to_tag("ours").unwrap();
    bench.act(|layer, now| layer.respond(now, id, acceptance.clone())).unwrap();
    let dialog = Dialog::uas(&request, &acceptance).unwrap();
    let bye = with_via("BYE", "SIP/2.0/TCP sbc.example;branch=z9hG4bK7", "sip:198.51.100.1", ";tag=ours")
        .replace("alice@192.0.2.1", "alice@rewritten.example");
    let (_, bye) = bench.asked(&bye, &flow(Tcp, "203.0.113.9:41000"));
    assert!(dialog.matches(&bye));
}

#[test]
fn a_180_after_the_200_is_not_told() {
    let mut bench = Bench::new();
    bench.ask(ours("INVITE", ""), &target(Udp));
    bench.answered(200, "theirs", 0);
    bench.answered(180, "theirs", 0);
    assert_eq!(bench.log(), ["0 > INVITE", "0 ! response 200"]);
    assert_eq!(bench.layer.counters().of(Reason::ResponseRepeated), 1);
}

#[test]
fn a_cancel_has_the_to_of_its_invite_even_when_the_response_has_a_tag() {
    let mut bench = Bench::new();
    let id = bench.ask(ours("INVITE", ""), &target(Udp));
    bench.answered(183, "theirs", 0);
    bench.act(|layer, now| layer.cancel(now, id, None));
    let cancel = bench.requests().pop().unwrap();
    assert_eq!(cancel.header(Name::To), Some("<sip:bob@192.0.2.1>"), "no tag, not even an empty one");
}

#[test]
fn what_waits_for_an_ack_that_never_comes_is_not_kept() {
    let mut bench = Bench::new();
    for code in [200, 486] {
        let (id, request) = bench.asked(&theirs("INVITE", &code.to_string(), Udp), &flow(Udp, PEER));
        bench.answer(id, &request, code);
    }
    bench.run_to(32_000);
    assert_eq!(bench.log().iter().filter(|line| line.ends_with("ack missing")).count(), 2);
    bench.assert_empty();
}

#[test]
fn the_ack_to_a_contact_with_a_name_goes_to_that_name() {
    let mut bench = Bench::new();
    bench.ask(ours("INVITE", ""), &target(Udp));
    let invite = bench.requests()[0].clone();
    let acceptance = Response::to_request(&invite, 200)
        .with_to_tag("theirs")
        .unwrap()
        .with(Name::Contact, "<sip:bob@pbx.customer.example;transport=tcp>");
    let dialog = Dialog::uac(&invite, &acceptance).unwrap();
    assert_eq!(dialog.next_hop().as_str(), "sip:bob@pbx.customer.example;transport=tcp");
    assert_eq!(dialog.ack(1).uri(), &dialog.next_hop());
}

#[test]
fn the_ack_of_an_old_invite_has_its_number_when_a_new_one_is_under_way() {
    let mut bench = Bench::new();
    bench.ask(ours("INVITE", ""), &target(Udp));
    let invite = bench.requests()[0].clone();
    accept(&mut bench, &invite, "theirs");
    let mut dialog = Dialog::uac(&invite, &told(&bench)).unwrap();
    acknowledge(&mut bench, dialog.ack(1));
    bench.ask(dialog.request(Method::Invite), &target(Udp));
    // Our ACK was lost, so that the first acceptance comes again.
    accept(&mut bench, &invite, "theirs");
    let number = told(&bench).cseq().unwrap().seq;
    acknowledge(&mut bench, dialog.ack(number));
    let sent: Vec<_> =
        bench.requests().iter().map(|sent| sent.header(Name::CSeq).unwrap().to_owned()).collect();
    assert_eq!(sent, ["1 INVITE", "1 ACK", "2 INVITE", "1 ACK"]);
}

#[test]
fn a_request_that_is_repeated_over_a_stream_when_its_transaction_is_over_is_known_by_its_number() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("INVITE", "1", Tcp), &flow(Tcp, PEER));
    let acceptance = Response::to_request(&request, 200).with_to_tag("ours").unwrap();
    bench.act(|layer, now| layer.respond(now, id, acceptance.clone())).unwrap();
    let mut dialog = Dialog::uas(&request, &acceptance).unwrap();
    let bye =
        with_via("BYE", "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK2", URI, ";tag=ours").replace("1 BYE", "2 BYE");
    let mut orders = Vec::new();
    for _ in 0..2 {
        let (id, request) = bench.asked(&bye, &flow(Tcp, PEER));
        orders.push(dialog.receive(&request));
        bench.answer(id, &request, 200);
    }
    assert_eq!(orders, [Order::Next, Order::Repeated]);
}
