//! Checks carriers and their links.

use std::{collections::HashMap, fmt::Display, num::NonZeroU32};

use crate::{
    carrier::{Carrier, CarrierLink},
    cidr::{Cidr, Networks},
    e164::NumberPrefix,
    fault::Faults,
    id::{CarrierId, CarrierLinkId},
    peer::Peer,
    records::{CarrierLinkRecord, Records},
};

use super::origination::{peer, rank};

pub(super) struct Carriers {
    pub(super) by_id: HashMap<CarrierId, u16>,
    pub(super) by_source: Networks<Vec<u32>>,
    pub(super) link_by_id: HashMap<CarrierLinkId, u32>,
    pub(super) links: Vec<CarrierLink>,
    pub(super) list: Vec<Carrier>,
}

pub(super) fn check(records: &Records, faults: &mut Faults) -> Carriers {
    let mut list = Vec::new();
    let mut by_id = HashMap::new();
    let mut links = Vec::new();
    let mut link_by_id = HashMap::new();
    let mut sources = Vec::new();
    faults.at_most(records.carriers.len(), CARRIERS_MAX, &"carriers");
    for record in &records.carriers {
        let text = &record.carrier_id;
        let at = format_args!("carrier {text}");
        let Some(id) = faults.expect(CarrierId::parse(text), &at, CarrierId::WANTED, text) else { continue };
        if by_id.insert(id, u16::try_from(list.len()).unwrap_or(u16::MAX)).is_some() {
            faults.add(&at, "an id of its own", "the id of another one");
        }
        list.push(Carrier { id, name: record.name.as_str().into() });
        for record in &record.links {
            let at = format_args!("{at}: link {}", record.carrier_link_id);
            let Some(link) = link(record, id, &at, faults) else { continue };
            let index = u32::try_from(links.len()).unwrap_or(u32::MAX);
            let networks = networks(record, &link.peer, &at, faults);
            sources.extend(networks.into_iter().map(|network| (network, vec![index])));
            if link_by_id.insert(link.id, index).is_some() {
                faults.add(&at, "an id of its own", "the id of another one");
            }
            links.push(link);
        }
    }
    let carrier = |at: u32| usize::try_from(at).ok().and_then(|at| links.get(at)).map(|link| link.carrier);
    let by_source = Networks::new(sources, |links: &mut Vec<u32>, mut more| {
        if let (Some(one), Some(other)) = (links.first(), more.first())
            && let (Some(one), Some(other)) = (carrier(*one), carrier(*other))
            && one != other
        {
            let found = format_args!("{one} and {other} send from the same network");
            faults.add(&"carriers: sources", "that a source tells the carrier", found);
        }
        links.append(&mut more);
    });
    Carriers { by_id, by_source, link_by_id, links, list }
}

fn link(
    record: &CarrierLinkRecord,
    carrier: CarrierId,
    at: &dyn Display,
    faults: &mut Faults,
) -> Option<CarrierLink> {
    let text = &record.carrier_link_id;
    let id = faults.expect(CarrierLinkId::parse(text), at, CarrierLinkId::WANTED, text);
    let (priority, weight) = rank(record.priority, record.weight, at, faults);
    let mut prefixes = Vec::with_capacity(record.prefixes.len());
    for text in &record.prefixes {
        let at = format_args!("{at}: prefixes");
        prefixes.extend(faults.expect(NumberPrefix::parse(text), &at, NumberPrefix::WANTED, text));
    }
    if record.calls_max == Some(0) {
        faults.add(&format_args!("{at}: calls_max"), "1 or more, or none at all", 0);
    }
    let peer = peer(&record.host, record.port, record.transport, at, faults)?;
    Some(CarrierLink {
        aws_region: record.aws_region,
        calls_max: record.calls_max.and_then(NonZeroU32::new),
        carrier,
        disabled: record.disabled,
        id: id?,
        inbound_only: record.inbound_only,
        peer,
        prefixes: prefixes.into(),
        priority,
        weight,
    })
}

/// Gives the networks that calls come from: those that are named, and the host itself.
fn networks(record: &CarrierLinkRecord, peer: &Peer, at: &dyn Display, faults: &mut Faults) -> Vec<Cidr> {
    let mut networks: Vec<Cidr> = Vec::with_capacity(record.sources.len());
    for text in &record.sources {
        let at = format_args!("{at}: sources");
        networks.extend(faults.expect(Cidr::parse(text), &at, Cidr::WANTED, text));
    }
    networks.extend(peer.host.address().and_then(|address| Cidr::parse(&address.to_string())));
    networks.sort_unstable();
    networks.dedup();
    if networks.is_empty() && record.sources.is_empty() {
        faults.add(&format_args!("{at}: sources"), "a network, because the host is a name", "none");
    }
    networks
}

/// Numbers remember carriers in 16 bits.
const CARRIERS_MAX: usize = u16::MAX as usize;
