//! A leg wants the call changed: held, resumed, elsewhere, with other codecs or keys. The other leg is asked, and what it
//! says is the answer. A change that fails changes nothing.

use std::rc::Rc;
use std::time::Duration;

use control::SideName;
use sdp::SessionDescription;
use sip::dialog::Order;
use sip::session_refresh::Refresh;
use sip::transaction::{ClientId, Failure, ServerId};
use sip::{Method, Name, Request, Response};

use crate::call::{Call, Change, Phase};
use crate::clock::CallTimer;
use crate::counters::Count;
use crate::crossing::{SDP, refusal_heard};
use crate::desk::{Client, Desk, allow};
use crate::flow::naming::{self, Purpose, Unnamed};
use crate::flow::{answer, bye};
use crate::leg::Asked;
use crate::media_plan::audio_address;
use crate::summary::End;

/// RFC 3261 section 14.2: an INVITE before the last one is answered comes back after 0 to 10 s.
const RETRY_AFTER_MAX_S: u64 = 10;

/// How long an acceptance waits for the answer in the ACK of the other leg: whoever has sent it gives up after 64 times T1,
/// and copies of its ACK may get lost, too.
const HELD_MAX: Duration = Duration::from_secs(20);

/// Takes an INVITE within a dialog.
pub(crate) fn received(desk: &mut Desk, call: &mut Call, leg: SideName, id: ServerId, request: Request) {
    let order = call.leg_mut(leg).dialog.as_mut().map(|dialog| dialog.receive(&request));
    if order != Some(Order::Next) {
        return desk.refuse(id, &request, 500);
    }
    let side = call.leg(leg);
    if side.asked.is_some() || side.unacknowledged.is_some() {
        let seconds = desk.random.half() % (RETRY_AFTER_MAX_S + 1);
        return desk.refuse_for_now(id, &request, 500, seconds);
    }
    let other = call.leg(leg.other());
    let is_quiet = side.asks.is_none()
        && other.asks.is_none()
        && other.asked.is_none()
        && other.unacknowledged.is_none()
        && call.change.is_none()
        && call.awaits.is_none()
        && call.owes_answer.is_none();
    if call.phase != Phase::Answered || !is_quiet {
        // RFC 3261 section 14.2: both want something at once. Who asked later comes back.
        return desk.refuse(id, &request, 491);
    }
    if let Some(response) = Refresh::of(&request).refusal(&request) {
        return desk.respond(id, response, &request);
    }
    let asked = Asked { id, request: Rc::new(request) };
    desk.servers.insert(id, (call.id, leg));
    if let Some(dialog) = &mut call.leg_mut(leg).dialog {
        // One that cannot be read leaves the peer where it was.
        let _ = dialog.retarget(asked.request.headers());
    }
    answer::follow_dialog(desk, call, leg);
    consider(desk, call, leg, asked);
}

/// Tells a refresh from a change.
fn consider(desk: &mut Desk, call: &mut Call, leg: SideName, asked: Asked) {
    let body = asked.request.body();
    let offer = if body.is_empty() { None } else { Some(SessionDescription::parse(body)) };
    call.leg_mut(leg).asked = Some(asked.clone());
    match offer {
        None => pass_on(desk, call, Change { asking: leg, is_late: true, held: None }, None),
        Some(Err(_)) => bye::answer_pending(desk, call, leg, 400),
        Some(Ok(offer)) => {
            let changes = call.media.changes(leg, &offer);
            if changes.is_some_and(|changes| changes.is_empty()) {
                let said = call.media.said(leg).map(SessionDescription::write);
                call.leg_mut(leg).asked = None;
                return answer::accept(desk, call, leg, &asked, said);
            }
            naming::look_up(desk, call, Purpose::ChangeOffer(leg), offer);
        }
    }
}

