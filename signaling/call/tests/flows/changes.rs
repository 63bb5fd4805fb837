//! What is changed while a call lasts, and offers that come late.

use std::time::Duration;

use call::Status;
use control::Protection;
use sip::flow::Protocol;
use sip::{Method, Name};

use crate::outbound::{answered, invited};
use crate::scene::*;

fn held(host: [u8; 4], port: u16, how: &str) -> String {
    let active = sdp(host, port);
    match how {
        "0.0.0.0" => {
            let [a, b, c, d] = host;
            active.replace(&format!("c=IN IP4 {a}.{b}.{c}.{d}"), "c=IN IP4 0.0.0.0")
        }
        direction => active.replace("a=sendrecv", &format!("a={direction}")),
    }
}

fn text(body: &[u8]) -> String {
    String::from_utf8(body.to_vec()).unwrap()
}

#[test]
fn a_call_is_held_in_every_spelling_and_resumed() {
    for (how, told, answered_with) in [
        ("sendonly", "a=sendonly", "recvonly"),
        ("inactive", "a=inactive", "inactive"),
        ("0.0.0.0", "a=sendonly", "recvonly"),
    ] {
        let mut world = World::new();
        let (mut pbx, mut carrier) = answered(&mut world);
        pbx.request(Method::Invite, &held(PBX, 4000, how));
        world.settle(&mut [&mut pbx, &mut carrier]);
        let offer = text(carrier.requests.last().unwrap().1.body());
        assert!(offer.contains(told), "{how}: {offer}");
        carrier.answer(200, &held(NORTH, 6000, answered_with));
        world.settle(&mut [&mut pbx, &mut carrier]);
        pbx.acknowledge("");
        world.settle(&mut [&mut pbx, &mut carrier]);
        let last = world.media.wishes.last().unwrap();
        assert!(!last.sides[0].sends, "{how}: nothing is sent to who holds");
        pbx.request(Method::Invite, &sdp(PBX, 4000));
        world.settle(&mut [&mut pbx, &mut carrier]);
        carrier.answer(200, &sdp(NORTH, 6000));
        world.settle(&mut [&mut pbx, &mut carrier]);
        pbx.acknowledge("");
        assert!(world.media.wishes.last().unwrap().sides.iter().all(|side| side.sends && side.accepts));
        assert_eq!(carrier.acks.len(), 3);
    }
}

#[test]
fn media_follows_a_peer_that_moves() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    carrier.request(Method::Invite, &sdp([198, 51, 100, 77], 7000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.answer(200, &sdp(PBX, 4000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.acknowledge("");
    world.settle(&mut [&mut pbx, &mut carrier]);
    let last = world.media.wishes.last().unwrap();
    assert_eq!(last.sides[1].remote, Some(([198, 51, 100, 77], 7000).into()));
    assert_eq!((pbx.acks.len(), carrier.acks.len()), (1, 1));
}

#[test]
fn a_refresh_is_answered_with_the_unchanged_description_and_nobody_else_hears_of_it() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    let before = text(pbx.heard().body());
    let mut invite = pbx.dialog.as_mut().unwrap().request(Method::Invite);
    invite.headers_mut().push(Name::SessionExpires, "1800;refresher=uac");
    invite.headers_mut().push(Name::Supported, "timer");
    invite.set_body("application/sdp", sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    assert_eq!(text(pbx.heard().body()), before);
    assert_eq!(pbx.heard().header(Name::SessionExpires), Some("1800;refresher=uac"));
    assert_eq!(carrier.requests.len(), 1);
}

#[test]
fn a_change_that_is_refused_changes_nothing() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    let wishes = world.media.wishes.len();
    pbx.request(Method::Invite, &sdp(PBX, 4444));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(488, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 488);
    assert_eq!((world.media.wishes.len(), world.engine.calls()), (wishes, 1));
    pbx.request(Method::Invite, &sdp(PBX, 4000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200, "what was agreed on holds");
}

#[test]
fn an_end_that_has_lost_the_call_ends_it() {
    for status in [481, 408] {
        let mut world = World::new();
        let (mut pbx, mut carrier) = answered(&mut world);
        pbx.request(Method::Invite, &sdp(PBX, 4444));
        world.settle(&mut [&mut pbx, &mut carrier]);
        carrier.answer(status, "");
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(world.end().0, Status::Completed);
        assert_eq!(pbx.methods(), [Method::Bye]);
        assert_eq!(pbx.heard().code(), 487);
        pbx.answer(200, "");
        if carrier.methods().last() == Some(&Method::Bye) {
            carrier.answer(200, "");
        }
        world.is_over(&mut [&mut pbx, &mut carrier]);
    }
}

#[test]
fn two_changes_at_once_are_both_told_to_come_back() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Invite, &sdp(PBX, 4444));
    carrier.request(Method::Invite, &sdp(NORTH, 6666));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.heard().code(), 491);
    carrier.answer(491, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 491);
    assert_eq!(world.engine.calls(), 1);
}

