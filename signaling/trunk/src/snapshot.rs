//! All that decisions are made from, at one moment: checked, immutable, and indexed.
//!
//! A change makes another snapshot. Whoever decides holds one until the decision is made, so that no call is routed by
//! half of a change.

mod account;
mod carriers;
mod connectors;
mod numbers;
mod origination;
mod termination;

use std::{collections::HashMap, net::IpAddr, num::NonZeroU32, slice, sync::Arc};

use crate::{
    carrier::{Carrier, CarrierLink},
    cidr::{Cidr, Networks},
    connector::{VoiceConnector, VoiceConnectorGroup},
    country::Country,
    credential::Credential,
    e164::E164,
    fault::Faults,
    id::{CarrierLinkId, VoiceConnectorGroupId, VoiceConnectorId},
    number::{Home, PhoneNumber},
    records::{Presentable, Records},
    settings::GlobalSettings,
    word::Word,
};

use numbers::{HomeAt, Numbers};

/// Everything, checked and indexed.
#[derive(Clone, Debug)]
pub struct Snapshot {
    caller_countries: Box<[Country]>,
    calls_max: Option<NonZeroU32>,
    carriers: Box<[Carrier]>,
    connector_by_id: HashMap<VoiceConnectorId, u32>,
    connectors: Box<[VoiceConnector]>,
    default_calling_name: Option<Arc<str>>,
    global_settings: GlobalSettings,
    group_by_id: HashMap<VoiceConnectorGroupId, u32>,
    groups: Box<[VoiceConnectorGroup]>,
    link_by_id: HashMap<CarrierLinkId, u32>,
    link_by_source: Networks<Vec<u32>>,
    links: Box<[CarrierLink]>,
    numbers: Numbers,
    owners_by_source: Networks<Vec<u32>>,
    presentable: Presentable,
    zone: Box<str>,
}

/// On which side of us somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The telephone network.
    Carrier,
    /// A connector.
    Customer,
}

