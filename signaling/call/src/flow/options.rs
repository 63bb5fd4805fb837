//! Who asks whether we are there, and whom we ask: carrier links, and nobody else.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use sip::flow::{Flow, Target};
use sip::transaction::ServerId;
use sip::{Method, Name, NameAddr, Request, Uri};
use trunk::snapshot::Side;
use trunk::{CarrierLinkId, VoiceConnectorId};

use crate::clock::Timer;
use crate::counters::Count;
use crate::crossing::{BODIES, protocol_of};
use crate::desk::{Client, Desk, Query, allow};
use crate::leg::Question;
use crate::moment::Moment;

/// How the links are, and when customers have last asked.
#[derive(Default)]
pub(crate) struct Links {
    failures: HashMap<CarrierLinkId, u8>,
    /// Links that have a timer.
    probed: HashMap<CarrierLinkId, ()>,
    asked: HashMap<VoiceConnectorId, (SocketAddr, Moment)>,
}

/// The third failure in a row is no accident.
const FAILURES_MAX: u8 = 3;

impl Links {
    pub(crate) fn is_down(&self, link: &CarrierLinkId) -> bool {
        self.failures.get(link).is_some_and(|failures| *failures >= FAILURES_MAX)
    }

    /// Tells who has asked last for a connector whether we are there.
    pub(crate) fn asked_last(&self, connector: &VoiceConnectorId) -> Option<(SocketAddr, Moment)> {
        self.asked.get(connector).copied()
    }
}

/// Answers an OPTIONS, in a dialog or not; any host in it will do.
pub(crate) fn received(desk: &mut Desk, id: ServerId, request: &Request, flow: &Flow) {
    let host = request.uri().host().map(|host| host.to_string()).unwrap_or_default();
    let source = flow.remote.ip();
    if desk.snapshot.side_of(source, &host) == Some(Side::Customer) {
        let named = desk.snapshot.connector_by_host(&host).map(|connector| vec![connector.id]);
        let owners = || desk.snapshot.owners_of(source).map(|(_, owners)| owners.map(|it| it.id).collect());
        let connectors: Vec<VoiceConnectorId> = named.or_else(owners).unwrap_or_default();
        for connector in connectors {
            desk.links.asked.insert(connector, (flow.remote, desk.now));
        }
    }
    if !desk.is_open {
        desk.counters.add(Count::Closed);
        let seconds = u64::from(desk.setup.limits.retry_after_s);
        return desk.refuse_for_now(id, request, 503, seconds);
    }
    let response = desk.response(request, 200).with(Name::Allow, allow()).with(Name::Accept, BODIES);
    desk.respond(id, response.with(Name::Supported, ""), request);
}

/// Begins to ask links that were not asked so far, spread over an interval, and forgets those that are no more.
pub(crate) fn follow_snapshot(desk: &mut Desk) {
    let Some(interval) = desk.setup.probe_interval else { return };
    let snapshot = std::sync::Arc::clone(&desk.snapshot);
    desk.links.failures.retain(|link, _| snapshot.link(link).is_some());
    desk.links.asked.retain(|connector, _| snapshot.connector(connector).is_some());
    for link in snapshot.links().filter(|link| !link.disabled) {
        if desk.links.probed.insert(link.id, ()).is_none() {
            let spread = jitter(desk, interval);
            desk.clock.set(desk.now.elapsed.saturating_add(spread), Timer::Probe { link: link.id });
        }
    }
}

/// Asks a link, and sets the time of the next question: within a tenth of the interval, so that links drift apart.
pub(crate) fn probe(desk: &mut Desk, id: CarrierLinkId) {
    let snapshot = std::sync::Arc::clone(&desk.snapshot);
    let found = snapshot.link(&id).filter(|link| !link.disabled).zip(desk.setup.probe_interval);
    let Some((link, interval)) = found else {
        desk.links.probed.remove(&id);
        return;
    };
    let next = interval.saturating_sub(interval / 20).saturating_add(jitter(desk, interval / 10));
    desk.clock.set(desk.now.elapsed.saturating_add(next), Timer::Probe { link: id });
    match link.peer.host.address() {
        Some(address) => send(desk, id, SocketAddr::new(address, link.peer.port)),
        None => {
            let protocol = protocol_of(link.peer.transport);
            let (host, port) = (link.peer.host.to_string(), Some(link.peer.port));
            let question = Question { host, port, protocols: vec![protocol] };
            if desk.ask(Query::Probe(id), question).is_none() {
                heard(desk, id, None);
            }
        }
    }
}

/// The name of a link was looked up.
pub(crate) fn resolved(desk: &mut Desk, id: CarrierLinkId, address: Option<SocketAddr>) {
    match address {
        Some(address) => send(desk, id, address),
        None => heard(desk, id, None),
    }
}

/// A link has answered, or has not. 503 says that it is there, and not for us.
pub(crate) fn heard(desk: &mut Desk, id: CarrierLinkId, status: Option<u16>) {
    if desk.snapshot.link(&id).is_none() {
        return;
    }
    match status {
        None | Some(503) => {
            let failures = desk.links.failures.entry(id).or_insert(0);
            *failures = failures.saturating_add(1);
        }
        Some(_) => {
            desk.links.failures.remove(&id);
        }
    }
}

fn send(desk: &mut Desk, id: CarrierLinkId, remote: SocketAddr) {
    let snapshot = std::sync::Arc::clone(&desk.snapshot);
    let Some(link) = snapshot.link(&id) else { return };
    let protocol = protocol_of(link.peer.transport);
    let Some(listener) = desk.setup.listener(protocol, None).cloned() else { return };
    let name = link.peer.host.address().is_none().then(|| Rc::from(link.peer.host.to_string()));
    let to = Target { protocol, remote, name, local: None, connection: None };
    let peer = Uri::parse(&format!("sip:{}:{}", link.peer.host, link.peer.port));
    let own = Uri::parse(&format!("sip:{}", listener.advertised));
    let (Ok(peer), Ok(own)) = (peer, own) else { return };
    let Ok(from) = NameAddr::new(own).with_tag(&desk.random.tag()) else { return };
    let request = Request::new(Method::Options, peer.clone())
        .with(Name::MaxForwards, "70")
        .with(Name::From, from.to_string())
        .with(Name::To, NameAddr::new(peer).to_string())
        .with(Name::CallId, desk.random.tag())
        .with(Name::CSeq, "1 OPTIONS")
        .with(Name::Contact, listener.contact())
        .with(Name::Accept, BODIES);
    if desk.send(request, to, Client::Probe(id)).is_none() {
        heard(desk, id, None);
    }
}

fn jitter(desk: &mut Desk, span: Duration) -> Duration {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(desk.random.half() % millis)
}
