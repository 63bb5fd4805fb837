//! What does not get out: connections that are gone, hosts where nobody listens.

use sip::flow::Protocol::{self, Tcp, Tls, Udp};
use sip::flow::{Destination, Flow, Target};

use crate::bench::{Bench, LOCAL, PEER, address, flow, ours, target, theirs, with_via};

const URI: &str = "sip:bob@198.51.100.1";

fn fail(bench: &mut Bench, destination: &Destination) {
    bench.act(|layer, now| layer.send_failed(now, destination));
}

fn rerouted(protocol: Protocol, remote: &str, name: Option<&str>) -> Destination {
    let (remote, local) = (address(remote), Some(address(LOCAL)));
    Destination::Target(Target { protocol, remote, name: name.map(Into::into), local, connection: None })
}

#[test]
fn responses_go_back_by_the_way_of_the_request_from_the_address_that_it_came_to() {
    let mut bench = Bench::new();
    let way = Flow { local: address("198.51.100.2:5070"), ..flow(Udp, "192.0.2.1:40000") };
    let (id, request) = bench.asked(&theirs("INVITE", "1", Udp), &way);
    bench.answer(id, &request, 486);
    bench.run_to(600);
    assert_eq!(bench.transmits.len(), 3);
    assert!(bench.transmits.iter().all(|transmit| transmit.to == Destination::Flow(way.clone())));
}

#[test]
fn when_the_connection_is_gone_responses_go_to_where_the_via_says() {
    for (protocol, via, remote, name) in [
        (Tcp, "SIP/2.0/TCP 192.0.2.1:5070;branch=z9hG4bK1", "192.0.2.1:5070", None),
        (Tcp, "SIP/2.0/TCP 10.0.0.9;branch=z9hG4bK1", "192.0.2.1:5060", None),
        (Tls, "SIP/2.0/TLS pbx.example;branch=z9hG4bK1", "192.0.2.1:5061", Some("pbx.example")),
    ] {
        let mut bench = Bench::new();
        let way = flow(protocol, "192.0.2.1:40000");
        let (id, request) = bench.asked(&with_via("INVITE", via, URI, ""), &way);
        fail(&mut bench, &Destination::Flow(way));
        assert_eq!(bench.log(), ["0 > 100", "0 ! request INVITE"], "a 100 opens nothing");
        bench.answer(id, &request, 180);
        bench.answer(id, &request, 200);
        for transmit in &bench.transmits[1..] {
            assert_eq!(transmit.to, rerouted(protocol, remote, name), "{via}");
        }
    }
}

#[test]
fn a_final_response_that_was_lost_with_its_connection_is_sent_again() {
    let mut bench = Bench::new();
    let way = flow(Tcp, "192.0.2.1:40000");
    let (id, request) = bench.asked(&theirs("INVITE", "1", Tcp), &way);
    bench.answer(id, &request, 486);
    bench.log();
    fail(&mut bench, &Destination::Flow(way));
    assert_eq!(bench.log(), ["0 > 486"]);
    assert_eq!(bench.transmits.last().unwrap().to, rerouted(Tcp, PEER, None));
}

#[test]
fn a_response_that_gets_out_nowhere_is_told_once_and_the_transaction_stays() {
    let mut bench = Bench::new();
    let way = flow(Tcp, "192.0.2.1:40000");
    let (id, request) = bench.asked(&theirs("INVITE", "1", Tcp), &way);
    bench.answer(id, &request, 200);
    fail(&mut bench, &Destination::Flow(way));
    bench.log();
    for _ in 0..2 {
        fail(&mut bench, &rerouted(Tcp, PEER, None));
    }
    assert_eq!(bench.log(), ["0 ! response lost"]);
    bench.receive(&theirs("INVITE", "1", Tcp), &flow(Tcp, PEER));
    assert_eq!(bench.log(), [""; 0], "the copy is no new request");
    bench.run_to(32_000);
    assert_eq!(bench.log().last().map(String::as_str), Some("32000 ! ack missing"));
    bench.assert_empty();
}

#[test]
fn a_datagram_that_the_host_refuses_is_tried_at_the_port_of_the_via() {
    let mut bench = Bench::new();
    let way = flow(Udp, "192.0.2.1:40000");
    let (id, request) = bench.asked(&theirs("OPTIONS", "1", Udp), &way);
    bench.answer(id, &request, 200);
    fail(&mut bench, &Destination::Flow(way));
    assert_eq!(bench.transmits.last().unwrap().to, rerouted(Udp, PEER, None));
    // Where that is the same port there is nothing to try.
    let (id, request) = bench.asked(&theirs("OPTIONS", "2", Udp), &flow(Udp, PEER));
    bench.answer(id, &request, 200);
    bench.log();
    fail(&mut bench, &Destination::Flow(flow(Udp, PEER)));
    assert_eq!(bench.log(), ["0 ! response lost"]);
}

#[test]
fn a_request_fails_when_its_target_does_and_not_with_a_connection() {
    for protocol in [Udp, Tcp] {
        let mut bench = Bench::new();
        bench.ask(ours("INVITE", ""), &target(protocol));
        bench.ask(ours("OPTIONS", ""), &target(protocol));
        bench.log();
        fail(&mut bench, &Destination::Flow(flow(protocol, PEER)));
        assert_eq!(bench.log(), [""; 0]);
        fail(&mut bench, &Destination::Target(target(protocol)));
        assert_eq!(bench.log(), ["0 ! failed transport", "0 ! failed transport"]);
        bench.assert_empty();
    }
}

#[test]
fn what_was_answered_does_not_fail_with_its_target() {
    let mut bench = Bench::new();
    for code in [180, 200, 486] {
        bench.ask(ours("INVITE", ""), &target(Udp));
        bench.answered(code, "theirs", 0);
    }
    bench.log();
    fail(&mut bench, &Destination::Target(target(Udp)));
    assert_eq!(bench.log(), [""; 0]);
    assert_eq!(bench.layer.load().transactions, 3);
}

#[test]
fn only_what_goes_there_fails() {
    let mut bench = Bench::new();
    let others = [
        Target { remote: address("192.0.2.1:5061"), ..target(Udp) },
        Target { name: Some("a.example".into()), ..target(Udp) },
        Target { local: Some(address(LOCAL)), ..target(Udp) },
        target(Tcp),
    ];
    for other in &others {
        bench.ask(ours("OPTIONS", ""), other);
    }
    assert_eq!(bench.layer.load().destinations, others.len());
    bench.log();
    fail(&mut bench, &Destination::Target(target(Udp)));
    assert_eq!(bench.log(), [""; 0]);
    for other in others {
        fail(&mut bench, &Destination::Target(other));
        assert_eq!(bench.log(), ["0 ! failed transport"]);
    }
    bench.assert_empty();
}
