//! What customers and operators may do, a file for each family of operations.
#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

mod office;
mod voice_connectors;
