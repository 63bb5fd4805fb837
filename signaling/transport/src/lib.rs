//! SIP messages over UDP, TCP and TLS, on one thread.
//!
//! [`Transport`] owns the sockets: whoever drives it calls [`Transport::poll`] in a loop and hears [`Arrival`]s, and
//! hands what is to go out to [`Transport::send`]. A [`Guard`] says who may speak; others get not a byte. Names are
//! turned into addresses by the [`resolve::Resolver`] on a thread of its own, and [`certificate`] keeps the
//! certificates that TLS shows.
//!
//! This is the only room of signaling that reads sockets and the clock.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

pub mod certificate;
pub mod resolve;
pub mod tls;

mod arrival;
mod connection;
mod connections;
mod counters;
mod error;
mod first_line;
mod gate;
mod inbox;
mod listener;
mod outbox;
mod port;
mod recent;
mod setup;
mod timers;
mod transport;
mod turn;

pub use arrival::{Arrival, Failure, Guard};
pub use counters::{Count, Counters};
pub use error::SetupError;
pub use listener::Bound;
pub use setup::{Limits, Listener, Setup};
pub use tls::Tls;
pub use transport::{Transport, Waker};
