//! Numbers that come from other operators, as they are managed.

mod rule;
mod state;

use serde::{Deserialize, Serialize};
use trunk::records::ProductType;
use trunk::{E164, Secret};

use crate::document::Kind;
use crate::id::{OrderId, Owned};
use crate::moment::Moment;
use crate::table::Item;

pub use rule::PortingRule;
pub use state::{PortingState, PortingStep};

/// Numbers that are to come from other operators, and what these want to know. The order of the same id shows how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PortingCase {
    /// When it was made.
    pub created: Moment,
    /// What shows that the numbers are the customer's.
    #[serde(default)]
    pub documents: Vec<PortingDocument>,
    /// When the losing carrier has agreed to hand over, if it has.
    #[serde(default)]
    pub foc_date: Option<Moment>,
    /// What the operator has said last: what is missing, what does not match, why it is impossible.
    #[serde(default)]
    pub note: String,
    /// What the customer wants.
    pub request: PortingRequest,
    /// How far it is.
    pub state: PortingState,
    /// When it was last changed.
    pub updated: Moment,
}

/// What a customer who brings numbers has to tell.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PortingRequest {
    /// Whom to write to.
    pub admin_email: String,
    /// Who answers for the bills of the losing carrier.
    pub authorizing_person: String,
    /// The number that the losing carrier's bills are for.
    pub billing_telephone_number: String,
    /// The customer as the losing carrier's contract has it.
    pub customer_name: String,
    /// The numbers by their losing carriers.
    pub lots: Vec<PortingLot>,
    /// What the losing carrier asks for before it hands over, if anything.
    #[serde(default)]
    pub pin: Option<Secret>,
    /// What the numbers are for.
    #[serde(default)]
    pub product_type: ProductType,
    /// When the numbers are wanted.
    pub requested: Moment,
    /// The account with the losing carrier; empty if there is none.
    #[serde(default)]
    pub service_account_number: String,
    /// The address as the losing carrier's contract has it.
    pub service_address: String,
    /// The connector that the numbers are for.
    pub voice_connector_id: String,
}

impl PortingRequest {
    /// Gives all numbers.
    pub fn numbers(&self) -> impl Iterator<Item = E164> {
        self.lots.iter().flat_map(|lot| &lot.numbers).copied()
    }
}

/// Numbers of one losing carrier, which wants a letter of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PortingLot {
    /// The losing carrier; empty if the customer does not know it.
    #[serde(default)]
    pub losing_carrier: String,
    /// The numbers.
    pub numbers: Vec<E164>,
}

/// A document of a case. Its bytes are kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PortingDocument {
    /// When it came.
    #[serde(default)]
    pub added: Moment,
    /// What it is.
    pub kind: PortingDocumentKind,
    /// To which carrier a letter is addressed, as the lot has it.
    #[serde(default)]
    pub losing_carrier: String,
    /// What the file is called.
    pub name: String,
    /// Where its bytes are.
    pub reference: String,
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum PortingDocumentKind {
    /// The latest bill: carrier, numbers and company; prices may be blackened.
    Bill,
    /// Permits the losing carrier to hand the numbers over.
    LetterOfAuthorization,
    /// Anything else that was asked for.
    Other,
}

impl Item for PortingCase {
    type Id = Owned<OrderId>;
    const KIND: Kind = Kind::PortingCase;
}
