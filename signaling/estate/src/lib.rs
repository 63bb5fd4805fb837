//! What is managed: accounts, their connectors, groups, numbers, orders and cases, and the rules by which these change.
//!
//! An [`Estate`] is all of it at one moment, a value of which a copy costs nothing. A change is made to a [`Draft`] of it,
//! by one function per operation that a customer or an operator has; what comes out is the next estate and the
//! [`Change`]s that lead there, for whoever makes them durable. Everything is a value or a pure function: no SQL, no HTTP,
//! no clock; time and randomness are passed in.

#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![cfg_attr(test, expect(clippy::indexing_slicing, reason = "a test may panic, and says where"))]

mod access_key;
mod account;
mod arn;
mod carrier;
mod check;
mod credentials;
mod directory;
mod document;
mod draft;
mod due;
mod estate;
mod group;
mod id;
mod index;
mod installation;
mod moment;
mod number;
mod order;
mod page;
mod port_out;
mod porting;
mod records;
mod refusal;
mod table;
mod tag;
mod voice_connector;

pub mod operation;

pub use access_key::AccessKey;
pub use account::Account;
pub use arn::{Arn, Resource};
pub use carrier::Carrier;
pub use credentials::Credentials;
pub use document::{Change, Kind, Unreadable};
pub use draft::Draft;
pub use estate::Estate;
pub use group::VoiceConnectorGroup;
pub use id::{AccessKeyId, AccountId, Id, NotAccountId, NotOrderId, OrderId, Owned};
pub use installation::{Here, Installation};
pub use moment::{DAY, HOUR, MINUTE, Moment};
pub use number::{InventoryNumber, PhoneNumberError, PoolNumber};
pub use order::{OrderStatus, OrderType, OrderedNumber, OrderedStatus, PhoneNumberOrder};
pub use page::{Page, PageRequest};
pub use port_out::{PortOut, PortOutState};
pub use porting::{
    PortingCase, PortingDocument, PortingDocumentKind, PortingLot, PortingRequest, PortingRule, PortingState,
    PortingStep,
};
pub use refusal::{Refusal, Why};
pub use table::{Holdings, Item, Table};
pub use tag::Tag;
pub use voice_connector::{ExternalSystems, VoiceConnector};
