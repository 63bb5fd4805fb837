//! A side that negotiated SRTP neither accepts nor emits anything in the clear.

use std::net::SocketAddr;

use control::{Learn, Protection, Rtcp, SideName};
use crypto::Suite;
use dataplane::drop::Drop;

use crate::call::{Call, KEYS, SUITES, mixed_peers, srtp_peers};
use crate::forgery::{forgeries, other_peer};
use crate::luck::Luck;
use crate::peer::Peer;
use crate::report::{goodbye, receiver_report};
use crate::world::{Sent, a_at, b_at, rtp, srtp};

#[test]
fn what_does_not_authenticate_is_dropped_and_counted_by_reason() {
    for suite in Suite::ALL {
        let mut call = Call::between(srtp_peers([suite, SUITES[1]]), |_| ());
        call.go_on(3);
        let old = call.peer(SideName::A).next_sealed();
        assert!(call.relay(SideName::A, &old).is_some());
        let fresh = call.peer(SideName::A).next_sealed();
        for forgery in forgeries(&fresh, Some(&old), suite.rtp_tag_len()) {
            call.expect_drop(SideName::A, &forgery.bytes, forgery.reason);
        }
        call.go_on(3);
        call.check_books();
    }
}

#[test]
fn another_suite_with_the_same_key_bytes_is_refused() {
    // The two suites with the same sizes of key and salt: only the tags differ.
    let suites = [Suite::AesCm128HmacSha1_80, Suite::AesCm128HmacSha1_32];
    for (negotiated, used) in [(suites[0], suites[1]), (suites[1], suites[0])] {
        let mut call = Call::between(srtp_peers([negotiated, SUITES[1]]), |_| ());
        let mut peer = Peer::srtp(a_at(), 4000, used, KEYS[0]);
        for _ in 0..5 {
            let packet = peer.next_sealed();
            call.expect_drop(SideName::A, &packet, Drop::BadTag);
        }
        call.go_on(3);
    }
}

#[test]
fn the_same_key_on_both_sides_is_still_verified() {
    let mut call = Call::between(srtp_peers(SUITES), |spec| {
        for side in &mut spec.sides {
            (side.receive, side.send) = (srtp(SUITES[0], KEYS[0]), srtp(SUITES[0], KEYS[0]));
        }
    });
    // Each peer sends and gets under the one key.
    let [mut a, mut b] =
        [Peer::srtp(a_at(), 4000, SUITES[0], KEYS[0]), Peer::srtp(b_at(), 5000, SUITES[0], KEYS[0])];
    for _ in 0..20 {
        for (peer, side) in [(&mut a, SideName::A), (&mut b, SideName::B)] {
            let packet = peer.next_sealed();
            let mut forged = packet.clone();
            forged[20] ^= 1;
            call.expect_drop(side, &forged, Drop::BadTag);
            call.expect_drop(side, &rtp(peer.ssrc, peer.sequence, 0), Drop::BadTag);
            let sent = call.relay(side, &packet).unwrap();
            assert_eq!(sent.bytes, packet, "the same key and index protect to the same bytes");
            call.expect_drop(side, &packet, Drop::Replayed);
        }
    }
}

#[test]
fn refused_packets_are_never_learned_from() {
    for learn in [Learn::Port, Learn::Address { window_ms: 60_000 }] {
        let mut call = Call::between(srtp_peers(SUITES), |spec| spec.sides[0].learn = learn);
        let from = "198.51.100.1:6666".parse().unwrap();
        let mut forger = other_peer();
        for _ in 0..10 {
            let packet = forger.next_sealed();
            call.expect_drop_at(4000, from, &packet, Drop::BadTag);
        }
        assert_eq!(call.world.describe(0, 1).remotes[0], a_at().into());
        call.go_on(3);
    }
}

/// Whatever arrives: what goes to the protected peer opens under its key, and nothing opens twice.
#[test]
fn a_protected_peer_never_gets_anything_in_the_clear() {
    let packets = 100_000;
    println!("{packets} random and mutated packets");
    for (seed, rtcp) in [(1, Rtcp::NextPort(None)), (2, Rtcp::Muxed)] {
        let mut call =
            Call::between(mixed_peers(), |spec| spec.sides.iter_mut().for_each(|side| side.rtcp = rtcp));
        let mut luck = Luck::new(seed);
        let mut got = Got::default();
        for number in 0..packets {
            let side = *luck.pick(&SideName::BOTH);
            let (bytes, to_reports) = anything(&mut luck, &mut call, side);
            let peer = &call.peers[side as usize];
            let distance = u16::from(to_reports && rtcp != Rtcp::Muxed);
            let from = SocketAddr::new(peer.at.ip(), peer.at.port() + distance);
            call.world.arrive(peer.port + distance, from, &bytes);
            if number % 16 == 0 {
                call.world.now_us += 20_000;
                call.world.turn();
                got.take(&mut call);
            }
        }
        call.world.turn();
        got.take(&mut call);
        assert!(got.media > packets / 50 && got.reports > packets / 50, "{got:?}");
        assert!(got.plain > packets / 50, "{got:?}");
        call.check_books();
    }
}

/// Something that may arrive from the peer of a side, and whether at its port for reports.
fn anything(luck: &mut Luck, call: &mut Call, side: SideName) -> (Vec<u8>, bool) {
    let packet = match luck.below(8) {
        0 | 1 => call.peer(side).next_sealed(),
        2 | 3 => {
            let plain = receiver_report(call.peer(side).ssrc, luck.number() as u32);
            return (call.peer(side).seal_report(&plain), true);
        }
        4 => call.peer(side).next(),
        5 => goodbye(luck.number() as u32),
        6 => rtp(luck.number() as u32, luck.number() as u16, luck.number() as u32),
        _ => {
            let len = luck.below(200);
            luck.bytes(len)
        }
    };
    let packet = if luck.one_in(2) { luck.mutate(&packet) } else { packet };
    (packet, luck.one_in(4))
}

/// What the peers got.
#[derive(Debug, Default)]
struct Got {
    media: u32,
    reports: u32,
    plain: u32,
}

impl Got {
    fn take(&mut self, call: &mut Call) {
        while let Some(sent) = call.world.take_sent() {
            if sent.to.ip() == a_at().ip() {
                self.plain += 1;
            } else {
                self.take_protected(&mut call.peers[1], &sent);
            }
        }
    }

    fn take_protected(&mut self, peer: &mut Peer, sent: &Sent) {
        let is_report = sent.bytes.get(1).is_some_and(|second| (192..=223).contains(second));
        let outcome = if is_report { peer.open_report(&sent.bytes) } else { peer.open(&sent.bytes) };
        assert!(outcome.is_ok(), "{outcome:?}: {:02x?}", sent.bytes);
        if is_report { self.reports += 1 } else { self.media += 1 }
    }
}

#[test]
fn a_side_becomes_protected_and_nothing_in_the_clear_passes_any_more() {
    let mut call = Call::clear();
    call.go_on(5);
    let plain = call.peer(SideName::B).next();
    call.peer(SideName::B).change_keys(SUITES[1], KEYS[1]);
    (call.spec.sides[1].receive, call.spec.sides[1].send) =
        (srtp(SUITES[1], KEYS[1]), srtp(SUITES[1], KEYS[1] + 1));
    call.update();
    assert!(matches!(call.spec.sides[1].send, Protection::Srtp(_)));
    call.expect_drop(SideName::B, &plain, Drop::BadTag);
    call.go_on(5);
}
