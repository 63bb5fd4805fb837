//! A connection of the PBX, over TCP or TLS: messages in and out, and never a wait.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

use crate::calls::glance::framed_len;
use crate::phone::line::seal;

/// One connection.
pub struct Link {
    wire: Wire,
    local: SocketAddr,
    /// What has come and was not told yet, from `told` on.
    incoming: Vec<u8>,
    told: usize,
    outgoing: Vec<u8>,
}

enum Wire {
    Plain(TcpStream),
    Sealed(Box<StreamOwned<ClientConnection, TcpStream>>),
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What is read at once: the longest record of TLS.
const READ_LEN: usize = 16 << 10;

impl Link {
    /// Connects, over TLS if there is a root certificate and a name.
    ///
    /// # Errors
    ///
    /// If nobody listens there, or it is not who it should be.
    pub fn connect(server: SocketAddr, trust: Option<(&[u8], &str)>) -> io::Result<Self> {
        let socket = TcpStream::connect_timeout(&server, CONNECT_TIMEOUT)?;
        socket.set_nodelay(true)?;
        let local = socket.local_addr()?;
        let wire = match trust {
            None => Wire::Plain(socket),
            Some((root, name)) => {
                let mut sealed = seal(socket, root, name)?;
                sealed.conn.set_buffer_limit(None);
                Wire::Sealed(Box::new(sealed))
            }
        };
        wire.socket().set_nonblocking(true)?;
        Ok(Self { wire, local, incoming: Vec::new(), told: 0, outgoing: Vec::new() })
    }

    /// Returns the own end.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Sends a message, or as much of it as the kernel takes now.
    ///
    /// # Errors
    ///
    /// If the connection is gone.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.wire {
            Wire::Plain(_) => self.outgoing.extend_from_slice(bytes),
            Wire::Sealed(sealed) => sealed.conn.writer().write_all(bytes)?,
        }
        self.flush()
    }

    /// Sends what the kernel did not take before.
    ///
    /// # Errors
    ///
    /// If the connection is gone.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.is_waiting() {
            let written = match &mut self.wire {
                Wire::Plain(socket) => {
                    socket.write(&self.outgoing).map(|len| drop(self.outgoing.drain(..len)))
                }
                Wire::Sealed(sealed) => sealed.conn.write_tls(&mut sealed.sock).map(drop),
            };
            match written {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Tells whether the kernel takes no more for now.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        match &self.wire {
            Wire::Plain(_) => !self.outgoing.is_empty(),
            Wire::Sealed(sealed) => sealed.conn.wants_write(),
        }
    }

    /// Takes in what has come, up to one record.
    ///
    /// # Errors
    ///
    /// If the connection is gone.
    pub fn receive(&mut self) -> io::Result<()> {
        self.incoming.drain(..self.told);
        self.told = 0;
        let before = self.incoming.len();
        self.incoming.resize(before + READ_LEN, 0);
        let room = &mut self.incoming[before..];
        let read = match &mut self.wire {
            Wire::Plain(socket) => socket.read(room),
            Wire::Sealed(sealed) => sealed.read(room),
        };
        let len = match read {
            Ok(0) => Err(ErrorKind::ConnectionAborted.into()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            other => other,
        };
        self.incoming.truncate(before + len.as_ref().map_or(0, |len| *len));
        len.map(drop)
    }

    /// Returns the next whole message of what has come.
    ///
    /// # Errors
    ///
    /// If what comes is not made of messages.
    pub fn next_message(&mut self) -> io::Result<Option<&[u8]>> {
        let rest = &self.incoming[self.told..];
        // RFC 3261 section 7.5: empty lines between messages are nothing.
        self.told += rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let rest = &self.incoming[self.told..];
        let len = framed_len(rest).map_err(|why| io::Error::new(ErrorKind::InvalidData, why))?;
        let Some(len) = len.filter(|len| *len <= rest.len()) else { return Ok(None) };
        let start = self.told;
        self.told += len;
        Ok(Some(&self.incoming[start..self.told]))
    }
}

impl Wire {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Sealed(sealed) => &sealed.sock,
        }
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wire.socket().as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const MESSAGE: &[u8] = b"SIP/2.0 200 OK\r\nContent-Length: 4\r\n\r\nbody";

    #[test]
    fn messages_are_whole_however_the_stream_is_cut() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let mut link = Link::connect(listener.local_addr().expect("it is bound"), None).expect("it listens");
        let (mut peer, _) = listener.accept().expect("it has come");
        let stream = [b"\r\n\r\n", MESSAGE, MESSAGE, b"\r\n", MESSAGE].concat();
        let mut heard = 0;
        for byte in stream {
            peer.write_all(&[byte]).expect("it takes a byte");
            // It has come when the kernel says so.
            let mut waiting = [rustix::event::PollFd::new(&link, rustix::event::PollFlags::IN)];
            rustix::event::poll(&mut waiting, None).expect("it can be waited for");
            link.receive().expect("it is open");
            while let Some(message) = link.next_message().expect("it is SIP") {
                assert_eq!(message, MESSAGE);
                heard += 1;
            }
        }
        assert_eq!(heard, 3);
        drop(peer);
        let ended = (0..1_000_000).find_map(|_| link.receive().err());
        assert!(ended.is_some(), "the end is told");
    }

    #[test]
    fn what_the_kernel_does_not_take_waits() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let mut link = Link::connect(listener.local_addr().expect("it is bound"), None).expect("it listens");
        let (mut peer, _) = listener.accept().expect("it has come");
        let long = vec![b'x'; 16 << 20];
        link.send(&long).expect("it is open");
        assert!(link.is_waiting());
        let (mut read, mut room) = (0, vec![0; 1 << 20]);
        while read < long.len() {
            read += peer.read(&mut room).expect("it is open");
            link.flush().expect("it is open");
        }
        assert!(!link.is_waiting());
    }
}