/// The hosts in an offer are known, or one of them is not to be found.
pub(crate) fn named(
    desk: &mut Desk,
    call: &mut Call,
    leg: SideName,
    offer: Result<SessionDescription, Unnamed>,
) {
    match offer {
        Ok(offer) => propose(desk, call, leg, offer),
        Err(unnamed) => bye::answer_pending(desk, call, leg, unnamed.status()),
    }
}

fn propose(desk: &mut Desk, call: &mut Call, leg: SideName, offer: SessionDescription) {
    if !desk.screen().passes(&offer) || closes_ring(desk, call, leg, &offer) {
        return bye::answer_pending(desk, call, leg, 488);
    }
    match call.media.forward(leg, offer, &mut desk.random) {
        Ok(ours) => {
            pass_on(desk, call, Change { asking: leg, is_late: false, held: None }, Some(ours.write()));
        }
        Err(refusal) => bye::answer_pending(desk, call, leg, refusal.status()),
    }
}

/// Asks the other leg.
fn pass_on(desk: &mut Desk, call: &mut Call, change: Change, offer: Option<String>) {
    let other = change.asking.other();
    let side = call.leg_mut(other);
    let sent = match (&mut side.dialog, side.way.clone()) {
        (Some(dialog), Some(way)) => {
            let mut request = dialog.request(Method::Invite);
            if let Some(listener) = desk.setup.listener(way.protocol, way.local) {
                request.headers_mut().push(Name::Contact, listener.contact());
            }
            request.headers_mut().push(Name::Allow, allow());
            if let Some(offer) = offer {
                request.set_body(SDP, offer);
            }
            desk.send(request, way, Client::Invite(call.id, other))
        }
        _ => None,
    };
    match sent {
        Some(client) => {
            call.leg_mut(other).asks = Some(client);
            call.change = Some(change);
        }
        None => {
            call.media.settle();
            bye::answer_pending(desk, call, change.asking, 500);
        }
    }
}

/// Takes the final response of the other leg.
pub(crate) fn answered(desk: &mut Desk, call: &mut Call, leg: SideName, id: ClientId, response: &Response) {
    if response.is_success() {
        return accepted(desk, call, leg, id, response);
    }
    call.leg_mut(leg).asks = None;
    call.media.settle();
    call.change = None;
    let status = response.code();
    if matches!(status, 408 | 481) {
        // RFC 3261 section 12.2.1.2: there is no such call at the other end.
        return bye::finish(desk, call, End::completed("the other end has lost the call"), None);
    }
    bye::answer_pending(desk, call, leg.other(), change_refusal(status));
}

/// The other leg does not answer.
pub(crate) fn failed(desk: &mut Desk, call: &mut Call, leg: SideName, why: Failure) {
    call.leg_mut(leg).asks = None;
    let message = match why {
        Failure::Timeout => "the other end does not answer",
        Failure::Transport => "the other end cannot be reached",
    };
    bye::finish(desk, call, End::completed(message), None);
}

fn accepted(desk: &mut Desk, call: &mut Call, leg: SideName, id: ClientId, response: &Response) {
    let number = response.cseq().map_or(0, |cseq| cseq.seq);
    if let Some(dialog) = &mut call.leg_mut(leg).dialog {
        let _ = dialog.confirm_by(response);
    }
    answer::follow_dialog(desk, call, leg);
    let Some(change) = call.change else { return };
    if change.held.is_some() {
        // A copy; its ACK waits for the one of the other leg.
        return;
    }
    let description = SessionDescription::parse(response.body()).ok();
    let purpose = if change.is_late {
        call.change = Some(Change { held: Some((id, number)), ..change });
        call.wait(desk, HELD_MAX, CallTimer::LateAnswer);
        Purpose::LateOffer(leg)
    } else {
        call.leg_mut(leg).asks = None;
        call.change = None;
        acknowledge(desk, call, leg, (id, number), None);
        Purpose::ChangeAnswer(leg)
    };
    match description {
        Some(description) => naming::look_up(desk, call, purpose, description),
        None if change.is_late => offer_late(desk, call, leg, None),
        None => agree(desk, call, leg, None),
    }
}

