//! What becomes of a packet on its way, and of a stream that begins anew.

use control::{PayloadMap, SideName};

use crate::call::{Call, SUITES, clear_peers, mixed_peers, srtp_peers};
use crate::peer::Peer;
use crate::world::{rtp, rtp_with};

/// The kinds of calls whose peers hear the same.
fn kinds() -> [[Peer; 2]; 3] {
    [clear_peers(), mixed_peers(), srtp_peers(SUITES)]
}

#[test]
fn payload_types_are_changed_both_ways_and_the_marker_is_kept() {
    for peers in kinds() {
        let mut call = Call::between(peers, |spec| {
            spec.sides[0].payload_maps =
                vec![PayloadMap { from: 101, to: 96 }, PayloadMap { from: 0, to: 0 }];
            spec.sides[1].payload_maps = vec![PayloadMap { from: 96, to: 101 }];
        });
        let mut sequence = 100;
        for (side, from, to) in
            [(SideName::A, 101, 96), (SideName::B, 96, 101), (SideName::A, 96, 96), (SideName::A, 0, 0)]
        {
            for marker in [0, 0x80] {
                sequence += 1;
                let said = rtp_with(marker | from, 7, sequence, 160, b"payload");
                let expected = rtp_with(marker | to, 7, sequence, 160, b"payload");
                assert_eq!(call.say(side, &said), Some(expected), "{side:?} {from} {marker}");
            }
        }
        // Later the other way round.
        call.spec.sides[0].payload_maps = vec![PayloadMap { from: 96, to: 101 }];
        call.update();
        let heard = call.say(SideName::A, &rtp_with(96, 7, 120, 160, b"payload"));
        assert_eq!(heard, Some(rtp_with(101, 7, 120, 160, b"payload")));
    }
}

#[test]
fn padding_contributing_sources_and_extensions_survive() {
    let extension: &[u8] = &[0xbe, 0xde, 0, 1, 0x10, 0x9e, 0, 0];
    let sources: &[u8] = &[0, 0, 0, 2, 0, 0, 0, 3];
    for peers in kinds() {
        let mut call = Call::between(peers, |_| ());
        for (sequence, (first, between, padding)) in (200..).zip([
            (0x82, sources.to_vec(), &[][..]),
            (0x90, extension.to_vec(), &[]),
            (0xa0, Vec::new(), &[0, 0, 0, 4]),
            (0xb2, [sources, extension].concat(), &[0, 2]),
            (0xa0, Vec::new(), &[0]), // Padding that counts itself as nothing is for the peer to judge.
        ]) {
            let plain = rtp_with(0, 7, sequence, 160, &[&between, &b"voice"[..], padding].concat());
            let plain = [&[first][..], &plain[1..]].concat();
            for side in SideName::BOTH {
                assert_eq!(call.say(side, &plain).as_ref(), Some(&plain), "{first:x} from {side:?}");
            }
        }
    }
}

#[test]
fn the_smallest_and_the_largest_packets_pass() {
    for peers in kinds() {
        let mut call = Call::between(peers, |_| ());
        // The memory of a frame behind its headroom has 1,920 bytes, of which tags take 16 at the most.
        for (sequence, len) in (1..).zip([0, 1, 2, 159, 1400, 1920 - 12 - 16]) {
            let plain = rtp_with(0, 7, sequence, 160, &vec![0x33; len]);
            assert_eq!(call.say(SideName::A, &plain), Some(plain), "{len} bytes of payload");
        }
    }
}

#[test]
fn what_does_not_fit_a_frame_with_its_tag_is_dropped() {
    let mut call = Call::mixed();
    let largest = rtp_with(0, 7, 1, 160, &[0x33; 1920 - 12]);
    call.expect_drop(SideName::A, &largest, dataplane::drop::Drop::TooLong);
    assert!(Call::clear().say(SideName::A, &largest).is_some());
    assert!(call.say(SideName::A, &largest[..1904]).is_some(), "with its tag it fills the frame");
}

/// Fields of a header.
fn position(packet: &[u8]) -> (u32, u16, u32) {
    let header = wire::rtp::Header::parse(packet).unwrap();
    (header.ssrc.0, header.sequence.0, header.timestamp.0)
}

#[test]
fn a_peer_that_gets_one_stream_hears_nothing_of_a_restart() {
    let continuous = Call::between(clear_peers(), |spec| spec.sides[1].continuous = true);
    for mut call in [continuous, Call::mixed()] {
        // Each half a second after the last packet: another source, the same one from zero, and far ahead.
        let beginnings =
            [(7, 40_000, 1_000_000), (8, 10_000, 77), (8, 0, 5), (7, 65_000, 0), (7, 20_000, 9_000)];
        let (mut sequence, mut timestamp) = (40_000u16, 1_000_000u32);
        for (begin, (ssrc, first, first_timestamp)) in beginnings.into_iter().enumerate() {
            if begin > 0 {
                timestamp = timestamp.wrapping_add(4000 - 160);
            }
            for step in 0..5u16 {
                let plain = rtp(ssrc, first + step, first_timestamp + u32::from(step) * 160);
                let heard = call.say(SideName::A, &plain);
                let heard = heard.unwrap_or_else(|| panic!("packet {step} of beginning {begin}"));
                assert_eq!(position(&heard), (7, sequence, timestamp), "packet {step} of beginning {begin}");
                assert_eq!(heard[12..], plain[12..]);
                (sequence, timestamp) = (sequence.wrapping_add(1), timestamp.wrapping_add(160));
                call.world.pass_ms(20);
            }
            call.world.pass_ms(500 - 20);
        }
    }
}

#[test]
fn a_peer_that_gets_streams_as_they_are_hears_every_restart() {
    let mut call = Call::clear();
    for (ssrc, sequence, timestamp) in [(7, 40_000, 1), (8, 10, 77), (8, 0, 5), (7, 65_000, 0)] {
        let plain = rtp(ssrc, sequence, timestamp);
        assert_eq!(call.say(SideName::A, &plain), Some(plain));
    }
}

#[test]
fn the_stream_goes_on_when_it_becomes_continuous_or_protected() {
    let mut call = Call::clear();
    call.go_on(5);
    call.spec.sides[1].continuous = true;
    call.update();
    call.go_on(5);
    assert_eq!(call.say(SideName::A, &rtp(99, 1, 1)).map(|heard| position(&heard).0), Some(4000));
}

#[test]
fn voice_bears_the_mark_that_the_wish_says() {
    let mut call = Call::between(clear_peers(), |spec| (spec.sides[0].dscp, spec.sides[1].dscp) = (0, 63));
    for (side, to_b, to_a) in [(0, 63, 0), (1, 10, 46)] {
        if side == 1 {
            (call.spec.sides[0].dscp, call.spec.sides[1].dscp) = (to_a, to_b);
            call.update();
        }
        let said = SideName::BOTH.map(|side| (side, call.peer(side).next()));
        let classes = said.map(|(side, plain)| call.relay(side, &plain).unwrap().traffic_class);
        assert_eq!(classes, [to_b << 2, to_a << 2]);
        let report = crate::report::receiver_report(4000, 1);
        assert_eq!(call.relay_report(SideName::A, &report).unwrap().traffic_class, to_b << 2);
    }
}
