//! Snapshots as plain data: written down, read again, and perhaps wrong.

use crypto::{Opener, OpenerSnapshot, OpenerSource, Reserve, Sealer, SealerSnapshot, SealerSource, Suite};
use proptest::array::uniform3;
use proptest::prelude::*;

use crate::packets::{master, rtcp};
use crate::pair::{Pair, SSRC, seal};
use crate::sources::{OPENED_MAX, SEALED_MAX};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// A snapshot comes from outside. Whatever it says, nobody panics, and what has been delivered since is not
    /// delivered again.
    #[test]
    fn any_numbers_in_a_snapshot_are_survived(
        suite in proptest::sample::select(Suite::ALL.to_vec()),
        numbers in uniform3((edge(), any::<u32>())),
        sequences in uniform3(any::<u16>()),
    ) {
        let mut pair = Pair::new(suite);
        let sealed = numbers.map(|(rtp_mark, rtcp_mark)| SealerSource { ssrc: SSRC, rtcp_mark, rtp_mark });
        pair.sealer.import(&SealerSnapshot::of(&sealed[..SEALED_MAX as usize]).unwrap());
        let opened = numbers.map(|(rtp_next, rtcp_next)| OpenerSource { ssrc: SSRC, rtcp_next, rtp_next });
        pair.opener.import(&OpenerSnapshot::of(&opened).unwrap());
        for sequence in sequences {
            if let Ok(packet) = seal(&mut pair.sealer, suite, SSRC, sequence) {
                let _ = packet.open(&mut pair.opener);
                prop_assert!(packet.open(&mut pair.opener).is_err());
            }
        }
        let mut report = [&rtcp(SSRC, 20)[..], &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
        if let Ok(sealed_len) = pair.sealer.seal_rtcp(&mut report, 28) {
            let _ = pair.opener.open_rtcp(&mut report.clone()[..sealed_len]);
            prop_assert!(pair.opener.open_rtcp(&mut report[..sealed_len]).is_err());
        }
        let _ = pair.sealer.next_sequence(SSRC);
        let _ = pair.sealer.export(Reserve { rtp: u32::MAX, rtcp: u32::MAX });
    }
}

#[test]
fn a_snapshot_is_made_again_from_its_sources() {
    let suite = Suite::AesCm128HmacSha1_80;
    let mut opener = Opener::new(&master(suite));
    let mut sealers = [0, 1].map(|_| Sealer::new(&master(suite)));
    for source in 0..2 * SEALED_MAX {
        let sealer = &mut sealers[(source / SEALED_MAX) as usize];
        let packet = seal(sealer, suite, SSRC + source, source as u16 * 1000 + 1).unwrap();
        assert_eq!(packet.open(&mut opener), Ok(()));
    }
    let snapshot = opener.export();
    let sources: Vec<_> = snapshot.sources().copied().collect();
    assert_eq!(OpenerSnapshot::of(&sources), Some(snapshot));
    assert_eq!(sources[3], OpenerSource { ssrc: SSRC + 3, rtcp_next: 0, rtp_next: 3002 });

    for (sealer, first) in sealers.iter_mut().zip([0, SEALED_MAX]) {
        let snapshot = sealer.export(Reserve { rtp: 500, rtcp: 5 });
        let sources: Vec<_> = snapshot.sources().copied().collect();
        assert_eq!(SealerSnapshot::of(&sources), Some(snapshot));
        let expected = (first..first + SEALED_MAX).map(|source| {
            let rtp_mark = u64::from(source) * 1000 + 502;
            SealerSource { ssrc: SSRC + source, rtcp_mark: 5, rtp_mark }
        });
        assert_eq!(sources, expected.collect::<Vec<_>>());
    }
}

#[test]
fn a_snapshot_holds_as_many_sources_as_the_tables() {
    let opened = [OpenerSource { ssrc: 0, rtcp_next: 0, rtp_next: 0 }; OPENED_MAX as usize + 1];
    assert!(OpenerSnapshot::of(&opened[..OPENED_MAX as usize]).is_some());
    assert_eq!(OpenerSnapshot::of(&opened), None);
    let sealed = [SealerSource { ssrc: 0, rtcp_mark: 0, rtp_mark: 0 }; SEALED_MAX as usize + 1];
    assert!(SealerSnapshot::of(&sealed[..SEALED_MAX as usize]).is_some());
    assert_eq!(SealerSnapshot::of(&sealed), None);

    let suite = Suite::AeadAes256Gcm;
    let mut opener = Opener::new(&master(suite));
    opener.import(&OpenerSnapshot::of(&[]).unwrap());
    assert_eq!(opener.export().sources().count(), 0);
    let mut sealer = Sealer::new(&master(suite));
    sealer.import(&SealerSnapshot::of(&[]).unwrap());
    assert_eq!(sealer.export(Reserve { rtp: 1, rtcp: 1 }).sources().count(), 0);
}

/// The numbers around which an index begins, wraps and ends, and any other.
fn edge() -> impl Strategy<Value = u64> {
    let edges = [0, 1, 0xffff, 0x1_0000, (1 << 48) - 1, 1 << 48, (1 << 48) + 1, u64::MAX - 1, u64::MAX];
    prop_oneof![proptest::sample::select(edges.to_vec()), any::<u64>(), 0..1u64 << 48]
}
