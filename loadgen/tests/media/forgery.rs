//! Forged packets, before devices that drop them and before devices that do not.

use crypto::Suite;
use loadgen::media::forgery::Kind;
use loadgen::media::forgery::forger::Forger;
use loadgen::media::report::{Report, Verdict};
use loadgen::media::side::Losses;
use netem::profile::Profile;

use crate::course::Course;
use crate::device::{Device, Gate};

const SUITES: [[Option<Suite>; 2]; 4] = [
    [None, None],
    [Some(Suite::AesCm128HmacSha1_80), None],
    [None, Some(Suite::AesCm128HmacSha1_80)],
    [Some(Suite::AeadAes256Gcm), Some(Suite::AesCm256HmacSha1_32)],
];

fn device(gate: Gate) -> Device {
    Device::new(&Profile::perfect(), 1).with_gate(gate)
}

fn forger(course: &Course) -> &Forger {
    course.traffic.forger().expect("there is one")
}

fn reasons(course: &Course) -> Vec<String> {
    Verdict::new(&Report::new(&course.traffic, "memory", Losses::default()), 0.0).reasons
}

#[test]
fn a_device_that_drops_forged_packets_of_every_kind_passes() {
    for suites in SUITES {
        let mut course = Course::new(3, suites, device(Gate::Shut));
        for seed in 0..20 {
            course = course.anew(device(Gate::Shut)).forging("2.5", seed);
            course.run(40);
            assert_eq!(reasons(&course), [""; 0], "{suites:?}, seed {seed}");
            let sent = forger(&course).sent();
            assert_eq!(sent.iter().sum::<u64>(), 240 * 5 / 2, "{suites:?}, seed {seed}");
            assert_eq!(course.side.relay().refused().len(), 240 * 5 / 2, "{suites:?}, seed {seed}");
            let is_protected = suites.iter().any(Option::is_some);
            for kind in Kind::ALL {
                let is_wanted = is_protected || Kind::IN_CLEAR.contains(&kind);
                assert_eq!(sent[kind as usize] > 0, is_wanted, "{suites:?}, seed {seed}, {kind:?}");
            }
        }
    }
}

#[test]
fn a_device_that_passes_on_one_forged_packet_fails() {
    for suites in SUITES {
        let mut course = Course::new(2, suites, device(Gate::Shut));
        for leak in 0..150 {
            course = course.anew(device(Gate::Leaks(leak))).forging("2", 7);
            course.run(20);
            assert_eq!(reasons(&course), ["forged packets delivered 1"], "{suites:?}, packet {leak}");
        }
    }
}

#[test]
fn a_device_that_knows_no_replays_fails() {
    let suites = [Some(Suite::AesCm128HmacSha1_80), None];
    let mut course = Course::new(2, suites, device(Gate::Forgetful)).forging("2", 7);
    // Short of the end of the sequence numbers: whoever forgets packets forgets their rollover, too.
    course.run(30);
    let replays = forger(&course).sent()[Kind::Replay as usize];
    assert_eq!(reasons(&course), [format!("forged packets delivered {replays}")]);
}

#[test]
fn a_device_that_answers_forged_packets_fails() {
    for suites in SUITES {
        let mut course = Course::new(2, suites, device(Gate::Answers)).forging("1", 7);
        course.run(20);
        assert_eq!(reasons(&course), ["forged packets delivered 80"], "{suites:?}");
    }
}

#[test]
fn a_seed_repeats_its_packets_and_another_does_not() {
    let suites = [Some(Suite::AesCm128HmacSha1_80), None];
    let transcript = |seed| {
        let mut course = Course::new(2, suites, device(Gate::Shut)).forging("2", seed);
        course.run(20);
        course.side.relay().refused().to_vec()
    };
    assert_eq!(transcript(7), transcript(7));
    assert_ne!(transcript(7), transcript(8));
}

#[test]
fn a_device_that_loses_a_good_packet_under_attack_fails() {
    let drops = |number, _: &mut _| {
        if number == 7 { crate::device::Fate::Dropped } else { crate::device::Fate::Relayed }
    };
    let mut course = Course::new(1, SUITES[1], device(Gate::Shut).with_mischief(drops)).forging("2", 7);
    course.run(50);
    assert_eq!(reasons(&course), ["lost 1 (1.0000 %, 0 % allowed)"]);
}

#[test]
fn who_cannot_send_all_is_told_so_since_nobody_knows_what_was_missing() {
    let mut course = Course::new(1, SUITES[0], device(Gate::Shut)).forging("2", 7);
    course.run(50);
    let report = Report::new(&course.traffic, "memory", Losses { unsent: 1, unreceived: 0 });
    let reasons = Verdict::new(&report, 0.0).reasons;
    assert_eq!(reasons, ["1 packets never left, and nobody can tell which; lower the rate"]);
}
