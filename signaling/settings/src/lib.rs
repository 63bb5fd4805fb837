//! What people write for a node: what it is configured with, and what is provisioned on it.
//!
//! [`config`] reads the one file of the appliance. [`provision`] keeps connectors, numbers and carriers in a file of the
//! data directory, and tells when they change. What is wrong in either file is told all at once, as [`Faults`] with their
//! places.

#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod document;

pub mod config;
pub mod provision;

pub use document::{Fault, Faults};
