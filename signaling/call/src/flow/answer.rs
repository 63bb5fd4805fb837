//! Somebody answers: both legs are confirmed, media flows, and the clock of the bill starts.

use std::rc::Rc;
use std::time::Duration;

use control::{Ports, SideName};
use sdp::SessionDescription;
use sdp::negotiate::Refusal;
use sip::dialog::Dialog;
use sip::flow::Flow;
use sip::header::RetryAfter;
use sip::session_refresh::Refresh;
use sip::transaction::ClientId;
use sip::{Name, Request, Response};
use trunk::failover::Event;

use crate::call::{Call, Phase};
use crate::clock::CallTimer;
use crate::counters::Count;
use crate::crossing::{self, SDP};
use crate::desk::{Desk, Query};
use crate::flow::naming::{self, Purpose, Unnamed};
use crate::flow::{bye, failover, reinvite};
use crate::leg::Asked;
use crate::output::{Output, Wish};
use crate::summary::{Attempt, End};

/// Takes the acceptance of the target that is tried.
pub(crate) fn accepted(desk: &mut Desk, call: &mut Call, id: ClientId, response: &Response, flow: &Flow) {
    failover::advance(desk, call, call.route.at, Event::Response { status: response.code() });
    if let Some(place) = call.route.places.get(call.route.at) {
        desk.dead_hosts.answered(&place.peer);
    }
    call.b.asks = None;
    failover::conclude(desk, call);
    for timer in [CallTimer::NoProvisional, CallTimer::Ringing] {
        call.call_off(desk, timer);
    }
    let number = response.cseq().map_or(1, |cseq| cseq.seq);
    let Ok(dialog) = Dialog::from_acceptance(response) else {
        return bye::reject(desk, call, 502, End::rejected("502 Bad Gateway: acceptance without a way back"));
    };
    let ack = dialog.ack(number);
    desk.dialogs.insert(dialog.id().clone(), (call.id, SideName::B));
    call.b.dialog = Some(dialog);
    call.b.admit_host(flow.remote.ip());
    // RFC 3261 section 12.2.1.1: when this connection is gone, another one is opened to the Contact, not to where it led.
    call.b.came_by(flow);
    follow_dialog(desk, call, SideName::B);
    if let Some(way) = call.b.way.clone() {
        desk.acknowledge(id, ack, way);
    }
    describe(desk, call, response.body());
}

/// Has requests of a leg go where its dialog says; a name is looked up meanwhile.
pub(crate) fn follow_dialog(desk: &mut Desk, call: &mut Call, leg: SideName) {
    if let Some(question) = call.leg_mut(leg).follow_dialog() {
        let host = Rc::from(question.host.as_str());
        desk.ask(Query::Way(call.id, leg, host), question);
    }
}

/// Takes what the callee says of its media. An early answer may not be repeated.
fn describe(desk: &mut Desk, call: &mut Call, body: &[u8]) {
    let answer = match body {
        // It comes as soon as its host is known.
        [] if naming::is_answer(call) => return,
        [] if call.media.is_agreed() => return repeat(desk, call),
        text => SessionDescription::parse(text),
    };
    match answer {
        Ok(answer) => naming::look_up(desk, call, Purpose::Answer, answer),
        Err(_) => {
            let end = End::rejected("502 Bad Gateway: acceptance without an answer");
            bye::reject(desk, call, 502, end);
        }
    }
}

/// The early answer was the last word.
fn repeat(desk: &mut Desk, call: &mut Call) {
    if call.media.begin_timeout() && apply(desk, call).is_err() {
        return bye::reject(desk, call, 488, End::refused(488));
    }
    confirm(desk, call, None);
}

/// The hosts in the callee's answer are known, or one of them is not to be found.
pub(crate) fn named(desk: &mut Desk, call: &mut Call, answer: Result<SessionDescription, Unnamed>) {
    match answer {
        Ok(answer) => agree(desk, call, answer),
        Err(unnamed) => bye::reject(desk, call, unnamed.status(), End::rejected(unnamed.sentence())),
    }
}

/// The target that is tried has refused.
pub(crate) fn refused(desk: &mut Desk, call: &mut Call, response: &Response) {
    call.b.asks = None;
    failover::conclude(desk, call);
    let (at, status) = (call.route.at, response.code());
    let place = call.route.places.get(at);
    match (place, status) {
        (Some(place), 408 | 500 | 502 | 503 | 504) => {
            let asked = response.header(Name::RetryAfter).and_then(|value| RetryAfter::parse(value).ok());
            let wait = asked.map(|asked| Duration::from_secs(u64::from(asked.seconds)));
            desk.dead_hosts.failed(&place.peer, desk.now.elapsed, wait);
        }
        (Some(place), _) => desk.dead_hosts.answered(&place.peer),
        (None, _) => {}
    }
    failover::heard(desk, call, at, Event::Response { status });
}

/// Agrees with both legs, or with neither.
fn agree(desk: &mut Desk, call: &mut Call, answer: SessionDescription) {
    let agreed = if desk.screen().passes(&answer) {
        reply(desk, call, answer)
    } else {
        Err(Refusal::AddressNotUsable)
    };
    match agreed {
        Ok(description) => confirm(desk, call, Some(description)),
        Err(refusal) => {
            let message =
                format!("{} {}: {refusal}", refusal.status(), sip::status::phrase(refusal.status()));
            bye::reject(desk, call, refusal.status(), End::rejected(&message));
        }
    }
}

