//! Every timer, on datagrams and on streams.

use sip::flow::Protocol::{self, Tcp, Tls, Udp};

use crate::bench::{Bench, PEER, flow, ours, target, theirs};

/// Writes a log of moments, all of the same.
fn at(moments: &[u64], what: &str) -> Vec<String> {
    moments.iter().map(|moment| format!("{moment} {what}")).collect()
}

fn invited(protocol: Protocol) -> Bench {
    let mut bench = Bench::new();
    bench.ask(ours("INVITE", ""), &target(protocol));
    bench
}

fn asked(method: &str, protocol: Protocol, code: u16) -> Bench {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs(method, "1", protocol), &flow(protocol, PEER));
    bench.answer(id, &request, code);
    bench.log();
    bench
}

#[test]
fn a_and_b_send_an_invite_ever_more_rarely_and_give_up() {
    let mut bench = invited(Udp);
    bench.run_to(60_000);
    let mut expected = at(&[0, 500, 1500, 3500, 7500, 15500, 31500], "> INVITE");
    expected.push("32000 ! failed timeout".to_owned());
    assert_eq!(bench.log(), expected);
    bench.assert_empty();
}

#[test]
fn b_alone_gives_up_on_streams() {
    for protocol in [Tcp, Tls] {
        let mut bench = invited(protocol);
        bench.run_to(60_000);
        assert_eq!(bench.log(), ["0 > INVITE", "32000 ! failed timeout"]);
        bench.assert_empty();
    }
}

#[test]
fn a_provisional_response_stops_a_and_b_for_good() {
    let mut bench = invited(Udp);
    bench.run_to(600);
    bench.answered(180, "theirs", 0);
    bench.run_to(600_000);
    assert_eq!(bench.log(), ["0 > INVITE", "500 > INVITE", "600 ! response 180"]);
    assert_eq!((bench.layer.load().transactions, bench.layer.next_timeout()), (1, None));
}

#[test]
fn d_acknowledges_copies_of_a_refusal_for_32_seconds() {
    let mut bench = invited(Udp);
    bench.run_to(100);
    bench.answered(486, "theirs", 0);
    let refused = bench.requests()[0].clone();
    for moment in [600, 32_099] {
        bench.run_to(moment);
        let copy = sip::Response::to_request(&refused, 486).with_to_tag("theirs").unwrap();
        bench.act(|layer, now| layer.receive_response(now, copy, flow(Udp, PEER)));
    }
    let log = ["0 > INVITE", "100 > ACK", "100 ! response 486", "600 > ACK", "32099 > ACK"];
    assert_eq!(bench.log(), log);
    assert_eq!(bench.layer.load().transactions, 1);
    bench.run_to(32_100);
    bench.assert_empty();
}

#[test]
fn d_and_k_are_zero_on_streams() {
    let mut bench = invited(Tls);
    bench.answered(486, "theirs", 0);
    assert_eq!(bench.log(), ["0 > INVITE", "0 > ACK", "0 ! response 486"]);
    bench.assert_empty();
    bench.ask(ours("OPTIONS", ""), &target(Tcp));
    bench.answered(200, "theirs", 0);
    assert_eq!(bench.log(), ["0 > OPTIONS", "0 ! response 200"]);
    bench.assert_empty();
}

#[test]
fn m_tells_acceptances_for_32_seconds_on_any_protocol() {
    for protocol in [Udp, Tcp] {
        let mut bench = invited(protocol);
        bench.answered(200, "first", 0);
        bench.run_to(31_999);
        bench.answered(200, "second", 0);
        assert_eq!(bench.log(), ["0 > INVITE", "0 ! response 200", "31999 ! response 200"]);
        bench.run_to(32_000);
        bench.assert_empty();
    }
}

#[test]
fn e_and_f_send_a_request_up_to_every_four_seconds_and_give_up() {
    let mut bench = Bench::new();
    bench.ask(ours("OPTIONS", ""), &target(Udp));
    bench.run_to(60_000);
    let moments = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    let mut expected = at(&moments, "> OPTIONS");
    expected.push("32000 ! failed timeout".to_owned());
    assert_eq!(bench.log(), expected);
    bench.assert_empty();
}

#[test]
fn f_alone_gives_up_on_streams() {
    let mut bench = Bench::new();
    bench.ask(ours("BYE", ""), &target(Tcp));
    bench.run_to(60_000);
    assert_eq!(bench.log(), ["0 > BYE", "32000 ! failed timeout"]);
    bench.assert_empty();
}

#[test]
fn a_provisional_response_makes_e_four_seconds_and_leaves_f() {
    let mut bench = Bench::new();
    bench.ask(ours("BYE", ""), &target(Udp));
    bench.run_to(100);
    bench.answered(100, "theirs", 0);
    bench.run_to(60_000);
    let mut expected = vec!["0 > BYE".to_owned(), "100 ! response 100".to_owned()];
    expected.extend(at(&[500, 4500, 8500, 12500, 16500, 20500, 24500, 28500], "> BYE"));
    expected.push("32000 ! failed timeout".to_owned());
    assert_eq!(bench.log(), expected);
}

