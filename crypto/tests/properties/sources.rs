//! How many sources one key serves, and that only authentic packets take a place.

use crypto::{Opener, Refusal, Sealer, SealerSnapshot, SealerSource, Suite};

use crate::packets::{master, rtcp};
use crate::pair::{Pair, SSRC, Sealed, seal};

/// How many sources an opener and a sealer know.
pub(crate) const OPENED_MAX: u32 = 8;
pub(crate) const SEALED_MAX: u32 = 2;

#[test]
fn the_ninth_source_is_refused_and_the_others_go_on() {
    for suite in Suite::ALL {
        let mut opener = Opener::new(&master(suite));
        let packets: Vec<_> = (0..OPENED_MAX + 2).map(|source| first_packets(suite, source)).collect();
        for (source, [first, _]) in packets.iter().enumerate() {
            let expected = if source < OPENED_MAX as usize { Ok(()) } else { Err(Refusal::SourcesFull) };
            assert_eq!(first.open(&mut opener), expected, "{suite}: source {source}");
        }
        assert_eq!(opener.export().sources().count(), OPENED_MAX as usize, "{suite}");
        for [_, second] in &packets[..OPENED_MAX as usize] {
            assert_eq!(second.open(&mut opener), Ok(()), "{suite}");
        }
    }
}

#[test]
fn forged_sources_take_no_place() {
    for suite in Suite::ALL {
        let mut opener = Opener::new(&master(suite));
        for source in 0..100 {
            let [mut first, _] = first_packets(suite, source);
            first.bytes[12] ^= 1;
            assert_eq!(first.open(&mut opener), Err(Refusal::BadTag), "{suite}: source {source}");
        }
        assert_eq!(opener.export().sources().count(), 0, "{suite}");
        let [first, _] = first_packets(suite, 100);
        assert_eq!(first.open(&mut opener), Ok(()), "{suite}");
    }
}

/// What cannot be admitted is refused before any work is done for it: no second try is spent either.
#[test]
fn forgeries_of_a_ninth_source_cost_no_second_try() {
    for suite in Suite::ALL {
        let mut pair = Pair::new(suite);
        pair.deliver(1);
        for source in 1..OPENED_MAX {
            let [first, _] = first_packets(suite, source);
            assert_eq!(first.open(&mut pair.opener), Ok(()), "{suite}: source {source}");
        }
        for source in OPENED_MAX..OPENED_MAX + 10 {
            let [mut forged, _] = first_packets(suite, source);
            forged.bytes[12] ^= 1;
            assert_eq!(forged.open(&mut pair.opener), Err(Refusal::SourcesFull), "{suite}");
            let mut forged = first_report(suite, source);
            forged[12] ^= 1;
            assert_eq!(pair.opener.open_rtcp(&mut forged), Err(Refusal::SourcesFull), "{suite}");
        }
        pair.lose_up_to(1, 70_000);
        pair.deliver(70_000);
    }
}

#[test]
fn rtp_and_rtcp_of_a_source_share_its_place() {
    for suite in Suite::ALL {
        let mut opener = Opener::new(&master(suite));
        for source in 0..OPENED_MAX {
            let [first, _] = first_packets(suite, source);
            assert_eq!(first.open(&mut opener), Ok(()), "{suite}: source {source}");
            assert!(opener.open_rtcp(&mut first_report(suite, source)).is_ok(), "{suite}: source {source}");
        }
        let refused = opener.open_rtcp(&mut first_report(suite, OPENED_MAX));
        assert_eq!(refused, Err(Refusal::SourcesFull), "{suite}");
        assert_eq!(opener.export().sources().count(), OPENED_MAX as usize, "{suite}");
    }
}

#[test]
fn a_source_that_was_heard_by_its_reports_begins_its_media_anywhere() {
    for suite in Suite::ALL {
        let mut pair = Pair::new(suite);
        let mut report = first_report(suite, 0);
        assert!(pair.opener.open_rtcp(&mut report).is_ok(), "{suite}");
        pair.deliver(0xfff0);
        pair.deliver(0x1_0001);
    }
}

#[test]
fn the_third_source_of_a_sealer_is_refused_and_the_others_go_on() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        for source in 0..SEALED_MAX {
            assert!(seal(&mut sealer, suite, SSRC + source, 1).is_ok(), "{suite}: source {source}");
        }
        let refused = seal(&mut sealer, suite, SSRC + SEALED_MAX, 1).err();
        assert_eq!(refused, Some(Refusal::SourcesFull), "{suite}");
        let mut report = [&rtcp(SSRC + SEALED_MAX, 20)[..], &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
        assert_eq!(sealer.seal_rtcp(&mut report, 28), Err(Refusal::SourcesFull), "{suite}");
        for source in 0..SEALED_MAX {
            assert!(seal(&mut sealer, suite, SSRC + source, 2).is_ok(), "{suite}: source {source}");
        }
    }
}

#[test]
fn the_next_sequence_is_told_of_sources_that_have_sent() {
    let suite = Suite::AesCm128HmacSha1_80;
    let mut sealer = Sealer::new(&master(suite));
    assert_eq!(sealer.next_sequence(SSRC), None);
    for (sequence, next) in [(9, 10), (7, 10), (0x8000, 0x8001), (0xffff, 0)] {
        assert!(seal(&mut sealer, suite, SSRC, sequence).is_ok());
        assert_eq!(sealer.next_sequence(SSRC), Some(next));
    }
    assert_eq!(sealer.next_sequence(SSRC + 1), None);

    let exhausted = SealerSource { ssrc: SSRC, rtcp_mark: 0, rtp_mark: 1 << 48 };
    sealer.import(&SealerSnapshot::of(&[exhausted]).unwrap());
    assert_eq!(sealer.next_sequence(SSRC), None, "there is none after the last");
}

/// The first two packets of a source, from a sealer of its own: one sealer does not know as many.
fn first_packets(suite: Suite, source: u32) -> [Sealed; 2] {
    let mut sealer = Sealer::new(&master(suite));
    let mut seal = |sequence| seal(&mut sealer, suite, SSRC + source, sequence);
    [1, 2].map(|sequence| seal(sequence).expect("a new sealer knows no source yet"))
}

fn first_report(suite: Suite, source: u32) -> Vec<u8> {
    let plain = rtcp(SSRC + source, 20);
    let mut report = [&plain[..], &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
    let sealed_len = Sealer::new(&master(suite)).seal_rtcp(&mut report, plain.len());
    report.truncate(sealed_len.expect("a new sealer knows no source yet"));
    report
}
