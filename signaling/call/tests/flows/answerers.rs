//! Who may answer for whom: where a request went, and the other hosts of whoever that is.

use std::net::SocketAddr;
use std::time::Duration;

use call::Input;
use sip::Method;
use sip::flow::{Destination, Protocol};

use crate::outbound::{answered, invited};
use crate::scene::*;

/// Hosts that no list has.
const FIRST: [u8; 4] = [203, 0, 113, 71];
const SECOND: [u8; 4] = [203, 0, 113, 72];
const STRANGER: [u8; 4] = [203, 0, 113, 66];

/// Has a host answer the last request that begins so: one that it was sent, or else one that it has seen on its way.
fn answers(world: &mut World, host: &Peer, request: &str, status: &str, body: &str) {
    let all = || world.wire.iter().rev().filter(|(_, text)| text.starts_with(request));
    let own = all().find(|(remote, _)| *remote == host.address);
    let (_, sent) = own.or_else(|| all().next()).unwrap();
    let copied = |line: &&str| ["Via", "From", "Call-ID", "CSeq"].iter().any(|name| line.starts_with(name));
    let mut lines: Vec<String> = sent.lines().filter(copied).map(str::to_owned).collect();
    let to = sent.lines().find(|line| line.starts_with("To: ")).unwrap();
    lines.push(if to.contains(";tag=") { to.to_owned() } else { format!("{to};tag=answerer") });
    let contact = format!("Contact: <sip:{}>\r\nContent-Type: application/sdp", host.address);
    let len = body.len();
    let text = format!(
        "SIP/2.0 {status}\r\n{}\r\n{contact}\r\nContent-Length: {len}\r\n\r\n{body}",
        lines.join("\r\n")
    );
    let flow = host.flow(&Destination::Target(host.target()));
    world.hear(Input::Received { flow, bytes: text.as_bytes() });
}

fn counts_stranger(world: &World) -> bool {
    world.counted().iter().any(|word| word.starts_with("response_stranger"))
}

#[test]
fn an_answer_from_elsewhere_is_dropped_and_counted_and_the_call_goes_on() {
    // A stranger, the host of a customer, and whoever calls.
    for host in [STRANGER, BRANCH_PBX, PBX] {
        let mut world = World::new();
        let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
        for (status, body) in [("180 Ringing", ""), ("486 Busy Here", ""), ("200 OK", &*sdp(host, 6000))] {
            answers(&mut world, &Peer::new(host), "INVITE", status, body);
        }
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!((pbx.statuses(), world.counted()), (vec![100], vec!["response_stranger=3".to_owned()]));
        carrier.answer(200, &sdp(NORTH, 6000));
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(pbx.heard().code(), 200);
    }
}

#[test]
fn another_host_of_the_same_carrier_or_customer_may_answer() {
    let mut world = World::new();
    let (mut pbx, _) = invited(&mut world, &sdp(PBX, 4000));
    answers(&mut world, &Peer::new(SOUTH), "INVITE", "200 OK", &sdp(SOUTH, 6000));
    world.settle(&mut [&mut pbx]);
    assert_eq!((pbx.heard().code(), counts_stranger(&world)), (200, false));

    let mut world = World::new();
    let mut carrier = Peer::new(NORTH);
    let invite = carrier.invitation(OUTSIDE, OWN_NUMBER, "192.0.2.200", &sdp(NORTH, 6000));
    carrier.send(invite);
    world.settle(&mut [&mut carrier]);
    answers(&mut world, &Peer::new(PBX2), "INVITE", "200 OK", &sdp(PBX2, 4000));
    world.settle(&mut [&mut carrier]);
    assert_eq!((carrier.heard().code(), counts_stranger(&world)), (200, false));
}

/// A call to a customer whose hosts are in no list, and are tried one after the other.
fn inbound(routes: &[(&str, u32)], holds: &[&str]) -> (World, Peer) {
    let mut records = records();
    records.voice_connectors[0].origination = Some(origination(routes));
    records.voice_connectors[0].termination = None;
    let mut world = World::of(setup(&records));
    world.holds = holds.iter().map(|name| (*name).to_owned()).collect();
    let mut carrier = Peer::new(NORTH);
    let invite = carrier.invitation(OUTSIDE, OWN_NUMBER, "192.0.2.200", &sdp(NORTH, 6000));
    carrier.send(invite);
    world.settle(&mut [&mut carrier]);
    (world, carrier)
}

