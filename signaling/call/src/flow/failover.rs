//! Who is tried: one target after the other, until one takes the call or all have failed.

use std::net::SocketAddr;
use std::rc::Rc;

use control::SideName;
use sdp::negotiate::{Encryption, Policy, Refusal};
use sip::flow::Target;
use trunk::Transport;
use trunk::failover::{Event, Next, PROVISIONAL_TIMEOUT, Stop};
use trunk::snapshot::Side;

use crate::call::{Call, Phase, Place, PlaceOf, Route};
use crate::clock::CallTimer;
use crate::crossing::{self, protocol_of, refusal_heard};
use crate::desk::{Client, Desk, Errand, Query};
use crate::flow::bye;
use crate::leg::{Leg, Question};
use crate::summary::{Disposition, End};

/// Tries the first target.
pub(crate) fn begin(desk: &mut Desk, call: &mut Call) {
    let Route { failover, places, .. } = &mut call.route;
    let next = failover.begin(|at| is_resting(desk, places, at));
    follow(desk, call, next);
}

/// Hears what has happened at a target.
pub(crate) fn heard(desk: &mut Desk, call: &mut Call, at: usize, event: Event) {
    let next = advance(desk, call, at, event);
    follow(desk, call, next);
}

/// Hears it, and says what is next.
pub(crate) fn advance(desk: &Desk, call: &mut Call, at: usize, event: Event) -> Next {
    let Route { failover, places, .. } = &mut call.route;
    failover.heard(at, event, |at| is_resting(desk, places, at))
}

/// A target has said nothing at all.
pub(crate) fn silent(desk: &mut Desk, call: &mut Call) {
    if call.phase != Phase::Seeking {
        return;
    }
    // It may be that only connections lead nowhere.
    if call.b.asks.is_some_and(|asks| desk.transactions.fall_back(desk.now.elapsed, asks)) {
        return;
    }
    let at = call.route.at;
    let next = advance(desk, call, at, Event::NoProvisional);
    if next != Next::Wait {
        note_failure(desk, call, at);
        follow(desk, call, next);
    }
}

/// Does what is next, until there is something to wait for.
pub(crate) fn follow(desk: &mut Desk, call: &mut Call, mut next: Next) {
    loop {
        match next {
            Next::Wait => return,
            Next::Stop(stop) => return stopped(desk, call, stop),
            Next::Try(at) => {
                leave(desk, call);
                call.route.at = at;
                call.route.others.clear();
                let Some(place) = call.route.places.get(at).cloned() else { return };
                let Err(event) = reach(desk, call, &place) else { return };
                next = advance(desk, call, at, event);
            }
        }
    }
}

/// Notes that a host has failed, so that the next calls try another one first.
pub(crate) fn note_failure(desk: &mut Desk, call: &Call, at: usize) {
    if let Some(place) = call.route.places.get(at) {
        desk.dead_hosts.failed(&place.peer, desk.now.elapsed, None);
    }
}

/// Gives up the target that was tried. Whatever it says later is answered without the call.
pub(crate) fn leave(desk: &mut Desk, call: &mut Call) {
    if let Some(client) = call.b.asks.take() {
        desk.transactions.cancel(desk.now.elapsed, client, None);
    }
    call.awaits = None;
    conclude(desk, call);
    call.call_off(desk, CallTimer::NoProvisional);
    if let Some(permit) = call.route.link.take() {
        desk.limits.release_link(permit);
    }
}

/// Notes that nothing is offered to the target any more.
pub(crate) fn conclude(desk: &mut Desk, call: &mut Call) {
    if let Some(errand) = call.route.errand.take() {
        desk.sought.end(errand);
    }
}

fn is_resting(desk: &Desk, places: &[Place], at: usize) -> bool {
    let Some(place) = places.get(at) else { return true };
    let is_down = match &place.of {
        PlaceOf::Link(link) => desk.links.is_down(&link.link),
        PlaceOf::Connector { .. } => false,
    };
    is_down || desk.dead_hosts.is_resting(&place.peer, desk.now.elapsed)
}

/// Takes a place on a link, and finds the address of a host.
fn reach(desk: &mut Desk, call: &mut Call, place: &Place) -> Result<(), Event> {
    if let PlaceOf::Link(link) = &place.of {
        call.route.link = Some(desk.limits.take_link(link).ok_or(Event::TransportError)?);
    }
    let peer = &place.peer;
    let protocol = protocol_of(peer.transport);
    match peer.host.address() {
        Some(address) => send(desk, call, place, SocketAddr::new(address, peer.port)),
        None => {
            let (host, port) = (peer.host.to_string(), Some(peer.port));
            let question = Question { host, port, protocols: vec![protocol] };
            let what = Query::Place(call.id, call.route.at);
            desk.ask(what, question).map(|_| ()).ok_or(Event::TransportError)
        }
    }
}

