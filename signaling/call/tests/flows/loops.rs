//! Calls that go in a circle.

use call::Status;
use sip::{Name, Request};

use crate::outbound::invited;
use crate::scene::*;

/// A second world, as a peer of the first one sees it: it sends the call back as it came, under names of its own.
fn sent_back(peer: &mut Peer, invite: &Request, number: &str) -> Request {
    let back = peer.invitation(OUTSIDE, number, "192.0.2.200", &sdp(NORTH, 6000));
    let asserted = invite.header(Name::From).unwrap().split(";tag").next().unwrap().to_owned();
    back.with(Name::PAssertedIdentity, asserted)
}

#[test]
fn a_call_that_comes_back_with_our_via_is_a_loop() {
    let mut world = World::new();
    let mut pbx = Peer::new(PBX);
    let (mut branch, mut carrier) = (Peer::new(BRANCH_PBX), Peer::new(SOUTH));
    let invite = carrier.invitation(OUTSIDE, OWN_NUMBER, "192.0.2.200", &sdp(NORTH, 6000));
    carrier.send(invite);
    let mut host = Peer::new(PBX1);
    world.settle(&mut [&mut pbx, &mut branch, &mut carrier, &mut host]);
    // A proxy keeps the Vias of what it passes on; the number is the same, so it was not forwarded.
    let vias: Vec<String> = host.requests[0].1.headers().all(Name::Via).map(str::to_owned).collect();
    let mut back = pbx.invitation(OUTSIDE, OWN_NUMBER, HOST, &sdp(PBX, 4000));
    for via in &vias {
        back.headers_mut().push(Name::Via, via.clone());
    }
    let own = format!("<sip:{OWN_NUMBER}@192.0.2.1>");
    back.headers_mut().push(Name::PAssertedIdentity, own);
    pbx.send(back);
    world.settle(&mut [&mut pbx, &mut branch, &mut carrier, &mut host]);
    assert_eq!(world.said_to(&pbx).last().unwrap(), "482 INVITE");
    let ended = world.journal.ended.last().unwrap();
    assert_eq!((ended.status, &*ended.message), (Status::Rejected, "482 Loop Detected"));
    assert_eq!(world.counted()[0], "loop");

    // To another number it is forwarded, and goes on.
    let mut forwarded = pbx.invitation(OWN_NUMBER, BRANCH_NUMBER, HOST, &sdp(PBX, 4000));
    for via in vias {
        forwarded.headers_mut().push(Name::Via, via);
    }
    pbx.send(forwarded);
    world.settle(&mut [&mut pbx, &mut branch, &mut carrier, &mut host]);
    assert_eq!(branch.requests.len(), 1);
}

#[test]
fn a_call_that_comes_back_from_where_it_is_being_offered_is_a_loop_even_if_its_vias_are_hidden() {
    let mut world = World::new();
    let (mut carrier, mut host) = (Peer::new(NORTH), Peer::new(PBX1));
    let invite = carrier.invitation(OUTSIDE, OWN_NUMBER, "192.0.2.200", &sdp(NORTH, 6000));
    carrier.send(invite);
    world.settle(&mut [&mut carrier, &mut host]);
    let offered = host.requests[0].1.clone();
    let back = sent_back(&mut host, &offered, OWN_NUMBER);
    host.send(back);
    world.settle(&mut [&mut carrier, &mut host]);
    assert_eq!(host.heard().code(), 482);
    assert_eq!(host.requests.len(), 1, "it is not offered a second time");
}

#[test]
fn peers_that_share_a_host_with_whom_they_call_are_no_loop() {
    let mut world = World::new();
    let (mut carrier, mut host) = (Peer::new(NORTH), Peer::new(PBX1));
    let mut pbx = Peer::new(PBX1);
    pbx.address.set_port(5070);
    let invite = carrier.invitation(OUTSIDE, OWN_NUMBER, "192.0.2.200", &sdp(NORTH, 6000));
    carrier.send(invite);
    world.settle(&mut [&mut carrier, &mut host, &mut pbx]);
    let offered = host.requests[0].1.clone();
    let again = sent_back(&mut pbx, &offered, OWN_NUMBER);
    pbx.send(again);
    world.settle(&mut [&mut carrier, &mut host, &mut pbx]);
    assert_ne!(pbx.heard().code(), 482);
}

#[test]
fn the_same_number_may_be_called_twice_by_the_same_caller() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    let again = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4002));
    pbx.send(again);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.requests.len(), 2);
}
