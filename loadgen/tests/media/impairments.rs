//! Loss, copies, damage and another order, hundreds of times: our counts are those of the network.

use std::ops::Range;

use loadgen::media::tally::Tally;
use netem::profile::Profile;

use crate::course::Course;
use crate::device::{Device, Fate};

/// Runs three sessions through a network with each of these seeds, compares everything with a set of all that was
/// delivered, and has the caller look, too.
fn each_seed(profile: &str, seeds: Range<u64>, look: impl Fn(&mut Course, u64)) {
    let profile: Profile = profile.parse().expect("the profile is written right");
    let mut course = Course::new(3, [None, None], Device::new(&profile, seeds.start));
    for seed in seeds {
        course = course.anew(Device::new(&profile, seed));
        course.run(60);
        compare(&mut course, seed);
        look(&mut course, seed);
    }
}

fn compare(course: &mut Course, seed: u64) {
    let truth = course.side.relay().truth().clone();
    assert_eq!(course.total(|tally| tally.offered), 360);
    assert_eq!(course.total(|tally| tally.received), truth.received, "seed {seed}");
    assert_eq!(course.total(|tally| tally.duplicates), truth.duplicates, "seed {seed}");
    assert_eq!(course.total(|tally| tally.reordered), truth.reordered, "seed {seed}");
    assert_eq!(course.total(|tally| tally.corrupt), truth.corrupt, "seed {seed}");
    assert_eq!(course.total(|tally| tally.misdelivered + tally.overdue), 0, "seed {seed}");
    assert_eq!(course.traffic.strays() + course.traffic.reports(), 0, "seed {seed}");
}

#[test]
fn a_perfect_network_delivers_all() {
    each_seed("perfect,delay=30ms", 1..2, |course, _| {
        assert_eq!(course.total(|tally| tally.received), 360);
        assert_eq!(
            course.total(|tally| tally.lost() + tally.duplicates + tally.reordered + tally.corrupt),
            0
        );
    });
}

#[test]
fn lost_packets_are_counted_as_the_network_counts_them() {
    each_seed("perfect,loss=10%,burst=5%:3", 0..200, |course, seed| {
        let lost = course.side.relay().counts().lost_in_all();
        assert_eq!(course.total(|tally| tally.lost()), lost, "seed {seed}");
        assert!(lost > 0, "seed {seed}");
    });
}

#[test]
fn copies_are_counted_as_the_network_counts_them() {
    each_seed("perfect,dup=20%,loss=5%", 0..200, |course, seed| {
        let counts = *course.side.relay().counts();
        assert_eq!(course.total(|tally| tally.duplicates), counts.duplicated, "seed {seed}");
        assert_eq!(course.total(|tally| tally.lost()), counts.lost_in_all(), "seed {seed}");
    });
}

#[test]
fn damaged_packets_are_counted_as_the_network_counts_them() {
    each_seed("perfect,corrupt=30%,loss=5%", 0..400, |course, seed| {
        let counts = *course.side.relay().counts();
        assert_eq!(course.total(|tally| tally.corrupt), counts.corrupted, "seed {seed}");
        assert_eq!(course.total(|tally| tally.lost()), counts.lost_in_all(), "seed {seed}");
    });
}

#[test]
fn another_order_is_no_loss() {
    each_seed("perfect,delay=60ms,reorder=20%", 0..200, |course, seed| {
        assert_eq!(course.total(|tally| tally.lost() + tally.duplicates), 0, "seed {seed}");
        assert!(course.side.relay().truth().reordered > 0, "seed {seed}");
    });
}

#[test]
fn everything_at_once_is_told_apart() {
    let profile = "perfect,delay=80ms,jitter=50ms,order=free,loss=5%,dup=10%,corrupt=10%,reorder=5%";
    each_seed(profile, 0..300, |course, seed| {
        let counts = *course.side.relay().counts();
        let arrived = course.total(|tally| tally.received + tally.duplicates + tally.corrupt);
        assert_eq!(arrived, counts.delivered, "seed {seed}");
        assert_eq!(course.total(|tally| tally.corrupt), counts.corrupted, "seed {seed}");
    });
}

#[test]
fn a_copy_that_comes_long_after_is_overdue_and_not_new() {
    let mut first = Vec::new();
    let device = Device::new(&Profile::perfect(), 1).with_mischief(move |number, packet| {
        match number {
            0 => first.clone_from(&packet.payload),
            // Both flows of the session take turns.
            2_400 => packet.payload.clone_from(&first),
            _ => {}
        }
        Fate::Relayed
    });
    let mut course = Course::new(1, [None, None], device);
    course.run(1_500);
    let counts = |tally: &Tally| (tally.received, tally.overdue, tally.duplicates, tally.lost());
    assert_eq!(course.tallies().map(counts), [(1_499, 1, 0, 1), (1_500, 0, 0, 0)]);
}

#[test]
fn packets_of_an_earlier_run_do_not_count_in_this_one() {
    let mut course = Course::new(1, [None, None], Device::new(&Profile::perfect(), 1));
    course.run(1);
    let late = course.side.relay().last_delivered().expect("a packet was delivered");
    course.side.relay().deliver_again(late);
    course.run(1);
    assert_eq!(course.traffic.strays(), 1);
    assert_eq!(course.total(|tally| tally.received), 2);
}
