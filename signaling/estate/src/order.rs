//! Orders of numbers, as they are managed.

use serde::{Deserialize, Serialize};
use trunk::E164;
use trunk::records::ProductType;

use crate::document::Kind;
use crate::id::{OrderId, Owned};
use crate::moment::Moment;
use crate::table::Item;

/// An order of numbers, new ones or ones that come from another operator.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneNumberOrder {
    /// When it was made.
    pub created: Moment,
    /// When numbers are to come from another operator.
    #[serde(default)]
    pub foc_date: Option<Moment>,
    /// What the customer calls it, and each of its numbers.
    #[serde(default)]
    pub name: String,
    /// What was ordered.
    pub numbers: Vec<OrderedNumber>,
    /// Where the numbers come from.
    pub order_type: OrderType,
    /// What they are for.
    pub product_type: ProductType,
    /// How far it is.
    pub status: OrderStatus,
    /// When it was last changed.
    pub updated: Moment,
}

/// A number of an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OrderedNumber {
    /// The number as it was ordered: not every text is one.
    pub e164_phone_number: String,
    /// How far it is.
    pub status: OrderedStatus,
}

impl OrderedNumber {
    /// Reads the number.
    pub fn number(&self) -> Option<E164> {
        E164::parse(&self.e164_phone_number).ok()
    }
}

/// Where the numbers of an order come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum OrderType {
    /// Out of the pool.
    New,
    /// From another operator.
    Porting,
}

/// How far a number of an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the AWS API and mean nothing else")]
pub enum OrderedStatus {
    Acquired,
    Failed,
    Processing,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the AWS API and mean nothing else")]
pub enum OrderStatus {
    Cancelled,
    CancelRequested,
    ChangeRequested,
    Exception,
    Failed,
    #[serde(rename = "FOC")]
    Foc,
    Partial,
    PendingDocuments,
    Processing,
    Submitted,
    Successful,
}

impl Item for PhoneNumberOrder {
    type Id = Owned<OrderId>;
    const KIND: Kind = Kind::PhoneNumberOrder;
}
