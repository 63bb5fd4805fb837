//! What nobody sealed changes nothing: neither the opener nor the fate of the good packets around it.

use crypto::Suite;

use crate::packets::{Optional, identity, rtp};
use crate::pair::{Pair, SSRC, Sealed};
use crate::random::Random;

#[test]
fn a_stream_goes_on_through_a_flood_of_forgeries() {
    for suite in Suite::ALL {
        let mut random = Random::new(3);
        let mut pair = Pair::new(suite);
        let mut sent: Vec<Sealed> = Vec::new();
        for index in 65_500..65_700 {
            let good = pair.seal_at(index);
            for _ in 0..6 {
                let earlier = random.pick(&[1, 2, 50]).min(sent.len());
                let other = sent.get(sent.len() - earlier).unwrap_or(&good);
                let forged = forge(&mut random, &good, other);
                assert_without_effect(&mut pair, &forged);
            }
            assert_eq!(good.open(&mut pair.opener), Ok(()), "{suite}: index {index}");
            sent.push(good);
        }
        for replayed in &sent {
            assert_without_effect(&mut pair, &replayed.bytes);
        }
        assert_eq!(pair.opener.export().sources().count(), 1, "{suite}: a forged source was admitted");
    }
}

/// Makes a packet that was never sealed out of what an attacker has: two sealed packets and noise.
fn forge(random: &mut Random, good: &Sealed, other: &Sealed) -> Vec<u8> {
    let mut packet = good.bytes.clone();
    let len = packet.len() as u64;
    let tag_at = good.plain.len();
    match random.below(8) {
        0 => (0..=random.below(7)).for_each(|flip| packet[flip as usize * 5] ^= 1 << random.below(8)),
        1 => packet.truncate(random.below(len) as usize),
        2 => packet.extend(random.bytes(4)),
        3 => packet[8..12].copy_from_slice(&(random.number() as u32).to_be_bytes()),
        4 => packet[2..4].copy_from_slice(&(random.number() as u16).to_be_bytes()),
        5 => packet[12..tag_at].copy_from_slice(&random.bytes(tag_at - 12)),
        6 => packet[tag_at..].copy_from_slice(&random.bytes(good.bytes.len() - tag_at)),
        _ if other.bytes == good.bytes => {
            packet = rtp(SSRC, random.number() as u16, Optional::default(), &[0; 40])
        }
        _ => packet[tag_at..].copy_from_slice(&other.bytes[tag_at..]),
    }
    if packet == good.bytes {
        packet[12] ^= 1;
    }
    packet
}

fn assert_without_effect(pair: &mut Pair, packet: &[u8]) {
    let before = pair.opener.export();
    let mut buffer = packet.to_vec();
    let opened = pair.opener.open_rtp(&mut buffer, identity(packet));
    assert!(opened.is_err(), "{}: {packet:02x?} was opened", pair.suite);
    assert_eq!(buffer, packet, "{}: a refused packet has changed", pair.suite);
    assert_eq!(pair.opener.export(), before, "{}: {packet:02x?} left a trace", pair.suite);
}
