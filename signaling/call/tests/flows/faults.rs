//! INVITEs that are refused for what they are, before any call hears of them: one record each.

use std::time::Duration;

use call::{Disposition, Input, Limits, Status};
use sip::flow::{Destination, Flow};

use crate::scene::*;

const STRANGER: [u8; 4] = [203, 0, 113, 66];

/// An INVITE of a customer with a start line and a header of the test's choice.
fn invite(line: &str, header: &str) -> String {
    let text = format!(
        "INVITE {line}\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKfault\nFrom: <sip:{OWN_NUMBER}@x>;tag=f\n\
         To: <sip:x@y>\nCall-ID: fault\nCSeq: 7 INVITE\nContact: <sip:192.0.2.1>\nContent-Type: application/sdp\n\
         {header}\nContent-Length: 4\n\nv=0\n"
    );
    text.replace('\n', "\r\n")
}

fn outside(header: &str) -> String {
    invite(&format!("sip:{OUTSIDE}@{HOST} SIP/2.0"), header)
}

/// Has a host say something, and returns the status of each answer.
fn said(world: &mut World, source: [u8; 4], text: &str) -> Vec<u16> {
    let before = world.wire.len();
    let peer = Peer::new(source);
    let flow: Flow = peer.flow(&Destination::Target(peer.target()));
    world.hear(Input::Received { flow, bytes: text.as_bytes() });
    world.settle(&mut []);
    let code = |text: &String| text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok();
    world.wire.iter().skip(before).filter_map(|(_, text)| code(text)).collect()
}

#[test]
fn each_is_an_attempt_with_one_record_whatever_copies_come() {
    let cases = [
        (outside("Max-Forwards: 0"), 483, "483 Too Many Hops"),
        (outside("Require: 100rel"), 420, "420 Bad Extension"),
        (outside("Content-Encoding: gzip"), 415, "415 Unsupported Media Type"),
        (outside("Accept: text/plain"), 406, "406 Not Acceptable"),
        (outside("Max-Forwards: many"), 400, "400 Malformed Max-Forwards"),
        (outside("Call-ID: another"), 400, "400 Repeated Call-ID"),
        (invite(&format!("sip:{OUTSIDE}@{HOST} SIP/3.0"), ""), 505, "505 Version Not Supported"),
        (invite(&format!("sip:{OUTSIDE}@{HOST}?a=b SIP/2.0"), ""), 400, "400 Malformed Request-URI"),
        (invite("mailto:a@b SIP/2.0", ""), 416, "416 Unsupported URI Scheme"),
    ];
    for (text, status, message) in cases {
        let text = text.replace("\r\n\r\nContent-Length", "\r\nContent-Length");
        let mut world = World::new();
        for _ in 0..3 {
            assert_eq!(said(&mut world, PBX, &text), [status], "{message}");
            world.pass(Duration::from_secs(10), &mut []);
        }
        assert_eq!(world.end(), (Status::Rejected, message));
        let attempt = &world.journal.begun[0];
        assert_eq!((attempt.connector.as_str(), attempt.disposition), (CONNECTOR, Disposition::Termination));
        assert_eq!((attempt.sip_call_id.as_str(), attempt.from_number.as_str()), ("fault", OWN_NUMBER));
        assert_eq!(world.journal.notes[0].attempt, Some(attempt.id));
        world.is_over(&mut []);
    }
}

#[test]
fn the_number_that_is_called_is_read_where_it_can_be() {
    let mut world = World::new();
    said(&mut world, PBX, &outside("Max-Forwards: 0"));
    assert_eq!(world.journal.begun[0].to_number, OUTSIDE);
    let mut world = World::new();
    said(&mut world, PBX, &invite("sip:%% SIP/2.0", "").replace("From: <sip", "From: <"));
    let attempt = &world.journal.begun[0];
    assert_eq!((attempt.to_number.as_str(), attempt.from_number.as_str()), ("x", ""));
}

#[test]
fn another_number_branch_or_host_is_another_attempt_and_so_is_the_same_after_32_seconds() {
    let mut world = World::new();
    let text = outside("Max-Forwards: 0");
    said(&mut world, PBX, &text);
    let others = [
        text.replace("CSeq: 7", "CSeq: 8"),
        text.replace("bKfault", "bKother"),
        text.replace("Call-ID: fault", "Call-ID: other"),
    ];
    for other in &others {
        said(&mut world, PBX, other);
    }
    said(&mut world, [192, 0, 2, 2], &text);
    assert_eq!(world.journal.ended.len(), 5);
    world.pass(Duration::from_secs(31), &mut []);
    said(&mut world, PBX, &text);
    assert_eq!(world.journal.ended.len(), 5);
    world.pass(Duration::from_secs(1), &mut []);
    said(&mut world, PBX, &text);
    assert_eq!(world.journal.ended.len(), 6);
}

