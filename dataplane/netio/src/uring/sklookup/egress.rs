//! Sending from any port: whole frames straight to the interface where the mirror knows what to write into them, and
//! otherwise packets that the kernel routes.

use std::os::fd::{AsFd, AsRawFd};

use io_uring::{opcode, squeue, types};
use socket2::Socket;

use crate::error::SetupError;
use crate::frame::{BATCH_MAX, Frame};
use crate::headers::{self, Flow, packet_len};
use crate::netlink::{Hop, Path, Reader};
use crate::raw::RawSockets;
use crate::sys::message::Name;
use crate::sys::packet;
use crate::sys::socket::{self, SendError};
use crate::uring::sklookup::refused;

/// The sockets of a worker.
pub(super) struct Egress {
    mirror: Reader,
    frames: Socket,
    packets: RawSockets,
    /// Where the packets of a batch go to.
    names: Box<[Name; BATCH_MAX]>,
}

/// What sends a packet, and how.
pub(super) struct Request {
    pub(super) entry: squeue::Entry,
    pub(super) by_kernel: bool,
}

impl Egress {
    pub(super) fn new(mirror: Reader) -> Result<Self, SetupError> {
        let frames = packet::open().and_then(|socket| {
            socket::set_send_buffer(socket.as_fd())?;
            Ok(socket)
        });
        Ok(Self {
            mirror,
            frames: frames.map_err(|errno| refused("a packet socket", errno))?,
            packets: RawSockets::open().map_err(|errno| refused("a raw IP socket", errno))?,
            names: Box::new([Name::EMPTY; BATCH_MAX]),
        })
    }

    /// Takes note of routes and neighbours that have changed; call it once a batch.
    #[inline]
    pub(super) fn refresh(&mut self) {
        self.mirror.refresh();
    }

    /// Writes the headers of the packet at this place in its batch, and returns the request that sends it without
    /// waiting, and completes only if it fails.
    ///
    /// The request points to the frame, and to the name at this place.
    #[inline]
    pub(super) fn request(
        &mut self,
        place: usize,
        frame: &mut Frame,
        flow: &Flow,
    ) -> Result<Request, SendError> {
        match self.mirror.path(&flow.to) {
            Path::Direct(hop) if packet_len(&flow.to, frame.len()) > hop.mtu as usize => {
                Err(SendError::TooLong)
            }
            Path::Direct(hop) => {
                let (socket, name) = (types::Fd(self.frames.as_raw_fd()), Name::interface(hop.interface));
                let entry = self.entry(place, frame, flow, Some(&hop), (socket, name))?;
                Ok(Request { entry, by_kernel: false })
            }
            // Only the kernel knows for sure that there is no way.
            Path::Kernel | Path::Unreachable => {
                let socket = self.packets.towards(&flow.to).ok_or(SendError::Unreachable)?;
                // In the address of a raw socket the port means a protocol, and zero that of the socket.
                let (socket, name) = (types::Fd(socket.as_raw_fd()), Name::new(&flow.to.with_port(0)));
                let entry = self.entry(place, frame, flow, None, (socket, name))?;
                Ok(Request { entry, by_kernel: true })
            }
        }
    }

    /// Writes the headers of a packet, with that of Ethernet if there is a hop.
    #[inline]
    fn entry(
        &mut self,
        place: usize,
        frame: &mut Frame,
        flow: &Flow,
        hop: Option<&Hop>,
        (socket, name): (types::Fd, Name),
    ) -> Result<squeue::Entry, SendError> {
        let len = frame.len();
        let (bytes, payload) = frame.whole();
        let begin = headers::write(bytes, payload, len, flow, hop).ok_or(SendError::Unreachable)?;
        let sent = &bytes[begin..payload + len];
        self.names[place] = name;
        let (name, name_len) = self.names[place].parts();
        let request = opcode::Send::new(socket, sent.as_ptr(), sent.len() as u32)
            .flags(libc::MSG_DONTWAIT)
            .dest_addr(name.cast())
            .dest_addr_len(name_len as libc::socklen_t);
        Ok(request.build().flags(squeue::Flags::SKIP_SUCCESS))
    }
}