/// A name was looked up.
pub(crate) fn resolved(desk: &mut Desk, call: &mut Call, at: usize, mut addresses: Vec<SocketAddr>) {
    if call.phase != Phase::Seeking || call.route.at != at || call.b.asks.is_some() {
        return;
    }
    addresses.truncate(ADDRESSES_MAX);
    call.route.named.extend(addresses.iter().map(SocketAddr::ip));
    call.route.others = addresses;
    unreachable(desk, call);
}

/// The address that was tried cannot be reached: the next one of the same name is tried, then the next target.
pub(crate) fn unreachable(desk: &mut Desk, call: &mut Call) {
    call.b.asks = None;
    conclude(desk, call);
    let at = call.route.at;
    if let Some(place) = call.route.places.get(at).cloned() {
        while call.rings.is_none() && !call.route.others.is_empty() {
            let address = call.route.others.remove(0);
            match send(desk, call, &place, address) {
                Ok(()) => return,
                Err(event @ Event::Response { .. }) => return heard(desk, call, at, event),
                Err(Event::TransportError | Event::NoProvisional) => {}
            }
        }
    }
    note_failure(desk, call, at);
    heard(desk, call, at, Event::TransportError);
}

/// So many addresses of a name are tried at most.
const ADDRESSES_MAX: usize = 8;

/// Sends the INVITE with our description.
fn send(desk: &mut Desk, call: &mut Call, place: &Place, remote: SocketAddr) -> Result<(), Event> {
    let protocol = protocol_of(place.peer.transport);
    let Some(listener) = desk.setup.listener(protocol, None).cloned() else {
        return Err(Event::TransportError);
    };
    let description = match describe(desk, call, place) {
        Ok(description) => description,
        Err(refusal) => {
            // Another target has the same codecs, and would be offered the same.
            return Err(Event::Response { status: refusal.status() });
        }
    };
    let tag = desk.random.tag();
    let request = crossing::invite(&listener, &call.route, place, &tag, &description)
        .map_err(|_| Event::TransportError)?;
    let name = match (place.peer.transport, place.peer.host.address()) {
        (Transport::Tls, None) => Some(Rc::from(place.peer.host.to_string())),
        _ => None,
    };
    let to = Target { protocol, remote, name, local: None, connection: None };
    call.b = Leg::new(protocol, None, tag);
    call.b.admit_host(remote.ip());
    call.b.way = Some(to.clone());
    let client = Client::Invite(call.id, SideName::B);
    call.b.asks = Some(desk.send(request, to, client).ok_or(Event::TransportError)?);
    let errand = Errand { host: remote, called: call.route.called, caller: call.route.caller.number };
    desk.sought.begin(errand);
    call.route.errand = Some(errand);
    note_connector(call, place);
    call.wait(desk, PROVISIONAL_TIMEOUT, CallTimer::NoProvisional);
    Ok(())
}

/// Makes our description for a target: new keys and a new origin, as none of them has to know of another one.
fn describe(desk: &mut Desk, call: &mut Call, place: &Place) -> Result<String, Refusal> {
    let (encryption, realm) = match &place.of {
        PlaceOf::Connector { is_encrypted: true, .. } => (Encryption::Required, &desk.setup.customer_realm),
        PlaceOf::Connector { .. } => (Encryption::Accepted, &desk.setup.customer_realm),
        PlaceOf::Link(_) => (Encryption::Accepted, &desk.setup.carrier_realm),
    };
    debug_assert_eq!(call.media.realm(SideName::B), realm, "all targets of a call are on one side of us");
    let policy = Policy { encryption, codecs: desk.setup.codecs.clone(), ..Policy::default() };
    call.media.renew(SideName::B, policy, &mut desk.random);
    let description = match &call.offer {
        Some(offer) => call.media.forward(SideName::A, offer.clone(), &mut desk.random)?,
        None => call.media.fresh(SideName::B, &mut desk.random)?,
    };
    Ok(description.write())
}

/// The record of the customer who is called is that of the connector whose host is tried.
fn note_connector(call: &mut Call, place: &Place) {
    let PlaceOf::Connector { id, .. } = &place.of else { return };
    let records = call.records.iter_mut();
    for record in records.filter(|record| record.attempt.disposition == Disposition::Origination) {
        record.attempt.connector = *id;
    }
}

/// No other target is tried.
fn stopped(desk: &mut Desk, call: &mut Call, stop: Stop) {
    let (status, end) = match stop {
        Stop::Answered => return,
        Stop::Refused { status } => (refusal_heard(status), End::refused(status)),
        Stop::Exhausted => (exhausted(stop, call.side), End::rejected("no host took the call")),
        Stop::Lost => (exhausted(stop, call.side), End::rejected("the host was lost while ringing")),
    };
    bye::reject(desk, call, status, end);
}

fn exhausted(stop: Stop, toward: Side) -> u16 {
    stop.status(toward).unwrap_or(503)
}
