//! The IPv6 header, and the extension headers before the payload (RFC 8200).

use core::net::Ipv6Addr;

use crate::cursor::Cursor;
use crate::ip::{Protocol, TrafficClass};
use crate::{Malformed, WriteError};

/// The IPv6 header of one packet, with what its extension headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// How the packet wants to be treated on its way.
    pub traffic_class: TrafficClass,
    /// Names the flow it belongs to: 20 bits.
    pub flow_label: u32,
    /// How many routers it may still pass.
    pub hop_limit: u8,
    /// What it carries, behind all extension headers.
    pub protocol: Protocol,
    /// The sender.
    pub source: Ipv6Addr,
    /// The receiver.
    pub destination: Ipv6Addr,
    /// Tells that this is less than a whole packet.
    pub is_part: bool,
    header_len: usize,
}

impl Header {
    /// Returns the header of a whole packet.
    pub const fn new(source: Ipv6Addr, destination: Ipv6Addr, protocol: Protocol, hop_limit: u8) -> Self {
        Self {
            traffic_class: TrafficClass(0),
            flow_label: 0,
            hop_limit,
            protocol,
            source,
            destination,
            is_part: false,
            header_len: FIXED_LEN,
        }
    }

    /// Parses the header of a packet and walks its extension headers, and returns it with its payload: what follows
    /// them, up to the payload length.
    ///
    /// The walk ends at a fragment, whose remaining headers may be in another one.
    ///
    /// # Errors
    /// [`Malformed::BadVersion`], [`Malformed::Truncated`], [`Malformed::SourceRouted`], and [`Malformed::TooMany`] for
    /// more than eight extension headers.
    #[inline]
    pub fn parse(packet: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (&[w0, w1, w2, w3, l0, l1, next_header, hop_limit], rest) =
            packet.split_first_chunk().ok_or(Malformed::Truncated)?;
        let (&source, rest) = rest.split_first_chunk::<16>().ok_or(Malformed::Truncated)?;
        let (&destination, rest) = rest.split_first_chunk::<16>().ok_or(Malformed::Truncated)?;
        if w0 >> 4 != VERSION {
            return Err(Malformed::BadVersion);
        }
        // RFC 8200 section 3: the payload length counts the extension headers, but not this one.
        let payload_len = usize::from(u16::from_be_bytes([l0, l1]));
        let rest = rest.get(..payload_len).ok_or(Malformed::Truncated)?;
        let Upper { protocol, is_part, payload } = skip_extensions(next_header, rest)?;
        let header = Self {
            traffic_class: TrafficClass(w0 << 4 | w1 >> 4),
            flow_label: u32::from_be_bytes([0, w1, w2, w3]) & FLOW_LABEL,
            hop_limit,
            protocol,
            source: Ipv6Addr::from(source),
            destination: Ipv6Addr::from(destination),
            is_part,
            header_len: FIXED_LEN.saturating_add(payload_len.saturating_sub(payload.len())),
        };
        Ok((header, payload))
    }

    /// Writes the header of a packet, without extension headers, in front of the payload that stands in it already, and
    /// returns its length.
    ///
    /// # Errors
    /// [`WriteError::NoRoom`] when the packet is shorter than the header, [`WriteError::TooLong`] when the payload is
    /// longer than 65,535 bytes.
    #[inline]
    pub fn write(&self, packet: &mut [u8]) -> Result<usize, WriteError> {
        let payload_len = packet.len().checked_sub(FIXED_LEN).ok_or(WriteError::NoRoom)?;
        let payload_len = u16::try_from(payload_len).map_err(|_| WriteError::TooLong)?;
        let first_word =
            u32::from(VERSION) << 28 | u32::from(self.traffic_class.0) << 20 | self.flow_label & FLOW_LABEL;
        let mut cursor = Cursor::new(packet);
        cursor.put(&first_word.to_be_bytes())?;
        cursor.put(&payload_len.to_be_bytes())?;
        cursor.put(&[self.protocol.0, self.hop_limit])?;
        cursor.put(&self.source.octets())?;
        cursor.put(&self.destination.octets())?;
        Ok(cursor.written())
    }

    /// Returns the length in bytes, with the extension headers it was parsed with.
    pub const fn header_len(&self) -> usize {
        self.header_len
    }
}

/// What stands behind the extension headers.
struct Upper<'a> {
    protocol: Protocol,
    is_part: bool,
    payload: &'a [u8],
}

