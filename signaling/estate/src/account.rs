//! Customers of the operator.

use serde::{Deserialize, Serialize};
use trunk::{GlobalSettings, Quotas};

use crate::document::Kind;
use crate::due::Due;
use crate::estate::Estate;
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
    /// A name that is not in use yet, and when it will be.
    #[serde(default)]
    pub calling_name_to_come: Option<(String, Moment)>,
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

    fn follow(estate: &mut Estate, id: &Self::Id, before: Option<&Self>, after: Option<&Self>) {
        let due = |account: &Self| account.calling_name_to_come.as_ref().map(|(_, moment)| *moment);
        estate.agenda.follow(Due::CallingName(*id), before.and_then(due), after.and_then(due));
    }
}