/// Makes what the caller hears: the answer to its offer, or our offer if it has made none.
fn reply(
    desk: &mut Desk,
    call: &mut Call,
    answer: SessionDescription,
) -> Result<SessionDescription, Refusal> {
    call.media.begin_timeout();
    if call.offer.is_none() {
        call.owes_answer = Some(SideName::A);
        return call.media.forward(SideName::B, answer, &mut desk.random);
    }
    let ours = call.media.answered(answer)?;
    call.media.settle();
    apply(desk, call)?;
    Ok(ours)
}

/// Tells media how it is from now on.
pub(crate) fn apply(desk: &mut Desk, call: &mut Call) -> Result<(), Refusal> {
    let spec = call.media.wish(None)?;
    if let Some(Ports { a, b }) = call.media.ports() {
        let [to_a, to_b] = [0, 1].map(|at: usize| spec.sides.get(at).and_then(|side| side.remote));
        let ways = [(a, to_a), (b, to_b)];
        if ways.iter().any(|(own, remote)| remote.is_some_and(|remote| desk.relays.is_ring(*own, remote))) {
            desk.counters.add(Count::MediaRing);
            return Err(Refusal::AddressNotUsable);
        }
        ways.into_iter().for_each(|(own, remote)| desk.relays.point(own, remote));
    }
    desk.tell(Output::Media(Wish::Update(Box::new(spec))));
    Ok(())
}

/// Tells the caller.
fn confirm(desk: &mut Desk, call: &mut Call, description: Option<SessionDescription>) {
    let Some(asked) = call.a.asked.take() else { return };
    call.phase = Phase::Answered;
    call.rings = None;
    call.offer = None;
    call.call_off(desk, CallTimer::Unanswered);
    if call.owes_answer.is_none() {
        call.media.settle();
    }
    for record in &mut call.records {
        record.answered = Some(desk.now.unix);
        let Attempt { id: attempt, connector, .. } = record.attempt;
        desk.tell(Output::Answered { attempt, connector, at: desk.now.unix });
    }
    if let Some(max) = desk.setup.call_max {
        call.wait(desk, max, CallTimer::CallMax);
    }
    if let Some(dialog) = &mut call.a.dialog {
        dialog.confirm();
    }
    let description = description.as_ref().or(call.media.said(SideName::A)).map(SessionDescription::write);
    accept(desk, call, SideName::A, &asked, description);
}

/// Accepts the INVITE of a leg, which owes an ACK from now on.
pub(crate) fn accept(
    desk: &mut Desk,
    call: &mut Call,
    leg: SideName,
    asked: &Asked,
    description: Option<String>,
) {
    let mut response = crossing::response(desk, call.leg(leg), asked, 200);
    Refresh::of(&asked.request).write(&mut response);
    if let Some(description) = description {
        response.set_body(SDP, description);
    }
    call.leg_mut(leg).unacknowledged = Some(asked.id);
    desk.respond(asked.id, response, &asked.request);
}

/// The ACK of an acceptance has come, which may bring the answer to our offer.
pub(crate) fn acknowledged(desk: &mut Desk, call: &mut Call, leg: SideName, ack: &Request) {
    call.leg_mut(leg).unacknowledged = None;
    if call.phase == Phase::Over {
        return bye::after_ack(desk, call, leg);
    }
    if call.owes_answer != Some(leg) {
        return;
    }
    match SessionDescription::parse(ack.body()) {
        Ok(answer) => naming::look_up(desk, call, Purpose::LateAnswer(leg), answer),
        Err(_) => answered_late(desk, call, leg, None),
    }
}

/// Takes the answer to an offer of ours.
pub(crate) fn answered_late(
    desk: &mut Desk,
    call: &mut Call,
    leg: SideName,
    answer: Option<SessionDescription>,
) {
    if call.owes_answer.take_if(|owing| *owing == leg).is_none() {
        return;
    }
    let answer = answer.filter(|answer| desk.screen().passes(answer));
    let taken = match (answer, call.change.take()) {
        (None, change) => {
            reinvite::release(desk, call, change, None);
            Err(Refusal::NoAudio)
        }
        (Some(answer), None) => call.media.answered_late(answer),
        (Some(answer), change @ Some(_)) => call.media.answered(answer).map(|ours| {
            reinvite::release(desk, call, change, Some(&ours));
        }),
    };
    call.media.settle();
    if taken.and_then(|()| apply(desk, call)).is_err() {
        bye::finish(desk, call, End::completed("no answer to our offer"), None);
    }
}

/// No ACK has come for as long as anybody waits.
pub(crate) fn ack_missing(desk: &mut Desk, call: &mut Call, leg: SideName) {
    call.leg_mut(leg).unacknowledged = None;
    if call.phase == Phase::Over {
        return bye::after_ack(desk, call, leg);
    }
    bye::finish(desk, call, End::completed("ACK timeout"), Some(ACK_TIMEOUT));
}

const ACK_TIMEOUT: &str = "SIP;cause=200;text=\"ACK timeout\"";
