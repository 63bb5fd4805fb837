//! UDP datagrams in captured frames: where they are, and how their headers follow a payload of another length.

use core::ops::Range;

use wire::checksum::Sum;
use wire::datagram::{Datagram, Unusable};
use wire::ether::{self, EtherType};
use wire::ip::Addresses;
use wire::udp::{self, Ports};
use wire::{Malformed, WriteError};

/// What the frames of a capture begin with.
#[derive(Clone, Copy)]
pub(crate) enum Link {
    /// Ethernet, with or without VLAN tags.
    Ethernet,
    /// IP, of either version.
    Ip,
    /// The header that Linux makes up when it captures on all interfaces.
    LinuxCooked,
    /// Its second version.
    LinuxCooked2,
}

impl Link {
    /// Returns the link layer of that number in the registry of pcap, if it is known here.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Ethernet),
            101 | 228 | 229 => Some(Self::Ip),
            113 => Some(Self::LinuxCooked),
            276 => Some(Self::LinuxCooked2),
            _ => None,
        }
    }

    /// Returns where the IP packet begins, if the frame holds one.
    fn ip_offset(self, frame: &[u8]) -> Option<usize> {
        let (ether_type, offset) = match self {
            Self::Ethernet => {
                let (header, ether_type, _) = ether::Header::parse(frame).ok()?;
                (ether_type, header.header_len())
            }
            Self::Ip => return Some(0),
            // The type stands at the end of the first header, and at the front of the second.
            Self::LinuxCooked => (ether_type_at(frame, 14)?, 16),
            Self::LinuxCooked2 => (ether_type_at(frame, 0)?, 20),
        };
        let is_ip = matches!(ether_type, EtherType::IPV4 | EtherType::IPV6);
        (is_ip && offset <= frame.len()).then_some(offset)
    }
}

/// Where in a frame its datagram is.
pub(crate) struct Place {
    ip_offset: usize,
    addresses: Addresses,
    /// The ports of the datagram.
    pub(crate) ports: Ports,
    /// The bytes of the frame that are the payload.
    pub(crate) payload: Range<usize>,
}

impl Place {
    /// Finds the datagram of a frame, if it holds a whole one.
    ///
    /// A capture on the sending host may show an IPv4 packet before the network card has filled in its checksum: a
    /// checksum of zero is filled in here.
    pub(crate) fn find(link: Link, frame: &mut [u8]) -> Option<Self> {
        let ip_offset = link.ip_offset(frame)?;
        let packet = frame.get_mut(ip_offset..)?;
        let datagram = match Datagram::parse_ip(packet) {
            Err(Unusable::Malformed(Malformed::BadChecksum)) if packet.get(10..12) == Some(&[0, 0]) => {
                fill_in_checksum(packet);
                Datagram::parse_ip(packet).ok()?
            }
            parsed => parsed.ok()?,
        };
        let payload_offset = ip_offset + datagram.payload_offset;
        Some(Self {
            ip_offset,
            addresses: datagram.addresses,
            ports: datagram.ports,
            payload: payload_offset..payload_offset + datagram.payload_len,
        })
    }

    /// Ends the frame after that many bytes of payload, and corrects lengths and checksums of IP and UDP.
    pub(crate) fn end_after(&self, payload_len: usize, frame: &mut Vec<u8>) -> Result<(), WriteError> {
        frame.truncate(self.payload.start + payload_len);
        let packet = &mut frame[self.ip_offset..];
        match self.addresses {
            Addresses::V4 { .. } => {
                let total_len = u16::try_from(packet.len()).map_err(|_| WriteError::TooLong)?;
                packet[2..4].copy_from_slice(&total_len.to_be_bytes());
                fill_in_checksum(packet);
            }
            Addresses::V6 { .. } => {
                let payload_len = u16::try_from(packet.len() - IPV6_LEN).map_err(|_| WriteError::TooLong)?;
                packet[4..6].copy_from_slice(&payload_len.to_be_bytes());
            }
        }
        udp::write(&mut frame[self.payload.start - UDP_LEN..], self.ports, &self.addresses)
    }
}

/// Computes the checksum of an IPv4 header; the callers have parsed it, or know that it was.
fn fill_in_checksum(packet: &mut [u8]) {
    let header_len = usize::from(packet[0] & 0x0f) * 4;
    packet[10..12].fill(0);
    let checksum = Sum::default().plus(&packet[..header_len]).checksum();
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
}

fn ether_type_at(frame: &[u8], offset: usize) -> Option<EtherType> {
    frame.get(offset..)?.first_chunk().map(|bytes| EtherType(u16::from_be_bytes(*bytes)))
}

const IPV6_LEN: usize = 40;
const UDP_LEN: usize = 8;
