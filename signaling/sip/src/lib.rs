//! SIP without a socket: bytes to messages and back, transactions, dialogs.
//!
//! Every function here is total: any bytes give a value or a reason, never a panic. Nothing opens a socket, asks the
//! clock or draws a random number; where one of them is needed it is a parameter.
//!
//! What comes from the network goes three steps. [`lexer::lex`] (a datagram) or [`framing::Stream`] (a connection)
//! tells where the parts of a message are. [`validate::validate`] tells whether it may be worked with, has to be
//! answered with an error, or dropped. [`Request`] and [`Response`] then own it. [`Request::write`] goes the other way.
//!
//! [`transaction::Transactions`] sits between those messages and whoever makes calls of them: it repeats what is lost,
//! absorbs what is doubled, and tells the rest. A [`dialog::Dialog`] knows the way to a peer.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

pub mod dialog;
pub mod digest;
pub mod flow;
pub mod framing;
pub mod header;
pub mod identity;
pub mod lexer;
pub mod list;
pub mod method;
pub mod multipart;
pub mod name_addr;
pub mod parameters;
pub mod session_refresh;
pub mod status;
pub mod transaction;
pub mod uri;
pub mod validate;

mod error;
mod grammar;
mod message;
mod words;
mod write;

pub use error::{Malformed, WriteError};
pub use header::Name;
pub use message::{Headers, Request, Response};
pub use name_addr::NameAddr;
pub use parameters::Parameters;
pub use rsip::{Method, StatusCode};
pub use uri::{Scheme, Uri};
