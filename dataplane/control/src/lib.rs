//! The protocol between signaling and media: state, not commands.
//!
//! Signaling tells the complete desired state of a session with an epoch ([`SessionSpec`]); media makes it so between
//! two packets and answers with the epoch and the ports. There is no stream of changes that could be lost in part:
//! whoever connects lists the sessions and compares. Messages are bounded, versioned, and each is one packet of a Unix
//! socket of kind SEQPACKET; this crate knows bytes, not sockets.
//!
//! [`Client`] and [`Server`] are the two halves of a connection; [`Listing`] and [`reconcile`] are what a client does
//! after each welcome.

#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod client;
mod codec;
mod frame;
mod layout;
mod listing;
mod malformed;
mod message;
mod protocol_error;
mod question;
mod range;
mod reconcile;
mod server;
mod session;

pub use client::{Client, Heard, QueueFull};
pub use frame::{FromMedia, Incarnation, MESSAGE_LEN_MAX, RequestId, ToMedia, VERSIONS, Versions};
pub use listing::Listing;
pub use malformed::Malformed;
pub use message::{
    COUNTS_MAX, Count, DirectionSummary, Event, PAGE_MAX, REALMS_MAX, RealmState, Reason, Request, Response,
    SessionState, SessionSummary, TEXT_LEN_MAX, WORKERS_MAX, WorkerState,
};
pub use protocol_error::ProtocolError;
pub use reconcile::{Reconciliation, reconcile};
pub use server::{Asked, Server};
pub use session::{
    CLOCK_RATES, Epoch, Learn, MEDIA_TIMEOUT_S_MAX, Name, NameError, PAYLOAD_MAPS_MAX, PERMITS_MAX,
    PayloadMap, Permit, Ports, Protection, Rtcp, SessionId, SessionSpec, SideName, SideSpec,
};
