//! What others got wrong, and the test that says how it is here; without a room it is one of this package's flows, without
//! a module one of this file.
//!
//! | mistake | test |
//! |---|---|
//! | a lost datagram stalls a leg for 30 s | `outbound::a_lost_invite_and_a_lost_answer_delay_a_call_by_no_more_than_their_copies` |
//! | the 487 to our own CANCEL is not acknowledged | `races::a_cancelled_call_is_cancelled_at_the_other_end` |
//! | CANCEL is not forwarded, or too early | `races::a_cancel_waits_for_the_first_provisional_response` |
//! | an empty tag in CANCEL; BYE after it ignores the route set | `mishaps::our_cancel_has_no_tag_and_what_follows_it_goes_by_the_route_of_who_accepts_all_the_same` |
//! | 200 that races CANCEL is dropped | `races::an_acceptance_that_crosses_our_cancel_is_acknowledged_and_ended` |
//! | 200 after the call is gone is not acknowledged | `an_acceptance_that_comes_after_a_refusal_or_of_a_call_that_is_gone_is_acknowledged_and_ended` |
//! | BYE after the end gets silence | `a_bye_that_comes_again_after_the_end_is_answered_even_to_a_host_that_nobody_lists` |
//! | BYE of a fork that lost gets silence | `mishaps::who_accepts_in_vain_and_hangs_up_itself_is_answered_even_if_nobody_lists_it` |
//! | 491 to every change after one has failed | `a_change_that_does_not_get_out_fails_and_the_call_stands` |
//! | a stale leg after 401, 407 | `login::a_right_password_makes_the_call_and_the_record_names_the_user` |
//! | a stale leg after 422 | `mishaps::a_caller_that_is_asked_for_a_longer_interval_and_comes_back_has_one_call` |
//! | a stale leg after failover | `mishaps::a_host_that_was_given_up_and_accepts_later_is_acknowledged_and_ended_and_the_call_goes_on` |
//! | a login is tried at another target; both challenges | `mishaps::a_login_that_a_target_wants_is_not_answered_and_not_passed_on` |
//! | the ACK of a refusal is routed as a new request | `mishaps::the_ack_of_a_refusal_is_no_new_request` |
//! | 2xx is not repeated to the caller | `mishaps::an_acceptance_is_repeated_until_its_ack_has_come` |
//! | in-dialog requests are matched by socket | `a_request_within_a_dialog_may_come_from_another_socket` |
//! | To of the other leg has our port, or a double one | `outbound::what_the_carrier_hears_is_written_by_us` |
//! | 180 after 200 | `ringing_that_comes_after_the_answer_is_nothing` |
//! | a response and the next request change places | every seed of `tests/simulation` with `Order::Free` |
//! | egress by the wrong socket of several | `mishaps::what_belongs_to_a_call_leaves_from_the_address_that_was_spoken_to` |
//! | names are looked up while everybody waits | `outbound::a_name_that_nobody_looks_up_is_given_up_for_the_next_link`, `names` |
//! | a probe that is answered with 503 counts as healthy | `service::a_link_that_fails_three_probes_is_tried_last_until_it_answers_one` |
//! | a new certificate is not shown | `transport`: `tls::a_new_certificate_is_for_new_connections` |
//! | a slow reader stops everybody | `transport`: `limits::who_does_not_read_is_closed_when_too_much_waits` |
//! | HTTP is taken for SIP | `transport`: `streams::other_protocols_are_closed_without_a_word` |
//! | parameters of SDES fail a description | `sdp`: `tests/torture` |
//! | media stays where it was after a change of port | `changes::media_follows_a_peer_that_moves` |
//! | no longest duration of a call | `service::a_call_ends_at_its_longest_duration_if_there_is_one` |
//! | a panic ends all calls | `torture`, and the mutants of `sip` and `sdp` |
//! | what waits for an ACK leaks | `mishaps::a_call_that_ends_in_any_way_leaves_no_ack_to_wait_for` |
//! | ACK to a Contact with a name | `mishaps::the_ack_to_a_contact_by_name_does_not_wait_for_the_name` |
//! | `lr=on` | `mishaps::our_cancel_has_no_tag_and_what_follows_it_goes_by_the_route_of_who_accepts_all_the_same` |
//! | several Vias in one line | `foreign::short_names_folded_lines_lists_and_capitals_are_read` |
//! | no state for what was accepted (RFC 6026) | `races::an_acceptance_that_comes_again_is_acknowledged_again_even_after_the_end` |
//! | ACK of a repeated 200 when a change has begun | `an_acceptance_that_comes_again_after_a_change_has_begun_gets_the_ack_of_its_own_number` |
//! | timer I over streams | `sip`: `timers::i_absorbs_copies_of_the_ack_for_five_seconds_and_none_on_streams` |
//! | ICMP, which anybody can send, ends a call | `what_icmp_says_ends_no_call_and_takes_no_timer_away`, `a_bye_is_repeated_whatever_icmp_says` |
//!
//! A setting that is read and not used, as one of them had, is refused by `settings` as unknown.

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
