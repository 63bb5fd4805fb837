//! Bytes from the network: who may speak to us, and what a message is owed before any call hears of it.

use std::net::IpAddr;

use control::SideName;
use sip::dialog::DialogId;
use sip::flow::{Destination, Flow};
use sip::lexer::{self, Lexed, StartLine};
use sip::name_addr::AddressParts;
use sip::uri::UriParts;
use sip::validate::{Refusal, Rules, Verdict, validate};
use sip::{Method, Name, Request, Response};

use trunk::snapshot::Snapshot;

use crate::call::{Call, Calls};
use crate::counters::Count;
use crate::desk::{Client, Desk, begins_call};
use crate::flow::invite::record_broken;
use crate::load;
use crate::manipulation::Travel;
use crate::output::Output;

/// Takes one message.
pub(crate) fn received(desk: &mut Desk, calls: &Calls, flow: Flow, bytes: &[u8]) {
    let now = desk.now.elapsed;
    let Ok(lexed) = lexer::lex(bytes) else { return desk.counters.add(Count::Unreadable) };
    match validate(&lexed, &Rules::TRUNK) {
        Verdict::Request(checked) => {
            let mut request = checked.to_request();
            match is_heard(desk, calls, &request, &flow) {
                Ok(()) => {
                    desk.manipulate(Travel::In, &mut request, flow.remote.ip());
                    load::take(desk, request, flow);
                }
                Err(count) => desk.counters.add(count),
            }
        }
        // Whether it answers anything is told by its branch, which is a secret of ours and of all who were on the way.
        Verdict::Response(checked) => {
            let mut response = checked.to_response();
            if !is_expected(desk, calls, &response, &flow) {
                return desk.counters.add(Count::ResponseStranger);
            }
            desk.manipulate_response(Travel::In, &mut response, flow.remote.ip());
            desk.transactions.receive_response(now, response, flow);
        }
        Verdict::Answer(refusal) => refuse(desk, calls, &lexed, &refusal, flow),
        Verdict::Drop(fault) => {
            let is_request = matches!(lexed.start, StartLine::Request { .. });
            let count = if is_request { Count::RequestBroken } else { Count::ResponseBroken };
            desk.counters.blame(count, &fault);
        }
    }
    desk.collect();
}

/// Tells whether a request is worked with. Strangers get no byte, unless they know the host name of a connector: then
/// they hear that they are not allowed, and the customer finds it in a record.
///
/// # Errors
/// As what it is counted if it is not.
fn is_heard(desk: &mut Desk, calls: &Calls, request: &Request, flow: &Flow) -> Result<(), Count> {
    // Nobody answers an ACK.
    if desk.snapshot.lists(flow.remote.ip()) || request.method() == Method::Ack {
        return Ok(());
    }
    if let Some(id) = DialogId::of_request(request) {
        let is_known = desk.departed.contains(desk.now.elapsed, flow.remote.ip());
        let is_heard = is_known || is_of_dialog(desk, calls, &id, flow);
        return if is_heard { Ok(()) } else { Err(Count::Stranger) };
    }
    let host = request.uri().host().map(|host| host.to_string()).unwrap_or_default();
    if !begins_call(request) || desk.snapshot.connector_by_host(&host).is_none() {
        return Err(Count::Stranger);
    }
    if desk.guard.admit_stranger(desk.now.elapsed) { Ok(()) } else { Err(Count::StrangerThrottled) }
}

/// Tells whether a response comes from where it may: where its request went, or another host of the same leg.
fn is_expected(desk: &Desk, calls: &Calls, response: &Response, flow: &Flow) -> bool {
    let mut vias = response.headers().vias();
    let id = vias.next().and_then(|via| desk.transactions.of_branch(via.branch()?));
    // What nobody waits for any more changes nothing.
    let Some(sent) = id.and_then(|id| desk.clients.get(&id)) else { return true };
    let source = flow.remote.ip();
    if sent.went_to(flow) || is_of_same(&desk.snapshot, sent.host, source) {
        return true;
    }
    let Client::Invite(call, leg) = sent.client else { return false };
    calls.get(call).is_some_and(|call| {
        call.leg(leg).hosts.contains(&source) || (leg == SideName::B && call.route.named.contains(&source))
    })
}

