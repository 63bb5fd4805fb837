//! Media hosts by name, and what waits until they are found.

use std::time::Duration;

use call::{Input, ResolveFailure};
use control::SessionSpec;
use sip::Method;
use sip::flow::Protocol;

use crate::outbound::{answered, invited};
use crate::scene::*;

const NAMED: &str = "media.example";

/// A description whose host has a name.
fn named(port: u16) -> String {
    sdp(NORTH, port).replace("c=IN IP4 198.51.100.1", &format!("c=IN IP4 {NAMED}"))
}

/// A world in which the name is known, or found when the test says so.
fn world(is_held: bool) -> World {
    let mut world = World::new();
    world.names.insert(NAMED.to_owned(), (NORTH, 0).into());
    if is_held {
        world.holds.push(NAMED.to_owned());
    }
    world
}

/// The last name that was asked for is found, or is not.
fn find(world: &mut World, is_found: bool, peers: &mut [&mut Peer]) {
    let query = world.last_query;
    let addresses = if is_found { Ok(vec![(NORTH, 0).into()]) } else { Err(ResolveFailure::NotFound) };
    world.hear(Input::Resolved { query, protocol: Protocol::Udp, addresses });
    world.settle(peers);
}

fn remotes(spec: &SessionSpec) -> Vec<Option<std::net::SocketAddr>> {
    spec.sides.iter().map(|side| side.remote).collect()
}

#[test]
fn an_early_answer_by_name_is_early_media_as_soon_as_the_name_is_found() {
    let mut world = world(true);
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    carrier.answer(183, &named(6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(
        (pbx.statuses(), pbx.heard().body().len()),
        (vec![100, 183], 0),
        "that it rings does not wait"
    );
    find(&mut world, true, &mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.statuses(), [100, 183, 183]);
    assert!(!pbx.heard().body().is_empty());
    let wish = world.media.wishes.last().unwrap();
    assert_eq!(remotes(wish), [Some((PBX, 4000).into()), Some((NORTH, 6000).into())]);
}

#[test]
fn an_acceptance_that_does_not_repeat_its_early_answer_waits_for_the_name_in_it() {
    for is_found in [true, false] {
        let mut world = world(true);
        let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
        carrier.answer(183, &named(6000));
        carrier.answer(200, "");
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!((pbx.statuses(), carrier.acks.len()), (vec![100, 183], 1));
        find(&mut world, is_found, &mut [&mut pbx, &mut carrier]);
        assert_eq!(pbx.heard().code(), if is_found { 200 } else { 488 });
        assert_eq!(carrier.methods().contains(&Method::Bye), !is_found);
    }
}

#[test]
fn a_name_of_a_target_that_was_given_up_says_nothing() {
    let mut world = world(true);
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    carrier.answer(183, &named(6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &sdp(NORTH, 7000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    find(&mut world, true, &mut [&mut pbx, &mut carrier]);
    let wish = world.media.wishes.last().unwrap();
    assert_eq!(remotes(wish)[1], Some((NORTH, 7000).into()));
}

#[test]
fn a_change_and_its_answer_may_name_their_hosts() {
    let mut world = world(false);
    let (mut pbx, mut carrier) = answered(&mut world);
    carrier.request(Method::Invite, &named(6600));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.answer(200, &sdp(PBX, 4400));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.heard().code(), 200);
    carrier.acknowledge("");
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.request(Method::Invite, &sdp(PBX, 4800));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &named(6800));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    let wish = world.media.wishes.last().unwrap();
    assert_eq!(remotes(wish), [Some((PBX, 4800).into()), Some((NORTH, 6800).into())]);
    assert_eq!(world.looked_up, [NAMED, NAMED]);
}

#[test]
fn while_the_host_of_an_answer_is_looked_up_no_other_change_begins() {
    let mut world = world(true);
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Invite, &sdp(PBX, 4800));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &named(6800));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.request(Method::Invite, &sdp(NORTH, 6900));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.heard().code(), 491);
    find(&mut world, true, &mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
}

#[test]
fn a_change_whose_answer_names_nobody_ends_the_call() {
    let mut world = world(true);
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Invite, &sdp(PBX, 4800));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &named(6800));
    world.settle(&mut [&mut pbx, &mut carrier]);
    find(&mut world, false, &mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 488);
    let ends = [pbx.methods(), carrier.methods()].map(|methods| methods.last() == Some(&Method::Bye));
    assert_eq!(ends, [true, true]);
}

#[test]
fn an_offer_in_an_acceptance_and_an_answer_in_an_ack_may_name_their_hosts() {
    let mut world = world(false);
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Invite, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &named(6800));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge(&sdp(PBX, 4800).replace("c=IN IP4 192.0.2.1", "c=IN IP4 media.example"));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert!(!carrier.acks.last().unwrap().body().is_empty());
    let wish = world.media.wishes.last().unwrap();
    assert_eq!(remotes(wish), [Some((NORTH, 4800).into()), Some((NORTH, 6800).into())]);
}

#[test]
fn an_answer_in_an_ack_that_names_nobody_ends_the_call() {
    let mut world = world(true);
    let (mut pbx, mut carrier) = invited(&mut world, "");
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge(&named(4000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert!(pbx.methods().is_empty());
    world.pass(Duration::from_secs(6), &mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.methods(), carrier.methods().last()), (vec![Method::Bye], Some(&Method::Bye)));
    pbx.answer(200, "");
    carrier.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn a_call_that_ends_while_a_name_is_looked_up_leaves_nothing() {
    let mut world = world(true);
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Invite, &sdp(PBX, 4800));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &named(6800));
    carrier.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 487);
    find(&mut world, true, &mut [&mut pbx, &mut carrier]);
    pbx.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn a_media_host_by_name_is_looked_up_on_both_legs() {
    let mut world = World::new();
    for (name, host) in [("media.pbx.example", PBX), ("media.carrier.example", NORTH)] {
        world.names.insert(name.to_owned(), (host, 0).into());
    }
    let named = |text: String, host: &str, name: &str| {
        text.replace(&format!("c=IN IP4 {host}"), &format!("c=IN IP4 {name}"))
    };
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let offer = named(sdp(PBX, 4000), "192.0.2.1", "media.pbx.example");
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &offer);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &named(sdp(NORTH, 6000), "198.51.100.1", "media.carrier.example"));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    let remotes = world.media.wishes.last().unwrap().sides.iter().map(|side| side.remote);
    assert_eq!(remotes.collect::<Vec<_>>(), [Some((PBX, 4000).into()), Some((NORTH, 6000).into())]);
    assert_eq!(world.looked_up, ["media.pbx.example", "media.carrier.example"]);
}

#[test]
fn a_media_host_that_nobody_knows_is_refused_with_488() {
    let mut world = World::new();
    let mut pbx = Peer::new(PBX);
    let offer = sdp(PBX, 4000).replace("c=IN IP4 192.0.2.1", "c=IN IP4 nowhere.example");
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &offer);
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 488);
    world.is_over(&mut [&mut pbx]);
}
