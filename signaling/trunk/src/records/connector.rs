//! Connectors and groups.

use serde::{Deserialize, Serialize};

use crate::{
    credential::{DigestAlgorithm, Secret},
    peer::Transport,
    region::AwsRegion,
    settings::{IntegrationType, LoggingConfiguration, NetworkType, StreamingConfiguration},
};

/// A VoiceConnector: a customer's trunk.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoiceConnectorRecord {
    /// The site it belongs to.
    pub aws_region: AwsRegion,
    /// Who may log in; nobody has to if none.
    pub credentials: Vec<CredentialRecord>,
    /// Where emergency calls go.
    pub emergency_calling: Option<EmergencyCallingRecord>,
    /// What it was made for.
    pub integration_type: Option<IntegrationType>,
    /// Its logs.
    pub logging: LoggingConfiguration,
    /// Its name for people.
    pub name: String,
    /// Its families of addresses.
    pub network_type: NetworkType,
    /// Calls to the customer; none if it was never set.
    pub origination: Option<OriginationRecord>,
    /// Whether all calls are with TLS and SRTP.
    pub require_encryption: bool,
    /// Whether SRTP may be offered where its keys can be read on the way.
    pub srtp_without_tls: bool,
    /// Its streams.
    pub streaming: Option<StreamingConfiguration>,
    /// Calls from the customer; none if it was never set.
    pub termination: Option<TerminationRecord>,
    /// Its id.
    pub voice_connector_id: String,
}

/// Calls from the customer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TerminationRecord {
    /// The countries that may be called.
    pub calling_regions: Vec<String>,
    /// The networks that calls come from.
    pub cidr_allowed_list: Vec<String>,
    /// New calls a second.
    pub cps_limit: u32,
    /// Who is presented as the caller when nobody can be otherwise.
    pub default_phone_number: Option<String>,
    /// Whether no call is taken although the rest is set.
    pub disabled: bool,
    /// Whether premium numbers may be called.
    pub premium_calls: bool,
}

impl Default for TerminationRecord {
    fn default() -> Self {
        Self {
            calling_regions: Vec::new(),
            cidr_allowed_list: Vec::new(),
            cps_limit: 1,
            default_phone_number: None,
            disabled: false,
            premium_calls: true,
        }
    }
}

/// A user who may log in.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialRecord {
    /// One secret per algorithm.
    pub secrets: Vec<SecretRecord>,
    /// The name.
    pub username: String,
}

/// The hash of user, realm and password.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRecord {
    /// How it was made.
    pub algorithm: DigestAlgorithm,
    /// Hexadecimal digits.
    pub ha1: Secret,
}

/// Calls to the customer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OriginationRecord {
    /// Whether no call is delivered although the rest is set.
    pub disabled: bool,
    /// Where calls are delivered.
    pub routes: Vec<RouteRecord>,
}

/// One place where calls are delivered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RouteRecord {
    /// The host.
    pub host: String,
    /// The port; that of the transport if none or zero.
    #[serde(default)]
    pub port: Option<u16>,
    /// Which is tried first: 1 before 100.
    pub priority: u32,
    /// How calls are sent, if they need not be encrypted.
    pub protocol: RouteProtocol,
    /// Its share among the routes of one priority, 1 to 100.
    pub weight: u32,
}

/// How calls are sent to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum RouteProtocol {
    /// A connection.
    #[serde(rename = "TCP")]
    Tcp,
    /// Datagrams.
    #[serde(rename = "UDP")]
    Udp,
}

impl From<RouteProtocol> for Transport {
    fn from(protocol: RouteProtocol) -> Self {
        match protocol {
            RouteProtocol::Tcp => Self::Tcp,
            RouteProtocol::Udp => Self::Udp,
        }
    }
}

/// Where emergency calls go.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencyCallingRecord {
    /// One entry per country; the United States only.
    pub dnis: Vec<DnisRecord>,
}

/// The numbers that a third party has given for emergency calls from one country.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DnisRecord {
    /// The country.
    pub calling_country: String,
    /// Who answers emergency calls.
    pub emergency_phone_number: String,
    /// Who answers tests.
    #[serde(default)]
    pub test_phone_number: Option<String>,
}

/// A VoiceConnectorGroup: connectors that stand in for each other.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoiceConnectorGroupRecord {
    /// How calls are spread.
    pub call_distribution_type: CallDistributionType,
    /// Its name for people.
    pub name: String,
    /// Its id.
    pub voice_connector_group_id: String,
    /// Its connectors.
    pub voice_connector_items: Vec<VoiceConnectorItemRecord>,
}

/// A connector of a group.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceConnectorItemRecord {
    /// Which is tried first: 1 before 99.
    pub priority: u32,
    /// The connector.
    pub voice_connector_id: String,
}

/// How a group spreads calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum CallDistributionType {
    /// All connectors get the same share, whatever their priority.
    LoadBalancedDistribution,
    /// The first connector gets all as long as it answers.
    #[default]
    PriorityWeightedDistribution,
}
