//! Whole Ethernet frames through a packet socket: for who speaks for addresses that are none of this host's.
//!
//! It is no [`Driver`](crate::Driver): there are no ports, no routes and no addresses, only frames. A load generator and
//! tests have use for it.

use core::time::Duration;
use std::os::fd::AsFd;

use socket2::Socket;

use crate::error::{DriverError, SetupError};
use crate::frame::BATCH_MAX;
use crate::sys::packet::{self, Frames};
use crate::sys::{Errno, event};

/// What errors call it.
const NAME: &str = "packet";

/// What arrives in a tenth of a second at a million small frames a second, with what the kernel adds to each (768
/// bytes).
const RECEIVE_BUFFER_BYTES: usize = 64 << 20;

/// A packet socket on one interface, which hears all frames that arrive there and none that leave.
pub struct PacketSocket {
    socket: Socket,
    outgoing: Frames,
    incoming: Frames,
    dropped: u64,
}

impl PacketSocket {
    /// Opens a socket on the interface of this name.
    ///
    /// # Errors
    ///
    /// If there is no such interface, or the capability CAP_NET_RAW is lacking.
    pub fn open(interface: &str) -> Result<Self, SetupError> {
        let Some(index) = packet::interface_index(interface) else {
            let wanted = format!("the interface {interface}");
            return Err(error(wanted, "none of this name".into(), "see `ip link` for those that there are"));
        };
        let refused = |Errno(errno): Errno| {
            let remedy = match errno {
                libc::EPERM | libc::EACCES => "run as root, or with the capability CAP_NET_RAW",
                _ => "use sockets instead",
            };
            error(format!("a packet socket on {interface}"), Errno(errno).to_string(), remedy)
        };
        let socket = packet::open().map_err(refused)?;
        // Without CAP_NET_ADMIN the buffer is as large as net.core.rmem_max allows; overflows are counted.
        packet::set_receive_buffer(&socket, RECEIVE_BUFFER_BYTES);
        packet::ignore_outgoing(socket.as_fd()).map_err(refused)?;
        packet::bind(socket.as_fd(), index).map_err(refused)?;
        let (outgoing, incoming) = (Frames::new(BATCH_MAX), Frames::new(BATCH_MAX));
        Ok(Self { socket, outgoing, incoming, dropped: 0 })
    }

    /// Sends frames, at most [`BATCH_MAX`] of them; returns how many the kernel took before its queue was full.
    ///
    /// # Errors
    ///
    /// If the interface is gone, or the kernel refuses the first frame for another reason, such as its length.
    pub fn send<'f>(&mut self, frames: impl IntoIterator<Item = &'f [u8]>) -> Result<usize, DriverError> {
        match self.outgoing.send(self.socket.as_fd(), frames) {
            Ok(count) => Ok(count),
            Err(Errno(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM | libc::EINTR)) => Ok(0),
            Err(errno) => Err(driver_error("sendmmsg on a packet socket", errno)),
        }
    }

    /// Receives frames without waiting, one into each buffer; returns how many came. How long each is says
    /// [`PacketSocket::received`].
    ///
    /// # Errors
    ///
    /// If the interface is gone.
    pub fn receive<'f>(
        &mut self,
        buffers: impl IntoIterator<Item = &'f mut [u8]>,
    ) -> Result<usize, DriverError> {
        match self.incoming.receive(self.socket.as_fd(), buffers) {
            Ok(count) => Ok(count),
            Err(Errno(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM | libc::EINTR)) => Ok(0),
            Err(errno) => Err(driver_error("recvmmsg on a packet socket", errno)),
        }
    }

    /// Returns how long the frame in a buffer of the last call to [`PacketSocket::receive`] is; none if the buffer was
    /// too short for it, or there was no frame for it.
    #[must_use]
    pub fn received(&self, place: usize) -> Option<usize> {
        self.incoming.received(place)
    }

    /// Waits until a frame has come, a signal came or the time is over.
    pub fn wait(&self, wait: Duration) {
        event::wait_readable(self.socket.as_fd(), wait);
    }

    /// Returns how many frames the kernel dropped because nobody received them in time.
    #[must_use]
    pub fn dropped(&mut self) -> u64 {
        // The kernel begins anew each time it is asked.
        self.dropped += u64::from(packet::dropped(self.socket.as_fd()));
        self.dropped
    }
}

fn driver_error(operation: &'static str, Errno(errno): Errno) -> DriverError {
    match errno {
        libc::ENETDOWN | libc::ENXIO | libc::ENODEV => DriverError::InterfaceGone,
        errno => DriverError::Kernel { operation, errno },
    }
}

fn error(wanted: String, found: String, remedy: &str) -> SetupError {
    SetupError { driver: NAME, wanted, found, remedy: remedy.to_owned() }
}
