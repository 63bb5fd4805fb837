//! What an engine promises, asked of both.
//!
//! PostgreSQL is asked where there is one: `signaling/store/tests/postgres.sh run cargo test -p store`.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]
#![expect(clippy::print_stdout, reason = "seeds and counts belong into the log of a run")]

mod clerk;
mod climb;
mod crash;
mod damage;
mod full;
mod model;
mod places;
mod proxy;
mod server;
mod suite;