#[test]
fn k_absorbs_copies_of_a_response_for_five_seconds() {
    let mut bench = Bench::new();
    bench.ask(ours("BYE", ""), &target(Udp));
    bench.answered(200, "theirs", 0);
    bench.run_to(4_999);
    bench.answered(200, "theirs", 0);
    assert_eq!(bench.log(), ["0 > BYE", "0 ! response 200"]);
    assert_eq!(bench.layer.load().transactions, 1);
    bench.run_to(5_000);
    bench.assert_empty();
}

#[test]
fn g_and_h_send_a_refusal_until_nobody_acknowledges_it() {
    let mut bench = asked("INVITE", Udp, 486);
    bench.run_to(60_000);
    let moments = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    let mut expected = at(&moments, "> 486");
    expected.push("32000 ! ack missing".to_owned());
    assert_eq!(bench.log(), expected);
    bench.assert_empty();
}

#[test]
fn h_alone_gives_up_on_streams() {
    let mut bench = asked("INVITE", Tcp, 486);
    bench.run_to(60_000);
    assert_eq!(bench.log(), ["32000 ! ack missing"]);
    bench.assert_empty();
}

#[test]
fn i_absorbs_copies_of_the_ack_for_five_seconds_and_none_on_streams() {
    let mut bench = asked("INVITE", Udp, 486);
    bench.run_to(100);
    for moment in [100, 5_099] {
        bench.run_to(moment);
        bench.receive(&theirs("ACK", "1", Udp), &flow(Udp, PEER));
    }
    assert_eq!(bench.log(), [""; 0]);
    bench.run_to(5_100);
    bench.assert_empty();

    let mut bench = asked("INVITE", Tls, 486);
    bench.receive(&theirs("ACK", "1", Tls), &flow(Tls, PEER));
    assert_eq!(bench.log(), [""; 0]);
    bench.assert_empty();
}

#[test]
fn j_answers_copies_for_32_seconds_and_not_on_streams() {
    let mut bench = asked("OPTIONS", Udp, 200);
    bench.run_to(31_999);
    bench.receive(&theirs("OPTIONS", "1", Udp), &flow(Udp, PEER));
    assert_eq!(bench.log(), ["31999 > 200"]);
    bench.run_to(32_000);
    bench.assert_empty();
    asked("OPTIONS", Tcp, 200).assert_empty();
}

#[test]
fn an_acceptance_is_sent_until_its_ack_comes_or_l_ends_it_on_any_protocol() {
    for protocol in [Udp, Tcp] {
        let mut bench = asked("INVITE", protocol, 200);
        bench.run_to(60_000);
        let moments = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
        let mut expected = at(&moments, "> 200");
        expected.push("32000 ! ack missing".to_owned());
        assert_eq!(bench.log(), expected);
        bench.assert_empty();
    }
}

#[test]
fn l_absorbs_copies_of_an_invite_that_was_accepted() {
    for protocol in [Udp, Tcp] {
        let mut bench = asked("INVITE", protocol, 200);
        bench.run_to(600);
        let ack =
            theirs("ACK", "2", protocol).replace("198.51.100.1>\r\nCall", "198.51.100.1>;tag=ours\r\nCall");
        bench.receive(&ack, &flow(protocol, PEER));
        bench.receive(&ack, &flow(protocol, PEER));
        bench.run_to(31_999);
        bench.receive(&theirs("INVITE", "1", protocol), &flow(protocol, PEER));
        assert_eq!(bench.log(), ["500 > 200", "600 ! ack"]);
        assert_eq!(bench.layer.load().kept_bytes, 0);
        bench.run_to(32_000);
        bench.assert_empty();
    }
}

#[test]
fn a_request_that_takes_long_gets_a_100_when_the_client_has_slowed_down() {
    for protocol in [Udp, Tcp] {
        let mut bench = Bench::new();
        let (id, request) = bench.asked(&theirs("OPTIONS", "1", protocol), &flow(protocol, PEER));
        bench.run_to(3_000);
        bench.receive(&theirs("OPTIONS", "1", protocol), &flow(protocol, PEER));
        bench.run_to(4_000);
        bench.receive(&theirs("OPTIONS", "1", protocol), &flow(protocol, PEER));
        bench.answer(id, &request, 200);
        assert_eq!(bench.log(), ["0 ! request OPTIONS", "3500 > 100", "4000 > 100", "4000 > 200"]);
    }
}

#[test]
fn no_request_but_invite_is_told_of_progress_or_of_408() {
    let mut bench = Bench::new();
    let (id, request) = bench.asked(&theirs("OPTIONS", "1", Udp), &flow(Udp, PEER));
    for code in [100, 180, 408] {
        bench.answer(id, &request, code);
    }
    bench.receive(&theirs("OPTIONS", "1", Udp), &flow(Udp, PEER));
    bench.run_to(32_000);
    assert_eq!(bench.log(), ["0 ! request OPTIONS"]);
    bench.assert_empty();
}
