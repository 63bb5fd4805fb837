//! Snapshots: who goes on behind another one repeats nothing that was sent, and lets nothing in again.

use crypto::{Opener, Refusal, Reserve, Sealer, Suite};

use crate::packets::{master, rtcp};
use crate::pair::{Pair, SSRC, seal};
use crate::random::Random;
use crate::sources::SEALED_MAX;

#[test]
fn a_sealer_stops_at_its_mark_and_goes_on_after_the_next_export() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        assert!(seal(&mut sealer, suite, SSRC, 0xfffe).is_ok(), "{suite}");
        for first in [0xffffu16, 9] {
            let _ = sealer.export(Reserve { rtp: 10, rtcp: 0 });
            for sent in 0..10 {
                let sequence = first.wrapping_add(sent);
                assert!(seal(&mut sealer, suite, SSRC, sequence).is_ok(), "{suite}: {sequence}");
            }
            let sequence = first.wrapping_add(10);
            let refusal = seal(&mut sealer, suite, SSRC, sequence).err();
            assert_eq!(refusal, Some(Refusal::NotReserved), "{suite}: {sequence}");
        }
    }
}

#[test]
fn a_successor_begins_where_the_reserve_ends() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        assert!(seal(&mut sealer, suite, SSRC, 0xfffe).is_ok(), "{suite}");
        let mut successor = Sealer::new(&master(suite));
        successor.import(&sealer.export(Reserve { rtp: 10, rtcp: 3 }));

        assert_eq!(successor.next_sequence(SSRC), Some(9), "{suite}");
        for sequence in [0xfffe, 0xffff, 0, 8] {
            let refusal = seal(&mut successor, suite, SSRC, sequence).err();
            assert_eq!(refusal, Some(Refusal::IndexUsed), "{suite}: {sequence}");
        }
        assert!(seal(&mut successor, suite, SSRC, 9).is_ok(), "{suite}");
    }
}

/// However often its sequence goes round meanwhile: nothing of it was sent, so its receiver counts no rollover.
#[test]
fn a_source_that_was_refused_begins_in_the_first_cycle() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        let _ = sealer.export(Reserve { rtp: 10, rtcp: 0 });
        for sequence in (0..u16::MAX).chain(0..100) {
            let refusal = seal(&mut sealer, suite, SSRC, sequence).err();
            assert_eq!(refusal, Some(Refusal::NotReserved), "{suite}: {sequence}");
        }
        let _ = sealer.export(Reserve { rtp: 10, rtcp: 0 });
        let packet = seal(&mut sealer, suite, SSRC, 100).expect("it is reserved now");
        let mut opener = Opener::new(&master(suite));
        assert_eq!(packet.open(&mut opener), Ok(()), "{suite}");
        assert_eq!(
            opener.export().sources().map(|source| source.rtp_next).collect::<Vec<_>>(),
            [101],
            "{suite}"
        );
    }
}

#[test]
fn no_chain_of_successors_repeats_an_index() {
    for suite in Suite::ALL {
        let sent = send_through_successors(suite, Random::new(11), 4);
        assert!(sent > 400, "{suite}: the chain has sent only {sent} packets");
    }
}

#[test]
fn no_chain_of_successors_repeats_an_index_where_sequences_jump() {
    for suite in Suite::ALL {
        let sent = send_through_successors(suite, Random::new(12), 200);
        assert!(sent > 100, "{suite}: the chain has sent only {sent} packets");
    }
}

#[test]
fn a_source_that_appears_after_an_export_waits_for_the_next_one() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        assert!(seal(&mut sealer, suite, SSRC, 1).is_ok(), "{suite}");
        let _ = sealer.export(Reserve { rtp: 10, rtcp: 10 });
        let refusal = seal(&mut sealer, suite, SSRC + 1, 50_000).err();
        assert_eq!(refusal, Some(Refusal::NotReserved), "{suite}");
        assert_eq!(seal_report(&mut sealer, SSRC + 1), Err(Refusal::NotReserved), "{suite}");

        let _ = sealer.export(Reserve { rtp: 10, rtcp: 10 });
        assert!(seal(&mut sealer, suite, SSRC + 1, 50_001).is_ok(), "{suite}");
        assert!(seal_report(&mut sealer, SSRC + 1).is_ok(), "{suite}");
    }
}

