//! Connectors and groups, checked.

use std::{
    net::IpAddr,
    num::{NonZeroU8, NonZeroU32},
};

use crate::{
    cidr::Cidr,
    country::Country,
    credential::Credential,
    e164::E164,
    id::{VoiceConnectorGroupId, VoiceConnectorId},
    nanp,
    peer::Peer,
    records::CallDistributionType,
    region::AwsRegion,
    settings::{IntegrationType, LoggingConfiguration, NetworkType, StreamingConfiguration},
};

/// A customer's trunk.
#[derive(Clone, Debug)]
pub struct VoiceConnector {
    /// The site it belongs to.
    pub aws_region: AwsRegion,
    /// Who may log in; nobody has to if none.
    pub credentials: Box<[Credential]>,
    /// Where emergency calls go.
    pub emergency: Option<EmergencyCalling>,
    /// Its id.
    pub id: VoiceConnectorId,
    /// What it was made for.
    pub integration_type: Option<IntegrationType>,
    /// Its logs.
    pub logging: LoggingConfiguration,
    /// Its name for people.
    pub name: Box<str>,
    /// Its families of addresses.
    pub network_type: NetworkType,
    /// Calls to the customer.
    pub origination: Option<Origination>,
    /// Whether all calls are with TLS and SRTP.
    pub require_encryption: bool,
    /// Whether SRTP may be offered where its keys can be read on the way.
    pub srtp_without_tls: bool,
    /// Its streams.
    pub streaming: Option<StreamingConfiguration>,
    /// Calls from the customer.
    pub termination: Option<Termination>,
}

impl VoiceConnector {
    /// Finds who may log in by that name.
    pub fn credential(&self, username: &str) -> Option<&Credential> {
        self.credentials.iter().find(|credential| &*credential.username == username)
    }
}

/// Calls from the customer.
#[derive(Clone, Debug)]
pub struct Termination {
    /// The countries that may be called, ascending.
    pub calling_regions: Box<[Country]>,
    /// The networks that calls come from.
    pub cidr_allowed_list: Box<[Cidr]>,
    /// New calls a second.
    pub cps_limit: NonZeroU32,
    /// Who is presented as the caller when nobody can be otherwise.
    pub default_phone_number: Option<E164>,
    /// Whether no call is taken although the rest is set.
    pub disabled: bool,
    /// Whether premium numbers may be called.
    pub premium_calls: bool,
}

impl Termination {
    /// Finds the network of the allow-list that an address belongs to.
    pub fn allows(&self, source: IpAddr) -> Option<Cidr> {
        self.cidr_allowed_list.iter().copied().find(|network| network.contains(source))
    }

    /// Finds the country by which a number may be called. Toll-free numbers of the North American plan can be called from
    /// all of its countries, so any of these will do.
    pub fn region_of(&self, number: E164) -> Option<Country> {
        let country = Country::of(number)?;
        if self.calling_regions.binary_search(&country).is_ok() {
            return Some(country);
        }
        let is_shared = number.nanp().is_some_and(|parts| nanp::TOLL_FREE.contains(&parts.area));
        let mut regions = self.calling_regions.iter().copied();
        regions.find(|region| is_shared && nanp::is_in_plan(*region))
    }
}

/// Calls to the customer.
#[derive(Clone, Debug)]
pub struct Origination {
    /// Whether no call is delivered although the rest is set.
    pub disabled: bool,
    /// Where calls are delivered.
    pub routes: Box<[Route]>,
}

/// One place where calls are delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where and how: with TLS, whatever the record says, if the connector requires encryption.
    pub peer: Peer,
    /// Which is tried first: 1 before 100.
    pub priority: u8,
    /// Its share among the routes of one priority.
    pub weight: NonZeroU8,
}

/// Where emergency calls from the United States go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmergencyCalling {
    /// Who answers emergency calls.
    pub emergency_phone_number: E164,
    /// Who answers tests.
    pub test_phone_number: Option<E164>,
}

/// Connectors that stand in for each other.
#[derive(Clone, Debug)]
pub struct VoiceConnectorGroup {
    /// How calls are spread.
    pub call_distribution_type: CallDistributionType,
    /// Its id.
    pub id: VoiceConnectorGroupId,
    /// Its connectors by their place in the snapshot, and their priorities.
    pub(crate) items: Box<[GroupItem]>,
    /// Its name for people.
    pub name: Box<str>,
}

/// A connector of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupItem {
    pub(crate) connector: u32,
    pub(crate) priority: u8,
}
