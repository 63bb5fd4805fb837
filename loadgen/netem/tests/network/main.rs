//! What a link does to traffic.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod determinism;
mod limits;
mod properties;
mod statistics;
mod traffic;
