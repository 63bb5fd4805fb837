//! The sockets of both ends, in one place to wait at.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::SockRef;

use crate::calls::link::Link;
use crate::calls::process;

/// Who hears or says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The PBX, by one of its lines.
    Pbx(u16),
    /// The carrier, and whom it hears or speaks to.
    Carrier(SocketAddr),
}

/// Messages that wait to be sent.
#[derive(Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    letters: Vec<(End, usize)>,
}

/// All sockets.
pub struct Sockets {
    pbx: Pbx,
    carrier: UdpSocket,
    buffer: Vec<u8>,
    /// Messages that a full socket did not take.
    unsent: u64,
}

enum Pbx {
    Datagrams(UdpSocket, SocketAddr),
    Streams(Vec<Link>),
}

/// What is taken from one socket before the others have their turn.
const TURN: usize = 64;
/// What the kernel is asked to keep of what comes while we are busy.
const RECEIVE_BUFFER_BYTES: usize = 4 << 20;

impl Outbox {
    /// Adds a message that is written by `write`.
    pub fn put(&mut self, to: End, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.letters.push((to, self.bytes.len()));
    }

    /// Takes the messages out, in order.
    pub fn drain(&mut self, mut send: impl FnMut(End, &[u8])) {
        let mut start = 0;
        for (to, end) in self.letters.drain(..) {
            send(to, &self.bytes[start..end]);
            start = end;
        }
        self.bytes.clear();
    }
}

impl Sockets {
    /// Opens the PBX's datagram socket, and takes that of the carrier.
    ///
    /// # Errors
    ///
    /// If an address is none of this host's, or taken.
    pub fn datagrams(local: SocketAddr, server: SocketAddr, carrier: UdpSocket) -> io::Result<Self> {
        let socket = UdpSocket::bind(local)?;
        prepare(&socket)?;
        prepare(&carrier)?;
        Ok(Self::new(Pbx::Datagrams(socket, server), carrier))
    }

    /// Takes connections of the PBX, and the socket of the carrier.
    ///
    /// # Errors
    ///
    /// What the socket said.
    pub fn streams(links: Vec<Link>, carrier: UdpSocket) -> io::Result<Self> {
        prepare(&carrier)?;
        Ok(Self::new(Pbx::Streams(links), carrier))
    }

    fn new(pbx: Pbx, carrier: UdpSocket) -> Self {
        Self { pbx, carrier, buffer: vec![0; 65_535], unsent: 0 }
    }

    /// Returns the own ends of the PBX's lines.
    ///
    /// # Errors
    ///
    /// What the socket said.
    pub fn lines(&self) -> io::Result<Vec<SocketAddr>> {
        match &self.pbx {
            Pbx::Datagrams(socket, _) => Ok(vec![socket.local_addr()?]),
            Pbx::Streams(links) => Ok(links.iter().map(Link::local).collect()),
        }
    }

    /// Returns how many messages never left, and how many datagrams came and were dropped at our full sockets.
    ///
    /// # Errors
    ///
    /// What the sockets said.
    pub fn losses(&self) -> io::Result<(u64, u64)> {
        let mut dropped = process::datagrams_dropped(self.carrier.local_addr()?);
        if let Pbx::Datagrams(socket, _) = &self.pbx {
            dropped += process::datagrams_dropped(socket.local_addr()?);
        }
        Ok((self.unsent, dropped))
    }

    /// Sends what waits.
    ///
    /// # Errors
    ///
    /// If a connection is gone, or a socket is of no more use.
    pub fn send(&mut self, outbox: &mut Outbox) -> io::Result<()> {
        let mut result = Ok(());
        outbox.drain(|to, bytes| {
            if let Err(error) = self.send_one(to, bytes) {
                result = Err(error);
            }
        });
        result
    }

    fn send_one(&mut self, to: End, bytes: &[u8]) -> io::Result<()> {
        let sent = match (to, &mut self.pbx) {
            (End::Carrier(remote), _) => self.carrier.send_to(bytes, remote),
            (End::Pbx(_), Pbx::Datagrams(socket, server)) => socket.send_to(bytes, *server),
            (End::Pbx(line), Pbx::Streams(links)) => {
                let Some(link) = links.get_mut(usize::from(line)) else { return Ok(()) };
                return link.send(bytes);
            }
        };
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.unsent += 1;
                Ok(())
            }
            // Nobody listens there at the moment: whether anybody answers is for the timers to say.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Waits until something comes, for so long at most.
    ///
    /// # Errors
    ///
    /// What the kernel said.
    pub fn wait(&self, most: Duration) -> io::Result<()> {
        let readable = PollFlags::IN;
        let mut waiting = vec![PollFd::new(&self.carrier, readable)];
        match &self.pbx {
            Pbx::Datagrams(socket, _) => waiting.push(PollFd::new(socket, readable)),
            Pbx::Streams(links) => waiting.extend(links.iter().map(|link| {
                let writable = if link.is_waiting() { PollFlags::OUT } else { PollFlags::empty() };
                PollFd::new(link, readable | writable)
            })),
        }
        let most = Timespec {
            tv_sec: i64::try_from(most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: most.subsec_nanos().into(),
        };
        match poll(&mut waiting, Some(&most)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells what has come, a share of each socket.
    ///
    /// # Errors
    ///
    /// If a connection is gone, or what comes is no SIP.
    pub fn receive(&mut self, hear: &mut impl FnMut(End, &[u8])) -> io::Result<()> {
        for _ in 0..TURN {
            let Some((len, remote)) = patiently(self.carrier.recv_from(&mut self.buffer))? else { break };
            hear(End::Carrier(remote), &self.buffer[..len]);
        }
        match &mut self.pbx {
            Pbx::Datagrams(socket, _) => {
                for _ in 0..TURN {
                    let Some((len, _)) = patiently(socket.recv_from(&mut self.buffer))? else { break };
                    hear(End::Pbx(0), &self.buffer[..len]);
                }
            }
            Pbx::Streams(links) => {
                for (line, link) in (0..).zip(links) {
                    link.flush()?;
                    link.receive()?;
                    while let Some(message) = link.next_message()? {
                        hear(End::Pbx(line), message);
                    }
                }
            }
        }
        Ok(())
    }
}

fn prepare(socket: &UdpSocket) -> io::Result<()> {
    SockRef::from(socket).set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    socket.set_nonblocking(true)
}

fn patiently<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if [ErrorKind::WouldBlock, ErrorKind::ConnectionRefused, ErrorKind::Interrupted]
                .contains(&error.kind()) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
