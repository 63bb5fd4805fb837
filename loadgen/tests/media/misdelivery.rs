//! Packets at the wrong place, and packets that a device has changed.

use crypto::Suite;
use loadgen::media::report::{Report, Verdict};
use loadgen::media::side::Losses;
use netem::profile::Profile;

use crate::course::Course;
use crate::device::{Device, Fate};

const SUITES: [[Option<Suite>; 2]; 4] = [
    [None, None],
    [Some(Suite::AesCm128HmacSha1_80), None],
    [None, Some(Suite::AesCm128HmacSha1_80)],
    [Some(Suite::AeadAes256Gcm), Some(Suite::AesCm256HmacSha1_32)],
];

fn verdict(course: &Course) -> Verdict {
    Verdict::new(&Report::new(&course.traffic, "memory", Losses::default()), 0.0)
}

#[test]
fn a_packet_at_another_flows_port_is_misdelivered_and_misses_at_its_own() {
    for suites in SUITES {
        // The first packets of two flows of the same direction.
        let mut ports = Vec::new();
        let device = Device::new(&Profile::perfect(), 1);
        let mut course = Course::new(3, suites, device);
        ports.extend(course.traffic.flows().iter().map(|flow| flow.to));
        let device = Device::new(&Profile::perfect(), 1).with_mischief(move |number, _| match number {
            0 => Fate::ToAnother(ports[2]),
            2 => Fate::ToAnother(ports[0]),
            _ => Fate::Relayed,
        });
        course = Course::new(3, suites, device);
        course.run(50);
        let [a_to_b, b_to_a] = course.tallies();
        assert_eq!((a_to_b.misdelivered, a_to_b.received, a_to_b.lost()), (2, 148, 0), "{suites:?}");
        assert_eq!((b_to_a.misdelivered, b_to_a.received, b_to_a.lost()), (0, 150, 0), "{suites:?}");
        assert_eq!(a_to_b.corrupt, 0, "{suites:?}");
        assert_eq!(verdict(&course).reasons, ["misdelivered 2"], "{suites:?}");
    }
}

#[test]
fn a_packet_from_another_port_of_the_device_is_misdelivered() {
    let device = Device::new(&Profile::perfect(), 1).with_mischief(|number, packet| {
        if number == 7 {
            packet.from = packet.from.with_port(packet.from.port() + 1);
        }
        Fate::Relayed
    });
    let mut course = Course::new(1, [None, None], device);
    course.run(10);
    assert_eq!(course.total(|tally| tally.misdelivered), 1);
}

#[test]
fn a_changed_header_is_corrupt_though_the_payload_is_not() {
    // Marker and payload type, sequence number, timestamp, source.
    for byte in [1, 2, 3, 4, 7, 8, 11] {
        let device = Device::new(&Profile::perfect(), 1).with_mischief(move |number, packet| {
            if number == 7 {
                packet.payload[byte] ^= 1;
            }
            Fate::Relayed
        });
        let mut course = Course::new(1, [None, None], device);
        course.run(10);
        assert_eq!(course.total(|tally| tally.corrupt), 1, "byte {byte}");
        assert_eq!(verdict(&course).reasons, ["corrupt 1"], "byte {byte}");
    }
}

#[test]
fn a_single_lost_packet_fails_the_verdict_unless_it_is_allowed() {
    let drops = |number, _: &mut _| if number == 7 { Fate::Dropped } else { Fate::Relayed };
    let mut course = Course::new(1, [None, None], Device::new(&Profile::perfect(), 1).with_mischief(drops));
    course.run(50);
    assert_eq!(verdict(&course).reasons, ["lost 1 (1.0000 %, 0 % allowed)"]);
    let report = Report::new(&course.traffic, "memory", Losses::default());
    assert!(Verdict::new(&report, 1.0).passed());
    assert!(!Verdict::new(&report, 0.99).passed());
}

#[test]
fn nothing_sent_is_no_success() {
    let course = Course::new(1, [None, None], Device::new(&Profile::perfect(), 1));
    assert_eq!(verdict(&course).reasons, ["nothing was sent"]);
}

#[test]
fn what_our_own_side_lost_is_not_blamed_on_the_device() {
    let drops = |number, _: &mut _| if number == 7 { Fate::Dropped } else { Fate::Relayed };
    let mut course = Course::new(1, [None, None], Device::new(&Profile::perfect(), 1).with_mischief(drops));
    course.run(50);
    let report = Report::new(&course.traffic, "memory", Losses { unsent: 1, unreceived: 0 });
    let verdict = Verdict::new(&report, 0.0);
    assert!(verdict.passed() && verdict.notes[0].contains("1 packets never left"), "{verdict:?}");
}
