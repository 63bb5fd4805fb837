//! What comes, and which transaction it belongs to.

use core::time::Duration;
use std::rc::Rc;

use rsip::{Method, StatusCode};

use super::drive::{Matter, bytes};
use super::entry::{Asker, Cancel, Entry, InviteServer, Machine, NonInviteServer};
use super::event::{ClientId, Event, ServerId};
use super::secret::Key;
use super::table::Slot;
use super::{
    Reason, Transactions, invite_client, invite_server, key, limits, non_invite_client, non_invite_server,
    send,
};
use crate::flow::{Destination, Flow};
use crate::header::Name;
use crate::lexer;
use crate::message::{Request, Response};
use crate::name_addr::AddressParts;

pub(super) fn request(all: &mut Transactions, now: Duration, mut request: Request, flow: Flow) {
    if request.note_source(flow.remote).is_err() {
        return all.counters.add(Reason::RequestUnmatchable);
    }
    let method = request.method();
    if method == Method::Ack {
        return ack(all, now, request, flow);
    }
    if method == Method::Cancel {
        return cancel(all, request, &flow);
    }
    let Some(key) = key::transaction(&all.secret, &request, &flow, method) else {
        return all.counters.add(Reason::RequestUnmatchable);
    };
    if let Some(&slot) = all.servers.get(&key) {
        all.counters.add(Reason::RequestRepeated);
        return all.advance(now, slot, Matter::default(), Machine::repeat);
    }
    let host = key::host(&all.secret, flow.remote);
    if limits::admit(all, &request, &flow, key, host) {
        begin(all, now, request, flow, (key, host));
    }
}

/// Refuses a request for the load of whoever would take it.
pub(super) fn refuse_for_now(all: &mut Transactions, mut request: Request, flow: &Flow, seconds: u32) {
    let key = key::transaction(&all.secret, &request, flow, request.method());
    let (Some(key), Ok(())) = (key, request.note_source(flow.remote)) else {
        return all.counters.add(Reason::RequestUnmatchable);
    };
    all.counters.add(Reason::RefusedLoad);
    limits::refuse(all, &request, flow, key, seconds);
}

/// Begins a server transaction.
fn begin(all: &mut Transactions, now: Duration, request: Request, flow: Flow, (key, host): (Key, Key)) {
    let Some(trying) = trying(&request) else { return all.counters.add(Reason::Unwritable) };
    let found = key::merged(&all.secret, &request);
    let merged = found.filter(|&found| !is_claimed(all, found));
    let asker = Asker { key, merged, host, lost: false };
    let invites = request.method() == Method::Invite;
    let machine = if invites {
        let state = invite_server::State::Proceeding;
        Machine::InviteServer(InviteServer { state, asker, ack: None, cancelled: false })
    } else {
        Machine::NonInviteServer(NonInviteServer { state: non_invite_server::State::Trying, asker })
    };
    let slot = all.begin(machine, Destination::Flow(flow.clone()));
    all.servers.insert(key, slot);
    if let Some(merged) = merged {
        all.servers.insert(merged, slot);
    }
    let count = all.hosts.entry(host).or_default();
    *count = count.saturating_add(1);
    let is_merged = found.is_some() && merged.is_none();
    let event = Event::Request { id: ServerId(slot), request, flow, merged: is_merged };
    if invites {
        let matter = Matter { bytes: Some(trying), event: Some(event) };
        all.carry_out(now, slot, matter, invite_server::START);
    } else {
        // It is sent only when the answer takes long.
        all.keep(slot, Some(trying));
        all.carry_out(now, slot, event.into(), non_invite_server::START);
    }
}

/// Tells whether a request is under way, or was accepted. One that was refused may be tried again with the same number
/// by a client that has another address of ours (RFC 3263 section 4.3).
fn is_claimed(all: &Transactions, merged: Key) -> bool {
    let other = all.servers.get(&merged).and_then(|&slot| all.table.get(slot));
    other.is_some_and(|other| other.machine.claims_its_request())
}

/// Writes the 100 to a request. When it cannot be written no answer can, and a request that cannot be answered would
/// stay for ever.
fn trying(request: &Request) -> Option<Rc<[u8]>> {
    /// More than any tag that will be added to To.
    const TAG_LEN: usize = 256;
    let to_len = request.header(Name::To)?.len().saturating_add(TAG_LEN);
    let response = Response::to_request(request, StatusCode::from(100));
    if to_len > lexer::LINE_LEN_MAX { None } else { bytes(|out| response.write(out)).ok() }
}

/// The ACK of a refusal belongs to the transaction, that of an acceptance to the user.
fn ack(all: &mut Transactions, now: Duration, request: Request, flow: Flow) {
    let key = key::transaction(&all.secret, &request, &flow, Method::Invite);
    if let Some((slot, state)) = key.and_then(|key| invite(all, key)) {
        match state {
            invite_server::State::Completed => {
                let input = invite_server::Input::AckOfFailure;
                return all.advance(now, slot, Matter::default(), |machine| machine.invite_server(input));
            }
            invite_server::State::Confirmed => return all.counters.add(Reason::AckRepeated),
            invite_server::State::Proceeding => return all.counters.add(Reason::AckEarly),
            // Some give the ACK of an acceptance the branch of its INVITE.
            invite_server::State::Accepted
            | invite_server::State::Acknowledged
            | invite_server::State::Terminated => {}
        }
    }
    let key = key::ack(&all.secret, &request);
    match key.and_then(|key| invite(all, key)) {
        Some((slot, invite_server::State::Accepted)) => {
            let event = Event::Ack { id: Some(ServerId(slot)), request, flow };
            let input = invite_server::Input::AckOfSuccess;
            all.advance(now, slot, event, |machine| machine.invite_server(input));
        }
        Some(_) => all.counters.add(Reason::AckRepeated),
        None if limits::is_ack_of_stateless(all, &request, &flow) => all.counters.add(Reason::AckOfRefusal),
        None => all.events.push_back(Event::Ack { id: None, request, flow }),
    }
}

