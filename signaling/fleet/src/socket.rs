//! A control socket that never waits.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::path::Path;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use socket2::{Domain, SockAddr, Socket, Type};

/// A connection to a node, as the kernel sees it. Closing it takes it off the event loop.
pub(crate) struct ControlSocket {
    socket: Socket,
    /// Whether there may be something to read; the event loop tells it once.
    may_read: bool,
    may_write: bool,
}

/// Bytes that may wait on our side: a window of wishes and more.
const SOCKET_BYTES: usize = 1 << 20;

impl ControlSocket {
    /// Connects, or says why not, at once: a Unix socket has nothing to wait for but the listener's queue, and that
    /// being full is an error.
    pub(crate) fn connect(path: &Path, registry: &Registry, token: Token) -> io::Result<Self> {
        let socket = Socket::new(Domain::UNIX, Type::SEQPACKET, None)?;
        socket.set_nonblocking(true)?;
        // The kernel gives what it can; less only means more trips.
        let _ = socket.set_send_buffer_size(SOCKET_BYTES);
        socket.connect(&SockAddr::unix(path)?)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut SourceFd(&socket.as_raw_fd()), token, interest)?;
        Ok(Self { socket, may_read: true, may_write: true })
    }

    /// Notes that the event loop has named it.
    pub(crate) fn ready(&mut self) {
        self.may_read = true;
        self.may_write = true;
    }

    pub(crate) fn may_read(&self) -> bool {
        self.may_read
    }

    pub(crate) fn may_write(&self) -> bool {
        self.may_write
    }

    /// Reads one message; tells how long it is, if there is one.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match (&self.socket).read(buffer) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(len) => Ok(Some(len)),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(None),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.may_read = false;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends one message; tells whether it is sent.
    pub(crate) fn send(&mut self, message: &[u8]) -> io::Result<bool> {
        match self.socket.send(message) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(false),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.may_write = false;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
