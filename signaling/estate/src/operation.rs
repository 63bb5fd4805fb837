//! The operations that customers and operators have, a family each file. All are methods of a [`Draft`](crate::Draft), or
//! of an [`Estate`](crate::Estate) where nothing changes.

pub mod access_keys;
mod accounts;
mod associations;
pub mod calling_names;
mod carriers;
mod credentials;
mod deletion;
mod emergency_calling;
mod external_systems;
mod global_settings;
mod installation;
mod logging;
pub mod orders;
pub mod origination;
pub mod phone_numbers;
pub mod pool;
mod port_out;
mod porting;
pub mod provision;
mod regions;
pub mod search;
mod streaming;
mod tags;
mod termination;
mod tick;
pub mod voice_connector_groups;
pub mod voice_connectors;
