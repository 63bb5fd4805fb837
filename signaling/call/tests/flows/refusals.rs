//! Attempts that go nowhere.

use std::time::Duration;

use call::{Input, Status};
use control::Reason;
use sip::flow::Protocol;
use sip::{Method, Name};

use crate::scene::*;

/// Sends an INVITE and returns the final status.
fn tried(world: &mut World, peer: &mut Peer, number: &str, host: &str, body: &str) -> u16 {
    let invite = peer.invitation(OWN_NUMBER, number, host, body);
    peer.send(invite);
    world.settle(&mut [peer]);
    peer.responses.last().map_or(0, |(_, response)| response.code())
}

#[test]
fn strangers_hear_nothing_whatever_they_say() {
    let mut world = World::new();
    let mut stranger = Peer::new([203, 0, 113, 66]);
    assert_eq!(tried(&mut world, &mut stranger, OUTSIDE, "192.0.2.200", &sdp(PBX, 4000)), 0);
    let mut options = stranger.invitation(OWN_NUMBER, OUTSIDE, HOST, "");
    options.headers_mut().set(Name::CSeq, "1 OPTIONS");
    let mut asked = sip::Request::new(Method::Options, options.uri().clone());
    *asked.headers_mut() = options.headers().clone();
    stranger.send(asked);
    world.settle(&mut [&mut stranger]);
    assert_eq!(world.wire, []);
    assert_eq!(world.journal.begun, []);
}

#[test]
fn strangers_that_know_a_host_name_hear_403_ten_times_a_second() {
    let mut world = World::new();
    let mut stranger = Peer::new([203, 0, 113, 66]);
    for _ in 0..15 {
        let invite = stranger.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
        stranger.send(invite);
    }
    world.settle(&mut [&mut stranger]);
    assert_eq!(stranger.statuses().iter().filter(|status| **status == 403).count(), 10);
    assert_eq!((world.journal.begun.len(), world.journal.ended.len()), (10, 10));
    assert!(world.journal.ended.iter().all(|ended| ended.status == Status::Rejected));
}

#[test]
fn a_caller_that_may_not_be_presented_is_named() {
    let mut world = World::new();
    let mut pbx = Peer::new(PBX);
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    invite.headers_mut().push(Name::PAssertedIdentity, "<sip:+33123456789@192.0.2.32>");
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!((pbx.heard().code(), pbx.heard().phrase()), (403, "Caller Id +33123456789 is not valid"));
}

#[test]
fn what_is_not_allowed_is_refused_with_its_status_and_one_record() {
    let cases = [
        ("2125551212", 403, "called number is not E.164"),
        ("+442071234567", 403, "calling region is not allowed"),
    ];
    for (number, status, message) in cases {
        let mut world = World::new();
        let mut pbx = Peer::new(PBX);
        assert_eq!(tried(&mut world, &mut pbx, number, HOST, &sdp(PBX, 4000)), status);
        assert_eq!(world.end(), (Status::Rejected, message));
        world.is_over(&mut [&mut pbx]);
        assert_eq!(world.media.opened, 0);
    }
}

#[test]
fn a_broken_description_is_refused_with_400_and_one_without_a_codec_with_488() {
    for (body, status) in [
        ("v=9", 400),
        (
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n",
            488,
        ),
    ] {
        let mut world = World::new();
        let mut pbx = Peer::new(PBX);
        assert_eq!(tried(&mut world, &mut pbx, OUTSIDE, HOST, body), status);
        assert_eq!(world.end().0, Status::Rejected);
        world.is_over(&mut [&mut pbx]);
    }
}

#[test]
fn media_is_not_sent_to_this_host_or_to_groups() {
    for host in [[127, 0, 0, 1], HERE, [224, 2, 1, 1], [169, 254, 1, 1]] {
        let mut world = World::new();
        let mut pbx = Peer::new(PBX);
        assert_eq!(tried(&mut world, &mut pbx, OUTSIDE, HOST, &sdp(host, 4000)), 488, "{host:?}");
        world.is_over(&mut [&mut pbx]);
    }
}

