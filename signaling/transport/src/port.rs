//! A port for datagrams.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::sockopt::{
    Ipv4PacketInfo, Ipv4RecvErr, Ipv6RecvErr, Ipv6RecvPacketInfo, RcvBufForce, RxqOvfl,
};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt,
};
use sip::flow::Destination;
use socket2::{Domain, Socket, Type};

use crate::arrival::Failure;

/// A socket that datagrams come to and leave from.
pub(crate) struct Port {
    pub(crate) socket: UdpSocket,
    pub(crate) address: SocketAddr,
    pub(crate) receive_buffer_bytes: usize,
    /// Datagrams that the kernel did not take yet.
    queue: VecDeque<Waiting>,
    queue_bytes: usize,
    /// How many datagrams the kernel has lost, as far as it told.
    lost: u32,
    control: Vec<u8>,
}

struct Waiting {
    destination: Destination,
    bytes: Box<[u8]>,
}

/// What was received, and is in the memory that was given.
pub(crate) struct Datagram {
    pub(crate) len: usize,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    /// How many the kernel has lost since the last time.
    pub(crate) lost: u32,
}

/// The longest that IPv4 can carry, and the longest that is received: 65,535 bytes less the headers of IP and UDP.
pub(crate) const DATAGRAM_LEN_MAX: usize = 65_507;

/// What may wait while the kernel takes no more; a burst of 500 messages.
const QUEUE_BYTES_MAX: usize = 1024 * 1024;

/// Room for what the kernel adds to a datagram: its local address, the count of losses, an error with its origin.
const CONTROL_BYTES: usize = 256;

