//! Addresses in the form that the packet path compares and copies: plain bytes, no enums.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

/// What an IPv4 address follows in its IPv6-mapped form.
const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/// An IP address and a UDP port. An IPv4 address stands in its IPv6-mapped form (RFC 4291 section 2.5.5.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(C)]
pub struct Endpoint {
    address: [u8; 16],
    port: u16,
}

impl Endpoint {
    /// Nobody: what a frame says before it came from anywhere.
    pub const NONE: Self = Self { address: [0; 16], port: 0 };

    /// Puts an address and a port together.
    #[must_use]
    pub const fn new(address: IpAddr, port: u16) -> Self {
        let address = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        };
        Self { address, port }
    }

    /// Returns the address; an IPv6-mapped one comes back as IPv4.
    #[inline]
    #[must_use]
    pub fn address(&self) -> IpAddr {
        let [prefix @ .., a, b, c, d] = self.address;
        if prefix == MAPPED { [a, b, c, d].into() } else { self.address.into() }
    }

    /// Returns the address as it stands.
    #[must_use]
    pub const fn octets(&self) -> [u8; 16] {
        self.address
    }

    /// Returns the port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the same address with another port.
    #[must_use]
    pub const fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Tells whether only the ports may differ.
    #[must_use]
    pub fn same_address(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self::new(address.ip(), address.port())
    }
}

impl From<Endpoint> for SocketAddr {
    fn from(endpoint: Endpoint) -> Self {
        Self::new(endpoint.address(), endpoint.port())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::from(*self).fmt(f)
    }
}

/// A UDP port on one of the media addresses of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalPort {
    /// Which media address: its place in the list that the drivers were opened with.
    pub address: u8,
    /// The port.
    pub port: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_as_they_were() {
        for text in ["192.0.2.1", "0.0.0.0", "2001:db8::1", "::", "::1", "::192.0.2.1", "::fffe:192.0.2.1"] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(Endpoint::new(address, 1).address(), address);
        }
        let mapped = Endpoint::new("::ffff:192.0.2.1".parse().unwrap(), 1);
        assert_eq!(mapped.address(), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
