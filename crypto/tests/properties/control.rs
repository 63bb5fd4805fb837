//! SRTCP: the index travels with the packet, and everything else holds as for media.

use std::collections::BTreeSet;

use crypto::{Opener, Refusal, Reserve, Sealer, Suite};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::packets::{inline, master, rtcp};
use crate::pair::SSRC;
use crate::random::Random;
use crate::reference::{Channel, SessionKeys};
use crate::sources::SEALED_MAX;

/// How many reports the replay window holds.
const WINDOW: u32 = 64;

/// The last index that a key protects a report with.
const INDEX_MAX: u32 = (1 << 31) - 1;

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_report_is_sealed_as_by_the_reference_and_opens_again(
        ssrc: u32,
        bodies in vec(vec(any::<u8>(), 0..=1500), 1..4),
    ) {
        for suite in Suite::ALL {
            let keys = SessionKeys::derive(suite, &inline(suite, 7), Channel::Rtcp);
            let mut sealer = Sealer::new(&master(suite));
            let mut opener = Opener::new(&master(suite));
            for (index, body) in bodies.iter().enumerate() {
                let plain = [&rtcp(ssrc, 0)[..], body].concat();
                let mut sealed = seal(&mut sealer, &plain).unwrap();
                prop_assert_eq!(&sealed, &keys.seal_rtcp(suite, &plain, index as u32), "{}", suite);
                prop_assert_eq!(opener.open_rtcp(&mut sealed), Ok(plain.len()), "{}", suite);
                prop_assert_eq!(&sealed[..plain.len()], &plain[..], "{}", suite);
            }
        }
    }
}

#[test]
fn every_length_of_report_makes_the_round_trip() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        let mut opener = Opener::new(&master(suite));
        for body_len in (0..=1500).step_by(7) {
            let plain = rtcp(SSRC, body_len);
            let mut sealed = seal(&mut sealer, &plain).unwrap();
            let expected_len = plain.len() + 4 + if suite.is_aead() { 16 } else { 10 };
            assert_eq!(sealed.len(), expected_len, "{suite}: a tag is never shorter than 80 bits");
            assert_eq!(opener.open_rtcp(&mut sealed), Ok(plain.len()), "{suite}: {body_len}");
            assert_eq!(sealed[..plain.len()], plain, "{suite}: {body_len}");
        }
    }
}

#[test]
fn reports_in_any_order_are_delivered_once() {
    for suite in Suite::ALL {
        let mut random = Random::new(12);
        let mut sealer = Sealer::new(&master(suite));
        let mut opener = Opener::new(&master(suite));
        let (mut reports, mut delivered, mut next) = (Vec::new(), BTreeSet::new(), 0);
        for _ in 0..300 {
            (0..random.pick(&[1, 1, 1, 1, 1, 2, 2, 30])).for_each(|_| reports.push(report(&mut sealer)));
            let delay = if random.one_in(3) { 0 } else { random.below(u64::from(WINDOW) + 10) };
            let index = (reports.len() as u32 - 1).saturating_sub(delay as u32);
            let expected = if index + WINDOW < next {
                Err(Refusal::TooOld)
            } else if delivered.insert(index) {
                Ok(rtcp(SSRC, 20).len())
            } else {
                Err(Refusal::Replayed)
            };
            next = next.max(index + 1);
            let mut bytes = reports[index as usize].clone();
            assert_eq!(opener.open_rtcp(&mut bytes), expected, "{suite}: index {index}, next {next}");
            if expected.is_err() {
                assert_eq!(bytes, reports[index as usize], "{suite}: a refused report has changed");
            }
        }
    }
}

#[test]
fn the_replay_window_of_reports_ends_where_it_says() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        let mut opener = Opener::new(&master(suite));
        let mut reports: Vec<_> = (0..=WINDOW).map(|_| report(&mut sealer)).collect();
        assert!(opener.open_rtcp(&mut reports[WINDOW as usize]).is_ok(), "{suite}");
        assert_eq!(opener.open_rtcp(&mut reports[0]), Err(Refusal::TooOld), "{suite}");
        assert!(opener.open_rtcp(&mut reports[1].clone()).is_ok(), "{suite}");
        assert_eq!(opener.open_rtcp(&mut reports[1]), Err(Refusal::Replayed), "{suite}");
    }
}

#[test]
fn forged_reports_change_nothing() {
    for suite in Suite::ALL {
        let mut random = Random::new(13);
        let mut sealer = Sealer::new(&master(suite));
        let mut opener = Opener::new(&master(suite));
        for _ in 0..60 {
            let mut good = report(&mut sealer);
            for _ in 0..10 {
                let mut forged = good.clone();
                let place = random.below(good.len() as u64) as usize;
                match random.below(4) {
                    0 => forged.truncate(place),
                    1 => forged.extend(random.bytes(4)),
                    2 => forged = random.bytes(2 * place),
                    _ => forged[place] ^= 1 << random.below(8),
                }
                let (before, bytes) = (opener.export(), forged.clone());
                assert!(opener.open_rtcp(&mut forged).is_err(), "{suite}: {bytes:02x?} was opened");
                assert_eq!(forged, bytes, "{suite}: a refused report has changed");
                assert_eq!(opener.export(), before, "{suite}: {bytes:02x?} left a trace");
            }
            assert!(opener.open_rtcp(&mut good).is_ok(), "{suite}");
        }
    }
}

