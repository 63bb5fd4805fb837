//! What is read from captured machines, and planned for them.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod captured;
mod nic;
mod plan;
mod topology;
