//! A customer calls somebody on the telephone network.

use std::time::Duration;

use call::{Disposition, Status};
use sip::flow::{Destination, Protocol, Target};
use sip::{Method, Name};

use crate::scene::*;

/// A call that has reached the carrier.
pub(crate) fn invited(world: &mut World, body: &str) -> (Peer, Peer) {
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, body);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    (pbx, carrier)
}

/// A call that was answered, with both peers.
pub(crate) fn answered(world: &mut World) -> (Peer, Peer) {
    let (mut pbx, mut carrier) = invited(world, &sdp(PBX, 4000));
    carrier.answer(180, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    world.settle(&mut [&mut pbx, &mut carrier]);
    (pbx, carrier)
}

#[test]
fn a_call_is_answered_and_hung_up_by_the_caller() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    assert_eq!(pbx.statuses(), [100, 180, 200]);
    assert_eq!((carrier.methods(), carrier.acks.len()), (vec![Method::Invite], 1));
    assert_eq!(world.journal.answered.len(), 1);
    world.pass(Duration::from_secs(30), &mut [&mut pbx, &mut carrier]);
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    assert_eq!(carrier.methods(), [Method::Invite, Method::Bye]);
    carrier.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
    assert_eq!(world.end(), (Status::Completed, "Normal Call Clearing"));
    let ended = &world.journal.ended[0];
    assert_eq!(ended.attempt.disposition, Disposition::Termination);
    assert_eq!(ended.attempt.sip_call_id, "tag1-1");
    assert_eq!((&*ended.attempt.from_number, &*ended.attempt.to_number), (OWN_NUMBER, OUTSIDE));
    assert_eq!(ended.ended - ended.answered.unwrap(), Duration::from_secs(30));
    assert_eq!((world.media.opened, world.media.closed.len()), (1, 1));
}

#[test]
fn premium_numbers_reach_a_carrier_until_the_connector_forbids_it() {
    for (is_allowed, status) in [(None, 100), (Some(true), 100), (Some(false), 403)] {
        let mut records = records();
        let termination = records.voice_connectors[0].termination.as_mut().unwrap();
        termination.premium_calls = is_allowed.unwrap_or(termination.premium_calls);
        let mut world = World::of(setup(&records));
        let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
        let invite = pbx.invitation(OWN_NUMBER, "+19005550100", HOST, &sdp(PBX, 4000));
        pbx.send(invite);
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!((pbx.heard().code(), carrier.requests.len()), (status, usize::from(status == 100)));
        if status == 403 {
            assert_eq!(world.end(), (Status::Rejected, "premium numbers are not allowed"));
        }
    }
}

#[test]
fn the_callee_hangs_up_too() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    carrier.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((carrier.heard().code(), pbx.methods()), (200, vec![Method::Bye]));
    pbx.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
    assert_eq!(world.end().0, Status::Completed);
}

#[test]
fn what_the_carrier_hears_is_written_by_us() {
    let mut world = World::new();
    let (_, carrier) = answered(&mut world);
    let invite = &carrier.requests[0].1;
    assert_eq!(invite.uri().as_str(), "sip:+14255550100@198.51.100.1:5060");
    assert_eq!(invite.from_address().unwrap().uri().as_str(), "sip:+12065550101@192.0.2.200");
    assert_eq!(invite.header(Name::PAssertedIdentity), Some("<sip:+12065550101@192.0.2.200>"));
    assert_eq!(invite.header(Name::MaxForwards), Some("69"));
    assert_ne!(invite.call_id(), "tag1-1");
    assert_eq!(invite.headers().all(Name::Via).count(), 1);
    let body = std::str::from_utf8(invite.body()).unwrap();
    assert!(body.contains("c=IN IP4 192.0.2.200") && body.contains("m=audio 30000 RTP/AVP 0 101"), "{body}");
    let answer = std::str::from_utf8(
        world.wire.iter().rev().find(|(_, text)| text.contains("m=audio 20000")).unwrap().1.as_bytes(),
    )
    .unwrap()
    .to_owned();
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
}

