//! Somebody on the telephone network calls a customer.

use std::time::Duration;

use call::{Disposition, Status};
use sip::{Method, Name};

use crate::scene::*;

fn peers() -> (Peer, Peer, Peer) {
    (Peer::new(NORTH), Peer::new(PBX1), Peer::new(PBX2))
}

fn call(world: &mut World, (carrier, first, second): (&mut Peer, &mut Peer, &mut Peer)) {
    // Carriers leave out the plus.
    let invite = carrier.invitation("14255550100", &OWN_NUMBER[1..], "192.0.2.200", &sdp(NORTH, 6000));
    carrier.send(invite);
    world.settle(&mut [carrier, first, second]);
}

#[test]
fn a_call_reaches_the_first_host_with_numbers_as_customers_write_them() {
    let mut world = World::new();
    let (mut carrier, mut first, mut second) = peers();
    call(&mut world, (&mut carrier, &mut first, &mut second));
    let invite = &first.requests[0].1;
    assert_eq!(invite.uri().as_str(), "sip:+12065550101@pbx1.example:5060");
    assert_eq!(invite.from_address().unwrap().uri().user(), Some("+14255550100"));
    assert_eq!(invite.headers().address(Name::PAssertedIdentity).unwrap().uri().user(), Some("+14255550100"));
    assert_eq!(invite.headers().named("X-VoiceConnector-ID"), Some(CONNECTOR));
    assert_eq!(world.journal.begun[0].sip_call_id, invite.call_id());
    assert_ne!(world.journal.begun[0].invite_call_id, invite.call_id(), "copies come from the carrier");
    assert_eq!(world.journal.begun[0].disposition, Disposition::Origination);
    assert_eq!(world.media.wishes[0].sides[0].realm.as_str(), "carriers");
    first.answer(200, &sdp(PBX1, 4000));
    world.settle(&mut [&mut carrier, &mut first, &mut second]);
    carrier.acknowledge("");
    first.request(Method::Bye, "");
    world.settle(&mut [&mut carrier, &mut first, &mut second]);
    carrier.answer(200, "");
    world.is_over(&mut [&mut carrier, &mut first, &mut second]);
    assert_eq!(world.end(), (Status::Completed, "Normal Call Clearing"));
    assert!(second.requests.is_empty());
}

#[test]
fn who_wants_to_be_unknown_is_unknown_to_the_customer() {
    let mut world = World::new();
    let (mut carrier, mut first, _) = peers();
    let mut invite = carrier.invitation("14255550100", OWN_NUMBER, "192.0.2.200", &sdp(NORTH, 6000));
    invite.headers_mut().push(Name::PAssertedIdentity, "\"Alice\" <sip:+14255550100@198.51.100.1>");
    invite.headers_mut().push(Name::Privacy, "id");
    carrier.send(invite);
    world.settle(&mut [&mut carrier, &mut first]);
    let invite = &first.requests[0].1;
    assert_eq!(invite.from_address().unwrap().uri().as_str(), "sip:anonymous@anonymous.invalid");
    assert_eq!(invite.header(Name::PAssertedIdentity), None);
    let text = &world.wire.iter().find(|(_, text)| text.starts_with("INVITE")).unwrap().1;
    assert!(!text.contains("4255550100") && !text.contains("Alice"), "{text}");
}

#[test]
fn a_host_that_says_nothing_for_four_seconds_is_given_up_for_the_next() {
    let mut world = World::new();
    let (mut carrier, mut first, mut second) = peers();
    call(&mut world, (&mut carrier, &mut first, &mut Peer::new([9; 4])));
    // The peer has heard it and its transactions answer 100: so it is taken off the network.
    let mut world = World::new();
    call(&mut world, (&mut carrier, &mut Peer::new([9; 4]), &mut second));
    world.pass(Duration::from_millis(3_900), &mut [&mut carrier, &mut second]);
    assert!(second.requests.is_empty());
    world.pass(Duration::from_millis(200), &mut [&mut carrier, &mut second]);
    assert_eq!(second.methods(), [Method::Invite]);
    second.answer(200, &sdp(PBX2, 4000));
    world.settle(&mut [&mut carrier, &mut second]);
    assert_eq!(carrier.heard().code(), 200);
    assert_eq!((world.journal.begun.len(), world.journal.answered.len()), (1, 1));
}

