//! What the user wants sent, and what the layer sends by itself to those that answer.

use core::time::Duration;

use rsip::Method;
use rsip::typed::CSeq;

use super::drive::{Matter, bytes};
use super::entry::{Cancel, Entry, InviteClient, Machine, NonInviteClient};
use super::event::{ClientId, Event};
use super::step::{Output, Timer};
use super::table::Slot;
use super::widening::{DATAGRAM_LEN_MAX, Narrow};
use super::{Reason, Transactions, invite_client, invite_server, key, non_invite_client, non_invite_server};
use crate::error::WriteError;
use crate::flow::{Destination, Protocol, Target};
use crate::header::Name;
use crate::header::number::write_cseq;
use crate::message::{Request, Response};

pub(super) fn request(
    all: &mut Transactions,
    now: Duration,
    mut request: Request,
    (to, sent_by): (Target, &str),
    wide: Option<(Target, &str)>,
) -> Result<ClientId, WriteError> {
    let method = request.method();
    assert!(method != Method::Ack, "an ACK has no transaction: it is sent by acknowledge");
    assert!(method != Method::Cancel, "a CANCEL belongs to an INVITE: it is sent by cancel");
    let protocol = to.protocol;
    let (machine, start) = if method == Method::Invite {
        let state = invite_client::State::Calling;
        let client = InviteClient { state, invite: None, cancel: Cancel::Unwanted, narrow: None };
        (Machine::InviteClient(client), invite_client::START)
    } else {
        let client = NonInviteClient { state: non_invite_client::State::Trying, method, cancels: None };
        (Machine::NonInviteClient(client), non_invite_client::START)
    };
    let slot = all.begin(machine, Destination::Target(to.clone()));
    let branch = all.secret.branch(slot);
    request.headers_mut().push_front(Name::Via, via(protocol, sent_by, &branch));
    let mut written = bytes(|out| request.write(out)).inspect_err(|_| all.end(slot))?;
    if let Some((wide, sent_by)) = wide
        && method == Method::Invite
        && written.len() > DATAGRAM_LEN_MAX
    {
        let narrow = request.header(Name::Via).unwrap_or_default().to_owned();
        request.headers_mut().set_first(Name::Via, via(wide.protocol, sent_by, &branch));
        written = bytes(|out| request.write(out)).inspect_err(|_| all.end(slot))?;
        widen(all, slot, wide, Narrow { to, via: narrow });
    }
    if let Some(Entry { machine: Machine::InviteClient(client), .. }) = all.table.get_mut(slot) {
        request.set_body("", Vec::new());
        client.invite = Some(Box::new(request));
    }
    all.carry_out(now, slot, written.into(), start);
    Ok(ClientId(slot))
}

/// Has an INVITE go over a connection, and remember how it goes without.
fn widen(all: &mut Transactions, slot: Slot, wide: Target, narrow: Narrow) {
    let destination = Destination::Target(wide);
    let key = key::destination(&all.secret, &destination);
    all.table.redirect(slot, destination, key);
    if let Some(Entry { machine: Machine::InviteClient(client), .. }) = all.table.get_mut(slot) {
        client.narrow = Some(Box::new(narrow));
    }
}

pub(super) fn acknowledge(
    all: &mut Transactions,
    mut ack: Request,
    to: Target,
    sent_by: &str,
) -> Result<(), WriteError> {
    assert!(ack.method() == Method::Ack, "only an ACK acknowledges");
    all.acks = all.acks.wrapping_add(1);
    let branch = all.secret.ack_branch(all.acks);
    ack.headers_mut().push_front(Name::Via, via(to.protocol, sent_by, &branch));
    let written = bytes(|out| ack.write(out))?;
    all.transmit(Destination::Target(to), written);
    Ok(())
}

/// RFC 3261 section 18.1.1, and RFC 3581 section 3 for datagrams.
fn via(protocol: Protocol, sent_by: &str, branch: &str) -> String {
    let rport = if protocol.is_reliable() { "" } else { ";rport" };
    format!("SIP/2.0/{} {sent_by};branch={branch}{rport}", protocol.via_word())
}

pub(super) fn respond(
    all: &mut Transactions,
    now: Duration,
    slot: Slot,
    response: &Response,
) -> Result<(), WriteError> {
    let Some(entry) = all.table.get(slot) else {
        all.counters.add(Reason::AnswerLate);
        return Ok(());
    };
    if entry.machine.is_answered() {
        all.counters.add(Reason::AnswerRepeated);
        return Ok(());
    }
    match &entry.machine {
        Machine::InviteServer(_) => respond_to_invite(all, now, slot, response),
        Machine::NonInviteServer(_) => respond_to_non_invite(all, now, slot, response),
        Machine::InviteClient(_) | Machine::NonInviteClient(_) => {
            unreachable!("a ServerId is made for server transactions only")
        }
    }
}

fn respond_to_invite(
    all: &mut Transactions,
    now: Duration,
    slot: Slot,
    response: &Response,
) -> Result<(), WriteError> {
    // The layer has said so at once; another one would take the place of what was said since.
    if response.code() == 100 {
        all.counters.add(Reason::AnswerProvisional);
        return Ok(());
    }
    let written = bytes(|out| response.write(out))?;
    let input = match response.code() {
        ..200 => invite_server::Input::Provisional,
        200..300 => invite_server::Input::Success,
        300.. => invite_server::Input::Failure,
    };
    if response.is_success() {
        await_ack(all, slot, response);
    }
    all.advance(now, slot, written, |machine| machine.invite_server(input));
    Ok(())
}

