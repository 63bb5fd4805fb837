//! Protected media, in every suite and in all four combinations of sides.

use crypto::Suite;
use netem::profile::Profile;

use crate::course::Course;
use crate::device::{Device, Fate};

#[test]
fn every_suite_passes_on_either_side_and_on_both() {
    for suite in Suite::ALL.map(Some) {
        for suites in [[suite, None], [None, suite], [suite, suite]] {
            let mut course = Course::new(2, suites, Device::new(&Profile::perfect(), 1));
            // Past the end of the sequence numbers: they begin a little below it.
            course.run(200);
            assert_eq!(course.total(|tally| tally.received), 800, "{suites:?}");
            let wrong = |tally: &loadgen::media::tally::Tally| {
                tally.lost() + tally.duplicates + tally.reordered + tally.corrupt + tally.misdelivered
            };
            assert_eq!(course.total(wrong), 0, "{suites:?}");
        }
    }
}

#[test]
fn packets_are_protected_on_the_wire() {
    let device = Device::new(&Profile::perfect(), 1).with_mischief(|_, packet| {
        assert_eq!(packet.payload.len(), 12 + 160 + 10);
        assert_ne!(&packet.payload[12..14], b"TL");
        Fate::Relayed
    });
    // What arrives at the device in clear would not open there.
    Course::new(1, [Some(Suite::AesCm128HmacSha1_80); 2], device).run(3);
}

#[test]
fn damage_to_protected_packets_is_counted_as_the_network_counts_it() {
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm].map(Some) {
        let profile: Profile = "perfect,corrupt=20%,loss=5%".parse().unwrap();
        let mut course = Course::new(2, [suite, suite], Device::new(&profile, 0));
        for seed in 0..150 {
            course = course.anew(Device::new(&profile, seed));
            course.run(60);
            let counts = *course.side.relay().counts();
            assert_eq!(course.total(|tally| tally.corrupt), counts.corrupted, "{suite:?}, seed {seed}");
            assert_eq!(course.total(|tally| tally.lost()), counts.lost_in_all(), "{suite:?}, seed {seed}");
            assert_eq!(course.total(|tally| tally.duplicates + tally.misdelivered), 0, "seed {seed}");
        }
    }
}

#[test]
fn copies_and_another_order_of_protected_packets_are_told_apart() {
    let profile: Profile = "perfect,delay=60ms,jitter=30ms,order=free,loss=5%,dup=10%".parse().unwrap();
    let mut course = Course::new(2, [None, Some(Suite::AesCm128HmacSha1_80)], Device::new(&profile, 0));
    for seed in 0..150 {
        course = course.anew(Device::new(&profile, seed));
        course.run(60);
        let truth = course.side.relay().truth().clone();
        assert_eq!(course.total(|tally| tally.received), truth.received, "seed {seed}");
        assert_eq!(course.total(|tally| tally.duplicates), truth.duplicates, "seed {seed}");
        assert_eq!(course.total(|tally| tally.reordered), truth.reordered, "seed {seed}");
    }
}

#[test]
fn media_in_clear_where_it_should_be_protected_is_corrupt() {
    let suite = Some(Suite::AesCm128HmacSha1_80);
    let device = Device::new(&Profile::perfect(), 1).with_mischief(|number, packet| {
        if number % 2 == 0 {
            packet.payload.truncate(12 + 160);
        }
        Fate::Relayed
    });
    let mut course = Course::new(1, [suite, suite], device);
    course.run(10);
    assert_eq!(course.total(|tally| tally.corrupt), 10);
    assert_eq!(course.total(|tally| tally.received), 10);
}
