//! What does not get out: requests fail, responses are tried once more by another way.

use core::time::Duration;

use super::Transactions;
use super::drive::Matter;
use super::key;
use super::step::Output;
use super::table::Slot;
use super::widening;
use crate::flow::{Destination, Flow, Target};
use crate::header::{Name, Via};
use crate::lexer;
use crate::list;
use crate::uri::Host;

pub(super) fn send_failed(all: &mut Transactions, now: Duration, destination: &Destination) {
    let key = key::destination(&all.secret, destination);
    for slot in all.table.senders(key) {
        match other_way(all, slot, destination) {
            Some(target) => redirect(all, now, slot, target),
            None if widening::fall_back(all, now, slot) => {}
            None => all.advance(now, slot, Matter::default(), super::entry::Machine::lose),
        }
    }
}

/// Returns where a response may go instead of back.
fn other_way(all: &Transactions, slot: Slot, destination: &Destination) -> Option<Target> {
    let Destination::Flow(flow) = destination else { return None };
    let kept = all.table.get(slot)?.kept.as_deref()?;
    target_of_via(kept, flow).filter(|target| target.protocol.is_reliable() || target.remote != flow.remote)
}

/// Has a transaction send elsewhere; a final response that was sent may be what was lost.
fn redirect(all: &mut Transactions, now: Duration, slot: Slot, target: Target) {
    let destination = Destination::Target(target);
    let key = key::destination(&all.secret, &destination);
    all.table.redirect(slot, destination, key);
    if all.table.get(slot).is_some_and(|entry| entry.machine.is_answered()) {
        all.carry_out(now, slot, Matter::default(), &[Output::Repeat]);
    }
}

/// Returns where the topmost Via of a response of ours leads: RFC 3261 section 18.2.2.
fn target_of_via(response: &[u8], flow: &Flow) -> Option<Target> {
    let lexed = lexer::lex(response).ok()?;
    let via = list::split(&lexed.field(Name::Via)?.value).next().and_then(|top| Via::parse(top).ok())?;
    let named = match via.host {
        Host::V4(address) => (Some(address.into()), None),
        Host::V6(address) => (Some(address.into()), None),
        Host::Name(name) => (None, Some(name)),
    };
    // What the receiver wrote down goes before what the sender says.
    let host = via.received().or(named.0)?;
    let port = via.port.unwrap_or(key::default_port(&via));
    let name = named.1.filter(|_| flow.protocol == crate::flow::Protocol::Tls);
    Some(Target {
        protocol: flow.protocol,
        remote: (host, port).into(),
        name: name.map(Into::into),
        local: Some(flow.local),
        connection: None,
    })
}
