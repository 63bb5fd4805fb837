//! More calls than there is room for at a moment.

use std::num::NonZeroU32;
use std::time::Duration;

use call::{Input, Limits};
use sip::{Method, Name};
use trunk::records::{CredentialRecord, SecretRecord};
use trunk::{DigestAlgorithm, Secret};

use crate::outbound::answered;
use crate::scene::*;

/// A node that takes so many calls a second.
fn world(calls_per_second: u32) -> World {
    let limits = Limits { calls_per_second_max: NonZeroU32::new(calls_per_second), ..Limits::default() };
    World::of(call::Setup { limits, ..setup(&records()) })
}

fn call(world: &mut World, pbx: &mut Peer, number: &str) {
    let invite = pbx.invitation(OWN_NUMBER, number, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [pbx]);
}

fn finals(peer: &Peer) -> Vec<u16> {
    peer.statuses().into_iter().filter(|status| *status >= 200).collect()
}

#[test]
fn beyond_the_rate_calls_are_refused_without_a_record_and_told_when_to_come_back() {
    let (mut world, mut pbx) = (world(3), Peer::new(PBX));
    for _ in 0..10 {
        call(&mut world, &mut pbx, OUTSIDE);
    }
    assert_eq!((finals(&pbx), world.engine.calls()), (vec![503; 7], 3));
    assert_eq!(world.journal.begun.len(), 3);
    let seconds: u32 = pbx.heard().header(Name::RetryAfter).unwrap().parse().unwrap();
    assert!((5..=10).contains(&seconds), "{seconds}");
    let kept = world.engine.transactions();
    call(&mut world, &mut pbx, OUTSIDE);
    assert_eq!(world.engine.transactions(), kept, "nothing is kept of what was refused");
    world.now += Duration::from_secs(1);
    call(&mut world, &mut pbx, OUTSIDE);
    assert_eq!(world.engine.calls(), 4, "a second later there is room");
}

#[test]
fn what_is_there_is_served_whatever_comes() {
    let mut world = world(1);
    let (mut pbx, mut carrier) = answered(&mut world);
    world.hear(Input::Pressure { is_high: true });
    let again = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(again);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 503);
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.heard().code(), carrier.methods().last()), (200, Some(&Method::Bye)));
}

#[test]
fn copies_of_a_call_that_was_taken_are_not_refused() {
    let (mut world, mut pbx) = (world(1), Peer::new(PBX));
    world.loses.push(("SIP/2.0".to_owned(), 1));
    call(&mut world, &mut pbx, OUTSIDE);
    assert_eq!(pbx.statuses(), [0_u16; 0], "what it was told is lost");
    world.pass(Duration::from_millis(600), &mut [&mut pbx]);
    assert_eq!((pbx.statuses().first(), finals(&pbx)), (Some(&100), vec![]));
}

#[test]
fn calls_for_help_are_not_refused_for_load() {
    let (mut world, mut pbx) = (world(1), Peer::new(PBX));
    world.hear(Input::Pressure { is_high: true });
    call(&mut world, &mut pbx, "911");
    assert_ne!(finals(&pbx).first(), Some(&503), "{:?}", pbx.statuses());
    call(&mut world, &mut pbx, OUTSIDE);
    assert_eq!(finals(&pbx).last(), Some(&503));
    world.hear(Input::Pressure { is_high: false });
    call(&mut world, &mut pbx, OUTSIDE);
    assert_eq!(world.engine.calls(), 1 + usize::from(finals(&pbx).len() == 1));
}

#[test]
fn who_is_asked_to_log_in_keeps_its_place() {
    let mut records = records();
    let ha1 = Secret::new("1f830a9d2a5397c31b6012f86434e736".to_owned());
    let secrets = vec![SecretRecord { algorithm: DigestAlgorithm::Md5, ha1 }];
    records.voice_connectors[0].credentials = vec![CredentialRecord { username: "pbx".to_owned(), secrets }];
    let limits = Limits { calls_per_second_max: NonZeroU32::new(1), ..Limits::default() };
    let mut world = World::of(call::Setup { limits, ..setup(&records) });
    let mut pbx = Peer::new(PBX);
    for _ in 0..5 {
        call(&mut world, &mut pbx, OUTSIDE);
    }
    assert_eq!(finals(&pbx), [401; 5]);
}
