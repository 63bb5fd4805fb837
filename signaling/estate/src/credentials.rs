//! Who may log in to a trunk: apart from the trunk, because they are secret.

use serde::{Deserialize, Serialize};
use trunk::VoiceConnectorId;
use trunk::records::CredentialRecord;

use crate::document::Kind;
use crate::id::Owned;
use crate::table::Item;

/// Who may log in to a trunk.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// A name and hashes each, ascending by the name.
    pub list: Vec<CredentialRecord>,
}

impl Item for Credentials {
    type Id = Owned<VoiceConnectorId>;
    const KIND: Kind = Kind::Credentials;
}