/// Tells whether messages of a dialog may come from the source.
pub(crate) fn is_of_dialog(desk: &Desk, calls: &Calls, id: &DialogId, flow: &Flow) -> bool {
    let place = desk.dialogs.get(id).copied();
    let call = place.and_then(|(call, leg)| Some((calls.get(call)?, leg)));
    let source = flow.remote.ip();
    let is_of = |(call, leg): (&Call, SideName)| {
        let hosts = &call.leg(leg).hosts;
        hosts.contains(&source) || hosts.first().is_some_and(|host| is_of_same(&desk.snapshot, *host, source))
    };
    call.is_some_and(is_of)
}

/// Tells whether two hosts belong to the same customer, or to the same carrier: what one begins, another of its hosts may
/// go on with.
fn is_of_same(snapshot: &Snapshot, one: IpAddr, other: IpAddr) -> bool {
    let carrier = |host| snapshot.link_by_source(host).map(|link| &link.carrier);
    if let (Some(one), Some(other)) = (carrier(one), carrier(other)) {
        return one == other;
    }
    let (Some((_, ones)), Some((_, others))) = (snapshot.owners_of(one), snapshot.owners_of(other)) else {
        return false;
    };
    ones.into_iter().any(|one| others.clone().any(|other| one.id == other.id))
}

/// Answers what breaks a rule, and remembers only that it leaves no second record.
fn refuse(desk: &mut Desk, calls: &Calls, lexed: &Lexed<'_>, refusal: &Refusal, flow: Flow) {
    let is_first = begins_broken_call(lexed);
    let is_known = desk.snapshot.lists(flow.remote.ip()) || is_of_host(desk, calls, lexed, &flow);
    if !is_known {
        if !is_first || !names_connector(desk, lexed) {
            return desk.counters.blame(Count::StrangerBroken, &refusal.fault);
        }
        if !desk.guard.admit_stranger(desk.now.elapsed) {
            return desk.counters.add(Count::StrangerThrottled);
        }
    }
    let tag = desk.random.tag();
    let mut bytes = Vec::new();
    // What cannot be written back cannot be told.
    if refusal.write(lexed, &tag, flow.remote, &mut bytes).is_err() {
        return desk.counters.blame(Count::RequestBroken, &refusal.fault);
    }
    desk.counters.blame(Count::RequestAnswered, &refusal.fault);
    if is_first {
        record_broken(desk, lexed, refusal, &flow);
    }
    desk.tell(Output::Send { to: Destination::Flow(flow), bytes: bytes.into() });
}

/// Tells whether a request that breaks a rule would have begun a call.
fn begins_broken_call(lexed: &Lexed<'_>) -> bool {
    let is_invite = matches!(lexed.start, StartLine::Request { method: b"INVITE", .. });
    is_invite && tag(lexed, Name::To).is_none()
}

/// Tells whether a request that breaks a rule is for the host of a connector.
fn names_connector(desk: &Desk, lexed: &Lexed<'_>) -> bool {
    let host = request_uri(lexed).and_then(|uri| Some(uri.host()?.to_string()));
    host.is_some_and(|host| desk.snapshot.connector_by_host(&host).is_some())
}

/// Tells whether a request that breaks a rule comes from a host of the dialog that it names.
fn is_of_host(desk: &Desk, calls: &Calls, lexed: &Lexed<'_>, flow: &Flow) -> bool {
    let tag = |name| tag(lexed, name);
    let call_id = lexed.field(Name::CallId).map(|field| field.value.to_string());
    let (Some(call_id), Some(to), Some(from)) = (call_id, tag(Name::To), tag(Name::From)) else {
        return false;
    };
    is_of_dialog(desk, calls, &DialogId::new(&call_id, &to, &from), flow)
}

/// Reads the Request-URI.
pub(crate) fn request_uri<'a>(lexed: &Lexed<'a>) -> Option<UriParts<'a>> {
    let StartLine::Request { uri, .. } = lexed.start else { return None };
    UriParts::parse(std::str::from_utf8(uri).ok()?).ok()
}

/// Reads the tag of an address.
pub(crate) fn tag(lexed: &Lexed<'_>, name: Name) -> Option<String> {
    let parts = AddressParts::parse(&lexed.field(name)?.value).ok()?;
    Some(parts.tag()?.to_owned())
}