#[test]
fn a_source_that_was_known_by_its_reports_sends_media_after_the_next_export() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        assert!(seal_report(&mut sealer, SSRC).is_ok(), "{suite}");
        let _ = sealer.export(Reserve { rtp: 500, rtcp: 10 });
        let _ = seal(&mut sealer, suite, SSRC, 50_000);

        let _ = sealer.export(Reserve { rtp: 500, rtcp: 10 });
        assert!(seal(&mut sealer, suite, SSRC, 50_001).is_ok(), "{suite}");
    }
}

#[test]
fn a_jump_over_the_mark_is_sealed_after_the_next_export() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        assert!(seal(&mut sealer, suite, SSRC, 1).is_ok(), "{suite}");
        let _ = sealer.export(Reserve { rtp: 500, rtcp: 10 });
        let refusal = seal(&mut sealer, suite, SSRC, 2_000).err();
        assert_eq!(refusal, Some(Refusal::NotReserved), "{suite}");

        let _ = sealer.export(Reserve { rtp: 500, rtcp: 10 });
        assert!(seal(&mut sealer, suite, SSRC, 2_001).is_ok(), "{suite}");
    }
}

#[test]
fn reports_stop_at_their_mark_and_a_successor_begins_there() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        assert!(seal_report(&mut sealer, SSRC).is_ok(), "{suite}");
        let mut successor = Sealer::new(&master(suite));
        successor.import(&sealer.export(Reserve { rtp: 0, rtcp: 3 }));

        let mut receiver = Opener::new(&master(suite));
        for _ in 0..3 {
            assert!(receiver.open_rtcp(&mut seal_report(&mut sealer, SSRC).unwrap()).is_ok(), "{suite}");
        }
        assert_eq!(seal_report(&mut sealer, SSRC), Err(Refusal::NotReserved), "{suite}");
        for _ in 0..3 {
            assert!(receiver.open_rtcp(&mut seal_report(&mut successor, SSRC).unwrap()).is_ok(), "{suite}");
        }
        let reached = receiver.export().sources().map(|source| source.rtcp_next).collect::<Vec<_>>();
        assert_eq!(reached, [1 + 3 + 3], "{suite}");
    }
}

#[test]
fn an_opener_that_goes_on_behind_another_one_opens_nothing_again() {
    for suite in Suite::ALL {
        let mut pair = Pair::new(suite);
        let packets: Vec<_> = (65_500..65_600).map(|index| pair.seal_at(index)).collect();
        let (heard, missing) = packets.split_at(90);
        assert!(heard.iter().all(|packet| packet.open(&mut pair.opener).is_ok()), "{suite}");
        let mut report = seal_report(&mut pair.sealer, SSRC).unwrap();
        let replayed = report.clone();
        assert!(pair.opener.open_rtcp(&mut report).is_ok(), "{suite}");

        let snapshot = pair.opener.export();
        pair.opener = Opener::new(&master(suite));
        pair.opener.import(&snapshot);

        assert_eq!(pair.opener.export(), snapshot, "{suite}");
        for packet in heard {
            assert_eq!(packet.open(&mut pair.opener), Err(Refusal::Replayed), "{suite}");
        }
        assert_eq!(pair.opener.open_rtcp(&mut replayed.clone()), Err(Refusal::Replayed), "{suite}");
        for packet in missing {
            assert_eq!(packet.open(&mut pair.opener), Ok(()), "{suite}");
            assert_eq!(packet.open(&mut pair.opener), Err(Refusal::Replayed), "{suite}");
        }
        let mut next_report = seal_report(&mut pair.sealer, SSRC).unwrap();
        assert!(pair.opener.open_rtcp(&mut next_report).is_ok(), "{suite}");
    }
}

