//! The operations that customers and operators have, a family each file. All are methods of a [`Draft`](crate::Draft), or
//! of an [`Estate`](crate::Estate) where nothing changes.

mod accounts;
pub mod voice_connectors;
