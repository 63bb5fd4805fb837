//! Latency, jitter and lateness, on a clock of the test's.

use loadgen::media::report::{Report, Verdict};
use loadgen::media::schedule::Pace;
use loadgen::media::side::Losses;
use netem::profile::Profile;

use crate::course::Course;
use crate::device::Device;

const MS: u64 = 1_000_000;

fn course(profile: &str) -> Course {
    Course::new(2, [None, None], Device::new(&profile.parse::<Profile>().expect("it is written right"), 1))
}

fn about(found: u64, expected: u64) -> bool {
    found.abs_diff(expected) <= expected / 500
}

#[test]
fn latency_is_the_delay_of_the_network() {
    let mut course = course("perfect,delay=30ms");
    course.run(100);
    for tally in course.tallies() {
        let latency = tally.latency.quantiles();
        assert!(about(latency.p50, 30 * MS) && about(latency.max, 30 * MS), "{latency:?}");
        assert_eq!(latency, tally.transit.quantiles());
    }
    let report = Report::new(&course.traffic, "memory", Losses::default());
    assert_eq!((report.directions[0].jitter_max_ns, report.is_generator_late()), (0.0, false));
}

#[test]
fn a_sender_that_sleeps_cannot_hide_it_in_the_latency() {
    let mut course = course("perfect,delay=30ms");
    course.run_at(Pace { flows: 4, interval_ns: 20 * MS, packets_per_flow: 100 }, 50 * MS);
    let tally = course.tallies()[0];
    assert!(about(tally.latency.quantiles().max, 80 * MS), "{:?}", tally.latency.quantiles());
    assert!(about(tally.transit.quantiles().max, 30 * MS), "{:?}", tally.transit.quantiles());
    let report = Report::new(&course.traffic, "memory", Losses::default());
    assert!(report.is_generator_late() && about(report.lateness.max, 50 * MS), "{:?}", report.lateness);
    let verdict = Verdict::new(&report, 0.0);
    assert!(verdict.passed() && verdict.notes[0].starts_with("generator late"), "{verdict:?}");
}

#[test]
fn jitter_of_a_network_that_strays_is_within_what_it_strays() {
    let mut course = course("perfect,delay=50ms,jitter=8ms,order=free");
    course.run(1_000);
    let report = Report::new(&course.traffic, "memory", Losses::default());
    for direction in &report.directions {
        // Two delays, each uniform over 16 ms, differ by a third of that on average: 5.3 ms. The smoothing keeps 16
        // packets, which stray by 4 ms: half of that is left of four flows' mean.
        assert!((3e6..8e6).contains(&direction.jitter_mean_ns), "{}", direction.jitter_mean_ns);
        assert!(direction.jitter_max_ns >= direction.jitter_mean_ns);
    }
}

#[test]
fn a_second_run_over_the_same_sessions_at_another_pace_begins_with_new_counts() {
    let mut course = course("perfect,delay=1ms");
    for (run, interval_ns) in [20 * MS, 333_333, 10 * MS].into_iter().enumerate() {
        course.run_at(Pace { flows: 4, interval_ns, packets_per_flow: 70 }, 0);
        assert_eq!(course.total(|tally| tally.received), 280, "run {run}");
        assert_eq!(course.total(|tally| tally.lost() + tally.corrupt), 0, "run {run}");
        let report = Report::new(&course.traffic, "memory", Losses::default());
        assert!(Verdict::new(&report, 0.0).passed());
        assert_eq!(report.directions[0].jitter_max_ns, 0.0, "run {run}");
    }
}
