//! The way through the kernel, for packets whose frames we cannot write: it routes them, asks for neighbours, and
//! delivers those for this host itself.

use std::os::fd::AsFd;

use crate::address::Endpoint;
use crate::raw::RawSockets;
use crate::sys::Errno;
use crate::sys::socket::{self, SendError};

/// Raw sockets for packets one by one.
pub(super) struct KernelPath {
    sockets: RawSockets,
}

impl KernelPath {
    pub(super) fn open() -> Result<Self, Errno> {
        RawSockets::open().map(|sockets| Self { sockets })
    }

    /// Sends a packet from its IP header on.
    pub(super) fn send(&self, packet: &[u8], to: &Endpoint) -> Result<(), SendError> {
        let socket = self.sockets.towards(to).ok_or(SendError::Unreachable)?;
        Ok(socket::send_raw(socket.as_fd(), packet, to)?)
    }
}