/// Returns the INVITE that a key leads to, and where it is.
fn invite(all: &Transactions, key: Key) -> Option<(Slot, invite_server::State)> {
    let slot = *all.servers.get(&key)?;
    match &all.table.get(slot)?.machine {
        Machine::InviteServer(server) => Some((slot, server.state)),
        Machine::InviteClient(_) | Machine::NonInviteClient(_) | Machine::NonInviteServer(_) => None,
    }
}

/// Answers a CANCEL. The answer to its copy is made anew, so that there is nothing to keep.
fn cancel(all: &mut Transactions, request: Request, flow: &Flow) {
    let Some(key) = key::transaction(&all.secret, &request, flow, Method::Invite) else {
        return all.counters.add(Reason::RequestUnmatchable);
    };
    let slot = all.servers.get(&key).copied();
    let entry = slot.and_then(|slot| all.table.get_mut(slot));
    let Some((slot, Entry { machine: Machine::InviteServer(server), kept, .. })) = slot.zip(entry) else {
        return refuse_cancel(all, &request, flow, key);
    };
    let told = server.cancelled || server.state != invite_server::State::Proceeding;
    server.cancelled = true;
    // RFC 3261 section 9.2: its tag is that of the answer to the INVITE.
    let tag = kept.as_deref().and_then(to_tag);
    let mut response = Response::to_request(&request, 200);
    if let Some(tag) = tag {
        response = response.with_to_tag(&tag).unwrap_or_else(|_| Response::to_request(&request, 200));
    }
    limits::stateless(all, response, flow, key);
    if !told {
        all.events.push_back(Event::Cancelled { id: ServerId(slot), request });
    }
}

fn refuse_cancel(all: &mut Transactions, request: &Request, flow: &Flow, key: Key) {
    all.counters.add(Reason::CancelUnmatched);
    limits::stateless(all, Response::to_request(request, 481), flow, key);
}

/// Reads the To tag of a response of ours.
fn to_tag(response: &[u8]) -> Option<String> {
    let lexed = lexer::lex(response).ok()?;
    let to = &lexed.field(Name::To)?.value;
    AddressParts::parse(to).ok()?.tag().map(str::to_owned)
}

pub(super) fn response(all: &mut Transactions, now: Duration, response: Response, flow: Flow) {
    let mut vias = response.headers().vias();
    let slot = vias.next().and_then(|via| all.secret.read_branch(via.branch()?));
    let many = vias.next().is_some();
    drop(vias);
    let Some(slot) = slot else { return all.counters.add(Reason::ResponseForeign) };
    if many {
        return all.counters.add(Reason::ResponseVias);
    }
    let method = response.cseq().map(|cseq| cseq.method);
    let stray = method == Some(Method::Invite) && response.is_success();
    let (code, id) = (response.code(), ClientId(slot));
    let event = Event::Response { id, response, flow };
    match all.table.get(slot).map(|entry| &entry.machine) {
        // Each acceptance wants its ACK, and nobody else can have made our branch.
        None if stray => all.events.push_back(event),
        None => all.counters.add(Reason::ResponseLate),
        Some(Machine::InviteClient(_)) if method == Some(Method::Invite) => {
            let input = match code {
                ..200 => invite_client::Input::Provisional,
                200..300 => invite_client::Input::Success,
                300.. => invite_client::Input::Failure,
            };
            all.advance(now, slot, event, |machine| machine.invite_client(input));
            send::send_held_cancel(all, now, slot);
        }
        Some(Machine::InviteClient(client)) if method == Some(Method::Cancel) => match client.cancel {
            // What came of the CANCEL tells the response to the INVITE.
            Cancel::Sent(cancel) if all.table.get(cancel).is_none() => all.counters.add(Reason::ResponseLate),
            Cancel::Sent(cancel) => answered(all, now, cancel, code, Matter::default()),
            Cancel::Unwanted | Cancel::Held(_) => all.counters.add(Reason::ResponseMethod),
        },
        Some(Machine::NonInviteClient(client)) if method == Some(client.method) => {
            answered(all, now, slot, code, event.into());
        }
        Some(_) => all.counters.add(Reason::ResponseMethod),
    }
}

/// Takes the response to a request other than INVITE.
fn answered(all: &mut Transactions, now: Duration, slot: Slot, code: u16, matter: Matter) {
    let provisional = code < 200;
    let input =
        if provisional { non_invite_client::Input::Provisional } else { non_invite_client::Input::Final };
    all.advance(now, slot, matter, |machine| machine.non_invite_client(input));
}
