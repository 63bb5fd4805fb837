//! Phone numbers, as they are managed: those that carriers deliver to us, and of these the ones that accounts have.

use serde::{Deserialize, Serialize};
use trunk::records::{
    AssociationName, CallingNameStatus, PhoneNumberRecord, PhoneNumberStatus, PhoneNumberType,
};
use trunk::{E164, Home, VoiceConnectorGroupId, VoiceConnectorId};

use crate::document::Kind;
use crate::due::Due;
use crate::estate::Estate;
use crate::id::{AccountId, OrderId, Owned};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::table::Item;

/// Why something was not done to one number of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumberError {
    /// To which.
    pub number: E164,
    /// Why.
    pub refusal: Refusal,
}

/// A number that carriers deliver to us, whether or not an account has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
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

    fn follow(estate: &mut Estate, id: &Self::Id, before: Option<&Self>, after: Option<&Self>) {
        estate.directory.follow_pool(*id, before, after);
    }
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
    /// The case by which it is to go to another operator, if it is.
    #[serde(default)]
    pub port_out: Option<OrderId>,
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

    /// Begins to be an account's what the pool has.
    pub(crate) fn new(number: E164, pool: &PoolNumber, now: Moment) -> Self {
        let record = PhoneNumberRecord {
            calling_name_status: CallingNameStatus::Unassigned,
            e164_phone_number: number.to_string(),
            status: PhoneNumberStatus::AcquireInProgress,
            ..PhoneNumberRecord::default()
        };
        let mut item = Self { created: now, record, updated: now, ..Self::default() };
        item.obey(pool);
        item
    }

    /// Takes over what the operator knows of it.
    pub(crate) fn obey(&mut self, pool: &PoolNumber) {
        self.country.clone_from(&pool.country);
        self.record.calls_max = pool.calls_max;
        self.record.carriers.clone_from(&pool.carriers);
        self.record.phone_number_type = pool.phone_number_type;
    }

    /// Gives the name that it has, or that it is to have.
    pub fn calling_name(&self) -> &str {
        match &self.calling_name_to_come {
            Some((name, _)) => name,
            None => self.record.calling_name.as_deref().unwrap_or_default(),
        }
    }

    /// Tells whether calls to it go to another operator who has taken it over.
    pub const fn is_ported_out(&self) -> bool {
        self.port_out.is_some() && matches!(self.record.status, PhoneNumberStatus::ReleaseInProgress)
    }

    /// Tells whether calls to it still go to another operator, and are not on their way to us by an order of the pool.
    pub(crate) const fn is_of_other_operator(&self) -> bool {
        use PhoneNumberStatus::{AcquireFailed, Cancelled, PortinCancelRequested, PortinInProgress};
        matches!(self.record.status, AcquireFailed | Cancelled | PortinCancelRequested | PortinInProgress)
    }

    /// Tells whether an order has reserved it, and is not fulfilled yet.
    pub(crate) fn is_reserved_by(&self, order: OrderId) -> bool {
        self.record.status == PhoneNumberStatus::AcquireInProgress && self.order == Some(order)
    }

    /// Tells whether it was to come from another operator, and will not.
    pub(crate) const fn is_lost(&self) -> bool {
        matches!(self.record.status, PhoneNumberStatus::AcquireFailed | PhoneNumberStatus::Cancelled)
    }

    fn due(&self) -> Option<Moment> {
        let name = self.calling_name_to_come.as_ref().map(|(_, moment)| *moment);
        name.into_iter().chain(self.deletion).min()
    }
}

impl Item for InventoryNumber {
    type Id = Owned<E164>;
    const KIND: Kind = Kind::InventoryNumber;

    fn follow(estate: &mut Estate, id: &Self::Id, before: Option<&Self>, after: Option<&Self>) {
        estate.assign(id.id, before.and_then(Self::home), after.and_then(Self::home));
        estate.directory.follow_inventory(id, before, after);
        estate.agenda.follow(Due::PhoneNumber(*id), before.and_then(Self::due), after.and_then(Self::due));
    }
}
