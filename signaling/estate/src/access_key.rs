//! What requests are signed with.

use serde::{Deserialize, Serialize};
use trunk::Secret;

use crate::document::Kind;
use crate::id::{AccessKeyId, AccountId};
use crate::moment::Moment;
use crate::table::Item;

/// A key that requests of an account are signed with.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AccessKey {
    /// Whose requests.
    pub account: AccountId,
    /// When it was made.
    pub created: Moment,
    /// Whether it is out of use.
    #[serde(default)]
    pub disabled: bool,
    /// What it is for, in the words of whoever made it.
    #[serde(default)]
    pub name: String,
    /// The secret. Signatures are computed with it, so it cannot be kept as a hash.
    pub secret: Secret,
}

impl Item for AccessKey {
    type Id = AccessKeyId;
    const KIND: Kind = Kind::AccessKey;
}
