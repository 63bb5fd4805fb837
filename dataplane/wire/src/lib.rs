//! The formats of media on the wire: RTP, RTCP and DTMF events, and the Ethernet, IP and UDP below them.
//!
//! Every function here is total: any bytes give a value or a reason, never a panic and never a read outside the
//! slice. Nothing allocates, keeps state or asks the clock. What is parsed can be written back, byte for byte wherever
//! the format has one spelling.
//!
//! Start at [`demux::classify`] for the first byte of a datagram, at [`rtp::Header::parse`] for a media packet, at
//! [`rtcp::Compound::parse`] for its reports, and at [`datagram::Datagram`] for a frame from the network card.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

#[cfg(test)]
extern crate std;

pub mod checksum;
pub mod datagram;
pub mod demux;
pub mod dtmf;
pub mod ether;
pub mod ip;
pub mod ipv4;
pub mod ipv6;
pub mod rtcp;
pub mod rtp;
pub mod udp;

mod cursor;
mod error;

pub use error::{Malformed, WriteError};
