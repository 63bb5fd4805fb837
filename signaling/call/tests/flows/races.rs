//! Messages that cross each other.

use std::time::Duration;

use call::Status;
use sip::{Method, Name};

use crate::outbound::{self, answered};
use crate::scene::*;

fn invited(world: &mut World) -> (Peer, Peer) {
    outbound::invited(world, &sdp(PBX, 4000))
}

fn invite_id(peer: &Peer) -> sip::transaction::ClientId {
    peer.responses[0].0
}

#[test]
fn a_cancelled_call_is_cancelled_at_the_other_end() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world);
    carrier.answer(180, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.transactions.cancel(pbx.now, invite_id(&pbx), None);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 487);
    assert_eq!(carrier.cancelled.len(), 1);
    carrier.answer(487, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
    assert_eq!(world.end(), (Status::Completed, "487 Request Terminated"));
    // The layer acknowledges the 487 to our own CANCEL.
    assert_eq!(world.said_to(&carrier), ["INVITE", "CANCEL", "ACK"]);
}

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut world = World::new();
    let (mut pbx, mut nobody) = (Peer::new(PBX), Peer::new([9; 4]));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut nobody]);
    pbx.transactions.cancel(pbx.now, invite_id(&pbx), None);
    world.settle(&mut [&mut pbx, &mut nobody]);
    assert_eq!(pbx.heard().code(), 487);
    assert!(!world.wire.iter().any(|(_, text)| text.starts_with("CANCEL")));
    let mut carrier = Peer::new(NORTH);
    world.pass(Duration::from_secs(1), &mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.cancelled.len(), 1);
    carrier.answer(487, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn an_acceptance_that_crosses_our_cancel_is_acknowledged_and_ended() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world);
    carrier.answer(180, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.transactions.cancel(pbx.now, invite_id(&pbx), None);
    world.settle(&mut [&mut pbx]);
    let (id, request) = carrier.requests[0].clone();
    carrier.answer_to(id, &request, 200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 487);
    assert_eq!((carrier.acks.len(), carrier.methods()), (1, vec![Method::Invite, Method::Bye]));
    carrier.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
    assert_eq!(world.end().0, Status::Completed);
    assert!(world.journal.answered.is_empty());
}

#[test]
fn a_cancel_after_the_acceptance_changes_nothing() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world);
    carrier.answer(180, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    // The acceptance is lost, so that the caller cancels what was accepted.
    world.loses = vec![("SIP/2.0 200".to_owned(), 1)];
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.transactions.cancel(pbx.now, invite_id(&pbx), None);
    world.pass(Duration::from_secs(2), &mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    assert!(carrier.cancelled.is_empty() && world.journal.ended.is_empty());
}

#[test]
fn a_caller_may_hang_up_before_anybody_has_answered() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world);
    carrier.answer(183, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    let ringing = pbx.heard().clone();
    let mut dialog = sip::dialog::Dialog::from_acceptance(&ringing).unwrap();
    pbx.send(dialog.request(Method::Bye));
    world.settle(&mut [&mut pbx, &mut carrier]);
    let mut statuses = pbx.statuses();
    statuses.sort_unstable();
    assert_eq!(statuses, [100, 183, 200, 487]);
    carrier.answer(487, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
    assert_eq!(world.end(), (Status::Completed, "487 Request Terminated"));
}

#[test]
fn a_callee_that_hangs_up_before_the_ack_leaves_no_bye_before_it() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.heard().code(), 200);
    assert!(pbx.requests.is_empty(), "RFC 3261 section 15: not before the ACK");
    pbx.acknowledge("");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.methods(), [Method::Bye]);
    pbx.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
    assert_eq!(world.end(), (Status::Completed, "Normal Call Clearing"));
}

#[test]
fn a_caller_that_hangs_up_before_its_ack_is_believed() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    let accepted = pbx.heard().clone();
    let mut dialog = sip::dialog::Dialog::from_acceptance(&accepted).unwrap();
    pbx.send(dialog.request(Method::Bye));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    assert_eq!(carrier.methods(), [Method::Invite, Method::Bye]);
    carrier.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn two_that_hang_up_at_once_both_get_an_answer() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Bye, "");
    carrier.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    assert!(matches!(carrier.heard().code(), 200 | 481));
    for peer in [&mut pbx, &mut carrier] {
        if peer.methods().last() == Some(&Method::Bye) {
            peer.answer(200, "");
        }
    }
    world.is_over(&mut [&mut pbx, &mut carrier]);
    assert_eq!(world.end().0, Status::Completed);
}