/// Tells whether media of the call would come back to it, before anybody is asked. What comes of the answer is seen then.
fn closes_ring(desk: &mut Desk, call: &Call, leg: SideName, offer: &SessionDescription) -> bool {
    let Some((ports, remote)) = call.media.ports().zip(audio_address(offer)) else { return false };
    let own = match leg {
        SideName::A => ports.a,
        SideName::B => ports.b,
    };
    let is_ring = desk.relays.is_ring(own, remote);
    if is_ring {
        desk.counters.add(Count::MediaRing);
    }
    is_ring
}

/// Agrees with both legs on a change, or ends the call.
pub(crate) fn agree(desk: &mut Desk, call: &mut Call, leg: SideName, answer: Option<SessionDescription>) {
    let answer = answer.filter(|answer| desk.screen().passes(answer));
    let ours = answer.and_then(|answer| call.media.answered(answer).ok());
    call.media.settle();
    let Some(asked) = call.leg_mut(leg.other()).asked.take() else { return };
    match ours {
        Some(ours) if answer::apply(desk, call).is_ok() => {
            answer::accept(desk, call, leg.other(), &asked, Some(ours.write()));
        }
        _ => {
            // One leg has changed and the other one cannot follow: nobody could tell who hears whom.
            call.leg_mut(leg.other()).asked = Some(asked);
            bye::answer_pending(desk, call, leg.other(), 488);
            bye::finish(desk, call, End::completed("media of both legs no longer fits"), None);
        }
    }
}

/// The other leg has offered what the asking one did not: its answer comes with its ACK.
pub(crate) fn offer_late(desk: &mut Desk, call: &mut Call, leg: SideName, offer: Option<SessionDescription>) {
    let asking = leg.other();
    let offer = offer.filter(|offer| desk.screen().passes(offer));
    let ours = offer.and_then(|offer| call.media.forward(leg, offer, &mut desk.random).ok());
    match (ours, call.leg_mut(asking).asked.take()) {
        (Some(ours), Some(asked)) => {
            call.owes_answer = Some(asking);
            answer::accept(desk, call, asking, &asked, Some(ours.write()));
        }
        (_, asked) => {
            call.leg_mut(asking).asked = asked;
            bye::answer_pending(desk, call, asking, 488);
            bye::finish(desk, call, End::completed("media of both legs no longer fits"), None);
        }
    }
}

/// Acknowledges what was held back until the answer was there.
pub(crate) fn release(
    desk: &mut Desk,
    call: &mut Call,
    change: Option<Change>,
    answer: Option<&SessionDescription>,
) {
    let Some(Change { asking, held: Some(held), .. }) = change else { return };
    let leg = asking.other();
    call.leg_mut(leg).asks = None;
    call.call_off(desk, CallTimer::LateAnswer);
    acknowledge(desk, call, leg, held, answer);
}

/// Acknowledges what is held back when the call is over.
pub(crate) fn release_held(desk: &mut Desk, call: &mut Call) {
    let change = call.change.take();
    release(desk, call, change, None);
}

fn acknowledge(
    desk: &mut Desk,
    call: &Call,
    leg: SideName,
    (id, number): (ClientId, u32),
    answer: Option<&SessionDescription>,
) {
    let side = call.leg(leg);
    let (Some(dialog), Some(way)) = (&side.dialog, side.way.clone()) else { return };
    let mut ack = dialog.ack(number);
    if let Some(answer) = answer {
        ack.set_body(SDP, answer.write());
    }
    desk.acknowledge(id, ack, way);
}

/// RFC 3261 section 14.1: 491 is passed on, and the asking leg comes back after its own time.
const fn change_refusal(status: u16) -> u16 {
    match status {
        491 => 491,
        _ => refusal_heard(status),
    }
}
