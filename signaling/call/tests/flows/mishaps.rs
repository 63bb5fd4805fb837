//! The mistakes of others that are about legs: what is left of one that was given up, and what it sends by which way.

use std::time::Duration;

use call::{Engine, Input, Listener};
use sip::dialog::Dialog;
use sip::flow::{Flow, Protocol};
use sip::{Method, Name};

use crate::outbound::{answered, invited};
use crate::scene::*;

#[test]
fn a_host_that_was_given_up_and_accepts_later_is_acknowledged_and_ended_and_the_call_goes_on() {
    let mut world = World::new();
    let (mut carrier, mut first, mut second) = (Peer::new(NORTH), Peer::new(PBX1), Peer::new(PBX2));
    let invite = carrier.invitation(OUTSIDE, OWN_NUMBER, "192.0.2.200", &sdp(NORTH, 6000));
    carrier.send(invite);
    // The network to the first host is slow: it is heard again after it was given up.
    world.loses = vec![("INVITE sip:+12065550101@pbx1".to_owned(), 4)];
    world.pass(Duration::from_secs(5), &mut [&mut carrier, &mut first, &mut second]);
    assert_eq!(second.requests.len(), 1);
    world.pass(Duration::from_secs(5), &mut [&mut carrier, &mut first, &mut second]);
    first.answer(200, &sdp(PBX1, 4000));
    world.settle(&mut [&mut carrier, &mut first, &mut second]);
    assert_eq!((first.acks.len(), first.methods()), (1, vec![Method::Invite, Method::Bye]));
    second.answer(200, &sdp(PBX2, 4000));
    world.settle(&mut [&mut carrier, &mut first, &mut second]);
    assert_eq!((carrier.heard().code(), second.methods()), (200, vec![Method::Invite]));
}

#[test]
fn the_ack_of_a_refusal_is_no_new_request() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    carrier.answer(486, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 486);
    let said = world.wire.len();
    world.pass(Duration::from_secs(1), &mut [&mut pbx, &mut carrier]);
    assert_eq!((world.wire.len(), world.counted().len()), (said, 0), "{:?}", world.counted());
}

#[test]
fn an_acceptance_is_repeated_until_its_ack_has_come() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    world.pass(Duration::from_secs(8), &mut [&mut pbx, &mut carrier]);
    let count =
        |world: &World, pbx: &Peer| world.said_to(pbx).iter().filter(|it| *it == "200 INVITE").count();
    // After 0.5, 1, 2 and 4 seconds.
    assert_eq!(count(&world, &pbx), 5);
    pbx.acknowledge("");
    world.pass(Duration::from_secs(20), &mut [&mut pbx, &mut carrier]);
    assert_eq!(count(&world, &pbx), 5);
}

#[test]
fn a_caller_that_is_asked_for_a_longer_interval_and_comes_back_has_one_call() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    invite.headers_mut().push(Name::Supported, "timer");
    invite.headers_mut().push(Name::SessionExpires, "30");
    pbx.send(invite.clone());
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.heard().code(), pbx.heard().header(Name::MinSe)), (422, Some("90")));
    invite.headers_mut().set(Name::SessionExpires, "90");
    invite.headers_mut().push(Name::MinSe, "90");
    invite.headers_mut().set(Name::CSeq, "2 INVITE");
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((carrier.requests.len(), world.engine.calls(), world.journal.begun.len()), (1, 1, 1));
    assert_eq!(carrier.requests[0].1.header(Name::SessionExpires), None, "our own has no refresher");
}

#[test]
fn a_login_that_a_target_wants_is_not_answered_and_not_passed_on() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    let (id, request) = carrier.requests[0].clone();
    let challenge = sip::Response::to_request(&request, 407).with_to_tag("x").unwrap();
    let challenge = challenge
        .with(Name::ProxyAuthenticate, "Digest realm=\"n\", nonce=\"1\", algorithm=SHA-256")
        .with(Name::ProxyAuthenticate, "Digest realm=\"n\", nonce=\"1\"");
    carrier.transactions.respond(carrier.now, id, challenge).unwrap();
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.heard().code(), pbx.heard().header(Name::ProxyAuthenticate)), (500, None));
    assert_eq!(carrier.requests.len(), 1);
}