impl Snapshot {
    /// Checks records and indexes them.
    ///
    /// # Errors
    /// Tells all that is wrong, not only what was found first.
    pub fn build(records: &Records) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let account = account::check(records, &mut faults);
        let connectors = connectors::check(records, &mut faults);
        let carriers = carriers::check(records, &mut faults);
        let numbers = numbers::check(records, &connectors, &carriers, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            caller_countries: account.caller_countries,
            calls_max: account.calls_max,
            carriers: carriers.list.into(),
            connector_by_id: connectors.by_id,
            owners_by_source: owners(&connectors.list),
            connectors: connectors.list.into(),
            default_calling_name: account.default_calling_name,
            global_settings: records.global_settings.clone(),
            group_by_id: connectors.group_by_id,
            groups: connectors.groups.into(),
            link_by_id: carriers.link_by_id,
            link_by_source: carriers.by_source,
            links: carriers.links.into(),
            numbers,
            presentable: records.caller_identity.presentable,
            zone: account.zone,
        })
    }

    /// Finds a connector.
    pub fn connector(&self, id: &VoiceConnectorId) -> Option<&VoiceConnector> {
        self.connector_at(*self.connector_by_id.get(id)?)
    }

    /// Finds the connector whose outbound host name a request names, in capital letters or not, with a dot at its end or
    /// not.
    pub fn connector_by_host(&self, host: &str) -> Option<&VoiceConnector> {
        let label: Word<LABEL_LEN_MAX> = Word::lower(self.label_in_zone(host)?)?;
        self.connector(&VoiceConnectorId::parse(label.as_str())?)
    }

    /// Tells whether a host is of our zone, whether or not there is such a connector.
    pub fn is_in_zone(&self, host: &str) -> bool {
        self.label_in_zone(host).is_some()
    }

    /// Gives all connectors, in the order of the records.
    pub fn connectors(&self) -> slice::Iter<'_, VoiceConnector> {
        self.connectors.iter()
    }

    /// Gives the outbound host name of a connector.
    pub fn outbound_host_name(&self, id: &VoiceConnectorId) -> String {
        format!("{id}.{}", self.zone)
    }

    /// Gives what follows the id in host names; it is the realm of digest authentication, too, for a challenge may come
    /// before it is known which connector is meant.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// Finds the smallest network of allow-lists that an address belongs to, and whose lists these are.
    pub fn owners_of(&self, source: IpAddr) -> Option<(Cidr, impl Iterator<Item = &VoiceConnector> + Clone)> {
        let (network, owners) = self.owners_by_source.longest(source)?;
        Some((network, owners.iter().filter_map(|at| self.connector_at(*at))))
    }

    /// Gives whom a request may come from and who may log in there by a name: what it has to be tried against before the
    /// decision.
    pub fn credentials(
        &self,
        host: &str,
        source: IpAddr,
        username: &str,
    ) -> Vec<(VoiceConnectorId, &Credential)> {
        let candidates: Vec<&VoiceConnector> = match self.connector_by_host(host) {
            Some(connector) => vec![connector],
            None => self.owners_of(source).map(|(_network, owners)| owners.collect()).unwrap_or_default(),
        };
        let found = candidates.into_iter().map(|connector| (connector.id, connector.credential(username)));
        found.filter_map(|(id, credential)| Some((id, credential?))).collect()
    }

    /// Tells whether a connector or a link of a carrier lists an address.
    pub fn lists(&self, source: IpAddr) -> bool {
        self.owners_by_source.longest(source).is_some() || self.link_by_source.longest(source).is_some()
    }

    /// Tells on which side somebody is who sends a request; `None` for strangers, who get no answer.
    pub fn side_of(&self, source: IpAddr, host: &str) -> Option<Side> {
        if self.connector_by_host(host).is_some() {
            return Some(Side::Customer);
        }
        if self.link_by_source.longest(source).is_some() {
            return Some(Side::Carrier);
        }
        self.owners_by_source.longest(source).map(|_| Side::Customer)
    }

    /// Finds a group.
    pub fn group(&self, id: &VoiceConnectorGroupId) -> Option<&VoiceConnectorGroup> {
        self.group_at(*self.group_by_id.get(id)?)
    }

    /// Gives all groups, in the order of the records.
    pub fn groups(&self) -> slice::Iter<'_, VoiceConnectorGroup> {
        self.groups.iter()
    }

    /// Gives the connectors of a group with their priorities, in the order of the records.
    pub fn connectors_of(&self, group: &VoiceConnectorGroup) -> impl Iterator<Item = (&VoiceConnector, u8)> {
        group.items.iter().filter_map(|item| Some((self.connector_at(item.connector)?, item.priority)))
    }

    /// Gives all carriers, in the order of the records.
    pub fn carriers(&self) -> slice::Iter<'_, Carrier> {
        self.carriers.iter()
    }

    /// Gives all links of all carriers, in the order of the records.
    pub fn links(&self) -> slice::Iter<'_, CarrierLink> {
        self.links.iter()
    }

    /// Finds a link.
    pub fn link(&self, id: &CarrierLinkId) -> Option<&CarrierLink> {
        self.link_at(*self.link_by_id.get(id)?)
    }

    /// Finds the link that an address belongs to: of several, the first that is in use. All of them are of one carrier.
    pub fn link_by_source(&self, source: IpAddr) -> Option<&CarrierLink> {
        let (_network, links) = self.link_by_source.longest(source)?;
        let links = || links.iter().filter_map(|at| self.link_at(*at));
        links().find(|link| !link.disabled).or_else(|| links().next())
    }

    /// Finds a number of the inventory.
    pub fn number(&self, e164: E164) -> Option<PhoneNumber> {
        let entry = self.numbers.entry(e164)?;
        let carriers = self.numbers.carriers(entry).iter();
        let carriers = carriers.filter_map(|at| self.carriers.get(usize::from(*at)));
        Some(PhoneNumber {
            calling_name: self.numbers.name(entry).or_else(|| self.default_calling_name.clone()),
            calls_max: entry.calls_max,
            carriers: carriers.map(|carrier| carrier.id).collect(),
            e164,
            home: self.home(entry.home),
            tenure: entry.tenure,
            phone_number_type: entry.phone_number_type,
        })
    }

    /// Counts the numbers of the inventory.
    pub fn numbers_len(&self) -> usize {
        self.numbers.len()
    }

    /// Tells how much memory the numbers take.
    pub fn numbers_bytes(&self) -> usize {
        self.numbers.bytes()
    }

    /// Tells of which countries a caller's number may be, ascending.
    pub fn caller_countries(&self) -> &[Country] {
        &self.caller_countries
    }

    /// Tells whose numbers may be presented.
    pub fn presentable(&self) -> Presentable {
        self.presentable
    }

    /// Tells how many calls there may be at a time; unlimited if none.
    pub fn calls_max(&self) -> Option<NonZeroU32> {
        self.calls_max
    }

    /// Gives what all connectors share.
    pub fn global_settings(&self) -> &GlobalSettings {
        &self.global_settings
    }

    fn label_in_zone<'a>(&self, host: &'a str) -> Option<&'a str> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let (label, zone) = host.split_once('.')?;
        zone.eq_ignore_ascii_case(&self.zone).then_some(label)
    }

    fn home(&self, home: HomeAt) -> Option<Home> {
        match home {
            HomeAt::Connector(at) => {
                self.connector_at(at).map(|connector| Home::VoiceConnector(connector.id))
            }
            HomeAt::Group(at) => self.group_at(at).map(|group| Home::VoiceConnectorGroup(group.id)),
            HomeAt::None => None,
        }
    }

    fn connector_at(&self, at: u32) -> Option<&VoiceConnector> {
        self.connectors.get(usize::try_from(at).ok()?)
    }

    fn group_at(&self, at: u32) -> Option<&VoiceConnectorGroup> {
        self.groups.get(usize::try_from(at).ok()?)
    }

    fn link_at(&self, at: u32) -> Option<&CarrierLink> {
        self.links.get(usize::try_from(at).ok()?)
    }
}

fn owners(connectors: &[VoiceConnector]) -> Networks<Vec<u32>> {
    let networks = |connector: &VoiceConnector| -> Vec<Cidr> {
        connector.termination.iter().flat_map(|termination| termination.cidr_allowed_list.to_vec()).collect()
    };
    let pairs = (0..)
        .zip(connectors)
        .flat_map(|(at, connector)| networks(connector).into_iter().map(move |network| (network, vec![at])));
    Networks::new(pairs.collect(), |owners, mut more| owners.append(&mut more))
}

/// A label of the DNS has at most 63 characters (RFC 1035 section 2.3.4).
const LABEL_LEN_MAX: usize = 63;
