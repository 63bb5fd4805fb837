//! Drives media nodes over their control sockets.
//!
//! Whoever owns the calls says what sessions should be: [`Fleet::open`], [`Fleet::update`], [`Fleet::close`]. The fleet
//! chooses a node for each, keeps every wish until it is closed, and makes nodes and wishes agree again after either has
//! been away. It lives in the caller's event loop and never waits.
//!
//! [`ledger`] is all of it without a socket, for simulations; [`Fleet`] is the ledger and its sockets.

#![forbid(unsafe_code)]

mod backoff;
mod capacity;
mod event;
mod fleet;
pub mod ledger;
mod link;
mod metrics;
mod mint;
mod node;
mod setup;
mod socket;
mod wish;

pub use event::{FleetEvent, Refusal};
pub use fleet::Fleet;
pub use metrics::Metrics;
pub use mint::mint;
pub use setup::{NODES_MAX, NodeSetup, Settings, SetupError};
