//! What an engine promises, asked of both.
//!
//! PostgreSQL is asked where there is one: `signaling/store/tests/postgres.sh run cargo test -p store`.
#![forbid(unsafe_code)]

mod clerk;
mod crash;
mod damage;
mod full;
mod model;
mod places;
mod proxy;
mod server;
mod suite;
