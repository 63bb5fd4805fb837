//! What is sealed is what the standards say, and opens again as it was.

use crypto::{Opener, Parts, Refusal, Sealer, Suite};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::packets::{Optional, inline, master, parts, rtp};
use crate::pair::{Pair, SSRC, seal};
use crate::random::Random;
use crate::reference::{Channel, SessionKeys};

/// The longest datagram.
const LEN_MAX: usize = 65_535;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_packet_is_sealed_as_by_the_reference_and_opens_again(
        ssrc: u32,
        sequence: u16,
        optional in optional(),
        payload in vec(any::<u8>(), 0..=1500),
    ) {
        let plain = rtp(ssrc, sequence, optional, &payload);
        let parts = parts(&plain);
        for suite in Suite::ALL {
            let keys = SessionKeys::derive(suite, &inline(suite, 7), Channel::Rtp);
            let expected = keys.seal_rtp(suite, &plain, parts.header_len, sequence.into());
            prop_assert_eq!(&seal_and_open(&mut Pair::new(suite), &plain, parts), &expected, "{}", suite);
        }
    }
}

#[test]
fn every_length_of_payload_makes_the_round_trip() {
    let payload = Random::new(1).bytes(1500);
    for suite in Suite::ALL {
        let mut pair = Pair::new(suite);
        for len in 0..=1500 {
            let plain = rtp(SSRC, len as u16, Optional::default(), &payload[..len]);
            seal_and_open(&mut pair, &plain, parts(&plain));
        }
    }
}

#[test]
fn every_length_of_header_makes_the_round_trip() {
    let mut random = Random::new(2);
    for suite in Suite::ALL {
        let mut pair = Pair::new(suite);
        for header_len in 12..=72 {
            for payload_len in [0, 1, 15, 16, 17, 160] {
                let plain = random.bytes(header_len + payload_len);
                let sequence = (header_len * 256 + payload_len) as u16;
                seal_and_open(&mut pair, &plain, Parts { header_len, ssrc: SSRC, sequence });
            }
        }
    }
}

#[test]
fn the_longest_datagram_makes_the_round_trip() {
    for suite in Suite::ALL {
        let plain = rtp(SSRC, 1, Optional::default(), &vec![1; LEN_MAX - 12 - suite.rtp_tag_len()]);
        let expected = SessionKeys::derive(suite, &inline(suite, 7), Channel::Rtp);
        let expected = expected.seal_rtp(suite, &plain, 12, 1);
        assert!(seal_and_open(&mut Pair::new(suite), &plain, parts(&plain)) == expected, "{suite}");
    }
}

#[test]
fn a_packet_longer_than_a_datagram_is_refused() {
    for suite in Suite::ALL {
        let mut buffer = vec![0x80; LEN_MAX + 1 + Suite::RTP_OVERHEAD_MAX];
        let parts = Parts { header_len: 12, ssrc: SSRC, sequence: 1 };
        let mut pair = Pair::new(suite);
        for len in [LEN_MAX + 1, LEN_MAX, LEN_MAX - suite.rtp_tag_len() + 1] {
            assert_eq!(
                pair.sealer.seal_rtp(&mut buffer, len, parts),
                Err(Refusal::TooLong),
                "{suite}: {len}"
            );
        }
        assert_eq!(pair.opener.open_rtp(&mut buffer[..=LEN_MAX], parts), Err(Refusal::TooLong), "{suite}");
        assert!(buffer.iter().all(|byte| *byte == 0x80), "{suite}");
        pair.deliver(1);
    }
}

#[test]
fn a_buffer_without_room_for_the_tag_spends_no_index() {
    for suite in Suite::ALL {
        let plain = rtp(SSRC, 9, Optional::default(), &[1; 20]);
        let mut sealer = Sealer::new(&master(suite));
        for room in 0..suite.rtp_tag_len() {
            let mut buffer = [&plain[..], &[0; Suite::RTP_OVERHEAD_MAX][..room]].concat();
            let refusal = sealer.seal_rtp(&mut buffer, plain.len(), parts(&plain));
            assert_eq!(refusal, Err(Refusal::BufferFull), "{suite}");
            assert_eq!(buffer[..plain.len()], plain, "{suite}");
            assert_eq!(sealer.next_sequence(SSRC), None, "{suite}");
        }
        assert!(seal(&mut sealer, suite, SSRC, 9).is_ok(), "{suite}");
    }
}

#[test]
fn lengths_that_do_not_fit_together_are_refused() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        let mut opener = Opener::new(&master(suite));
        let mut buffer = [0x80; 100];
        for (len, header_len) in [(101, 12), (20, 21), (0, 12), (100, usize::MAX), (usize::MAX, 12)] {
            let parts = Parts { header_len, ssrc: SSRC, sequence: 1 };
            let sealed = sealer.seal_rtp(&mut buffer, len, parts);
            let expected = if len > LEN_MAX { Refusal::TooLong } else { Refusal::Truncated };
            assert_eq!(sealed, Err(expected), "{suite}: {header_len} of {len}");
        }
        for len in 0..12 + suite.rtp_tag_len() {
            let parts = Parts { header_len: 12, ssrc: SSRC, sequence: 1 };
            assert_eq!(opener.open_rtp(&mut buffer[..len], parts), Err(Refusal::Truncated), "{suite}: {len}");
        }
        assert_eq!(buffer, [0x80; 100], "{suite}");
    }
}

/// Between nothing and 60 bytes of contributing sources and extension.
fn optional() -> impl Strategy<Value = Optional> {
    (0..=15u8, any::<bool>()).prop_map(|(words, extended)| {
        let contributing_sources = if extended { words / 2 } else { words };
        Optional { contributing_sources, extension_words: extended.then(|| (words / 2).saturating_sub(1)) }
    })
}

/// Returns the sealed packet after it has been opened as it was.
fn seal_and_open(pair: &mut Pair, plain: &[u8], parts: Parts) -> Vec<u8> {
    let mut buffer = [plain, &[0; Suite::RTP_OVERHEAD_MAX]].concat();
    let sealed_len = pair.sealer.seal_rtp(&mut buffer, plain.len(), parts);
    assert_eq!(sealed_len, Ok(plain.len() + pair.suite.rtp_tag_len()), "{}", pair.suite);
    buffer.truncate(plain.len() + pair.suite.rtp_tag_len());
    let mut opened = buffer.clone();
    assert_eq!(pair.opener.open_rtp(&mut opened, parts), Ok(plain.len()), "{}", pair.suite);
    assert!(opened[..plain.len()] == *plain, "{}: the packet has changed on its way", pair.suite);
    buffer
}
