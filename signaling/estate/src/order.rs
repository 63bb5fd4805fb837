//! Orders of numbers, as they are managed.

use serde::{Deserialize, Serialize};
use trunk::E164;
use trunk::records::ProductType;

use crate::document::Kind;
use crate::due::Due;
use crate::estate::Estate;
use crate::id::{OrderId, Owned};
use crate::moment::Moment;
use crate::table::Item;

/// An order of numbers, new ones or ones that come from another operator.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneNumberOrder {
    /// Whether its numbers are only there when an operator has said so.
    #[serde(default)]
    pub awaits_operator: bool,
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
    /// The number.
    pub e164_phone_number: E164,
    /// How far it is.
    pub status: OrderedStatus,
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

impl OrderStatus {
    /// Tells whether nothing more comes of it.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Cancelled | Self::Failed | Self::Partial | Self::Successful => true,
            Self::CancelRequested
            | Self::ChangeRequested
            | Self::Exception
            | Self::Foc
            | Self::PendingDocuments
            | Self::Processing
            | Self::Submitted => false,
        }
    }
}

impl PhoneNumberOrder {
    /// Draws the sum when nothing is awaited any more.
    pub(crate) fn settle(&mut self) {
        let count = |status| self.numbers.iter().filter(|number| number.status == status).count();
        let counts = (count(OrderedStatus::Processing), count(OrderedStatus::Acquired));
        self.status = match counts {
            (0, 0) => OrderStatus::Failed,
            (0, acquired) if acquired == self.numbers.len() => OrderStatus::Successful,
            (0, _) => OrderStatus::Partial,
            (_, _) => OrderStatus::Processing,
        };
    }

    /// Tells whether an operator has to do something about it.
    fn awaits_operator(&self) -> bool {
        match self.order_type {
            OrderType::New => self.status == OrderStatus::Processing && self.due().is_none(),
            OrderType::Porting => !self.status.is_final(),
        }
    }

    /// An order that nobody has to approve, or that has nothing left to approve, is fulfilled as soon as time passes.
    fn due(&self) -> Option<Moment> {
        let is_open = self.order_type == OrderType::New && self.status == OrderStatus::Processing;
        let is_processing = |number: &OrderedNumber| number.status == OrderedStatus::Processing;
        let waits = self.awaits_operator && self.numbers.iter().any(is_processing);
        (is_open && !waits).then_some(self.created)
    }
}

impl Item for PhoneNumberOrder {
    type Id = Owned<OrderId>;
    const KIND: Kind = Kind::PhoneNumberOrder;

    fn follow(estate: &mut Estate, id: &Self::Id, before: Option<&Self>, after: Option<&Self>) {
        estate.agenda.follow(Due::Order(*id), before.and_then(Self::due), after.and_then(Self::due));
        match after.is_some_and(Self::awaits_operator) {
            true => estate.waiting.insert_mut(*id),
            false => {
                estate.waiting.remove_mut(id);
            }
        }
    }
}