#[test]
fn our_cancel_has_no_tag_and_what_follows_it_goes_by_the_route_of_who_accepts_all_the_same() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    carrier.answer(180, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.transactions.cancel(pbx.now, pbx.responses[0].0, None);
    world.settle(&mut [&mut pbx, &mut carrier]);
    let cancel = world.wire.iter().find(|(_, text)| text.starts_with("CANCEL")).unwrap();
    let to = cancel.1.lines().find(|line| line.starts_with("To: ")).unwrap();
    assert!(!to.contains("tag"), "{to}");
    let (id, request) = carrier.requests[0].clone();
    let accepted = sip::Response::to_request(&request, 200).with_to_tag("tag1").unwrap();
    let accepted = accepted
        .with(Name::RecordRoute, "<sip:198.51.100.1:5060;lr=on>")
        .with(Name::Contact, "<sip:phone@10.1.1.1>");
    carrier.transactions.respond(carrier.now, id, accepted).unwrap();
    world.settle(&mut [&mut pbx, &mut carrier]);
    let bye = &carrier.requests.last().unwrap().1;
    assert_eq!((bye.method(), bye.uri().as_str()), (Method::Bye, "sip:phone@10.1.1.1"));
    assert_eq!(bye.header(Name::Route), Some("<sip:198.51.100.1:5060;lr=on>"));
    assert_eq!(carrier.acks.last().unwrap().header(Name::Route), bye.header(Name::Route));
}

#[test]
fn the_ack_to_a_contact_by_name_does_not_wait_for_the_name() {
    let mut world = World::new();
    world.holds.push("sbc.carrier.example".to_owned());
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    let (id, request) = carrier.requests[0].clone();
    let mut accepted = sip::Response::to_request(&request, 200).with_to_tag("tag1").unwrap();
    accepted = accepted.with(Name::Contact, "<sip:sbc.carrier.example>");
    accepted.set_body("application/sdp", sdp(NORTH, 6000));
    carrier.dialog = Some(Dialog::uas(&request, &accepted).unwrap());
    carrier.transactions.respond(carrier.now, id, accepted).unwrap();
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((carrier.acks.len(), carrier.acks[0].uri().as_str()), (1, "sip:sbc.carrier.example"));
    assert_eq!(world.looked_up, ["sbc.carrier.example"]);
}

#[test]
fn what_belongs_to_a_call_leaves_from_the_address_that_was_spoken_to() {
    let other = ([192, 0, 2, 201], 5060).into();
    let mut setup = setup(&records());
    setup.listeners.push(Listener {
        protocol: Protocol::Udp,
        local: other,
        advertised: "192.0.2.201:5060".to_owned(),
    });
    let mut world = World::new();
    world.engine = Engine::new(setup, [7; 32]);
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    let bytes = pbx.transactions.poll_transmit().unwrap().bytes;
    let flow = Flow { protocol: Protocol::Udp, local: other, remote: pbx.address, connection: 0 };
    world.hear(Input::Received { flow: flow.clone(), bytes: &bytes });
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().header(Name::Contact), Some("<sip:192.0.2.201:5060>"));
    assert!(world.flows.iter().filter(|it| it.remote == pbx.address).all(|it| *it == flow));
    pbx.acknowledge("");
    carrier.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    let (to, bye) = world.targets.last().unwrap();
    assert_eq!((to.remote, to.local), (pbx.address, Some(other)));
    assert!(bye.contains("Via: SIP/2.0/UDP 192.0.2.201:5060;"), "{bye}");
}

#[test]
fn a_call_that_ends_in_any_way_leaves_no_ack_to_wait_for() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    for _ in 0..3 {
        pbx.request(Method::Invite, &sdp(PBX, 4000));
        world.settle(&mut [&mut pbx, &mut carrier]);
        pbx.acknowledge("");
    }
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn who_accepts_in_vain_and_hangs_up_itself_is_answered_even_if_nobody_lists_it() {
    let mut world = World::new();
    let (mut pbx, mut branch) = (Peer::new(PBX), Peer::new(BRANCH_PBX));
    let invite = pbx.invitation(OWN_NUMBER, BRANCH_NUMBER, HOST, &sdp(PBX, 4000));
    let asked = pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut branch]);
    branch.answer(180, "");
    world.settle(&mut [&mut pbx, &mut branch]);
    pbx.transactions.cancel(pbx.now, asked, None);
    branch.answer(200, &sdp(BRANCH_PBX, 6000));
    branch.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut branch]);
    world.settle(&mut [&mut pbx, &mut branch]);
    assert!(matches!(branch.heard().code(), 200 | 481), "{:?}", branch.statuses());
    assert_eq!(branch.methods().last(), Some(&Method::Bye));
}