#[test]
fn a_second_change_before_the_first_is_answered_comes_back_later() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Invite, &sdp(PBX, 4444));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.request(Method::Invite, &sdp(PBX, 4446));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 500);
    let seconds: u32 = pbx.heard().header(Name::RetryAfter).unwrap().parse().unwrap();
    assert!(seconds <= 10);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
}

#[test]
fn a_change_that_is_cancelled_is_cancelled_at_the_other_end_and_the_call_stands() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    let id = pbx.request(Method::Invite, &sdp(PBX, 4444));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.transactions.cancel(pbx.now, id, None);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.cancelled.len(), 1);
    carrier.answer(487, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 487);
    assert_eq!(world.engine.calls(), 1);
}

#[test]
fn an_invite_without_an_offer_gets_ours_and_answers_in_its_ack() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, "");
    let offer = text(carrier.requests[0].1.body());
    assert!(offer.contains("m=audio 30000 RTP/AVP 0 101"), "{offer}");
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    let ours = text(pbx.heard().body());
    assert!(ours.contains("m=audio 20000 RTP/AVP 0 101"), "{ours}");
    assert!(!world.media.wishes.last().unwrap().sides[0].sends);
    pbx.acknowledge(&sdp(PBX, 4000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    let last = world.media.wishes.last().unwrap();
    assert_eq!(last.sides[0].remote, Some((PBX, 4000).into()));
    assert!(last.sides.iter().all(|side| side.sends && side.accepts));
}

#[test]
fn an_ack_without_the_answer_that_is_owed_ends_the_call() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, "");
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.methods(), [Method::Bye]);
    assert_eq!(world.end(), (Status::Completed, "no answer to our offer"));
    pbx.answer(200, "");
    carrier.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn a_change_without_an_offer_asks_the_other_end_for_one() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Invite, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert!(carrier.requests.last().unwrap().1.body().is_empty());
    carrier.answer(200, &sdp(NORTH, 6500));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert!(text(pbx.heard().body()).contains("m=audio 20000"));
    // The callee repeats its acceptance until the answer is there.
    world.pass(Duration::from_secs(3), &mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.acks.len(), 1);
    pbx.acknowledge(&sdp(PBX, 4500));
    world.settle(&mut [&mut pbx, &mut carrier]);
    let ack = carrier.acks.last().unwrap();
    assert!(text(ack.body()).contains("m=audio 30000"), "{}", text(ack.body()));
    let remotes = world.media.wishes.last().unwrap().sides.iter().map(|side| side.remote);
    assert_eq!(remotes.collect::<Vec<_>>(), [Some((PBX, 4500).into()), Some((NORTH, 6500).into())]);
}

#[test]
fn early_media_is_heard_and_its_answer_need_not_be_repeated() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    carrier.answer(183, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 183);
    assert!(text(pbx.heard().body()).contains("m=audio 20000"));
    assert!(world.media.wishes.last().unwrap().sides[0].sends);
    // RFC 3960: ringing after early media takes nothing back.
    carrier.answer(180, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    let wishes = world.media.wishes.len();
    carrier.answer(200, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    assert!(text(pbx.heard().body()).contains("m=audio 20000"));
    assert_eq!(world.media.wishes.len(), wishes);
}

#[test]
fn the_latest_early_description_counts_when_a_call_forks() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    let (id, request) = carrier.requests[0].clone();
    for (tag, port) in [("one", 6000), ("two", 6002), ("one", 6000)] {
        carrier.answer_as(id, &request, 183, &sdp(NORTH, port), tag);
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(world.media.wishes.last().unwrap().sides[1].remote, Some((NORTH, port).into()));
    }
    carrier.answer_as(id, &request, 200, &sdp(NORTH, 6002), "two");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(world.media.wishes.last().unwrap().sides[1].remote, Some((NORTH, 6002).into()));
    assert_eq!(pbx.heard().code(), 200);
}