/// One source after the other, for long: each report has the keys of its master key, whoever seals and opens it.
#[test]
fn reports_go_on_however_often_both_sides_are_taken_over() {
    const RESERVED: u32 = 3;
    for suite in Suite::ALL {
        let keys = SessionKeys::derive(suite, &inline(suite, 7), Channel::Rtcp);
        let (mut sealer, mut opener) = (Sealer::new(&master(suite)), Opener::new(&master(suite)));
        let mut next = [0; SEALED_MAX as usize];
        for turn in 0..1_000 {
            if turn % 90 == 89 {
                let (sealed, opened) = (sealer.export(Reserve { rtp: 0, rtcp: RESERVED }), opener.export());
                (sealer, opener) = (Sealer::new(&master(suite)), Opener::new(&master(suite)));
                sealer.import(&sealed);
                opener.import(&opened);
                next = next.map(|index| index + RESERVED);
            }
            let source = turn % next.len();
            let plain = rtcp(SSRC + source as u32, 20);
            let mut sealed = seal(&mut sealer, &plain).unwrap();
            assert_eq!(sealed, keys.seal_rtcp(suite, &plain, next[source]), "{suite}: turn {turn}");
            let mut replayed = sealed.clone();
            assert_eq!(opener.open_rtcp(&mut sealed), Ok(plain.len()), "{suite}: turn {turn}");
            assert_eq!(sealed[..plain.len()], plain, "{suite}: turn {turn}");
            assert_eq!(opener.open_rtcp(&mut replayed), Err(Refusal::Replayed), "{suite}: turn {turn}");
            next[source] += 1;
        }
    }
}

#[test]
fn reports_end_with_the_last_index_of_31_bits() {
    for suite in Suite::ALL {
        let keys = SessionKeys::derive(suite, &inline(suite, 7), Channel::Rtcp);
        let mut sealer = Sealer::new(&master(suite));
        report(&mut sealer);
        let mut successor = Sealer::new(&master(suite));
        successor.import(&sealer.export(Reserve { rtp: 0, rtcp: INDEX_MAX - 3 }));
        let mut opener = Opener::new(&master(suite));
        for index in INDEX_MAX - 2..=INDEX_MAX {
            let mut sealed = report(&mut successor);
            assert_eq!(sealed, keys.seal_rtcp(suite, &rtcp(SSRC, 20), index), "{suite}: {index}");
            assert!(opener.open_rtcp(&mut sealed.clone()).is_ok(), "{suite}: {index}");
            assert_eq!(opener.open_rtcp(&mut sealed), Err(Refusal::Replayed), "{suite}: {index}");
        }
        assert_eq!(seal(&mut successor, &rtcp(SSRC, 20)), Err(Refusal::KeyExhausted), "{suite}");
    }
}

#[test]
fn a_report_without_room_or_header_spends_no_index() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        let plain = rtcp(SSRC, 20);
        let overhead = 4 + suite.rtcp_tag_len();
        for room in 0..overhead {
            let mut buffer = [&plain[..], &[0; Suite::RTCP_OVERHEAD_MAX][..room]].concat();
            assert_eq!(sealer.seal_rtcp(&mut buffer, plain.len()), Err(Refusal::BufferFull), "{suite}");
            assert_eq!(buffer[..plain.len()], plain, "{suite}");
        }
        for len in [0, 1, 7, 101, usize::MAX] {
            let expected = if len > 65_535 { Refusal::TooLong } else { Refusal::Truncated };
            assert_eq!(sealer.seal_rtcp(&mut [0x81; 100], len), Err(expected), "{suite}: {len}");
        }
        let mut opener = Opener::new(&master(suite));
        for len in 0..8 + overhead {
            assert_eq!(opener.open_rtcp(&mut vec![0x80; len]), Err(Refusal::Truncated), "{suite}: {len}");
        }
        assert_eq!(opener.open_rtcp(&mut vec![0x80; 65_536]), Err(Refusal::TooLong), "{suite}");

        let keys = SessionKeys::derive(suite, &inline(suite, 7), Channel::Rtcp);
        assert_eq!(report(&mut sealer), keys.seal_rtcp(suite, &plain, 0), "{suite}");
    }
}

fn report(sealer: &mut Sealer) -> Vec<u8> {
    seal(sealer, &rtcp(SSRC, 20)).expect("a test seals what may be sealed")
}

fn seal(sealer: &mut Sealer, plain: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut buffer = [plain, &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
    let sealed_len = sealer.seal_rtcp(&mut buffer, plain.len())?;
    buffer.truncate(sealed_len);
    Ok(buffer)
}