#[test]
fn every_address_of_a_name_may_answer_and_no_other() {
    for (host, status) in [(FIRST, 200), (SECOND, 200), (STRANGER, 100)] {
        let (mut world, mut carrier) = inbound(&[("customer.example", 1)], &["customer.example"]);
        let addresses = [FIRST, SECOND].map(|host| SocketAddr::from((host, 5060)));
        let (query, protocol) = (world.last_query, Protocol::Udp);
        world.hear(Input::Resolved { query, protocol, addresses: Ok(addresses.into()) });
        world.settle(&mut [&mut carrier]);
        answers(&mut world, &Peer::new(host), "INVITE", "200 OK", &sdp(host, 4000));
        world.settle(&mut [&mut carrier]);
        assert_eq!((carrier.heard().code(), counts_stranger(&world)), (status, status == 100), "{host:?}");
    }
}

#[test]
fn a_host_that_was_given_up_is_heard_when_it_answers_late() {
    let (mut world, mut carrier) = inbound(&[("203.0.113.71", 1), ("203.0.113.72", 2)], &[]);
    let mut second = Peer::new(SECOND);
    world.pass(Duration::from_secs(5), &mut [&mut carrier, &mut second]);
    assert_eq!(second.methods(), [Method::Invite]);
    let first = Peer::new(FIRST);
    answers(&mut world, &first, "INVITE", "200 OK", &sdp(FIRST, 4000));
    world.settle(&mut [&mut carrier, &mut second]);
    let said = world.said_to(&first);
    assert!(said.ends_with(&["ACK".to_owned(), "BYE".to_owned()]), "{said:?}");
    assert!(!counts_stranger(&world));
}

#[test]
fn requests_within_a_call_are_answered_by_its_hosts_alone() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Invite, &sdp(PBX, 4002));
    world.settle(&mut [&mut pbx, &mut carrier]);
    answers(&mut world, &Peer::new(STRANGER), "INVITE", "481 Call Does Not Exist", "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((world.engine.calls(), counts_stranger(&world)), (1, true), "the call stands");
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);

    pbx.acknowledge("");
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx]);
    answers(&mut world, &Peer::new(STRANGER), "BYE", "200 OK", "");
    carrier.requests.clear();
    world.pass(Duration::from_secs(1), &mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.methods(), [Method::Bye], "it is repeated until the carrier has heard it");
}

#[test]
fn what_comes_over_the_connection_that_a_request_took_always_counts() {
    for (host, is_heard) in [(PBX, true), (STRANGER, false)] {
        let mut world = World::new();
        world.names.insert("elsewhere.example".to_owned(), (FIRST, 5061).into());
        let (mut pbx, mut carrier) = (Peer::with_protocol(PBX, Protocol::Tls), Peer::new(NORTH));
        let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
        invite.headers_mut().set(sip::Name::Contact, "<sip:elsewhere.example;transport=tls>");
        pbx.send(invite);
        world.settle(&mut [&mut pbx, &mut carrier]);
        carrier.answer(200, &sdp(NORTH, 6000));
        world.settle(&mut [&mut pbx, &mut carrier]);
        pbx.acknowledge("");
        world.settle(&mut [&mut pbx, &mut carrier]);
        carrier.request(Method::Bye, "");
        world.settle(&mut [&mut pbx, &mut carrier]);
        let (target, _) = world.targets.iter().rev().find(|(_, text)| text.starts_with("BYE")).unwrap();
        assert_eq!((target.remote.ip(), target.connection), (FIRST.into(), Some(1)));
        // The call is gone, and with it all that is known of its hosts.
        let mut answerer = Peer::with_protocol(host, Protocol::Tls);
        if !is_heard {
            answerer.protocol = Protocol::Udp;
        }
        answers(&mut world, &answerer, "BYE", "200 OK", "");
        assert_eq!(counts_stranger(&world), !is_heard);
    }
}

#[test]
fn only_a_link_itself_says_that_it_is_there() {
    let mut setup = setup(&records());
    setup.probe_interval = Some(Duration::from_secs(30));
    let mut world = World::of(setup);
    let mut south = Peer::new(SOUTH);
    for _ in 0..4 {
        world.pass(Duration::from_secs(30), &mut [&mut south]);
        for (id, request) in std::mem::take(&mut south.requests) {
            south.answer_to(id, &request, 200, "");
        }
        let north = SocketAddr::from((NORTH, 5060));
        world.wire.retain(|(remote, _)| *remote == north);
        answers(&mut world, &Peer::new(STRANGER), "OPTIONS", "200 OK", "");
    }
    assert!(counts_stranger(&world));
    let mut pbx = Peer::new(PBX);
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut south]);
    assert_eq!(south.methods().last(), Some(&Method::Invite), "the other one is tried last");
}
