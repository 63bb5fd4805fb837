//! Checks where customers are called, and the shape that routes and links have in common.

use std::{fmt::Display, num::NonZeroU8};

use crate::{
    cidr,
    connector::{Origination, Route},
    fault::Faults,
    peer::{Host, Peer, Transport},
    quotas::ROUTES_MAX,
    records::{OriginationRecord, Records, RouteRecord, VoiceConnectorRecord},
    settings::NetworkType,
};

pub(super) fn check(
    connector: &VoiceConnectorRecord,
    records: &Records,
    at: &dyn Display,
    faults: &mut Faults,
) -> Origination {
    let empty = OriginationRecord::default();
    let record = connector.origination.as_ref().unwrap_or(&empty);
    let max = records.quotas.routes.min(ROUTES_MAX);
    faults.at_most(record.routes.len(), max, &format_args!("{at}: routes"));
    let mut routes: Vec<Route> = Vec::with_capacity(record.routes.len());
    for (number, route) in (1..).zip(&record.routes) {
        let at = format_args!("{at}: route {number}");
        let Some(route) = self::route(route, connector, records.strict_aws_limits, &at, faults) else {
            continue;
        };
        if routes.iter().any(|other| other.peer == route.peer) {
            faults.add(&at, "each host once", format_args!("{} again", route.peer));
        }
        routes.push(route);
    }
    Origination { disabled: record.disabled, routes: routes.into() }
}

fn route(
    record: &RouteRecord,
    connector: &VoiceConnectorRecord,
    is_strict: bool,
    at: &dyn Display,
    faults: &mut Faults,
) -> Option<Route> {
    let (priority, weight) = rank(record.priority, record.weight, at, faults);
    let transport = match connector.require_encryption {
        true => Transport::Tls,
        false => record.protocol.into(),
    };
    let peer = peer(&record.host, record.port, transport, at, faults)?;
    let address = peer.host.address();
    if is_strict && address.is_some_and(|address| !cidr::is_public(address)) {
        faults.add(&format_args!("{at}: host"), "a public address", &peer.host);
    }
    if connector.network_type == NetworkType::Ipv4Only && matches!(peer.host, Host::V6(_)) {
        faults.add(&format_args!("{at}: host"), "an IPv4 address, or network_type DUAL_STACK", &peer.host);
    }
    Some(Route { peer, priority, weight })
}

/// Checks where something is; no port, and port 0, mean the port of the transport.
pub(super) fn peer(
    host: &str,
    port: Option<u16>,
    transport: Transport,
    at: &dyn Display,
    faults: &mut Faults,
) -> Option<Peer> {
    let port = port.filter(|port| *port != 0).unwrap_or(transport.default_port());
    let host = faults.expect(Host::parse(host), &format_args!("{at}: host"), Host::WANTED, host)?;
    Some(Peer { host, port, transport })
}

/// Checks which is tried first, and how often.
pub(super) fn rank(priority: u32, weight: u32, at: &dyn Display, faults: &mut Faults) -> (u8, NonZeroU8) {
    faults.within(priority, 1, 100, &format_args!("{at}: priority"));
    faults.within(weight, 1, 100, &format_args!("{at}: weight"));
    let weight = u8::try_from(weight).ok().and_then(NonZeroU8::new);
    (u8::try_from(priority).unwrap_or(u8::MAX), weight.unwrap_or(NonZeroU8::MIN))
}