#[test]
fn the_ack_of_such_a_refusal_is_ignored() {
    let mut world = World::new();
    let text = outside("Max-Forwards: 0");
    said(&mut world, PBX, &text);
    let ack = text.replace("INVITE", "ACK").replace("To: <sip:x@y>", "To: <sip:x@y>;tag=t");
    assert_eq!(said(&mut world, PBX, &ack), [0_u16; 0]);
    assert_eq!(world.journal.ended.len(), 1);
}

#[test]
fn what_begins_no_call_leaves_no_record() {
    let text = outside("Max-Forwards: many");
    let within = text.replace("To: <sip:x@y>", "To: <sip:x@y>;tag=t");
    for text in [within, text.replace("INVITE", "OPTIONS"), text.replace("INVITE", "MESSAGE")] {
        let mut world = World::new();
        assert_eq!(said(&mut world, PBX, &text).len(), 1);
        assert_eq!(world.journal.begun, []);
    }
}

#[test]
fn a_carrier_s_broken_call_is_the_record_of_whose_number_it_calls() {
    for (number, records) in [(OWN_NUMBER, 1), (OUTSIDE, 0)] {
        let mut world = World::new();
        let text = invite(&format!("sip:{number}@192.0.2.200 SIP/2.0"), "Max-Forwards: 0");
        assert_eq!(said(&mut world, NORTH, &text), [483]);
        assert_eq!(world.journal.ended.len(), records, "{number}");
        let inbound = world.journal.begun.iter().filter(|it| it.disposition == Disposition::Origination);
        assert_eq!(inbound.count(), records);
    }
}

#[test]
fn a_stranger_that_knows_a_host_is_told_ten_times_a_second_and_one_that_does_not_hears_nothing() {
    let mut world = World::new();
    let answered = (0..15).filter(|number| {
        let text = outside("Max-Forwards: 0").replace("bKfault", &format!("bK{number}"));
        said(&mut world, STRANGER, &text) == [483]
    });
    assert_eq!(answered.count(), 10);
    assert_eq!(world.journal.ended.len(), 10);
    let unknown = invite(&format!("sip:{OUTSIDE}@192.0.2.200 SIP/2.0"), "Max-Forwards: 0");
    assert_eq!(said(&mut world, STRANGER, &unknown), [0_u16; 0]);
    assert_eq!(world.journal.ended.len(), 10);
    let counted = ["request_answered=10", "stranger_broken", "stranger_throttled=5", "hops=11"];
    assert_eq!(world.counted(), counted.map(str::to_owned));
}

#[test]
fn while_the_journal_has_no_room_they_are_refused_without_a_record() {
    let mut world = World::new();
    world.hear(Input::Admission { open: false });
    assert_eq!(said(&mut world, PBX, &outside("Max-Forwards: 0")), [483]);
    assert_eq!(world.journal.begun, []);
    assert_eq!(world.counted(), ["request_answered", "unrecorded", "hops"]);
}

#[test]
fn beyond_what_is_remembered_they_are_refused_without_a_record() {
    let limits = Limits { refusals_max: 2, ..Limits::default() };
    let mut world = World::of(call::Setup { limits, ..setup(&records()) });
    for number in [1, 2, 3, 1, 3] {
        let text = outside("Max-Forwards: 0").replace("bKfault", &format!("bK{number}"));
        assert_eq!(said(&mut world, PBX, &text), [483]);
    }
    assert_eq!(world.journal.ended.len(), 2);
    assert_eq!(world.counted(), ["request_answered=5", "unrecorded=2", "hops=5"]);
}

#[test]
fn a_host_of_our_zone_that_no_connector_has_is_the_attempt_of_whoever_sends_from_there() {
    let mut world = World::new();
    let mut pbx = Peer::new(PBX);
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, "nobody00000000000000001.vc.example", &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 404);
    assert_eq!(world.end(), (Status::Rejected, "no such voice connector"));
    assert_eq!(world.journal.begun[0].connector.as_str(), CONNECTOR);

    // Nobody can tell which of two it is.
    let mut records = records();
    records.voice_connectors[1].termination = Some(termination("192.0.2.0/27"));
    let mut world = World::of(setup(&records));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, "nobody00000000000000001.vc.example", &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!((pbx.heard().code(), world.journal.begun.len()), (404, 0));
}