#[test]
fn media_is_opened_closed_to_all_and_opens_with_the_answer() {
    let mut world = World::new();
    let _ = answered(&mut world);
    let [first, .., last] = &world.media.wishes[..] else { panic!("{:?}", world.media.wishes) };
    assert!(first.sides.iter().all(|side| !side.accepts && !side.sends));
    assert_eq!(first.sides[0].remote, Some((PBX, 4000).into()));
    assert!(last.sides.iter().all(|side| side.accepts && side.sends));
    assert_eq!(last.sides[1].remote, Some((NORTH, 6000).into()));
    assert_eq!((last.sides[0].realm.as_str(), last.sides[1].realm.as_str()), ("customers", "carriers"));
}

#[test]
fn a_lost_invite_and_a_lost_answer_delay_a_call_by_no_more_than_their_copies() {
    let mut world = World::new();
    world.loses = vec![("INVITE".to_owned(), 1), ("SIP/2.0 200".to_owned(), 1)];
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.pass(Duration::from_millis(600), &mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.pass(Duration::from_millis(600), &mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.statuses(), [100, 200]);
    assert_eq!(carrier.methods(), [Method::Invite]);
}

#[test]
fn the_second_link_is_tried_when_the_first_refuses_and_there_is_one_record() {
    let mut world = World::new();
    let (mut pbx, mut north, mut south) = (Peer::new(PBX), Peer::new(NORTH), Peer::new(SOUTH));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut north, &mut south]);
    north.answer(503, "");
    world.settle(&mut [&mut pbx, &mut north, &mut south]);
    south.answer(200, &sdp(SOUTH, 6000));
    world.settle(&mut [&mut pbx, &mut north, &mut south]);
    pbx.acknowledge("");
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut north, &mut south]);
    south.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut north, &mut south]);
    assert_eq!(world.end(), (Status::Completed, "Normal Call Clearing"));
    assert_eq!(north.methods(), [Method::Invite]);
}

#[test]
fn a_customer_calls_another_one_without_a_carrier_and_both_have_a_record() {
    let mut world = World::new();
    let (mut pbx, mut branch) = (Peer::new(PBX), Peer::new(BRANCH_PBX));
    let invite = pbx.invitation(OWN_NUMBER, BRANCH_NUMBER, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut branch]);
    branch.answer(200, &sdp(BRANCH_PBX, 6000));
    world.settle(&mut [&mut pbx, &mut branch]);
    pbx.acknowledge("");
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut branch]);
    branch.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut branch]);
    let kinds: Vec<_> = world
        .journal
        .ended
        .iter()
        .map(|ended| (ended.attempt.connector.to_string(), ended.attempt.disposition))
        .collect();
    let wanted =
        [(CONNECTOR.to_owned(), Disposition::Termination), (BRANCH.to_owned(), Disposition::Origination)];
    assert_eq!(kinds, wanted);
    assert_eq!(world.journal.ended[1].attempt.sip_call_id, branch.requests[0].1.call_id());
}

#[test]
fn who_wants_to_be_unknown_is_told_to_the_carrier_which_keeps_it_to_itself() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let mut invite = pbx.invitation("anonymous", OUTSIDE, HOST, &sdp(PBX, 4000));
    invite.headers_mut().push(Name::PAssertedIdentity, "\"Bell\" <sip:+12065550101@10.0.0.1>");
    invite.headers_mut().push(Name::Privacy, "id");
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    let heard = &carrier.requests[0].1;
    assert_eq!(heard.from_address().unwrap().uri().as_str(), "sip:anonymous@anonymous.invalid");
    assert_eq!(heard.header(Name::PAssertedIdentity), Some("<sip:+12065550101@192.0.2.200>"));
    assert_eq!(heard.header(Name::Privacy), Some("id"));
}

