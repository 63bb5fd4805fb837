//! A million packets of an attack on a live call, mixed with good ones: nothing of it passes, and nothing good is lost.

use std::net::SocketAddr;

use control::{Learn, SideName};
use dataplane::drop::{Drop, Drops};

use crate::call::{Call, SUITES, clear_peers, srtp_peers};
use crate::forgery::other_peer;
use crate::luck::Luck;
use crate::report::goodbye;
use crate::world::{Sent, rtp};

/// Packets of the attack.
const PACKETS: u32 = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };

/// One good packet in so many.
const GOOD: u32 = 20;

#[test]
fn a_protected_call_stands_an_attack() {
    for learn in [Learn::Never, Learn::Address { window_ms: 60_000 }] {
        let call = Call::between(srtp_peers(SUITES), |spec| {
            spec.media_timeout_s = 5;
            spec.sides.iter_mut().for_each(|side| side.learn = learn);
        });
        stand(call, PACKETS / 2, |luck, call, seen| {
            let forged = forge(luck, seen, call);
            // Whoever is elsewhere is told by his address, or pays with the budget of those who may be the peer.
            let is_elsewhere = learn == Learn::Never && luck.one_in(4);
            let is_media = forged.1 != Drop::NotMedia && forged.1 != Drop::Malformed;
            let reason = if is_elsewhere && is_media { Drop::WrongSource } else { forged.1 };
            (forged.0, is_elsewhere, reason)
        });
    }
}

#[test]
fn a_plain_call_stands_an_attack() {
    for learn in [Learn::Never, Learn::Address { window_ms: 60_000 }] {
        let call = Call::between(clear_peers(), |spec| {
            spec.media_timeout_s = 5;
            spec.sides.iter_mut().for_each(|side| side.learn = learn);
        });
        stand(call, PACKETS / 2, |luck, _, seen| {
            // In the clear a packet is told by where it comes from, if it is one at all.
            let (bytes, reason) = match luck.below(6) {
                0 => (rtp(luck.number() as u32, luck.number() as u16, 0), Drop::WrongSource),
                1 => (wrong_source(seen), Drop::WrongSource),
                2 => (goodbye(luck.number() as u32), Drop::WrongSource),
                3 => (seen[..luck.below(2)].to_vec(), Drop::NotMedia),
                4 => (seen[..2 + luck.below(10)].to_vec(), Drop::Malformed),
                _ => (seen.to_vec(), Drop::WrongSource),
            };
            (bytes, reason == Drop::WrongSource || luck.one_in(2), reason)
        });
    }
}

/// A packet that does not authenticate, from one of side A that did, and why it is dropped.
fn forge(luck: &mut Luck, seen: &[u8], call: &mut Call) -> (Vec<u8>, Drop) {
    let tag_len = SUITES[0].rtp_tag_len();
    match luck.below(9) {
        0 => (seen.to_vec(), Drop::Replayed),
        1 => (seen[..luck.below(2)].to_vec(), Drop::NotMedia),
        2 => (seen[..2 + luck.below(10)].to_vec(), Drop::Malformed),
        3 => (seen[..12 + luck.below(tag_len)].to_vec(), Drop::Truncated),
        4 => (wrong_source(seen), Drop::BadTag),
        5 => (rtp(luck.number() as u32, luck.number() as u16, 0), Drop::BadTag),
        6 => (other_peer().seal_report(&goodbye(luck.number() as u32)), Drop::BadTag),
        7 => {
            let (ssrc, sequence) = (call.peers[0].ssrc, call.peers[0].sequence);
            let mut forged = rtp(ssrc, sequence.wrapping_add(luck.below(20) as u16), 160);
            forged.extend(luck.bytes(tag_len));
            (forged, Drop::BadTag)
        }
        _ => {
            let mut forged = seen.to_vec();
            // A sequence that was not heard yet, or the copy would pass for a replay.
            let ahead = u16::from_be_bytes([forged[2], forged[3]]).wrapping_add(5000);
            forged[2..4].copy_from_slice(&ahead.to_be_bytes());
            (forged, Drop::BadTag)
        }
    }
}

fn wrong_source(seen: &[u8]) -> Vec<u8> {
    let mut forged = seen.to_vec();
    forged[9] ^= 0x55;
    forged
}

/// Mixes good packets of both sides with those of an attack on side A: bytes, whether they come from elsewhere, and why
/// they are dropped.
fn stand(
    mut call: Call,
    packets: u32,
    mut attack: impl FnMut(&mut Luck, &mut Call, &[u8]) -> (Vec<u8>, bool, Drop),
) {
    println!("{packets} packets of an attack");
    let mut luck = Luck::new(1_000_000);
    let [near, far]: [SocketAddr; 2] = [call.peers[0].at, "192.0.2.200:6666".parse().unwrap()];
    call.go_on(2);
    let (mut expected, mut good) = (Drops::default(), 0);
    let mut seen = call.peer(SideName::A).next_sealed();
    assert!(call.relay(SideName::A, &seen).is_some());
    for round in 0..packets / GOOD {
        for _ in 0..GOOD {
            let (bytes, is_elsewhere, reason) = attack(&mut luck, &mut call, &seen);
            call.world.arrive(4000, if is_elsewhere { far } else { near }, &bytes);
            expected.count(reason);
        }
        let said = SideName::BOTH.map(|side| (side, call.peer(side).next()));
        for (side, plain) in &said {
            let packet = call.peer(*side).seal(plain);
            let (at, port) = (call.peer(*side).at, call.peer(*side).port);
            call.world.arrive(port, at, &packet);
            if *side == SideName::A {
                seen = packet;
            }
        }
        call.world.now_us += 20_000;
        call.world.turn();
        let sent: [Sent; 2] = core::array::from_fn(|_| call.world.take_sent().expect("good packets arrive"));
        assert_eq!(call.world.take_sent(), None, "nothing of the attack does, round {round}");
        for ((side, plain), sent) in said.iter().zip(&sent) {
            assert_eq!(call.hear(side.other(), sent).as_ref(), Some(plain), "round {round}");
        }
        good += 2;
    }
    assert_eq!(call.drops(), expected);
    let counters = call.world.report().counters;
    assert_eq!(counters.forwarded, 4 + 1 + good);
    assert_eq!(counters.received, counters.forwarded + u64::from(packets / GOOD * GOOD));
    assert_eq!(call.world.describe(0, 1).remotes, call.peers.each_ref().map(|peer| peer.at.into()));
    call.world.collect_events();
    let is_timeout = |event: &control::Event| matches!(event, control::Event::MediaTimeout { .. });
    assert!(!call.world.events.iter().any(is_timeout), "the call lives");
    call.go_on(5);
    call.check_books();
}
