//! The IPv4 header (RFC 791).

use core::net::Ipv4Addr;

use crate::checksum::Sum;
use crate::ip::{Protocol, TrafficClass};
use crate::{Malformed, WriteError};

/// The IPv4 header of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// How the packet wants to be treated on its way.
    pub traffic_class: TrafficClass,
    /// Names the packet that fragments belong to.
    pub identification: u16,
    /// Which part of that packet this is.
    pub fragment: Fragment,
    /// How many routers it may still pass.
    pub hop_limit: u8,
    /// What it carries.
    pub protocol: Protocol,
    /// The sender.
    pub source: Ipv4Addr,
    /// The receiver.
    pub destination: Ipv4Addr,
    header_len: usize,
}

impl Header {
    /// Returns the header of a whole packet that must not be fragmented.
    pub const fn new(source: Ipv4Addr, destination: Ipv4Addr, protocol: Protocol, hop_limit: u8) -> Self {
        Self {
            traffic_class: TrafficClass(0),
            // RFC 6864 section 4.1: a packet that is never fragmented needs no identification.
            identification: 0,
            fragment: Fragment::DONT,
            hop_limit,
            protocol,
            source,
            destination,
            header_len: FIXED_LEN,
        }
    }

    /// Parses the header of a packet whose checksum is right, and returns it with its payload: what follows the
    /// options, up to the total length.
    ///
    /// # Errors
    /// [`Malformed::BadVersion`], [`Malformed::BadLength`], [`Malformed::Truncated`], [`Malformed::BadChecksum`].
    #[inline]
    pub fn parse(packet: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let Some(
            &[
                first,
                class,
                l0,
                l1,
                i0,
                i1,
                f0,
                f1,
                hop_limit,
                protocol,
                _,
                _,
                s0,
                s1,
                s2,
                s3,
                d0,
                d1,
                d2,
                d3,
            ],
        ) = packet.first_chunk::<FIXED_LEN>()
        else {
            return Err(Malformed::Truncated);
        };
        if first >> 4 != VERSION {
            return Err(Malformed::BadVersion);
        }
        // RFC 791 section 3.1: the header length counts words, and is at least five.
        let header_len = usize::from(first & 0x0f) << 2;
        if header_len < FIXED_LEN {
            return Err(Malformed::BadLength);
        }
        let total_len = usize::from(u16::from_be_bytes([l0, l1]));
        let packet = packet.get(..total_len).ok_or(Malformed::Truncated)?;
        let (header, payload) = packet.split_at_checked(header_len).ok_or(Malformed::BadLength)?;
        // RFC 1122 section 3.2.1.2: a host verifies the checksum of every packet, and discards the bad ones.
        if !Sum::default().plus(header).is_right() {
            return Err(Malformed::BadChecksum);
        }
        let header = Self {
            traffic_class: TrafficClass(class),
            identification: u16::from_be_bytes([i0, i1]),
            fragment: Fragment(u16::from_be_bytes([f0, f1])),
            hop_limit,
            protocol: Protocol(protocol),
            source: Ipv4Addr::new(s0, s1, s2, s3),
            destination: Ipv4Addr::new(d0, d1, d2, d3),
            header_len,
        };
        Ok((header, payload))
    }

    /// Writes the header of a packet, without options and with its checksum, in front of the payload that stands in it
    /// already, and returns its length.
    ///
    /// # Errors
    /// [`WriteError::NoRoom`] when the packet is shorter than the header, [`WriteError::TooLong`] when it is longer
    /// than 65,535 bytes.
    #[inline]
    pub fn write(&self, packet: &mut [u8]) -> Result<usize, WriteError> {
        let len = u16::try_from(packet.len()).map_err(|_| WriteError::TooLong)?;
        let target = packet.first_chunk_mut::<FIXED_LEN>().ok_or(WriteError::NoRoom)?;
        let [l0, l1] = len.to_be_bytes();
        let [i0, i1] = self.identification.to_be_bytes();
        let [f0, f1] = self.fragment.0.to_be_bytes();
        let [s0, s1, s2, s3] = self.source.octets();
        let [d0, d1, d2, d3] = self.destination.octets();
        let (class, hop_limit, protocol) = (self.traffic_class.0, self.hop_limit, self.protocol.0);
        let mut header =
            [0x45, class, l0, l1, i0, i1, f0, f1, hop_limit, protocol, 0, 0, s0, s1, s2, s3, d0, d1, d2, d3];
        [header[10], header[11]] = Sum::default().plus(&header).checksum().to_be_bytes();
        *target = header;
        Ok(FIXED_LEN)
    }

