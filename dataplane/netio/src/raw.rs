//! Raw sockets: they send IP packets with the headers that stand in them, from any port, and receive nothing.

use core::net::IpAddr;
use std::os::fd::AsFd;

use socket2::{Domain, Protocol, Socket, Type};

use crate::address::Endpoint;
use crate::sys::{Errno, socket};

/// One for each version of IP.
pub(crate) struct RawSockets {
    over_ipv4: Socket,
    /// None if the kernel was built or started without IPv6.
    over_ipv6: Option<Socket>,
}

impl RawSockets {
    /// Opens them; that takes CAP_NET_RAW.
    pub(crate) fn open() -> Result<Self, Errno> {
        let over_ipv6 = match open(Domain::IPV6) {
            Err(Errno(libc::EAFNOSUPPORT)) => None,
            other => Some(other?),
        };
        Ok(Self { over_ipv4: open(Domain::IPV4)?, over_ipv6 })
    }

    /// Returns the one that packets to this destination leave through.
    #[inline]
    pub(crate) fn towards(&self, to: &Endpoint) -> Option<&Socket> {
        match to.address() {
            IpAddr::V4(_) => Some(&self.over_ipv4),
            IpAddr::V6(_) => self.over_ipv6.as_ref(),
        }
    }
}

fn open(domain: Domain) -> Result<Socket, Errno> {
    let socket = Socket::new(domain, Type::RAW, Some(Protocol::from(libc::IPPROTO_RAW)))?;
    if domain == Domain::IPV6 {
        socket.set_header_included_v6(true)?;
    } else {
        socket.set_header_included_v4(true)?;
    }
    // Nobody reads the packets of protocol 255 that the kernel would put there.
    socket.set_recv_buffer_size(0)?;
    socket::set_send_buffer(socket.as_fd())?;
    Ok(socket)
}
