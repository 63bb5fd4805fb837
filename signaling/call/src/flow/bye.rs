//! A call ends: both legs hear of it once, the record is written once, everything is given back.

use control::SideName;
use sip::dialog::Order;
use sip::transaction::ServerId;
use sip::{Method, Name, Request};

use crate::call::{Call, Phase};
use crate::crossing;
use crate::desk::{Client, Desk};
use crate::flow::failover;
use crate::output::{Output, Wish};
use crate::summary::{End, Ended};

/// Refuses a call that was not answered.
pub(crate) fn reject(desk: &mut Desk, call: &mut Call, status: u16, end: End) {
    if call.phase == Phase::Over {
        return;
    }
    record(desk, call, &end);
    answer_pending(desk, call, SideName::A, status);
    finish(desk, call, end, None);
}

/// A peer hangs up.
pub(crate) fn received(desk: &mut Desk, call: &mut Call, leg: SideName, (id, request): (ServerId, &Request)) {
    let order = call.leg_mut(leg).dialog.as_mut().map(|dialog| dialog.receive(request));
    if order == Some(Order::Old) {
        return desk.refuse(id, request, 500);
    }
    desk.refuse(id, request, 200);
    let is_answered = call.phase == Phase::Answered;
    if !is_answered && call.phase != Phase::Over {
        // RFC 3261 section 15: a caller may hang up before anybody has answered.
        let end = End::completed("487 Request Terminated");
        record(desk, call, &end);
        answer_pending(desk, call, leg, 487);
    }
    drop_dialog(desk, call, leg);
    // A peer that has hung up acknowledges nothing any more.
    call.leg_mut(leg).unacknowledged = None;
    finish(desk, call, End::normal(), None);
}

/// Ends a call, whatever is under way.
pub(crate) fn finish(desk: &mut Desk, call: &mut Call, end: End, reason: Option<&'static str>) {
    if call.phase == Phase::Over {
        return;
    }
    record(desk, call, &end);
    call.phase = Phase::Over;
    call.awaits = None;
    desk.clock.forget(call.id, &mut call.timers);
    failover::leave(desk, call);
    if let Some(client) = call.a.asks.take() {
        desk.transactions.cancel(desk.now.elapsed, client, None);
    }
    if let Some(permit) = call.permit.take() {
        desk.limits.release(permit);
    }
    if desk.sessions.remove(&call.media.session).is_some() {
        if let Some(ports) = call.media.ports() {
            desk.relays.close(ports);
        }
        desk.tell(Output::Media(Wish::Close(call.media.session)));
    }
    crate::flow::reinvite::release_held(desk, call);
    for leg in SideName::BOTH {
        answer_pending(desk, call, leg, 487);
        hang_up(desk, call, leg, reason);
    }
}

/// Sends the BYE that had to wait.
pub(crate) fn after_ack(desk: &mut Desk, call: &mut Call, leg: SideName) {
    if let Some(reason) = call.leg_mut(leg).bye.take() {
        hang_up(desk, call, leg, reason);
    }
}

/// Hangs up a leg, or notes that it is to be done: RFC 3261 section 15 wants the ACK to come first.
fn hang_up(desk: &mut Desk, call: &mut Call, leg: SideName, reason: Option<&'static str>) {
    let side = call.leg_mut(leg);
    if side.unacknowledged.is_some() {
        side.bye = Some(reason);
        return;
    }
    let is_confirmed = side.dialog.as_ref().is_some_and(|dialog| dialog.is_confirmed());
    let way = side.way.clone();
    let bye = side.dialog.as_mut().filter(|_| is_confirmed).map(|dialog| dialog.request(Method::Bye));
    drop_dialog(desk, call, leg);
    if let (Some(mut bye), Some(way)) = (bye, way) {
        if let Some(reason) = reason {
            bye.headers_mut().push(Name::Reason, reason);
        }
        desk.send(bye, way, Client::Bye);
    }
}

/// Answers the INVITE of a leg that still waits for us.
pub(crate) fn answer_pending(desk: &mut Desk, call: &mut Call, leg: SideName, status: u16) {
    let Some(asked) = call.leg_mut(leg).asked.take() else { return };
    let response = crossing::response(desk, call.leg(leg), &asked, status);
    desk.servers.remove(&asked.id);
    desk.respond(asked.id, response, &asked.request);
}

fn drop_dialog(desk: &mut Desk, call: &mut Call, leg: SideName) {
    if let Some(dialog) = call.leg_mut(leg).dialog.take() {
        desk.dialogs.remove(dialog.id());
        for host in &call.leg(leg).hosts {
            desk.departed.note(desk.now.elapsed, *host);
        }
    }
}

/// Writes the records, once.
fn record(desk: &mut Desk, call: &mut Call, end: &End) {
    for record in std::mem::take(&mut call.records) {
        let ended = Ended {
            attempt: record.attempt,
            status: end.status,
            message: end.message.clone(),
            answered: record.answered,
            ended: desk.now.unix,
        };
        desk.tell(Output::End(ended));
    }
}
