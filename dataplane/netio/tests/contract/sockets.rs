//! Drivers whose packets go through the kernel or a cable, and peers with a socket each.

use std::marker::PhantomData;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use netio::{Afxdp, Driver, Endpoint, LocalPort, Mmsg, Setup, SetupError, UringSklookup, UringSockets};

use crate::contract::harness::{Harness, Packet, Peer, Skip, Version};
use crate::contract::network::Network;

/// A driver on a network, with its peers.
pub(crate) struct Sockets<D, N> {
    pub(crate) network: N,
    peers: Vec<UdpSocket>,
    others: Vec<UdpSocket>,
    driver: PhantomData<D>,
}

/// How a driver is opened, and what it may cost.
pub(crate) trait Open: Driver + Send + Sized {
    const SYSTEM_CALLS_MAX: Option<f64>;
    fn open_all(setup: &Setup) -> Result<Vec<Self>, SetupError>;
}

macro_rules! open {
    ($driver:ty, $system_calls_max:expr) => {
        impl Open for $driver {
            const SYSTEM_CALLS_MAX: Option<f64> = $system_calls_max;
            fn open_all(setup: &Setup) -> Result<Vec<Self>, SetupError> {
                Self::open(setup)
            }
        }
    };
}

open!(Mmsg, None);
open!(UringSockets, Some(0.05));
// One request takes up to 33 packets from its socket while the kernel is entered, and all ports have one socket: a batch
// of 64 takes two or three calls to receive, and one to send.
open!(UringSklookup, Some(4.0 / 64.0));
// A cable has no zero-copy, so the kernel is called for every batch that is sent.
open!(Afxdp, Some(0.05));

/// Below the range from which the kernel takes ports for others. Each test takes the next ones, so that tests at the
/// same time do not meet.
static NEXT_PORT: AtomicU16 = AtomicU16::new(10_000);
/// What the kernel allows everybody (`net.core.rmem_max`).
const RECEIVE_BYTES: usize = 212_992;

impl<D: Open, N: Network> Harness for Sockets<D, N> {
    type Driver = D;
    const SYSTEM_CALLS_MAX: Option<f64> = D::SYSTEM_CALLS_MAX;

    fn open(version: Version, frames: u32) -> Result<(Self, D), Skip> {
        let network = N::new(version)?;
        let interface = N::INTERFACE.map(str::to_owned);
        let setup =
            Setup { addresses: vec![network.near()], interface, nodes: vec![None], frames, busy_poll: false };
        let driver = D::open_all(&setup).map_err(|error| Skip(error.to_string()))?.remove(0);
        Ok((Self { network, peers: Vec::new(), others: Vec::new(), driver: PhantomData }, driver))
    }

    fn ports(&mut self, count: usize) -> Vec<LocalPort> {
        let free = |port: &u16| UdpSocket::bind((self.network.near(), *port)).is_ok();
        let next = || NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        core::iter::repeat_with(next)
            .filter(free)
            .take(count)
            .map(|port| LocalPort { address: 0, port })
            .collect()
    }

    fn endpoint(&self, port: LocalPort) -> Endpoint {
        Endpoint::new(self.network.near(), port.port)
    }

    fn peer(&mut self) -> Peer {
        let socket = self.network.peer();
        prepare(&socket);
        let endpoint = socket.local_addr().expect("the socket is bound").into();
        self.peers.push(socket);
        Peer { number: self.peers.len() - 1, endpoint }
    }

    fn send(&mut self, _: &mut D, peer: Peer, to: LocalPort, traffic_class: u8, bytes: &[u8]) {
        let to = SocketAddr::new(self.network.near(), to.port);
        send(&self.peers[peer.number], to, traffic_class, bytes);
    }

    fn receive(&mut self, _: &mut D, peer: Peer) -> Option<Packet> {
        receive(&self.peers[peer.number])
    }

    fn nobody(&self) -> Endpoint {
        // The discard service, which nobody runs.
        Endpoint::new(self.network.far(), 9)
    }

    fn payload_max(&self) -> Option<usize> {
        // The headers of UDP (8) and of IPv4 (20) or IPv6 (40).
        N::MTU.map(|mtu| mtu - if self.network.near().is_ipv4() { 28 } else { 48 })
    }

    fn occupy(&mut self, port: LocalPort) -> bool {
        self.others.push(UdpSocket::bind((self.network.near(), port.port)).expect("the port is free"));
        true
    }
}

/// Has the kernel tell the traffic class, and lets nobody wait for ever.
fn prepare(socket: &UdpSocket) {
    socket.set_read_timeout(Some(Duration::from_secs(2))).expect("a socket takes a timeout");
    let (level, option) = match socket.local_addr().expect("the socket is bound") {
        SocketAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_RECVTOS),
        SocketAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_RECVTCLASS),
    };
    set(socket, level, option, 1);
    // Three batches wait here at times, and the copies that AF_XDP makes are large. The kernel doubles the number.
    set(socket, libc::SOL_SOCKET, libc::SO_RCVBUF, RECEIVE_BYTES as i32);
}

/// Sends with a traffic class.
fn send(socket: &UdpSocket, to: SocketAddr, traffic_class: u8, bytes: &[u8]) {
    let (level, option) = match to {
        SocketAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_TOS),
        SocketAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_TCLASS),
    };
    set(socket, level, option, traffic_class.into());
    socket.send_to(bytes, to).expect("the kernel takes all");
}

fn set(socket: &UdpSocket, level: i32, option: i32, value: i32) {
    let len = size_of::<i32>() as u32;
    // SAFETY: the kernel reads `len` bytes at `value`, which lives during the call.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), len) };
    assert_eq!(result, 0, "the kernel knows option {option} of level {level}");
}

/// Receives with the traffic class, which the standard library does not tell.
fn receive(socket: &UdpSocket) -> Option<Packet> {
    let mut bytes = vec![0u8; 2048];
    let (source, len) = {
        let (len, source) = socket.peek_from(&mut bytes).ok()?;
        (SocketAddr::new(source.ip().to_canonical(), source.port()), len)
    };
    let mut control = [0u64; 8];
    let mut vector = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: an all-zero header points nowhere, which is valid.
    let mut header: libc::msghdr = unsafe { core::mem::zeroed() };
    header.msg_iov = &raw mut vector;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control);
    // SAFETY: the header points at `vector` and `control`, and that at `bytes`; all live here and are as long as said.
    let received = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, 0) };
    assert_eq!(received, len as isize, "the packet that was peeked at is received");
    bytes.truncate(len);
    // The first control message is the only one: a header of 16 bytes, and the class in a byte or an `int`.
    let traffic_class = control[2].to_ne_bytes()[0];
    Some(Packet { source: source.into(), traffic_class, bytes })
}