#[test]
fn an_opener_that_has_heard_something_itself_believes_the_snapshot() {
    for suite in Suite::ALL {
        let mut pair = Pair::new(suite);
        let mut other = Opener::new(&master(suite));
        let packets: Vec<_> = (1..=200).map(|index| pair.seal_at(index)).collect();
        assert!(packets.iter().all(|packet| packet.open(&mut pair.opener).is_ok()), "{suite}");
        assert!(packets[..150].iter().step_by(2).all(|packet| packet.open(&mut other).is_ok()), "{suite}");

        other.import(&pair.opener.export());

        for packet in &packets {
            assert!(packet.open(&mut other).is_err(), "{suite}: a packet was delivered again");
        }
        assert_eq!(pair.seal_at(201).open(&mut other), Ok(()), "{suite}");
    }
}

#[test]
fn a_snapshot_of_nothing_changes_nothing() {
    for suite in Suite::ALL {
        let mut pair = Pair::new(suite);
        let snapshot = pair.opener.export();
        pair.opener.import(&snapshot);
        let mut successor = Sealer::new(&master(suite));
        successor.import(&pair.sealer.export(Reserve { rtp: 1, rtcp: 1 }));
        pair.sealer = successor;
        pair.deliver(0xffff);
        pair.deliver(0x1_0000);
    }
}

/// Sends through a chain of sealers, each at any moment the successor of the one before, which goes on until it
/// is stopped. One receiver hears all of them: it would refuse a repeated index as replayed. Returns how many
/// media packets were sealed.
fn send_through_successors(suite: Suite, mut random: Random, jump_max: u64) -> usize {
    let mut sealer = Sealer::new(&master(suite));
    let mut receiver = Opener::new(&master(suite));
    let mut sent = 0;
    for _ in 0..40 {
        sent += send_some(&mut random, &mut sealer, suite, &mut receiver, jump_max);
        let reserve = Reserve { rtp: random.below(40) as u32, rtcp: random.below(5) as u32 };
        let snapshot = sealer.export(reserve);
        sent += send_some(&mut random, &mut sealer, suite, &mut receiver, jump_max);
        if random.one_in(2) {
            sealer = Sealer::new(&master(suite));
            sealer.import(&snapshot);
        }
    }
    sent
}

/// Sends packets of as many sources as a sealer knows, as far as their indices are reserved.
fn send_some(
    random: &mut Random,
    sealer: &mut Sealer,
    suite: Suite,
    receiver: &mut Opener,
    jump_max: u64,
) -> usize {
    let mut sent = 0;
    for _ in 0..random.below(60) {
        let ssrc = SSRC + random.below(SEALED_MAX.into()) as u32;
        if random.one_in(8) {
            if let Ok(mut report) = seal_report(sealer, ssrc) {
                assert!(receiver.open_rtcp(&mut report).is_ok(), "{suite}: a report was repeated");
            }
            continue;
        }
        // Some packets are lost on their way to the sealer and some come late.
        let next = sealer.next_sequence(ssrc).unwrap_or(0xfff0);
        let sequence = next.wrapping_add(random.below(jump_max) as u16).wrapping_sub(random.below(3) as u16);
        if let Ok(packet) = seal(sealer, suite, ssrc, sequence) {
            assert_eq!(packet.open(receiver), Ok(()), "{suite}: {sequence} was repeated");
            sent += 1;
        }
    }
    sent
}

fn seal_report(sealer: &mut Sealer, ssrc: u32) -> Result<Vec<u8>, Refusal> {
    let plain = rtcp(ssrc, 20);
    let mut report = [&plain[..], &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
    let sealed_len = sealer.seal_rtcp(&mut report, plain.len())?;
    report.truncate(sealed_len);
    Ok(report)
}
