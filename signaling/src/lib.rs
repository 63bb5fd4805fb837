//! The signaling process: the rooms of signaling, wired to sockets, clock and disk.
//!
//! [`node`] is the loop. Everything that is decided is decided in the rooms, which know none of those three.

#![forbid(unsafe_code)]

pub mod node;
