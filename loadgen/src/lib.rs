//! The load generator: it offers calls to a running node and judges what comes out, from outside.
//!
//! It never uses the code that it judges: of the media process it knows the protocol on the control socket ([`node`]),
//! and of media and SIP what any peer knows. [`media`] opens sessions, sends RTP or SRTP into one side of each on a
//! schedule, and verifies every packet that leaves the other side. [`calls`] does the same with calls through signaling.
//!
//! Start reading at `media/traffic.rs` or `calls/traffic.rs`: what is sent when, and what becomes of all that arrives.

#![forbid(unsafe_code)]

pub mod calls;
pub mod media;
pub mod node;
pub mod phone;
pub mod role;
