//! What a snapshot is built from: plain texts and numbers, as files, databases and requests hold them.
//!
//! Nothing here is checked; that is what [`Snapshot::build`](crate::snapshot::Snapshot::build) is for. Fields have the
//! words of the AWS API in snake case.

mod carrier;
mod connector;
mod number;

use serde::{Deserialize, Serialize};

use crate::{quotas::Quotas, settings::GlobalSettings};

pub use carrier::{CarrierLinkRecord, CarrierRecord};
pub use connector::{
    CallDistributionType, CredentialRecord, DnisRecord, EmergencyCallingRecord, OriginationRecord,
    RouteProtocol, RouteRecord, SecretRecord, TerminationRecord, VoiceConnectorGroupRecord,
    VoiceConnectorItemRecord, VoiceConnectorRecord,
};
pub use number::{
    AssociationName, AssociationRecord, CallingNameStatus, PhoneNumberRecord, PhoneNumberStatus,
    PhoneNumberType, ProductType,
};

/// All that there is.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Records {
    /// Which numbers connectors may present.
    pub caller_identity: CallerIdentityRecord,
    /// How many calls there may be at a time; unlimited if none.
    pub calls_max: Option<u32>,
    /// The links to the telephone network.
    pub carriers: Vec<CarrierRecord>,
    /// The name of numbers that have none of their own; empty for none.
    pub default_calling_name: String,
    /// What all connectors share.
    pub global_settings: GlobalSettings,
    /// The inventory.
    pub phone_numbers: Vec<PhoneNumberRecord>,
    /// How many of each thing there may be.
    pub quotas: Quotas,
    /// Whether networks and hosts have to be public, and networks small, as AWS has it.
    pub strict_aws_limits: bool,
    /// The groups.
    pub voice_connector_groups: Vec<VoiceConnectorGroupRecord>,
    /// The connectors.
    pub voice_connectors: Vec<VoiceConnectorRecord>,
    /// What follows the id in the host name of a connector; the realm of digest authentication, too.
    pub zone: String,
}

/// Which numbers connectors may present as the caller.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallerIdentityRecord {
    /// Of which countries.
    pub countries: Vec<String>,
    /// Whose.
    pub presentable: Presentable,
}

impl Default for CallerIdentityRecord {
    fn default() -> Self {
        Self { countries: vec!["US".to_owned()], presentable: Presentable::Any }
    }
}

/// Whose numbers may be presented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum Presentable {
    /// Anybody's: forwarded calls keep their caller.
    #[default]
    Any,
    /// Those of the inventory.
    Inventory,
    /// Those assigned to the connector, or to a group it is in.
    VoiceConnector,
}
