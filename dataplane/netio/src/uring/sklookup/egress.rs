//! Sending through raw sockets: headers are written in front of the payload, and the kernel routes what it finds there.

use std::os::fd::AsRawFd;

use io_uring::{opcode, squeue, types};

use crate::error::SetupError;
use crate::frame::{BATCH_MAX, Frame};
use crate::headers::{self, Flow};
use crate::raw::RawSockets;
use crate::sys::message::Name;
use crate::sys::socket::SendError;
use crate::uring::sklookup::refused;

/// The raw sockets of a worker.
pub(super) struct Egress {
    sockets: RawSockets,
    /// Where the packets of a batch go to.
    names: Box<[Name; BATCH_MAX]>,
}

impl Egress {
    pub(super) fn new() -> Result<Self, SetupError> {
        let sockets = RawSockets::open().map_err(|errno| refused("a raw IP socket", errno))?;
        Ok(Self { sockets, names: Box::new([Name::EMPTY; BATCH_MAX]) })
    }

    /// Writes the headers of the packet at this place in its batch, and returns the request that sends it without
    /// waiting, and completes only if it fails.
    ///
    /// The request points to the frame, and to the name at this place.
    pub(super) fn request(
        &mut self,
        place: usize,
        frame: &mut Frame,
        flow: &Flow,
    ) -> Result<squeue::Entry, SendError> {
        let socket = types::Fd(self.sockets.towards(&flow.to).ok_or(SendError::Unreachable)?.as_raw_fd());
        let len = frame.len();
        let (bytes, payload) = frame.whole();
        let begin = headers::write(bytes, payload, len, flow, None);
        let packet = &bytes[begin.ok_or(SendError::Unreachable)?..payload + len];

        // In the address of a raw socket the port means a protocol, and zero that of the socket.
        self.names[place] = Name::new(&flow.to.with_port(0));
        let (name, name_len) = self.names[place].parts();
        let request = opcode::Send::new(socket, packet.as_ptr(), packet.len() as u32)
            .flags(libc::MSG_DONTWAIT)
            .dest_addr(name.cast())
            .dest_addr_len(name_len as libc::socklen_t);
        Ok(request.build().flags(squeue::Flags::SKIP_SUCCESS))
    }
}