    /// Returns the length in bytes, with the options it was parsed with.
    pub const fn header_len(&self) -> usize {
        self.header_len
    }
}

/// Which part of a packet was sent on its own: three flags, and an offset in units of eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment(pub u16);

impl Fragment {
    /// A whole packet, which no router may divide.
    pub const DONT: Self = Self(0x4000);

    /// Tells whether this is less than a whole packet.
    #[inline]
    pub const fn is_part(self) -> bool {
        self.0 & (MORE_FRAGMENTS | OFFSET) != 0
    }
}

/// The length of a header without options.
pub(crate) const FIXED_LEN: usize = 20;
const VERSION: u8 = 4;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// A UDP packet between two hosts of a private network, whose checksum b861 is known from textbooks.
    fn packet() -> Vec<u8> {
        let header = [
            0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, //
            0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
        ];
        [&header[..], &[0xaa; 95]].concat()
    }

    /// Changes a packet and makes its checksum right again.
    fn with(mut packet: Vec<u8>, changes: &[(usize, u8)]) -> Vec<u8> {
        for &(at, byte) in changes.iter().chain(&[(10, 0), (11, 0)]) {
            packet[at] = byte;
        }
        let header_len = usize::from(packet[0] & 0x0f) * 4;
        let checksum = Sum::default().plus(&packet[..header_len]).checksum();
        packet[10..12].copy_from_slice(&checksum.to_be_bytes());
        packet
    }

    #[test]
    fn a_header_is_written_as_it_was_parsed() {
        let mut packet = packet();
        let (header, payload) = Header::parse(&packet).unwrap();
        let (source, destination) = (Ipv4Addr::new(192, 168, 0, 1), Ipv4Addr::new(192, 168, 0, 199));
        assert_eq!(header, Header::new(source, destination, Protocol::UDP, 64));
        assert_eq!(payload, [0xaa; 95]);
        let before = packet.clone();
        packet[..20].fill(0xee);
        assert_eq!(header.write(&mut packet), Ok(20));
        assert_eq!(packet, before);
    }

    #[test]
    fn options_and_what_fills_the_frame_are_not_payload() {
        let mut packet = with(packet(), &[(0, 0x46), (3, 26)]);
        packet.truncate(40);
        let (header, payload) = Header::parse(&packet).unwrap();
        assert_eq!((header.header_len(), payload), (24, &[0xaa, 0xaa][..]));
    }

    #[test]
    fn the_checksum_covers_every_byte_of_the_header() {
        for at in 1..20 {
            let mut packet = packet();
            packet[at] ^= 0x01;
            assert!(Header::parse(&packet).is_err(), "byte {at}");
        }
    }

    #[test]
    fn fragments_are_told_from_whole_packets() {
        for (flags, offset, expected) in
            [(0x00, 0, false), (0x40, 0, false), (0x20, 0, true), (0x00, 1, true), (0x10, 0, true)]
        {
            let packet = with(packet(), &[(6, flags), (7, offset)]);
            let (header, _) = Header::parse(&packet).unwrap();
            assert_eq!(header.fragment.is_part(), expected, "{flags:02x}{offset:02x}");
        }
    }

    #[test]
    fn lengths_contradict_neither_each_other_nor_the_bytes() {
        let parse = |changes: &[_]| Header::parse(&with(packet(), changes)).map(|_| ());
        assert_eq!(parse(&[(0, 0x65)]), Err(Malformed::BadVersion));
        assert_eq!(parse(&[(0, 0x44)]), Err(Malformed::BadLength));
        assert_eq!(parse(&[(3, 19)]), Err(Malformed::BadLength));
        assert_eq!(parse(&[(3, 0x74)]), Err(Malformed::Truncated));
        assert_eq!(Header::parse(&packet()[..19]), Err(Malformed::Truncated));
    }

    #[test]
    fn a_packet_has_at_most_65_535_bytes() {
        let packet = packet();
        let (header, _) = Header::parse(&packet).unwrap();
        assert_eq!(header.write(&mut [0; 65_535]), Ok(20));
        assert_eq!(header.write(&mut [0; 65_536]), Err(WriteError::TooLong));
        assert_eq!(header.write(&mut [0; 19]), Err(WriteError::NoRoom));
    }
}
