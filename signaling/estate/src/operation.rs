//! The operations that customers and operators have, a family each file. All are methods of a [`Draft`](crate::Draft), or
//! of an [`Estate`](crate::Estate) where nothing changes.

pub mod access_keys;
mod accounts;
mod carriers;
mod credentials;
mod emergency_calling;
mod external_systems;
mod global_settings;
mod installation;
mod logging;
pub mod origination;
pub mod provision;
mod regions;
mod streaming;
mod tags;
mod termination;
pub mod voice_connector_groups;
pub mod voice_connectors;