#[test]
fn without_ports_a_call_is_refused_with_503() {
    let mut world = World::new();
    world.media.refuses = Some(Reason::PortsExhausted);
    let mut pbx = Peer::new(PBX);
    assert_eq!(tried(&mut world, &mut pbx, OUTSIDE, HOST, &sdp(PBX, 4000)), 503);
    assert_eq!(world.end(), (Status::Rejected, "503 Service Unavailable: media, ports_exhausted"));
    world.is_over(&mut [&mut pbx]);
}

#[test]
fn media_that_says_nothing_is_not_waited_for() {
    let mut world = World::new();
    world.media.is_silent = true;
    let mut pbx = Peer::new(PBX);
    tried(&mut world, &mut pbx, OUTSIDE, HOST, &sdp(PBX, 4000));
    world.pass(Duration::from_secs(4), &mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 503);
    world.is_over(&mut [&mut pbx]);
}

#[test]
fn a_node_that_is_to_stop_refuses_calls_and_options_and_keeps_what_it_has() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = crate::outbound::answered(&mut world);
    world.hear(Input::Admission { open: false });
    let mut other = Peer::new([192, 0, 2, 2]);
    assert_eq!(tried(&mut world, &mut other, OUTSIDE, HOST, &sdp(PBX, 4000)), 503);
    assert!(other.heard().header(Name::RetryAfter).is_some());
    assert_eq!(world.journal.begun.len(), 1);
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
}

#[test]
fn a_call_that_the_journal_has_no_room_for_is_refused_with_a_record_and_others_go_on() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = crate::outbound::answered(&mut world);
    world.media.is_silent = true;
    let mut other = Peer::new([192, 0, 2, 2]);
    let invite = other.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    let call_id = invite.call_id().to_owned();
    other.send(invite);
    world.settle(&mut [&mut other, &mut carrier]);
    let attempt = &world.journal.begun[1];
    assert_eq!(attempt.invite_call_id, call_id);
    let call = attempt.call.unwrap();
    for _ in 0..2 {
        world.hear(Input::NoRoom { call });
        world.settle(&mut [&mut other, &mut carrier]);
    }
    assert_eq!(other.heard().code(), 503);
    assert_eq!(world.end(), (Status::Rejected, "503 Service Unavailable"));
    assert_eq!(carrier.methods(), [Method::Invite], "the other call's");
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
}

#[test]
fn a_connector_may_not_begin_more_calls_a_second_than_its_limit() {
    let mut records = records();
    records.voice_connectors[0].termination.as_mut().unwrap().cps_limit = 1;
    let mut world = World::of(setup(&records));
    let mut pbx = Peer::new(PBX);
    for _ in 0..3 {
        let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
        pbx.send(invite);
    }
    world.settle(&mut [&mut pbx]);
    let refused: Vec<_> = pbx.responses.iter().filter(|(_, response)| response.code() == 503).collect();
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|(_, response)| response.header(Name::RetryAfter).is_some()));
    assert!(world.journal.ended.iter().all(|ended| ended.status == Status::RateLimited));
    assert_eq!(world.journal.ended.len(), 2);
}

#[test]
fn encryption_that_is_required_refuses_everything_else_at_once() {
    let mut records = records();
    records.voice_connectors[0].require_encryption = true;
    for (protocol, status) in [(Protocol::Udp, 403), (Protocol::Tcp, 403), (Protocol::Tls, 488)] {
        let mut world = World::of(setup(&records));
        let mut pbx = Peer::with_protocol(PBX, protocol);
        assert_eq!(tried(&mut world, &mut pbx, OUTSIDE, HOST, &sdp(PBX, 4000)), status, "{protocol:?}");
        assert_eq!(world.end().0, Status::Rejected);
        world.is_over(&mut [&mut pbx]);
    }
}

