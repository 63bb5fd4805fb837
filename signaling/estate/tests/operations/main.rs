//! What customers and operators may do, a file for each family of operations.
#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

mod accounts;
mod associations;
mod calling_names;
mod carriers;
mod credentials;
mod deletion;
mod groups;
mod isolation;
mod office;
mod orders;
mod phone_numbers;
mod pool;
mod port_out;
mod porting;
mod properties;
mod provision;
mod quotas;
mod sample;
mod search;
mod sequences;
mod settings;
mod stock;
mod tags;
mod trunk_parts;
mod voice_connectors;