/// An offer with a key of SDES.
fn protected(host: [u8; 4], port: u16, key: char) -> String {
    let inline: String = std::iter::repeat_n(key, 40).collect();
    let line = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{inline}\r\n");
    sdp(host, port).replace("RTP/AVP", "RTP/SAVP").replace("a=sendrecv", &format!("{line}a=sendrecv"))
}

#[test]
fn a_leg_that_was_answered_with_srtp_is_never_in_the_clear_and_may_change_its_key() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::with_protocol(PBX, Protocol::Tls), Peer::new(NORTH));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &protected(PBX, 4000, 'a'));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert!(text(carrier.requests[0].1.body()).contains("RTP/AVP"));
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    let answer = text(pbx.heard().body());
    assert!(answer.contains("RTP/SAVP") && answer.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80"), "{answer}");
    pbx.acknowledge("");
    pbx.request(Method::Invite, &protected(PBX, 4000, 'b'));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    let [.., before, after] = &world.media.wishes[..] else { panic!("two wishes") };
    for side in [&before.sides[0], &after.sides[0]] {
        assert!(matches!((&side.receive, &side.send), (Protection::Srtp(_), Protection::Srtp(_))));
    }
    assert_ne!(before.sides[0].receive, after.sides[0].receive, "the peer's key is another one");
    assert_eq!(before.sides[0].send, after.sides[0].send, "ours stays");
    let shown = format!("{:?} {:?}", world.media.wishes, world.journal.begun);
    assert!(!shown.contains("aaaaaaaa") && !shown.contains("bbbbbbbb"));
}

#[test]
fn srtp_where_its_keys_can_be_read_is_refused() {
    let mut world = World::new();
    let mut pbx = Peer::new(PBX);
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &protected(PBX, 4000, 'a'));
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 488);
    assert_eq!(world.end(), (Status::Rejected, "SRTP is offered without TLS"));
}

#[test]
fn a_protected_leg_is_offered_protection_again_whatever_the_other_end_wants() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::with_protocol(PBX, Protocol::Tls), Peer::new(NORTH));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &protected(PBX, 4000, 'a'));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.request(Method::Invite, &sdp(NORTH, 6400));
    world.settle(&mut [&mut pbx, &mut carrier]);
    let offer = text(pbx.requests.last().unwrap().1.body());
    assert!(offer.contains("RTP/SAVP") && offer.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80"), "{offer}");
    // An answer in the clear is none.
    pbx.answer(200, &sdp(PBX, 4000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.heard().code(), 488);
    assert_eq!(world.end(), (Status::Completed, "media of both legs no longer fits"));
    assert!(matches!(world.media.wishes.last().unwrap().sides[0].send, Protection::Srtp(_)));
}

#[test]
fn a_connector_that_requires_encryption_is_called_with_tls_and_srtp() {
    let mut records = records();
    records.voice_connectors[1].require_encryption = true;
    let mut world = World::of(setup(&records));
    let mut pbx = Peer::new(PBX);
    let mut branch = Peer::with_protocol(BRANCH_PBX, Protocol::Tls);
    branch.address.set_port(5061);
    let invite = pbx.invitation(OWN_NUMBER, BRANCH_NUMBER, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut branch]);
    let invite = &branch.requests[0].1;
    assert!(invite.uri().as_str().ends_with(":5061;transport=tls"));
    let offer = text(invite.body());
    let suites: Vec<&str> = offer.lines().filter_map(|line| line.strip_prefix("a=crypto:")).collect();
    assert!(offer.contains("RTP/SAVP") && suites[0].starts_with("1 AES_CM_128_HMAC_SHA1_80 inline:"));
    branch.answer(200, &protected(BRANCH_PBX, 6000, 'c'));
    world.settle(&mut [&mut pbx, &mut branch]);
    assert_eq!(pbx.heard().code(), 200);
    assert!(matches!(world.media.wishes.last().unwrap().sides[1].receive, Protection::Srtp(_)));
    assert!(matches!(world.media.wishes.last().unwrap().sides[0].receive, Protection::Clear));
}

#[test]
fn an_end_that_was_asked_for_its_offer_does_not_wait_for_its_ack_until_it_gives_up() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Invite, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    let acks = carrier.acks.len();
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    // The ACK with the answer never comes.
    world.pass(Duration::from_secs(21), &mut [&mut pbx, &mut carrier]);
    assert_eq!((carrier.acks.len(), carrier.methods().last()), (acks + 1, Some(&Method::Bye)));
    assert_eq!(carrier.unacknowledged, 0);
    carrier.answer(200, "");
    world.pass(Duration::from_secs(12), &mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.methods().last(), Some(&Method::Bye));
    pbx.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
}
