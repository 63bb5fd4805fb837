//! Customers of the operator.

use serde::{Deserialize, Serialize};
use trunk::{GlobalSettings, Quotas};

use crate::document::Kind;
use crate::id::AccountId;
use crate::moment::Moment;
use crate::table::Item;

/// A customer of the operator.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The name of numbers that have none of their own; empty for none.
    #[serde(default)]
    pub calling_name: String,
    /// When that name was last changed.
    #[serde(default)]
    pub calling_name_updated: Option<Moment>,
    /// When it was made.
    pub created: Moment,
    /// What its connectors share.
    #[serde(default)]
    pub global_settings: GlobalSettings,
    /// Its name for people.
    pub name: String,
    /// How many of each thing it may have.
    #[serde(default)]
    pub quotas: Quotas,
}

impl Item for Account {
    type Id = AccountId;
    const KIND: Kind = Kind::Account;
}
