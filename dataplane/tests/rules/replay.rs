//! A packet is accepted once.

use control::SideName;
use crypto::Suite;
use dataplane::drop::Drop;

use crate::call::{Call, SUITES, srtp_peers};
use crate::report::receiver_report;

/// How far back a packet may come late.
const WINDOW: usize = 128;

#[test]
fn every_accepted_packet_is_dropped_when_it_comes_again_also_across_a_rollover() {
    for suite in Suite::ALL {
        let mut call = Call::between(srtp_peers([suite, SUITES[1]]), |_| ());
        call.peer(SideName::A).sequence = 65_400;
        let packets: Vec<_> = (0..300).map(|_| call.peer(SideName::A).next_sealed()).collect();
        for (place, packet) in packets.iter().enumerate() {
            assert!(call.relay(SideName::A, packet).is_some(), "packet {place}");
            call.expect_drop(SideName::A, packet, Drop::Replayed);
            let back = place.saturating_sub(place * 7 % WINDOW);
            call.expect_drop(SideName::A, &packets[back], Drop::Replayed);
        }
        call.check_books();
    }
}

#[test]
fn all_that_was_accepted_is_refused_when_it_comes_again_in_the_end() {
    let mut call = Call::srtp();
    call.peer(SideName::A).sequence = 65_300;
    let packets: Vec<_> = (0..500).map(|_| call.peer(SideName::A).next_sealed()).collect();
    assert!(packets.iter().all(|packet| call.relay(SideName::A, packet).is_some()));
    assert!(packets.iter().all(|packet| call.relay(SideName::A, packet).is_none()));
    assert_eq!(call.dropped(Drop::Replayed), WINDOW as u64);
    assert_eq!(call.dropped(Drop::TooOld), 500 - WINDOW as u64);
}

#[test]
fn the_window_is_128_packets_wide() {
    // From a plain side to no window, from a protected one to exactly this one; across the rollover as well.
    for first in [1000, 65_450] {
        let mut call = Call::srtp();
        // The stream has begun before, or what is late would lie before the first index of the other side's key.
        call.peer(SideName::A).sequence = first - 200;
        let begin = call.peer(SideName::A).next_sealed();
        assert!(call.relay(SideName::A, &begin).is_some());
        call.peer(SideName::A).sequence = first;
        let packets: Vec<_> = (0..WINDOW + 1).map(|_| call.peer(SideName::A).next_sealed()).collect();
        assert!(call.relay(SideName::A, &packets[WINDOW]).is_some());
        call.expect_drop(SideName::A, &packets[0], Drop::TooOld);
        // It is accepted, and too late for what the other side gets as one stream.
        call.expect_drop(SideName::A, &packets[1], Drop::OutOfSequence);
        call.expect_drop(SideName::A, &packets[1], Drop::Replayed);
        assert!(call.relay(SideName::A, &packets[WINDOW - 63]).is_some(), "late, and not too late");
        assert_eq!(call.world.describe(0, 1).summary.from[0].packets, 4);
    }
}

#[test]
fn an_update_with_the_same_keys_forgets_nothing() {
    let mut call = Call::srtp();
    let packets: Vec<_> = (0..20).map(|_| call.peer(SideName::A).next_sealed()).collect();
    for packet in &packets {
        assert!(call.relay(SideName::A, packet).is_some());
        call.update();
        call.expect_drop(SideName::A, packet, Drop::Replayed);
    }
}

#[test]
fn one_packet_twice_in_a_batch_is_accepted_once() {
    let mut call = Call::srtp();
    let packet = call.peer(SideName::A).next_sealed();
    let from = call.peer(SideName::A).at;
    for _ in 0..64 {
        call.world.arrive(4000, from, &packet);
    }
    call.world.turn();
    assert!(call.world.take_sent().is_some() && call.world.take_sent().is_none());
    assert_eq!(call.dropped(Drop::Replayed), 63);
}

#[test]
fn every_accepted_report_is_dropped_when_it_comes_again() {
    for suite in Suite::ALL {
        let mut call = Call::between(srtp_peers([suite, SUITES[1]]), |_| ());
        call.go_on(2);
        let plain = receiver_report(call.peer(SideName::A).ssrc, 1);
        let reports: Vec<_> = (0..100).map(|_| call.peer(SideName::A).seal_report(&plain)).collect();
        for report in &reports {
            assert!(call.relay_report(SideName::A, report).is_some());
            assert_eq!(call.relay_report(SideName::A, report), None);
        }
        assert_eq!(call.dropped(Drop::Replayed), 100);
        assert!(reports.iter().all(|report| call.relay_report(SideName::A, report).is_none()));
        assert_eq!((call.dropped(Drop::Replayed), call.dropped(Drop::TooOld)), (164, 36));
    }
}