#[test]
fn a_refusal_of_the_callee_is_passed_on_and_what_concerns_it_alone_is_not() {
    for (said, heard) in [(486, 486), (603, 603), (404, 404), (407, 500), (401, 500), (302, 480), (481, 480)]
    {
        let mut world = World::new();
        let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
        tried(&mut world, &mut pbx, OUTSIDE, HOST, &sdp(PBX, 4000));
        world.settle(&mut [&mut pbx, &mut carrier]);
        // The INVITE was sent before the carrier was there to hear it: its copy comes.
        world.pass(Duration::from_secs(1), &mut [&mut pbx, &mut carrier]);
        carrier.answer(said, "");
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(pbx.heard().code(), heard, "{said}");
        assert_eq!(world.end().0, Status::Rejected);
        assert!(world.end().1.starts_with(&said.to_string()));
        world.is_over(&mut [&mut pbx, &mut carrier]);
    }
}

#[test]
fn when_no_link_takes_the_call_the_customer_hears_503_of_our_own() {
    let mut world = World::new();
    let (mut pbx, mut north, mut south) = (Peer::new(PBX), Peer::new(NORTH), Peer::new(SOUTH));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut north, &mut south]);
    north.answer(503, "");
    world.settle(&mut [&mut pbx, &mut north, &mut south]);
    south.answer(500, "");
    world.settle(&mut [&mut pbx, &mut north, &mut south]);
    assert_eq!(pbx.heard().code(), 503);
    assert_eq!(world.end(), (Status::Rejected, "no host took the call"));
    world.is_over(&mut [&mut pbx, &mut north, &mut south]);
}

#[test]
fn a_refusal_of_the_trunk_is_a_note_with_its_record_and_no_number_shows_in_what_is_printed() {
    let mut world = World::new();
    let mut pbx = Peer::new(PBX);
    assert_eq!(tried(&mut world, &mut pbx, "+442071234567", HOST, &sdp(PBX, 4000)), 403);
    let [note] = &world.journal.notes[..] else { panic!("notes: {:?}", world.journal.notes) };
    assert_eq!(note.attempt, Some(world.journal.ended[0].attempt.id));
    assert_eq!((note.status, note.reason), (403, "calling_region_not_allowed"));
    assert!(note.trace.contains("no calling region: GB is not allowed"), "{}", note.trace);
    assert!(!note.trace.contains('\n') && !format!("{note:?}").contains("4420"));
    assert_eq!(world.counted(), ["refused", "calling_region_not_allowed"]);
}

#[test]
fn what_leads_to_no_call_is_counted_by_word() {
    let mut world = World::new();
    let (mut pbx, mut stranger) = (Peer::new(PBX), Peer::new([203, 0, 113, 66]));
    let flow = |peer: &Peer| peer.flow(&sip::flow::Destination::Target(peer.target()));
    world.hear(Input::Received { flow: flow(&pbx), bytes: b"\0\0" });
    tried(&mut world, &mut stranger, OUTSIDE, "192.0.2.200", "");
    for _ in 0..11 {
        tried(&mut world, &mut stranger, OUTSIDE, HOST, "");
    }
    let mut bye = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, "");
    bye.headers_mut().set(Name::CSeq, "1 BYE");
    let mut unknown = sip::Request::new(Method::Bye, bye.uri().clone());
    *unknown.headers_mut() = bye.headers().clone();
    pbx.send(unknown);
    let mut small = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    small.headers_mut().push(Name::Supported, "timer");
    small.headers_mut().push(Name::SessionExpires, "10");
    pbx.send(small);
    tried(&mut world, &mut pbx, OUTSIDE, HOST, "v=9");
    world.hear(Input::Admission { open: false });
    tried(&mut world, &mut pbx, OUTSIDE, HOST, &sdp(PBX, 4000));
    let expected = [
        "unreadable",
        "stranger",
        "stranger_throttled",
        "dialog_unknown",
        "closed",
        "interval_small",
        "description_broken",
        "refused=10",
        "source_not_allowed=10",
    ];
    assert_eq!(world.counted(), expected);
}
