//! How well a peer was heard, against what the network did to it.

use control::{DirectionSummary, SideName};

use crate::call::{Call, mixed_peers};
use crate::world::rtp_with;

/// A packet of a test: its sequence, and when it arrives, in milliseconds.
type Arrival = (u16, u64);

/// Packets of A, 20 ms apart when they were sent, arrive as they are told.
fn heard(arrivals: impl IntoIterator<Item = Arrival>) -> DirectionSummary {
    let mut call = Call::clear();
    let begin_us = call.world.now_us;
    for (sequence, at_ms) in arrivals {
        call.world.now_us = begin_us + at_ms * 1000;
        let packet = rtp_with(0, 7, sequence, u32::from(sequence) * 160, &[0x55; 160]);
        assert!(call.say(SideName::A, &packet).is_some());
    }
    let [from_a, from_b] = call.world.describe(0, 1).summary.from;
    assert_eq!(from_b, DirectionSummary { mos_x100: 0, ..Default::default() }, "B said nothing");
    from_a
}

/// A packet that arrives when it is due.
fn due(sequence: u16) -> Arrival {
    (sequence, u64::from(sequence) * 20)
}

#[test]
fn a_perfect_stream_has_the_best_score() {
    let summary = heard((0..500).map(due));
    let expected = DirectionSummary { packets: 500, bytes: 500 * 160, mos_x100: 440, ..Default::default() };
    assert_eq!(summary, expected);
}

#[test]
fn lost_packets_are_counted_and_lower_the_score() {
    let mut last = 441;
    for (every, lost, score) in
        [(100, 5, 420..=440), (20, 25, 370..=400), (10, 50, 320..=350), (3, 167, 190..=230)]
    {
        let summary = heard((0..501).filter(|sequence| sequence % every != every / 2).map(due));
        assert_eq!((summary.lost, summary.packets), (lost, 501 - lost), "one in {every}");
        assert!(
            score.contains(&summary.mos_x100) && summary.mos_x100 < last,
            "{} for one in {every}",
            summary.mos_x100
        );
        last = summary.mos_x100;
    }
}

#[test]
fn repeated_packets_are_no_new_ones() {
    let summary = heard((0..100).flat_map(|sequence| [due(sequence), due(sequence)]));
    assert_eq!((summary.packets, summary.duplicates, summary.lost, summary.reordered), (200, 100, 0, 0));
}

#[test]
fn packets_that_overtake_are_counted_and_not_lost() {
    let swapped =
        (0..50).flat_map(|pair| [(pair * 2 + 1, u64::from(pair) * 40), (pair * 2, u64::from(pair) * 40)]);
    let summary = heard(swapped);
    assert_eq!((summary.reordered, summary.lost, summary.duplicates), (50, 0, 0));
}

#[test]
fn jitter_is_how_unevenly_packets_arrive() {
    // Every other packet is 10 ms late: each difference is 10 ms, to which the jitter rises.
    let summary = heard((0..500).map(|sequence| (sequence, due(sequence).1 + u64::from(sequence % 2) * 10)));
    assert!((9_000..=10_100).contains(&summary.jitter_us), "{} microseconds", summary.jitter_us);
    assert!((430..440).contains(&summary.mos_x100), "{}", summary.mos_x100);
    let late_once =
        heard((0..500).map(|sequence| (sequence, due(sequence).1 + u64::from(sequence > 100) * 10)));
    assert!(late_once.jitter_us < 100, "a path that became longer once is even: {}", late_once.jitter_us);
}

#[test]
fn a_key_press_is_no_jitter() {
    let mut call = Call::between(mixed_peers(), |spec| spec.sides[0].telephone_event = Some(101));
    for sequence in 0..500u16 {
        // Ten packets out of fifty bear the time of the first of them.
        let is_event = sequence % 50 >= 40;
        let begin = if is_event { sequence / 50 * 50 + 40 } else { sequence };
        let payload: &[u8] = if is_event { &[5, 0x0a, 0, 160] } else { &[0x55; 160] };
        let payload_type = if is_event { 101 } else { 0 };
        let packet = rtp_with(payload_type, 7, sequence, u32::from(begin) * 160, payload);
        assert!(call.say(SideName::A, &packet).is_some());
        call.world.pass_ms(20);
    }
    assert_eq!(call.world.describe(0, 1).summary.from[0].jitter_us, 0);
}

#[test]
fn a_clock_of_another_rate_is_taken_into_account() {
    let mut call = Call::between(mixed_peers(), |spec| spec.sides[0].clock_rate = 48_000);
    for sequence in 0..500u16 {
        let packet = rtp_with(96, 7, sequence, u32::from(sequence) * 960, &[0x55; 80]);
        assert!(call.say(SideName::A, &packet).is_some());
        call.world.pass_ms(20);
    }
    let from_a = call.world.describe(0, 1).summary.from[0];
    assert_eq!((from_a.jitter_us, from_a.mos_x100), (0, 440));
}
