//! What customers and operators may do, a file for each family of operations.
#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

mod accounts;
mod carriers;
mod credentials;
mod groups;
mod isolation;
mod office;
mod properties;
mod provision;
mod quotas;
mod sample;
mod settings;
mod tags;
mod trunk_parts;
mod voice_connectors;
