//! Phone numbers, as they are managed: those that carriers deliver to us, and of these the ones that accounts have.

use serde::{Deserialize, Serialize};
use trunk::records::{AssociationName, PhoneNumberRecord, PhoneNumberType};
use trunk::{E164, Home, VoiceConnectorGroupId, VoiceConnectorId};

use crate::document::Kind;
use crate::estate::Estate;
use crate::id::{AccountId, OrderId, Owned};
use crate::moment::Moment;
use crate::table::Item;

/// A number that carriers deliver to us, whether or not an account has it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PoolNumber {
    /// Whose it is, or who has ordered it; nobody's if none.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// When it came.
    pub added: Moment,
    /// Its area code, where the country has some.
    #[serde(default)]
    pub area_code: String,
    /// How many calls may come to it at a time; 100 if none.
    #[serde(default)]
    pub calls_max: Option<u32>,
    /// Who delivers calls to it: one carrier, or several if it is toll-free.
    pub carriers: Vec<String>,
    /// The city, if any.
    #[serde(default)]
    pub city: String,
    /// The country, two letters.
    pub country: String,
    /// Who pays for calls to it.
    pub phone_number_type: PhoneNumberType,
    /// The state or province, if any.
    #[serde(default)]
    pub state: String,
}

impl Item for PoolNumber {
    type Id = E164;
    const KIND: Kind = Kind::PoolNumber;
}

/// A number that an account has, has ordered, or has deleted a few days ago.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InventoryNumber {
    /// When it was assigned to what it is assigned to.
    #[serde(default)]
    pub associated: Option<Moment>,
    /// A calling name that is not in use yet, and when it will be.
    #[serde(default)]
    pub calling_name_to_come: Option<(String, Moment)>,
    /// The country, two letters.
    pub country: String,
    /// When it was made.
    pub created: Moment,
    /// When it is deleted for good, if it is in the deletion queue.
    #[serde(default)]
    pub deletion: Option<Moment>,
    /// What the customer calls it.
    #[serde(default)]
    pub name: String,
    /// The order it came with.
    #[serde(default)]
    pub order: Option<OrderId>,
    /// What calls obey.
    pub record: PhoneNumberRecord,
    /// When it was last changed.
    pub updated: Moment,
}

impl InventoryNumber {
    /// Tells what it is assigned to, if that is something calls are delivered to.
    pub fn home(&self) -> Option<Home> {
        let association = self.record.associations.first()?;
        match association.name {
            AssociationName::VoiceConnectorId => {
                VoiceConnectorId::parse(&association.value).map(Home::VoiceConnector)
            }
            AssociationName::VoiceConnectorGroupId => {
                VoiceConnectorGroupId::parse(&association.value).map(Home::VoiceConnectorGroup)
            }
            AssociationName::SipRuleId => None,
        }
    }
}

impl Item for InventoryNumber {
    type Id = Owned<E164>;
    const KIND: Kind = Kind::InventoryNumber;

    fn follow(estate: &mut Estate, id: &Self::Id, before: Option<&Self>, after: Option<&Self>) {
        estate.assign(id.id, before.and_then(Self::home), after.and_then(Self::home));
    }
}