#[inline]
fn skip_extensions(mut next_header: u8, mut rest: &[u8]) -> Result<Upper<'_>, Malformed> {
    for _ in 0..=EXTENSIONS_MAX {
        let is_extension = matches!(next_header, HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION_OPTIONS);
        if !is_extension {
            return Ok(Upper { protocol: Protocol(next_header), is_part: false, payload: rest });
        }
        // RFC 8200 section 4: every extension header begins with what follows it, and fills units of eight bytes.
        let (&[following, units, b2, b3, ..], after) =
            rest.split_first_chunk::<8>().ok_or(Malformed::Truncated)?;
        if next_header == FRAGMENT {
            let is_part = u16::from_be_bytes([b2, b3]) & FRAGMENT_OFFSET_AND_MORE != 0;
            if is_part {
                return Ok(Upper { protocol: Protocol(following), is_part, payload: after });
            }
            // RFC 6946 section 4: a fragment that is the whole packet is a packet like any other.
            rest = after;
        } else {
            // RFC 8200 section 4.4: a packet whose route goes on is for another host, or by an obsolete route.
            if next_header == ROUTING && b3 != 0 {
                return Err(Malformed::SourceRouted);
            }
            rest = after.get(usize::from(units) << 3..).ok_or(Malformed::Truncated)?;
        }
        next_header = following;
    }
    Err(Malformed::TooMany)
}

/// The length of a header without extension headers.
pub(crate) const FIXED_LEN: usize = 40;
const VERSION: u8 = 6;
const FLOW_LABEL: u32 = 0x000f_ffff;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION_OPTIONS: u8 = 60;
const FRAGMENT_OFFSET_AND_MORE: u16 = 0xfff9;

/// RFC 8200 section 4.1 has each kind once and the destination options twice: five. More is room for the odd host, and
/// the bound keeps a packet of 8,000 empty headers from costing 8,000 steps.
const EXTENSIONS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const HEADER: [u8; 40] = [
        0x6b, 0x80, 0x12, 0x34, 0x00, 0x00, 0x11, 0x40, //
        0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, //
        0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20,
    ];

    /// A packet whose payload begins with a header of the given kind.
    fn packet(next_header: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = [&HEADER[..], payload].concat();
        packet[4..6].copy_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
        packet[6] = next_header;
        packet
    }

    #[test]
    fn a_header_is_written_as_it_was_parsed() {
        let mut packet = packet(17, &[0xaa; 3]);
        let (header, payload) = Header::parse(&packet).unwrap();
        assert_eq!((header.traffic_class.dscp(), header.traffic_class.ecn()), (46, 0));
        assert_eq!((header.flow_label, header.hop_limit, header.protocol), (0x1234, 64, Protocol::UDP));
        assert_eq!(header.source, "2001:db8::10".parse::<Ipv6Addr>().unwrap());
        assert_eq!((header.header_len(), payload), (40, &[0xaa; 3][..]));
        let before = packet.clone();
        packet[..40].fill(0xee);
        assert_eq!(header.write(&mut packet), Ok(40));
        assert_eq!(packet, before);
    }

    #[test]
    fn extension_headers_are_walked_to_the_payload() {
        let hop_by_hop = [43, 0, 1, 4, 0, 0, 0, 0];
        let routing_at_its_end = [60, 0, 4, 0, 0, 0, 0, 0];
        let destination_options = [17, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let payload = [&hop_by_hop[..], &routing_at_its_end, &destination_options, &[0xaa]].concat();
        let packet = packet(0, &payload);
        let (header, payload) = Header::parse(&packet).unwrap();
        assert_eq!((header.protocol, header.header_len(), payload), (Protocol::UDP, 72, &[0xaa][..]));
    }

    #[test]
    fn fragments_are_told_from_whole_packets() {
        for (offset, more, expected) in [(0, 0, false), (0, 1, true), (8, 0, true)] {
            let packet = packet(44, &[17, 0xff, 0, offset | more, 0, 0, 0, 1, 0xaa]);
            let (header, payload) = Header::parse(&packet).unwrap();
            assert_eq!((header.is_part, payload), (expected, &[0xaa][..]));
        }
    }

    #[test]
    fn a_packet_whose_route_goes_on_is_refused() {
        let packet = packet(43, &[17, 0, 4, 1, 0, 0, 0, 0]);
        assert_eq!(Header::parse(&packet), Err(Malformed::SourceRouted));
    }

    #[test]
    fn the_walk_over_extension_headers_is_bounded() {
        let chain = |len: usize| {
            let mut payload = [60, 0, 1, 4, 0, 0, 0, 0].repeat(len);
            payload[8 * (len - 1)] = 17;
            packet(60, &payload)
        };
        assert!(Header::parse(&chain(8)).is_ok());
        assert_eq!(Header::parse(&chain(9)), Err(Malformed::TooMany));
    }

    #[test]
    fn every_prefix_is_truncated() {
        let packet = packet(0, &[17, 0, 1, 4, 0, 0, 0, 0, 0xaa]);
        for len in 0..packet.len() {
            assert_eq!(Header::parse(&packet[..len]), Err(Malformed::Truncated), "{len} bytes");
        }
    }

    #[test]
    fn other_versions_are_refused() {
        let mut packet = packet(17, &[]);
        packet[0] = 0x4b;
        assert_eq!(Header::parse(&packet), Err(Malformed::BadVersion));
    }
}
