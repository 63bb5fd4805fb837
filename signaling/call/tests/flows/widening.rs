//! INVITEs that are too long for a datagram.

use std::time::Duration;

use call::Input;
use sip::flow::{Destination, Protocol};

use crate::scene::*;

/// An INVITE from a customer whose INVITE to the carrier is longer than 1,300 bytes.
fn long(pbx: &mut Peer) -> sip::Request {
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    for index in 1..10 {
        let diversion = format!("<sip:+1425555010{index}@192.0.2.1>;reason=unconditional;counter=1");
        invite.headers_mut().push(sip::Name::Diversion, diversion);
    }
    invite
}

/// The INVITEs of the engine, by protocol, with the protocol that their Vias name.
fn ways(world: &World) -> Vec<(Protocol, String)> {
    let invites = world.targets.iter().filter(|(_, text)| text.starts_with("INVITE"));
    let via = |text: &str| text.lines().nth(1).unwrap().split(';').next().unwrap().to_owned();
    invites.map(|(to, text)| (to.protocol, via(text))).collect()
}

const UDP: &str = "Via: SIP/2.0/UDP 192.0.2.200:5060";
const TCP: &str = "Via: SIP/2.0/TCP 192.0.2.200:5060";

#[test]
fn a_short_invite_is_a_datagram_and_a_long_one_goes_over_a_connection() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = crate::outbound::invited(&mut world, &sdp(PBX, 4000));
    assert_eq!(ways(&world), [(Protocol::Udp, UDP.to_owned())]);
    world.targets.clear();
    let invite = long(&mut pbx);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(ways(&world), [(Protocol::Tcp, TCP.to_owned())]);
    assert!(world.targets[0].1.len() > 1300);
    // What belongs to it goes the same way.
    carrier.answer(486, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    let (to, ack) = world.targets.last().unwrap();
    assert_eq!((to.protocol, ack.starts_with("ACK"), ack.contains(TCP)), (Protocol::Tcp, true, true));
}

/// The connection is refused.
fn refuse(world: &mut World, peers: &mut [&mut Peer]) {
    let target = world.targets.last().unwrap().0.clone();
    world.hear(Input::SendFailed { destination: Destination::Target(target) });
    world.settle(peers);
}

#[test]
fn where_no_connection_can_be_had_a_long_invite_is_a_datagram_all_the_same() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    world.loses = vec![("INVITE".to_owned(), 1)];
    let invite = long(&mut pbx);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.requests.len(), 0);
    refuse(&mut world, &mut [&mut pbx, &mut carrier]);
    assert_eq!(ways(&world), [(Protocol::Tcp, TCP.to_owned()), (Protocol::Udp, UDP.to_owned())]);
    assert_eq!(carrier.requests.len(), 1, "no other target is tried");
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    // The next one is not sent in vain.
    world.targets.clear();
    let invite = long(&mut pbx);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(ways(&world), [(Protocol::Udp, UDP.to_owned())]);
}

#[test]
fn a_datagram_that_is_sent_instead_is_repeated_and_can_be_cancelled() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    world.loses = vec![("INVITE".to_owned(), 2)];
    let invite = long(&mut pbx);
    let asked = pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    refuse(&mut world, &mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.requests.len(), 0);
    world.pass(Duration::from_millis(600), &mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.requests.len(), 1, "Timer A runs");
    carrier.answer(180, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.transactions.cancel(pbx.now, asked, None);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.cancelled.len(), 1);
    carrier.answer(487, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn a_connection_from_which_nothing_is_heard_is_given_up_before_the_host_is() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    world.loses = vec![("INVITE".to_owned(), 1)];
    let invite = long(&mut pbx);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    world.pass(Duration::from_secs(5), &mut [&mut pbx, &mut carrier]);
    assert_eq!(ways(&world).last().unwrap().0, Protocol::Udp);
    assert_eq!(carrier.requests.len(), 1);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
}
