//! Where connections come in, and what a Via calls the places that were bound.

use std::borrow::Cow;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use mio::net::{TcpListener, TcpStream};
use sip::flow::Protocol;
use socket2::{Domain, Socket, Type};

use crate::connection::retry;

/// A listener as it was bound.
#[derive(Clone, Debug)]
pub struct Bound {
    /// Its protocol.
    pub protocol: Protocol,
    /// Its address; the kernel has chosen the port if it was zero.
    pub address: SocketAddr,
    /// What a Via calls it, if nothing better is known of the way.
    pub sent_by: String,
    /// How much the kernel keeps of datagrams that wait, in bytes; it reckons about 2.3 KB for a message of 1.2 KB. Zero
    /// for connections.
    pub receive_buffer_bytes: usize,
    is_advertised: bool,
}

impl Bound {
    pub(crate) fn new(
        protocol: Protocol,
        address: SocketAddr,
        advertised: Option<String>,
        receive_buffer_bytes: usize,
    ) -> Self {
        let is_advertised = advertised.is_some();
        let sent_by = advertised.unwrap_or_else(|| own_address(address).to_string());
        Self { protocol, address, sent_by, receive_buffer_bytes, is_advertised }
    }

    /// Tells whether what comes to, or leaves from, a local address belongs to it.
    pub(crate) fn covers(&self, protocol: Protocol, local: SocketAddr) -> bool {
        let ip = self.address.ip();
        self.protocol == protocol
            && (ip == local.ip() || (ip.is_unspecified() && is_same_family(ip, local.ip())))
    }

    fn sent_by_from(&self, local: SocketAddr) -> Cow<'_, str> {
        let is_named =
            self.is_advertised || !self.address.ip().is_unspecified() || local.ip().is_unspecified();
        if is_named {
            Cow::Borrowed(&self.sent_by)
        } else {
            Cow::Owned(SocketAddr::new(local.ip(), self.address.port()).to_string())
        }
    }
}

/// Returns what a Via says for what leaves from a local address: where answers are to come if the way back is gone. A
/// connection of ours leaves from any port, so the listener is found by the address alone if the port fits none.
pub(crate) fn sent_by(listeners: &[Bound], protocol: Protocol, local: SocketAddr) -> Cow<'_, str> {
    let covering = || listeners.iter().filter(|bound| bound.covers(protocol, local));
    let by_port = covering().find(|bound| bound.address.port() == local.port());
    let of_protocol = || listeners.iter().find(|bound| bound.protocol == protocol);
    match by_port.or_else(|| covering().next()).or_else(of_protocol) {
        Some(bound) => bound.sent_by_from(local),
        None => Cow::Owned(local.to_string()),
    }
}

pub(crate) fn is_same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4()
}

/// Returns the address by which others find what is bound to a wildcard: the one by which this host leaves for others.
/// Nothing is sent to find out.
fn own_address(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    // RFC 5737 and RFC 3849: addresses for documentation, which only a default route leads to.
    let (any, far): (IpAddr, IpAddr) = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into()),
        SocketAddr::V6(_) => {
            (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into())
        }
    };
    let found = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((far, 5060))?;
        socket.local_addr()
    });
    let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    SocketAddr::new(found.map_or(loopback, |found| found.ip()), address.port())
}

/// Where connections come in.
pub(crate) struct Entrance {
    pub(crate) protocol: Protocol,
    pub(crate) socket: TcpListener,
}

/// Connections that wait to be accepted; a storm of reconnects of all peers fits.
const BACKLOG: i32 = 4096;

impl Entrance {
    /// Binds an address.
    pub(crate) fn open(protocol: Protocol, address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // Connections of before a restart may still linger on the port.
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(Self { protocol, socket: TcpListener::from_std(socket.into()) })
    }

    /// Takes the next connection with both its addresses.
    pub(crate) fn accept(&self) -> io::Result<(TcpStream, SocketAddr, SocketAddr)> {
        let (socket, remote) = retry(|| self.socket.accept())?;
        // Messages are whole when they are written: nothing is gained by waiting for more.
        socket.set_nodelay(true)?;
        let local = socket.local_addr()?;
        Ok((socket, local, remote))
    }
}

/// Asks for a connection, from a local address if one is given.
pub(crate) fn connect(remote: SocketAddr, local: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(remote), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if let Some(local) = local {
        socket.bind(&SocketAddr::new(local, 0).into())?;
    }
    match socket.connect(&remote.into()) {
        Err(error) if error.raw_os_error() != Some(nix::libc::EINPROGRESS) => Err(error),
        Ok(()) | Err(_) => Ok(TcpStream::from_std(socket.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(protocol: Protocol, address: &str, advertised: Option<&str>) -> Bound {
        Bound::new(protocol, address.parse().unwrap(), advertised.map(str::to_owned), 0)
    }

    #[test]
    fn a_via_says_where_answers_find_us() {
        let listeners = [
            bound(Protocol::Udp, "10.0.0.1:5060", None),
            bound(Protocol::Udp, "10.0.0.1:5070", Some("sbc.example:5070")),
            bound(Protocol::Tcp, "0.0.0.0:5060", None),
            bound(Protocol::Tls, "[::1]:5061", None),
        ];
        for (protocol, local, expected) in [
            (Protocol::Udp, "10.0.0.1:5060", "10.0.0.1:5060"),
            (Protocol::Udp, "10.0.0.1:5070", "sbc.example:5070"),
            (Protocol::Tcp, "10.0.0.2:34567", "10.0.0.2:5060"),
            (Protocol::Tls, "[::1]:34567", "[::1]:5061"),
            // No listener of the family: the one of the protocol is better than an address that nobody listens on.
            (Protocol::Tls, "10.0.0.1:34567", "[::1]:5061"),
        ] {
            assert_eq!(sent_by(&listeners, protocol, local.parse().unwrap()), expected);
        }
        assert_eq!(sent_by(&[], Protocol::Udp, "10.0.0.1:1".parse().unwrap()), "10.0.0.1:1");
    }

    #[test]
    fn a_wildcard_is_never_what_a_via_says() {
        let wildcard = bound(Protocol::Tcp, "0.0.0.0:5060", None);
        let said: SocketAddr = wildcard.sent_by.parse().unwrap();
        assert!(!said.ip().is_unspecified() && said.port() == 5060);
    }
}
