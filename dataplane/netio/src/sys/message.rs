//! Addresses and control messages as the kernel lays them out around a packet. Plain bytes, no system call.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::Endpoint;

/// The size of a `sockaddr_in`.
const IPV4_BYTES: usize = size_of::<libc::sockaddr_in>();
/// The size of a `sockaddr_in6`, the larger of the two.
pub(crate) const NAME_BYTES: usize = size_of::<libc::sockaddr_in6>();
/// A control message begins with its length, level and kind; its content is rounded up to 8 bytes.
const HEADER_BYTES: usize = size_of::<libc::cmsghdr>();
/// Room for the traffic class (16 + 8 bytes) and the count of lost packets (16 + 8): all that we ask for.
pub(crate) const CONTROL_BYTES: usize = 2 * MARK_BYTES;
/// One control message with an `int`.
const MARK_BYTES: usize = HEADER_BYTES + 8;

/// A socket address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
pub(crate) struct Name {
    bytes: [u8; NAME_BYTES],
    len: u32,
}

impl Name {
    /// Room for an address that the kernel will write.
    pub(crate) const EMPTY: Self = Self { bytes: [0; NAME_BYTES], len: 0 };

    /// Lays out an endpoint. Link-local IPv6 addresses, which would need an interface, are not for media.
    pub(crate) fn new(endpoint: &Endpoint) -> Self {
        let mut name = Self::EMPTY;
        let (family, len) = match endpoint.address() {
            IpAddr::V4(address) => {
                name.bytes[4..8].copy_from_slice(&address.octets());
                (libc::AF_INET, IPV4_BYTES)
            }
            IpAddr::V6(address) => {
                name.bytes[8..24].copy_from_slice(&address.octets());
                (libc::AF_INET6, NAME_BYTES)
            }
        };
        name.bytes[..2].copy_from_slice(&(family as u16).to_ne_bytes());
        name.bytes[2..4].copy_from_slice(&endpoint.port().to_be_bytes());
        name.len = len as u32;
        name
    }

    /// Lays out the address that a packet socket sends whole frames to: an interface.
    pub(crate) fn interface(index: u32) -> Self {
        let mut name = Self::EMPTY;
        // `struct sockaddr_ll`: the protocol is that of the frame, and its length of an Ethernet address only has to fit.
        name.bytes[..2].copy_from_slice(&(libc::AF_PACKET as u16).to_ne_bytes());
        name.bytes[4..8].copy_from_slice(&index.to_ne_bytes());
        name.len = size_of::<libc::sockaddr_ll>() as u32;
        name
    }

    /// Returns where the bytes are, and how many count.
    pub(crate) fn parts(&mut self) -> (*mut u8, u32) {
        (self.bytes.as_mut_ptr(), self.len)
    }

    /// Reads what the kernel wrote.
    pub(crate) fn endpoint(&self) -> Option<Endpoint> {
        endpoint(&self.bytes)
    }
}

/// Reads a socket address; none if it is no IP address.
pub(crate) fn endpoint(bytes: &[u8]) -> Option<Endpoint> {
    let (family, rest) = bytes.split_first_chunk()?;
    let (port, rest) = rest.split_first_chunk()?;
    let address: IpAddr = match u16::from_ne_bytes(*family).into() {
        libc::AF_INET => Ipv4Addr::from(*rest.first_chunk::<4>()?).into(),
        libc::AF_INET6 => Ipv6Addr::from(*rest.get(4..)?.first_chunk::<16>()?).into(),
        _ => return None,
    };
    Some(Endpoint::new(address, u16::from_be_bytes(*port)))
}

/// What came along with a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// Where the packet was sent to, if its socket was asked to tell: not always where the socket is bound to.
    pub(crate) destination: Option<Endpoint>,
    /// The traffic class octet.
    pub(crate) traffic_class: u8,
    /// How many packets the socket had lost when this one was queued, modulo 2^32; the kernel is silent while
    /// there are none.
    pub(crate) lost: Option<u32>,
}