#[test]
fn without_an_ack_both_legs_end_and_the_bye_says_why() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    world.pass(Duration::from_secs(33), &mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.methods(), carrier.methods()), (vec![Method::Bye], vec![Method::Invite, Method::Bye]));
    let reason = pbx.requests[0].1.header(Name::Reason);
    assert_eq!(reason, Some("SIP;cause=200;text=\"ACK timeout\""));
    pbx.answer(200, "");
    carrier.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
    assert_eq!(world.end(), (Status::Completed, "ACK timeout"));
}

#[test]
fn an_answer_to_a_bye_with_another_host_in_to_ends_the_call_once() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    let (id, mut request) = carrier.requests.last().cloned().unwrap();
    let altered = request.header(Name::To).unwrap().replace("198.51.100.1", "10.0.0.9");
    request.headers_mut().set(Name::To, altered);
    carrier.answer_to(id, &request, 200, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    let byes = world.said_to(&carrier).iter().filter(|words| *words == "BYE").count();
    world.is_over(&mut [&mut pbx, &mut carrier]);
    let later = world.said_to(&carrier).iter().filter(|words| *words == "BYE").count();
    assert_eq!((byes, later), (1, 1));
}

#[test]
fn an_acceptance_that_comes_again_is_acknowledged_again_even_after_the_end() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world);
    // All ACKs are lost for a while, so the callee repeats.
    world.loses = vec![("ACK".to_owned(), 3)];
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((world.engine.calls(), carrier.acks.len()), (0, 0));
    world.pass(Duration::from_secs(10), &mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.acks.len(), 1);
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn a_bye_of_nobody_is_answered_with_481_and_changes_nothing() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    let mut other = Peer::new([192, 0, 2, 3]);
    let mut bye = pbx.dialog.as_mut().unwrap().request(Method::Bye);
    let altered = bye.header(Name::To).unwrap().replace("tag=", "tag=0");
    bye.headers_mut().set(Name::To, altered);
    other.send(bye);
    world.settle(&mut [&mut pbx, &mut carrier, &mut other]);
    assert_eq!(other.heard().code(), 481);
    assert_eq!(world.engine.calls(), 1);
}

#[test]
fn a_stranger_that_knows_a_dialog_hears_nothing_and_ends_nothing() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    let mut stranger = Peer::new([203, 0, 113, 66]);
    let bye = pbx.dialog.as_mut().unwrap().request(Method::Bye);
    stranger.send(bye);
    world.settle(&mut [&mut pbx, &mut carrier, &mut stranger]);
    assert_eq!((world.said_to(&stranger), world.engine.calls()), (vec![], 1));
}

#[test]
fn two_forks_that_accept_leave_one_call() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world);
    let (id, request) = carrier.requests[0].clone();
    for tag in ["one", "two"] {
        carrier.answer_as(id, &request, 183, &sdp(NORTH, 6000), tag);
    }
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer_as(id, &request, 200, &sdp(NORTH, 6000), "one");
    world.settle(&mut [&mut pbx, &mut carrier]);
    // The second acceptance comes through the same proxy, so it is made by hand out of the first one.
    let mut second = sip::Response::to_request(&request, 200).with_to_tag("two").unwrap();
    second.headers_mut().push(Name::Contact, "<sip:198.51.100.1>");
    second.set_body("application/sdp", sdp(NORTH, 6002));
    let mut bytes = Vec::new();
    second.write(&mut bytes).unwrap();
    let flow = carrier.flow(&sip::flow::Destination::Target(carrier.target()));
    world.hear(call::Input::Received { flow, bytes: &bytes });
    world.settle(&mut [&mut pbx, &mut carrier]);
    let byes: Vec<_> = carrier.requests.iter().filter(|(_, it)| it.method() == Method::Bye).collect();
    let [(_, bye)] = &byes[..] else { panic!("{byes:?}") };
    assert_eq!(bye.to_tag(), Some("two"));
    assert_eq!(world.engine.calls(), 1);
}
