//! Groups of connectors, as they are managed.

use serde::{Deserialize, Serialize};
use trunk::VoiceConnectorGroupId;
use trunk::records::VoiceConnectorGroupRecord;

use crate::document::Kind;
use crate::id::Owned;
use crate::moment::Moment;
use crate::table::Item;
use crate::tag::Tag;

/// Connectors that stand in for each other.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceConnectorGroup {
    /// When it was made.
    pub created: Moment,
    /// What calls obey.
    pub record: VoiceConnectorGroupRecord,
    /// What the customer has written on it.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// When it was last changed.
    pub updated: Moment,
}

impl Item for VoiceConnectorGroup {
    type Id = Owned<VoiceConnectorGroupId>;
    const KIND: Kind = Kind::VoiceConnectorGroup;
}