#[test]
fn a_display_name_of_the_customer_stays_and_the_calling_name_of_the_inventory_goes() {
    let mut records = records();
    records.phone_numbers[0].calling_name = Some("HEADQUARTERS".to_owned());
    let mut world = World::of(setup(&records));
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    let named = format!("\"Bell\" {}", invite.header(Name::From).unwrap());
    invite.headers_mut().set(Name::From, named);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    let heard = &carrier.requests[0].1;
    assert_eq!(heard.from_address().unwrap().display_name().as_deref(), Some("HEADQUARTERS"));
}

#[test]
fn a_full_link_is_passed_over() {
    let mut records = records();
    records.carriers[0].links[0].calls_max = Some(1);
    let mut world = World::of(setup(&records));
    let (mut pbx, mut carrier) = answered(&mut world);
    let mut south = Peer::new(SOUTH);
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier, &mut south]);
    assert_eq!((carrier.requests.len(), south.methods()), (1, vec![Method::Invite]));
    carrier.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier, &mut south]);
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier, &mut south]);
    assert_eq!(carrier.methods(), [Method::Invite, Method::Invite], "its place was given back");
}

#[test]
fn a_host_that_cannot_be_reached_is_tried_at_its_other_addresses_first() {
    let mut records = records();
    records.carriers[0].links[0].host = "sbc.north.example".to_owned();
    records.carriers[0].links[0].sources = vec!["198.51.100.0/28".to_owned()];
    let mut world = World::of(setup(&records));
    let (mut pbx, mut south) = (Peer::new(PBX), Peer::new(SOUTH));
    let mut second = Peer::new([198, 51, 100, 9]);
    world.holds = vec!["sbc.north.example".to_owned()];
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut second, &mut south]);
    let addresses = vec![(NORTH, 5060).into(), second.address];
    world.hear(call::Input::Resolved { query: 1, protocol: Protocol::Udp, addresses: Ok(addresses) });
    world.settle(&mut [&mut pbx, &mut second, &mut south]);
    let refuse = |world: &mut World, remote| {
        let target = Target { protocol: Protocol::Udp, remote, name: None, local: None, connection: None };
        world.hear(call::Input::SendFailed { destination: Destination::Target(target) });
    };
    refuse(&mut world, (NORTH, 5060).into());
    world.settle(&mut [&mut pbx, &mut second, &mut south]);
    assert_eq!((second.methods(), south.methods()), (vec![Method::Invite], vec![]));
    refuse(&mut world, second.address);
    world.settle(&mut [&mut pbx, &mut second, &mut south]);
    assert_eq!(south.methods(), []);
    // It was heard of already: 100 has come, and a lost way says nothing of it over UDP.
    second.answer(503, "");
    world.settle(&mut [&mut pbx, &mut second, &mut south]);
    assert_eq!(south.methods(), [Method::Invite]);
}

#[test]
fn a_name_that_nobody_looks_up_is_given_up_for_the_next_link() {
    let mut records = records();
    records.carriers[0].links[0].host = "sbc.north.example".to_owned();
    records.carriers[0].links[0].sources = vec!["198.51.100.0/28".to_owned()];
    let mut world = World::of(setup(&records));
    world.holds = vec!["sbc.north.example".to_owned()];
    let (mut pbx, mut south) = (Peer::new(PBX), Peer::new(SOUTH));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.pass(Duration::from_millis(4_900), &mut [&mut pbx, &mut south]);
    assert_eq!(south.methods(), []);
    world.pass(Duration::from_millis(200), &mut [&mut pbx, &mut south]);
    assert_eq!(south.methods(), [Method::Invite]);
    // What comes after all is too late.
    world.hear(call::Input::Resolved {
        query: 1,
        protocol: Protocol::Udp,
        addresses: Ok(vec![(NORTH, 5060).into()]),
    });
    world.settle(&mut [&mut pbx, &mut south]);
    assert_eq!(world.said_to(&Peer::new(NORTH)), Vec::<String>::new());
}
