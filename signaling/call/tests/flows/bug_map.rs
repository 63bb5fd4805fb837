//! What others got wrong, one test each; the rest of the list is in `races.rs` and `changes.rs`.

use std::time::Duration;

use sip::flow::Protocol;
use sip::{Method, Name};

use crate::outbound::{answered, invited};
use crate::scene::*;

#[test]
fn a_bye_that_comes_again_after_the_end_is_answered_even_to_a_host_that_nobody_lists() {
    let mut world = World::new();
    let (mut pbx, mut branch) = (Peer::new(PBX), Peer::new(BRANCH_PBX));
    let invite = pbx.invitation(OWN_NUMBER, BRANCH_NUMBER, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut branch]);
    branch.answer(200, &sdp(BRANCH_PBX, 6000));
    world.settle(&mut [&mut pbx, &mut branch]);
    pbx.acknowledge("");
    world.settle(&mut [&mut pbx, &mut branch]);
    world.loses = vec![("SIP/2.0 200".to_owned(), 1)];
    branch.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut branch]);
    pbx.answer(200, "");
    world.settle(&mut [&mut pbx, &mut branch]);
    assert_eq!((world.engine.calls(), branch.responses.len()), (0, 0));
    world.pass(Duration::from_secs(1), &mut [&mut pbx, &mut branch]);
    assert_eq!(branch.heard().code(), 200);
    // A new request for a dialog that is over is told so.
    branch.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut branch]);
    assert_eq!(branch.heard().code(), 481);
}

#[test]
fn a_request_within_a_dialog_may_come_from_another_socket() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    let mut elsewhere = Peer::new([192, 0, 2, 3]);
    let bye = pbx.dialog.as_mut().unwrap().request(Method::Bye);
    elsewhere.send(bye);
    world.settle(&mut [&mut pbx, &mut carrier, &mut elsewhere]);
    assert_eq!(elsewhere.heard().code(), 200);
    assert_eq!(carrier.methods().last(), Some(&Method::Bye));
}

#[test]
fn an_acceptance_that_comes_again_after_a_change_has_begun_gets_the_ack_of_its_own_number() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    world.loses = vec![("ACK".to_owned(), 1)];
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    pbx.request(Method::Invite, &sdp(PBX, 4444));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.acks.len(), 0);
    world.pass(Duration::from_millis(600), &mut [&mut pbx, &mut carrier]);
    let numbers: Vec<u32> = carrier.acks.iter().map(|ack| ack.cseq().unwrap().seq).collect();
    assert_eq!(numbers, [1]);
    assert_eq!(carrier.methods(), [Method::Invite, Method::Invite], "it is no fork, and is not hung up");
}

#[test]
fn a_route_set_is_kept_on_each_leg_and_bye_follows_it() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    invite.headers_mut().push(Name::RecordRoute, "<sip:192.0.2.1:5060;lr=on>");
    invite.headers_mut().set(Name::Contact, "<sip:pbx@10.0.0.7:5080>");
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.requests[0].1.header(Name::RecordRoute), None);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().header(Name::RecordRoute), Some("<sip:192.0.2.1:5060;lr=on>"));
    pbx.acknowledge("");
    carrier.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    let bye = &pbx.requests[0].1;
    assert_eq!(bye.uri().as_str(), "sip:pbx@10.0.0.7:5080");
    assert_eq!(bye.header(Name::Route), Some("<sip:192.0.2.1:5060;lr=on>"));
}

#[test]
fn a_contact_by_name_is_looked_up_and_until_then_the_source_is_where_the_peer_is() {
    let mut world = World::new();
    world.names.insert("sbc.example".to_owned(), ([192, 0, 2, 4], 5060).into());
    let (mut pbx, mut carrier, mut sbc) = (Peer::new(PBX), Peer::new(NORTH), Peer::new([192, 0, 2, 4]));
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    invite.headers_mut().set(Name::Contact, "<sip:sbc.example>");
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier, &mut sbc]);
    assert_eq!(world.looked_up, ["sbc.example"]);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier, &mut sbc]);
    pbx.acknowledge("");
    carrier.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier, &mut sbc]);
    assert_eq!((pbx.requests.len(), sbc.methods()), (0, vec![Method::Bye]));
}

#[test]
fn a_contact_that_names_no_transport_is_talked_to_as_its_name_says() {
    let mut world = World::new();
    world.names.insert("sbc.example".to_owned(), ([192, 0, 2, 4], 5061).into());
    world.chosen = Some(Protocol::Tls);
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    invite.headers_mut().set(Name::Contact, "<sip:sbc.example>");
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    carrier.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    let (to, bye) = world.targets.last().unwrap();
    assert!(bye.starts_with("BYE "), "{bye}");
    // The certificate has to bear the name that was looked up.
    assert_eq!((to.protocol, to.name.as_deref()), (Protocol::Tls, Some("sbc.example")));
}

#[test]
fn ringing_that_comes_after_the_answer_is_nothing() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    let (_, request) = carrier.requests[0].clone();
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    let heard = pbx.responses.len();
    let late = sip::Response::to_request(&request, 180).with_to_tag("late").unwrap();
    let mut bytes = Vec::new();
    late.write(&mut bytes).unwrap();
    let flow = carrier.flow(&sip::flow::Destination::Target(carrier.target()));
    world.hear(call::Input::Received { flow, bytes: &bytes });
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.responses.len(), world.engine.calls()), (heard, 1));
}

#[test]
fn a_request_that_has_come_too_far_is_told_so() {
    let mut world = World::new();
    let mut pbx = Peer::new(PBX);
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    invite.headers_mut().set(Name::MaxForwards, "0");
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 483);
}

#[test]
fn the_same_request_by_another_way_is_a_loop() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite.clone());
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 482);
    assert_eq!((carrier.requests.len(), world.journal.begun.len()), (1, 1));
}

#[test]
fn what_is_required_and_not_known_is_named() {
    let mut world = World::new();
    let mut pbx = Peer::new(PBX);
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    invite.headers_mut().push(Name::Require, "100rel");
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 420);
    assert_eq!(pbx.heard().header(Name::Unsupported), Some("100rel"));
}

#[test]
fn when_there_are_as_many_calls_as_may_be_the_next_is_refused_for_now() {
    let mut setup = setup(&records());
    setup.limits.calls_max = 1;
    let mut world = World::of(setup);
    let (mut pbx, mut carrier) = answered(&mut world);
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 503);
    assert!(pbx.heard().header(Name::RetryAfter).is_some());
    assert_eq!(carrier.requests.len(), 1);
}

#[test]
fn a_peer_behind_nat_that_names_a_private_contact_is_where_it_sends_from() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    invite.headers_mut().set(Name::Contact, "<sip:pbx@10.0.0.7:5060>");
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    carrier.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.requests[0].1.uri().as_str(), "sip:pbx@10.0.0.7:5060");
}