#[test]
fn hosts_that_fail_are_followed_by_the_next_and_the_carrier_never_hears_503() {
    for status in [408, 500, 502, 503, 504] {
        let mut world = World::new();
        let (mut carrier, mut first, mut second) = peers();
        call(&mut world, (&mut carrier, &mut first, &mut second));
        first.answer(status, "");
        world.settle(&mut [&mut carrier, &mut first, &mut second]);
        second.answer(status, "");
        world.settle(&mut [&mut carrier, &mut first, &mut second]);
        assert_eq!(carrier.heard().code(), 480, "{status}");
        assert_eq!(world.end(), (Status::Rejected, "no host took the call"));
        world.is_over(&mut [&mut carrier, &mut first, &mut second]);
    }
}

#[test]
fn after_it_has_rung_nobody_else_is_tried() {
    let mut world = World::new();
    let (mut carrier, mut first, mut second) = peers();
    call(&mut world, (&mut carrier, &mut first, &mut second));
    first.answer(180, "");
    world.settle(&mut [&mut carrier, &mut first, &mut second]);
    first.answer(488, "");
    world.settle(&mut [&mut carrier, &mut first, &mut second]);
    assert_eq!(carrier.heard().code(), 488);
    assert!(second.requests.is_empty());
    assert_eq!(world.end(), (Status::Rejected, "488 Not Acceptable Here"));
    world.is_over(&mut [&mut carrier, &mut first, &mut second]);
}

#[test]
fn a_number_that_is_not_ours_is_refused_without_a_record() {
    let mut world = World::new();
    let mut carrier = Peer::new(NORTH);
    let invite = carrier.invitation("14255550100", "+12065550199", "192.0.2.200", &sdp(NORTH, 6000));
    carrier.send(invite);
    world.settle(&mut [&mut carrier]);
    assert_eq!(carrier.heard().code(), 404);
    assert!(world.journal.begun.is_empty());
}

#[test]
fn a_caller_that_waits_hears_that_it_rings_every_minute() {
    let mut world = World::new();
    let (mut carrier, mut first, mut second) = peers();
    call(&mut world, (&mut carrier, &mut first, &mut second));
    first.answer(180, "");
    world.pass(Duration::from_secs(185), &mut [&mut carrier, &mut first, &mut second]);
    let rings = world.said_to(&carrier).iter().filter(|words| *words == "180 INVITE").count();
    assert_eq!(rings, 4);
}

#[test]
fn as_many_calls_go_to_a_number_as_it_may_have() {
    let mut records = records();
    records.phone_numbers[0].calls_max = Some(1);
    let mut world = World::of(setup(&records));
    let (mut carrier, mut pbx) = (Peer::new(NORTH), Peer::new(PBX1));
    for expected in [100, 486] {
        let invite = carrier.invitation(OUTSIDE, OWN_NUMBER, "192.0.2.200", &sdp(NORTH, 6000));
        carrier.send(invite);
        world.settle(&mut [&mut carrier, &mut pbx]);
        assert_eq!(carrier.heard().code(), expected);
    }
    assert_eq!(pbx.requests.len(), 1);
}

#[test]
fn a_number_is_called_through_its_own_carrier_and_a_toll_free_one_through_any_of_its_own() {
    let mut records = records();
    records.carriers.push(trunk::records::CarrierRecord {
        carrier_id: "east".to_owned(),
        links: vec![link("east-1", "198.51.100.33", 1)],
        name: "East".to_owned(),
    });
    let mut free = number("+18005550101", CONNECTOR);
    free.carriers = vec!["north".to_owned(), "east".to_owned()];
    free.phone_number_type = trunk::records::PhoneNumberType::TollFree;
    records.phone_numbers.push(free);
    let mut world = World::of(setup(&records));
    let (mut east, mut pbx) = (Peer::new([198, 51, 100, 33]), Peer::new(PBX1));
    let mut status = |number: &str| {
        let invite = east.invitation(OUTSIDE, number, "192.0.2.200", &sdp([198, 51, 100, 33], 6000));
        east.send(invite);
        world.settle(&mut [&mut east, &mut pbx]);
        (east.heard().code(), pbx.requests.len())
    };
    assert_eq!(status(OWN_NUMBER), (403, 0));
    assert_eq!(status("+18005550101"), (100, 1));
}
