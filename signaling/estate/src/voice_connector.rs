//! Connectors, as they are managed.

use serde::{Deserialize, Serialize};
use trunk::VoiceConnectorId;
use trunk::records::VoiceConnectorRecord;

use crate::document::Kind;
use crate::id::Owned;
use crate::moment::Moment;
use crate::table::Item;
use crate::tag::Tag;

/// A customer's trunk.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceConnector {
    /// When it was made.
    pub created: Moment,
    /// What it works with, for people who look after both.
    #[serde(default)]
    pub external_systems: Option<ExternalSystems>,
    /// What calls obey.
    pub record: VoiceConnectorRecord,
    /// What the customer has written on it.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// When it was last changed.
    pub updated: Moment,
}

/// What a connector works with: names of products, which change nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalSystems {
    /// Contact centres.
    #[serde(default)]
    pub contact_center_system_types: Vec<String>,
    /// Session border controllers.
    #[serde(default)]
    pub session_border_controller_types: Vec<String>,
}

impl Item for VoiceConnector {
    type Id = Owned<VoiceConnectorId>;
    const KIND: Kind = Kind::VoiceConnector;
}
