//! Numbers that go to other operators, as they are managed.

use serde::{Deserialize, Serialize};
use trunk::{E164, Secret};

use crate::document::Kind;
use crate::id::{OrderId, Owned};
use crate::moment::Moment;
use crate::table::Item;

/// Numbers that a customer takes to another operator, who shows the account and the PIN for them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PortOut {
    /// When it was made.
    pub created: Moment,
    /// The numbers.
    pub numbers: Vec<E164>,
    /// What the customer tells the other operator; gone as soon as it was checked, whatever came of it.
    #[serde(default)]
    pub pin: Option<Secret>,
    /// How far it is.
    pub state: PortOutState,
    /// When it was last changed.
    pub updated: Moment,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum PortOutState {
    /// The other operator has shown the PIN.
    Authorized,
    /// The customer keeps the numbers.
    Cancelled,
    /// Somebody has shown a wrong PIN; the customer has to ask for another one.
    PinSpent,
    /// The numbers are with the other operator.
    Ported,
    /// The customer has the PIN, and nobody has shown it yet.
    Requested,
}

impl PortOutState {
    /// Tells whether nothing more comes of it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Ported)
    }
}

impl Item for PortOut {
    type Id = Owned<OrderId>;
    const KIND: Kind = Kind::PortOut;
}
