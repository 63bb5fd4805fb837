//! What is decided, rule by rule, and what holds of every decision.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod caller;
mod customer;
mod delivery;
mod emergency;
mod explain;
mod faults;
mod inbound;
mod limits;
mod on_net;
mod outbound;
mod properties;
mod records;
mod sample;
mod size;
mod snapshot;
