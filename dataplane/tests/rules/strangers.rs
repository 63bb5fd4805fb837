//! Other protocols that a media port may meet: dropped, without a trace.

use control::{Learn, SideName};
use dataplane::drop::Drop;

use crate::call::{Call, SUITES, clear_peers, srtp_peers};
use crate::world::a_at;

/// A binding request, a ClientHello, a Hello and channel data, as far as a relay would look.
const STUN: &[u8] = &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const DTLS: &[u8] = &[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0];
const ZRTP: &[u8] = &[16, 0, 0, 1, b'Z', b'R', b'T', b'P', 0, 0, 0, 7, 0x50, 0x5a, 0, 3];
const TURN: &[u8] = &[0x40, 1, 0, 4, 0x80, 0, 0, 1];

#[test]
fn other_protocols_are_dropped_and_leave_no_trace() {
    for peers in [clear_peers, || srtp_peers(SUITES)] {
        let talk = |strange: bool| {
            let mut call = Call::between(peers(), |spec| {
                spec.sides.iter_mut().for_each(|side| side.learn = Learn::Address { window_ms: 60_000 });
            });
            for _ in 0..20 {
                for packet in [STUN, DTLS, ZRTP, TURN].into_iter().filter(|_| strange) {
                    call.expect_drop(SideName::A, packet, Drop::NotMedia);
                    for port in [4000, 4001, 5000, 5001] {
                        call.expect_drop_at(
                            port,
                            "192.0.2.200:6666".parse().unwrap(),
                            packet,
                            Drop::NotMedia,
                        );
                    }
                }
                call.go_on(1);
            }
            call.end()
        };
        assert_eq!(talk(true), talk(false));
    }
}

#[test]
fn every_first_byte_but_those_of_rtp_is_no_media() {
    let mut call = Call::clear();
    for first in 0..=255u8 {
        let packet = [&[first, 0][..], &[0; 170]].concat();
        if first >> 6 == 2 {
            // Version 2 may be malformed in what follows, but it is RTP.
            let sent = call.world.relay(4000, a_at(), &packet);
            assert_eq!(sent.map(|sent| sent.bytes), Some(packet), "first byte {first}");
        } else {
            call.expect_drop(SideName::A, &packet, Drop::NotMedia);
        }
    }
}