/// Has the ACK of an acceptance lead to its INVITE.
fn await_ack(all: &mut Transactions, slot: Slot, response: &Response) {
    let Some(key) = key::awaited_ack(&all.secret, response) else { return };
    if all.servers.contains_key(&key) {
        return;
    }
    if let Some(Entry { machine: Machine::InviteServer(server), .. }) = all.table.get_mut(slot) {
        server.ack = Some(key);
        all.servers.insert(key, slot);
    }
}

fn respond_to_non_invite(
    all: &mut Transactions,
    now: Duration,
    slot: Slot,
    response: &Response,
) -> Result<(), WriteError> {
    // RFC 4320 section 4.1: nothing but a 100, and that late. The layer says it.
    if response.is_provisional() {
        all.counters.add(Reason::AnswerProvisional);
        return Ok(());
    }
    // RFC 4320 section 4.2: it would come when the client has given up.
    if response.code() == 408 {
        all.counters.add(Reason::AnswerTimeout);
        let silence = non_invite_server::Input::Silence;
        all.advance(now, slot, Matter::default(), |machine| machine.non_invite_server(silence));
        return Ok(());
    }
    let written = bytes(|out| response.write(out))?;
    let answer = non_invite_server::Input::Final;
    all.advance(now, slot, written, |machine| machine.non_invite_server(answer));
    Ok(())
}

pub(super) fn cancel(all: &mut Transactions, now: Duration, slot: Slot, reason: Option<&str>) {
    let entry = all.table.get_mut(slot);
    let Some(Entry { machine: Machine::InviteClient(client), .. }) = entry else {
        return all.counters.add(Reason::CancelLate);
    };
    let open = matches!(client.state, invite_client::State::Calling | invite_client::State::Proceeding);
    if !open || !matches!(client.cancel, Cancel::Unwanted) {
        return all.counters.add(Reason::CancelLate);
    }
    client.cancel = Cancel::Held(reason.map(Box::from));
    send_held_cancel(all, now, slot);
}

/// Sends a CANCEL that has waited, now that it may be sent (RFC 3261 section 9.1).
pub(super) fn send_held_cancel(all: &mut Transactions, now: Duration, slot: Slot) {
    let Some(Entry { machine: Machine::InviteClient(client), .. }) = all.table.get_mut(slot) else { return };
    if client.state != invite_client::State::Proceeding {
        return;
    }
    let (Cancel::Held(reason), Some(invite)) = (&client.cancel, &client.invite) else { return };
    let mut cancel = belonging(invite, Method::Cancel, invite.header(Name::To));
    if let Some(reason) = reason {
        cancel.headers_mut().push(Name::Reason, &**reason);
    }
    let Ok(written) = bytes(|out| cancel.write(out)) else {
        client.cancel = Cancel::Held(None);
        return all.counters.add(Reason::Unwritable);
    };
    let Some(destination) = all.table.destination(slot).cloned() else { return };
    let state = non_invite_client::State::Trying;
    let client = NonInviteClient { state, method: Method::Cancel, cancels: Some(slot) };
    let sent = all.begin(Machine::NonInviteClient(client), destination);
    if let Some(Entry { machine: Machine::InviteClient(client), .. }) = all.table.get_mut(slot) {
        client.cancel = Cancel::Sent(sent);
    }
    all.carry_out(now, sent, written.into(), non_invite_client::START);
    all.carry_out(now, slot, Matter::default(), &[Output::Start(Timer::Cancelled)]);
}

/// Acknowledges a refusal (RFC 3261 section 17.1.1.3).
pub(super) fn acknowledge_failure(all: &mut Transactions, slot: Slot, refusal: Option<&Event>) {
    let Some(Entry { machine: Machine::InviteClient(client), .. }) = all.table.get_mut(slot) else { return };
    let (Some(invite), Some(Event::Response { response, .. })) = (client.invite.take(), refusal) else {
        return;
    };
    let ack = belonging(&invite, Method::Ack, response.header(Name::To));
    match bytes(|out| ack.write(out)) {
        Ok(written) => all.send(slot, Some(written)),
        Err(_) => {
            all.keep(slot, None);
            all.counters.add(Reason::Unwritable);
        }
    }
}

/// Makes the request of another method that belongs to an INVITE: the same Request-URI, Via, Route, From, Call-ID and
/// number (RFC 3261 sections 9.1 and 17.1.1.3).
fn belonging(invite: &Request, method: Method, to: Option<&str>) -> Request {
    let mut request = Request::new(method, invite.uri().clone());
    let headers = request.headers_mut();
    if let Some(via) = invite.header(Name::Via) {
        headers.push(Name::Via, via);
    }
    headers.copy(invite.headers(), Name::Route);
    headers.push(Name::MaxForwards, "70");
    headers.copy(invite.headers(), Name::From);
    if let Some(to) = to {
        headers.push(Name::To, to);
    }
    headers.copy(invite.headers(), Name::CallId);
    if let Some(CSeq { seq, .. }) = invite.cseq() {
        headers.push(Name::CSeq, write_cseq(&CSeq { seq, method }));
    }
    request
}
