//! The 48-bit index behind the 16-bit sequence number, on both sides.

use crypto::{OpenerSnapshot, OpenerSource, Parts, Refusal, SealerSnapshot, SealerSource, Suite};

use crate::packets::inline;
use crate::pair::{Pair, SSRC, Sealed, seal};
use crate::random::Random;
use crate::reference::{Channel, SessionKeys};

/// The last index that a key protects a packet with.
const INDEX_MAX: u64 = (1 << 48) - 1;

#[test]
fn the_wrap_may_come_at_every_place_of_a_window() {
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm] {
        for place in 0..=128 {
            let mut pair = Pair::new(suite);
            let first = 0x1_0000 - place;
            (first..first + 130).for_each(|index| pair.deliver(index));
        }
    }
}

#[test]
fn packets_are_reordered_across_the_wrap_at_every_place_of_a_window() {
    for suite in [Suite::AesCm128HmacSha1_32, Suite::AeadAes256Gcm] {
        for place in 1..=128 {
            let mut pair = Pair::new(suite);
            let first = 0x2_0000 - place;
            pair.deliver_rising_to(first);
            let late: Vec<_> = (first + 1..first + 128).map(|index| pair.seal_at(index)).collect();
            pair.deliver(first + 128);
            for packet in late.iter().rev() {
                assert_eq!(packet.open(&mut pair.opener), Ok(()), "{suite}: wrap after {place}");
                assert_eq!(
                    packet.open(&mut pair.opener),
                    Err(Refusal::Replayed),
                    "{suite}: wrap after {place}"
                );
            }
        }
    }
}

#[test]
fn many_wraps_are_counted_as_the_reference_counts_them() {
    for suite in Suite::ALL {
        let keys = SessionKeys::derive(suite, &inline(suite, 7), Channel::Rtp);
        let mut random = Random::new(8);
        let mut pair = Pair::new(suite);
        let mut index = 40_000;
        while index < 30 << 16 {
            let packet = pair.seal_at(index);
            assert_eq!(packet.bytes, keys.seal_rtp(suite, &packet.plain, 12, index), "{suite}: {index}");
            assert_eq!(packet.open(&mut pair.opener), Ok(()), "{suite}: {index}");
            index += 1 + random.below(0x7fff);
        }
    }
}

#[test]
fn the_first_packet_may_have_any_sequence_number() {
    for suite in [Suite::AesCm192HmacSha1_80, Suite::AeadAes128Gcm] {
        for first in (1..=0xffff).step_by(251).chain([0x7fff, 0x8000, 0xffff]) {
            let mut pair = Pair::new(suite);
            let earlier = pair.seal_at(first - 1);
            pair.deliver(first);
            pair.deliver(first + 1);
            assert_eq!(earlier.open(&mut pair.opener), Ok(()), "{suite}: before {first}");
        }
        Pair::new(suite).deliver(0);
    }
}

#[test]
fn the_last_rollover_counter_is_reached_sealed_as_by_the_reference_and_opened() {
    for suite in Suite::ALL {
        let keys = SessionKeys::derive(suite, &inline(suite, 7), Channel::Rtp);
        let cycle = INDEX_MAX & !0xffff;
        let mut pair = pair_at(suite, cycle - 3);
        for index in [cycle - 3, cycle - 2, cycle + 1, cycle - 1, cycle, cycle + 2] {
            let packet = pair.seal_at(index);
            assert_eq!(packet.bytes, keys.seal_rtp(suite, &packet.plain, 12, index), "{suite}: {index:#x}");
            assert_eq!(packet.open(&mut pair.opener), Ok(()), "{suite}: {index:#x}");
            assert_eq!(packet.open(&mut pair.opener), Err(Refusal::Replayed), "{suite}: {index:#x}");
        }
    }
}

#[test]
fn a_key_is_exhausted_for_the_sealer_after_the_last_index_and_not_before() {
    for suite in Suite::ALL {
        let mut sealer = pair_at(suite, INDEX_MAX - 1).sealer;
        assert!(seal(&mut sealer, suite, SSRC, 0xffff).is_ok(), "{suite}");
        assert!(seal(&mut sealer, suite, SSRC, 0xfffe).is_ok(), "{suite}");
        for sequence in [0, 1, 1000, 0x7ffe] {
            let refusal = seal(&mut sealer, suite, SSRC, sequence).err();
            assert_eq!(refusal, Some(Refusal::KeyExhausted), "{suite}: {sequence}");
        }
        for sequence in [0xffff, 0xff00, 0x8000] {
            let refusal = seal(&mut sealer, suite, SSRC, sequence).err();
            assert_eq!(refusal, Some(Refusal::IndexUsed), "{suite}: {sequence}");
        }
        // Another source has indices of its own.
        assert!(seal(&mut sealer, suite, SSRC + 1, 0).is_ok(), "{suite}");
    }
}

#[test]
fn a_key_is_exhausted_for_the_opener_after_the_last_index_and_not_before() {
    for suite in Suite::ALL {
        let mut pair = pair_at(suite, INDEX_MAX - 2);
        let late = pair.seal_at(INDEX_MAX - 2);
        pair.deliver(INDEX_MAX);
        assert_eq!(late.open(&mut pair.opener), Ok(()), "{suite}");
        let reached = pair.opener.export();
        for sequence in [0, 1, 0x7ffe] {
            let parts = Parts { sequence, ..late.parts };
            let refusal = Sealed { parts, ..late.clone() }.open(&mut pair.opener);
            assert_eq!(refusal, Err(Refusal::KeyExhausted), "{suite}: {sequence}");
        }
        assert_eq!(pair.opener.export(), reached, "{suite}");
    }
}

#[test]
fn a_second_try_does_not_go_past_the_last_index() {
    for suite in Suite::ALL {
        let mut pair = pair_at(suite, INDEX_MAX - 9);
        let mut damaged = pair.seal_at(INDEX_MAX - 1);
        damaged.bytes[12] ^= 1;
        for _ in 0..10 {
            assert_eq!(damaged.open(&mut pair.opener), Err(Refusal::BadTag), "{suite}");
        }
        pair.deliver(INDEX_MAX);
    }
}

/// The parts are what the caller has read, not what the bytes say: if they name another source or another
/// number than the packet has, the nonce of GCM is another one, and for counter mode the header is not touched.
#[test]
fn the_index_comes_from_the_parts_of_a_packet() {
    let mut pair = Pair::new(Suite::AeadAes128Gcm);
    let packet = pair.seal_at(7);
    for parts in [
        Parts { sequence: 8, ..packet.parts },
        Parts { ssrc: SSRC + 1, ..packet.parts },
        Parts { header_len: 11, ..packet.parts },
        Parts { header_len: 13, ..packet.parts },
    ] {
        let mut bytes = packet.bytes.clone();
        assert_eq!(pair.opener.open_rtp(&mut bytes, parts), Err(Refusal::BadTag), "{parts:?}");
        assert_eq!(bytes, packet.bytes, "{parts:?}");
    }
    assert_eq!(packet.open(&mut pair.opener), Ok(()));
}

/// A sender and a receiver that have everything below `next` behind them.
fn pair_at(suite: Suite, next: u64) -> Pair {
    let mut pair = Pair::new(suite);
    let source = SealerSource { ssrc: SSRC, rtcp_mark: 0, rtp_mark: next };
    pair.sealer.import(&SealerSnapshot::of(&[source]).expect("one source has room"));
    let source = OpenerSource { ssrc: SSRC, rtcp_next: 0, rtp_next: next };
    pair.opener.import(&OpenerSnapshot::of(&[source]).expect("one source has room"));
    pair
}
