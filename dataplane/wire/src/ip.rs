//! What both versions of IP have in common.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::checksum::Sum;

/// Names the protocol inside an IP packet, by the numbers registered with IANA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// UDP.
    pub const UDP: Self = Self(17);
}

/// Says how a packet wants to be treated on its way: six bits of DSCP and two of ECN (RFC 2474, RFC 3168).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TrafficClass(pub u8);

impl TrafficClass {
    /// Returns the class of that code point, outside ECN; only the low six bits count.
    pub const fn from_dscp(dscp: u8) -> Self {
        Self(dscp << 2)
    }

    /// Returns the differentiated services code point.
    pub const fn dscp(self) -> u8 {
        self.0 >> 2
    }

    /// Returns the bits of explicit congestion notification.
    pub const fn ecn(self) -> u8 {
        self.0 & 3
    }
}

/// Where a packet comes from and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addresses {
    /// By IPv4.
    V4 {
        /// The sender.
        source: Ipv4Addr,
        /// The receiver.
        destination: Ipv4Addr,
    },
    /// By IPv6.
    V6 {
        /// The sender.
        source: Ipv6Addr,
        /// The receiver.
        destination: Ipv6Addr,
    },
}

impl Addresses {
    /// Sums the pseudo header by which the checksum of a transport protocol covers the addresses.
    #[inline]
    pub(crate) fn pseudo_header(&self, protocol: Protocol, len: u16) -> Sum {
        // RFC 768 and RFC 8200 section 8.1: the fields have other widths and another order in the two versions, to
        // which a sum of 16-bit words is blind.
        let sum = match self {
            Self::V4 { source, destination } => {
                Sum::default().plus(&source.octets()).plus(&destination.octets())
            }
            Self::V6 { source, destination } => {
                Sum::default().plus(&source.octets()).plus(&destination.octets())
            }
        };
        let [l0, l1] = len.to_be_bytes();
        sum.plus(&[0, protocol.0, l0, l1])
    }
}