/// Reads control messages; those that nobody asked for are passed over.
pub(crate) fn parse_control(mut bytes: &[u8]) -> Notes {
    let mut notes = Notes::default();
    while let Some((header, _)) = bytes.split_first_chunk::<HEADER_BYTES>() {
        let [l0, l1, l2, l3, l4, l5, l6, l7, level @ .., k0, k1, k2, k3] = *header;
        let len = u64::from_ne_bytes([l0, l1, l2, l3, l4, l5, l6, l7]) as usize;
        let level = i32::from_ne_bytes(level);
        let kind = i32::from_ne_bytes([k0, k1, k2, k3]);
        let Some(content) = bytes.get(HEADER_BYTES..len) else { break };
        match (level, kind, content) {
            (libc::IPPROTO_IP, libc::IP_TOS, [class, ..]) => notes.traffic_class = *class,
            (libc::IPPROTO_IPV6, libc::IPV6_TCLASS, [a, b, c, d, ..]) => {
                notes.traffic_class = i32::from_ne_bytes([*a, *b, *c, *d]) as u8;
            }
            (libc::IPPROTO_IP, libc::IP_ORIGDSTADDR, _) | (libc::IPPROTO_IPV6, libc::IPV6_ORIGDSTADDR, _) => {
                notes.destination = endpoint(content);
            }
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL, [a, b, c, d, ..]) => {
                notes.lost = Some(u32::from_ne_bytes([*a, *b, *c, *d]));
            }
            _ => {}
        }
        let Some(rest) = bytes.get(len.next_multiple_of(8)..) else { break };
        bytes = rest;
    }
    notes
}

/// The control message that gives one packet its traffic class.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(crate) struct Mark {
    bytes: [u8; MARK_BYTES],
}

impl Mark {
    /// Marks nothing yet.
    pub(crate) const EMPTY: Self = Self { bytes: [0; MARK_BYTES] };

    /// Lays out a traffic class, for a socket of this family.
    pub(crate) fn new(traffic_class: u8, is_ipv6: bool) -> Self {
        let (level, kind) = match is_ipv6 {
            true => (libc::IPPROTO_IPV6, libc::IPV6_TCLASS),
            false => (libc::IPPROTO_IP, libc::IP_TOS),
        };
        let mut mark = Self::EMPTY;
        mark.bytes[..8].copy_from_slice(&((HEADER_BYTES + size_of::<i32>()) as u64).to_ne_bytes());
        mark.bytes[8..12].copy_from_slice(&level.to_ne_bytes());
        mark.bytes[12..16].copy_from_slice(&kind.to_ne_bytes());
        mark.bytes[16..20].copy_from_slice(&i32::from(traffic_class).to_ne_bytes());
        mark
    }

    /// Returns the bytes.
    pub(crate) fn bytes(self) -> [u8; MARK_BYTES] {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_survive_the_way_through_a_socket_address() {
        for text in ["192.0.2.1:4000", "[2001:db8::1]:65535"] {
            let address: core::net::SocketAddr = text.parse().unwrap();
            let endpoint = Endpoint::from(address);
            assert_eq!(Name::new(&endpoint).endpoint(), Some(endpoint));
        }
    }

    #[test]
    fn a_unix_address_is_no_endpoint() {
        assert_eq!(endpoint(&[1, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(endpoint(&[2, 0, 0]), None);
    }

    #[test]
    fn a_mark_reads_back_as_its_traffic_class() {
        for is_ipv6 in [false, true] {
            let notes = parse_control(&Mark::new(0xb8, is_ipv6).bytes);
            assert_eq!(notes, Notes { traffic_class: 0xb8, ..Notes::default() });
        }
    }

    #[test]
    fn what_is_lost_is_read_behind_a_traffic_class_of_one_byte() {
        let mut bytes = Mark::new(0x28, false).bytes.to_vec();
        bytes[..8].copy_from_slice(&17u64.to_ne_bytes());
        let mut lost = Mark::new(7, false).bytes;
        lost[8..12].copy_from_slice(&libc::SOL_SOCKET.to_ne_bytes());
        lost[12..16].copy_from_slice(&libc::SO_RXQ_OVFL.to_ne_bytes());
        bytes.extend(lost);
        assert_eq!(parse_control(&bytes), Notes { traffic_class: 0x28, lost: Some(7), destination: None });
    }

    #[test]
    fn damaged_control_messages_end_the_reading() {
        for len in [0u64, 3, 16, 25, u64::MAX] {
            let mut bytes = Mark::new(0xb8, false).bytes;
            bytes[..8].copy_from_slice(&len.to_ne_bytes());
            assert_eq!(parse_control(&bytes), Notes::default());
        }
    }
}