impl Port {
    pub(crate) fn open(address: SocketAddr, receive_buffer_bytes: usize) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
            setsockopt(&socket, Ipv6RecvErr, &true)?;
            setsockopt(&socket, Ipv6RecvPacketInfo, &true)?;
        } else {
            setsockopt(&socket, Ipv4RecvErr, &true)?;
            setsockopt(&socket, Ipv4PacketInfo, &true)?;
        }
        setsockopt(&socket, RxqOvfl, &1)?;
        // Without the right to go beyond the limit of the system (net.core.rmem_max), as far as that allows.
        if setsockopt(&socket, RcvBufForce, &receive_buffer_bytes).is_err() {
            socket.set_recv_buffer_size(receive_buffer_bytes)?;
        }
        socket.bind(&address.into())?;
        let receive_buffer_bytes = socket.recv_buffer_size()?;
        let socket = UdpSocket::from_std(socket.into());
        Ok(Self {
            address: socket.local_addr()?,
            socket,
            receive_buffer_bytes,
            queue: VecDeque::new(),
            queue_bytes: 0,
            lost: 0,
            control: vec![0; CONTROL_BYTES],
        })
    }

    /// Takes the next datagram; `None` if there is none for now.
    pub(crate) fn receive(&mut self, room: &mut [u8]) -> Option<Datagram> {
        for _ in 0..FRUITLESS_MAX {
            let mut vector = [IoSliceMut::new(room)];
            let control = Some(self.control.as_mut_slice());
            let flags = MsgFlags::MSG_DONTWAIT;
            let message =
                match recvmsg::<SockaddrStorage>(self.socket.as_raw_fd(), &mut vector, control, flags) {
                    Ok(message) => message,
                    Err(Errno::EAGAIN) => return None,
                    // What ICMP said of something that was sent: the queue of errors has the rest.
                    Err(_) => continue,
                };
            let (mut local, mut lost) = (self.address, self.lost);
            for control in message.cmsgs().into_iter().flatten() {
                #[expect(
                    clippy::wildcard_enum_match_arm,
                    reason = "the kernel adds what was asked for, and more"
                )]
                match control {
                    ControlMessageOwned::Ipv4PacketInfo(info) => {
                        local.set_ip(IpAddr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()));
                    }
                    ControlMessageOwned::Ipv6PacketInfo(info) => {
                        local.set_ip(IpAddr::from(info.ipi6_addr.s6_addr));
                    }
                    ControlMessageOwned::RxqOvfl(count) => lost = count,
                    _ => {}
                }
            }
            let (len, source) = (message.bytes, message.address);
            let Some(remote) = source.as_ref().and_then(address) else { continue };
            let before = std::mem::replace(&mut self.lost, lost);
            return Some(Datagram { len, local, remote, lost: lost.wrapping_sub(before) });
        }
        None
    }

    /// Takes the next thing that ICMP said about what was sent: to whom, and what became of it.
    pub(crate) fn refusal(&mut self) -> Option<(SocketAddr, Failure)> {
        let mut room = [0u8; 64];
        for _ in 0..FRUITLESS_MAX {
            let mut vector = [IoSliceMut::new(&mut room)];
            let control = Some(self.control.as_mut_slice());
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_ERRQUEUE;
            let message =
                recvmsg::<SockaddrStorage>(self.socket.as_raw_fd(), &mut vector, control, flags).ok()?;
            let target = message.address.as_ref().and_then(address);
            let errors = message.cmsgs().into_iter().flatten();
            #[expect(
                clippy::wildcard_enum_match_arm,
                reason = "the kernel adds what was asked for, and more"
            )]
            let error = errors.into_iter().find_map(|control| match control {
                ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
                    Some(error)
                }
                _ => None,
            });
            let (Some(target), Some(error)) = (target, error) else { continue };
            return Some((target, failure(error.ee_errno)));
        }
        None
    }

    /// Sends a datagram, or keeps it until the kernel takes it; tells whether it left.
    ///
    /// # Errors
    /// Why it will not be sent.
    pub(crate) fn send(&mut self, destination: &Destination, bytes: &[u8]) -> Result<bool, Failure> {
        if bytes.len() > DATAGRAM_LEN_MAX {
            return Err(Failure::TooLong);
        }
        if self.queue.is_empty() {
            match self.send_now(destination, bytes) {
                Err(Errno::EAGAIN) => {}
                Err(error) => return Err(failure(error as i32 as u32)),
                Ok(()) => return Ok(true),
            }
        }
        let sum = self.queue_bytes.saturating_add(bytes.len());
        if sum > QUEUE_BYTES_MAX {
            return Err(Failure::Full);
        }
        self.queue_bytes = sum;
        self.queue.push_back(Waiting { destination: destination.clone(), bytes: bytes.into() });
        Ok(false)
    }

    /// Sends the next of those that were kept; `None` if there is none, or the kernel takes no more.
    pub(crate) fn send_kept(&mut self) -> Option<Result<(), (Destination, Failure)>> {
        let Waiting { destination, bytes } = self.queue.pop_front()?;
        match self.send_now(&destination, &bytes) {
            Err(Errno::EAGAIN) => {
                self.queue.push_front(Waiting { destination, bytes });
                None
            }
            result => {
                self.queue_bytes = self.queue_bytes.saturating_sub(bytes.len());
                Some(result.map_err(|error| (destination, failure(error as i32 as u32))))
            }
        }
    }

    fn send_now(&self, destination: &Destination, bytes: &[u8]) -> Result<(), Errno> {
        let (remote, local) = match destination {
            Destination::Flow(flow) => (flow.remote, Some(flow.local.ip())),
            Destination::Target(target) => (target.remote, target.local.map(|local| local.ip())),
        };
        // Bound to one address, there is no other to leave from.
        let from = local.filter(|local| self.address.ip().is_unspecified() && !local.is_unspecified());
        let mut result = self.send_from(from, remote, bytes);
        // What ICMP said of other datagrams is told to whoever comes next, and only once.
        for _ in 0..PENDING_ERRORS_MAX {
            match result {
                Ok(_) | Err(Errno::EAGAIN | Errno::EMSGSIZE | Errno::EINVAL) => break,
                Err(_) => result = self.send_from(from, remote, bytes),
            }
        }
        result
    }

    fn send_from(&self, from: Option<IpAddr>, remote: SocketAddr, bytes: &[u8]) -> Result<(), Errno> {
        let socket = self.socket.as_raw_fd();
        let vector = [IoSlice::new(bytes)];
        let to = SockaddrStorage::from(remote);
        let flags = MsgFlags::MSG_DONTWAIT;
        let result = match from {
            None => sendmsg(socket, &vector, &[], flags, Some(&to)),
            Some(IpAddr::V4(from)) => {
                let source = libc::in_addr { s_addr: u32::from_ne_bytes(from.octets()) };
                let any = libc::in_addr { s_addr: 0 };
                let info = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: source, ipi_addr: any };
                sendmsg(socket, &vector, &[ControlMessage::Ipv4PacketInfo(&info)], flags, Some(&to))
            }
            Some(IpAddr::V6(from)) => {
                let source = libc::in6_addr { s6_addr: from.octets() };
                let info = libc::in6_pktinfo { ipi6_addr: source, ipi6_ifindex: 0 };
                sendmsg(socket, &vector, &[ControlMessage::Ipv6PacketInfo(&info)], flags, Some(&to))
            }
        };
        result.map(|_| ())
    }

    /// Tells whether the kernel takes no more for now.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }
}

/// Calls to the kernel that give an error instead of a datagram, until it is another's turn.
const FRUITLESS_MAX: usize = 16;

/// A socket holds one error at a time that is not for the one who hears it; two may come while we try.
const PENDING_ERRORS_MAX: usize = 2;

fn address(source: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = source.as_sockaddr_in().map(|v4| SocketAddr::V4((*v4).into()));
    v4.or_else(|| source.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into())))
}

fn failure(errno: u32) -> Failure {
    io::Error::from_raw_os_error(errno as i32).kind().into()
}
