//! A UDP datagram in its frame: found on the way in, dressed on the way out.

use core::error::Error;
use core::fmt;
use core::net::{IpAddr, SocketAddr};

use crate::ether::EtherType;
use crate::ip::{Addresses, Protocol, TrafficClass};
use crate::udp::Ports;
use crate::{Malformed, WriteError, ether, ipv4, ipv6, udp};

/// Where a datagram comes from and goes to, and where in its frame the payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// The hosts.
    pub addresses: Addresses,
    /// The ports on them.
    pub ports: Ports,
    /// How it wanted to be treated on its way.
    pub traffic_class: TrafficClass,
    /// The distance of the payload from the first byte that was parsed.
    pub payload_offset: usize,
    /// The length of the payload.
    pub payload_len: usize,
}

impl Datagram {
    /// Finds the datagram in an Ethernet frame.
    ///
    /// The UDP checksum is not looked at: see [`verify_checksum`](Self::verify_checksum).
    ///
    /// # Errors
    /// The reason why there is none.
    #[inline]
    pub fn parse_ethernet(frame: &[u8]) -> Result<Self, Unusable> {
        let (header, ether_type, packet) = ether::Header::parse(frame)?;
        let datagram = match ether_type {
            EtherType::IPV4 => Self::parse_ipv4(packet)?,
            EtherType::IPV6 => Self::parse_ipv6(packet)?,
            _ => return Err(Unusable::NotIp),
        };
        let payload_offset = header.header_len().saturating_add(datagram.payload_offset);
        Ok(Self { payload_offset, ..datagram })
    }

    /// Finds the datagram in an IP packet.
    ///
    /// # Errors
    /// The reason why there is none.
    #[inline]
    pub fn parse_ip(packet: &[u8]) -> Result<Self, Unusable> {
        match packet.first().map(|first| first >> 4) {
            Some(4) => Self::parse_ipv4(packet),
            Some(6) => Self::parse_ipv6(packet),
            _ => Err(Unusable::NotIp),
        }
    }

    /// Returns the payload out of the bytes that were parsed.
    #[inline]
    pub fn payload<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        let from_payload = frame.get(self.payload_offset..).unwrap_or_default();
        from_payload.get(..self.payload_len).unwrap_or_default()
    }

    /// Checks the UDP checksum over the bytes that were parsed.
    ///
    /// It is a step of its own because a frame from a virtual network card may come without: where the card has said
    /// that the checksum is right or left to fill in, there is nothing to check.
    ///
    /// # Errors
    /// [`Malformed::BadChecksum`], or [`Malformed::NoChecksum`] over IPv6.
    #[inline]
    pub fn verify_checksum(&self, frame: &[u8]) -> Result<(), Malformed> {
        let segment_offset = self.payload_offset.saturating_sub(udp::HEADER_LEN);
        let segment_len = self.payload_len.saturating_add(udp::HEADER_LEN);
        let from_segment = frame.get(segment_offset..).ok_or(Malformed::Truncated)?;
        udp::verify_checksum(from_segment.get(..segment_len).ok_or(Malformed::Truncated)?, &self.addresses)
    }

    /// Returns where it comes from.
    #[inline]
    pub fn source(&self) -> SocketAddr {
        let address = match self.addresses {
            Addresses::V4 { source, .. } => IpAddr::V4(source),
            Addresses::V6 { source, .. } => IpAddr::V6(source),
        };
        SocketAddr::new(address, self.ports.source)
    }

    /// Returns where it goes to.
    #[inline]
    pub fn destination(&self) -> SocketAddr {
        let address = match self.addresses {
            Addresses::V4 { destination, .. } => IpAddr::V4(destination),
            Addresses::V6 { destination, .. } => IpAddr::V6(destination),
        };
        SocketAddr::new(address, self.ports.destination)
    }

    #[inline]
    fn parse_ipv4(packet: &[u8]) -> Result<Self, Unusable> {
        let (header, segment) = ipv4::Header::parse(packet)?;
        if header.fragment.is_part() {
            return Err(Unusable::Fragment);
        }
        let addresses = Addresses::V4 { source: header.source, destination: header.destination };
        Self::parse_udp(header.protocol, segment, addresses, header.traffic_class, header.header_len())
    }

    #[inline]
    fn parse_ipv6(packet: &[u8]) -> Result<Self, Unusable> {
        let (header, segment) = ipv6::Header::parse(packet)?;
        if header.is_part {
            return Err(Unusable::Fragment);
        }
        let addresses = Addresses::V6 { source: header.source, destination: header.destination };
        Self::parse_udp(header.protocol, segment, addresses, header.traffic_class, header.header_len())
    }

    #[inline]
    fn parse_udp(
        protocol: Protocol,
        segment: &[u8],
        addresses: Addresses,
        traffic_class: TrafficClass,
        segment_offset: usize,
    ) -> Result<Self, Unusable> {
        if protocol != Protocol::UDP {
            return Err(Unusable::NotUdp);
        }
        let (header, payload) = udp::Header::parse(segment)?;
        Ok(Self {
            addresses,
            ports: header.ports,
            traffic_class,
            payload_offset: segment_offset.saturating_add(udp::HEADER_LEN),
            payload_len: payload.len(),
        })
    }
}

/// What stands in front of a payload on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers {
    /// The stations, in front of a network card; nothing in front of a raw IP socket.
    pub link: Option<ether::Header>,
    /// The hosts.
    pub addresses: Addresses,
    /// The ports on them.
    pub ports: Ports,
    /// How the packet wants to be treated on its way.
    pub traffic_class: TrafficClass,
    /// How many routers it may pass.
    pub hop_limit: u8,
}

impl Headers {
    /// Returns the length in bytes, of all headers together: where in its frame the payload has to stand.
    #[inline]
    pub const fn header_len(&self) -> usize {
        let ip_len = match self.addresses {
            Addresses::V4 { .. } => ipv4::FIXED_LEN,
            Addresses::V6 { .. } => ipv6::FIXED_LEN,
        };
        let link_len = match &self.link {
            Some(link) => link.header_len(),
            None => 0,
        };
        link_len.saturating_add(ip_len).saturating_add(udp::HEADER_LEN)
    }

    /// Writes the headers, with their checksums, in front of the payload that stands in the frame already.
    ///
    /// The frame ends with the payload.
    ///
    /// # Errors
    /// [`WriteError::NoRoom`] when the frame is shorter than the headers, [`WriteError::TooLong`] when the payload does
    /// not fit into one packet.
    #[inline]
    pub fn write(&self, frame: &mut [u8]) -> Result<(), WriteError> {
        let mut packet = frame;
        if let Some(link) = &self.link {
            let ether_type = match self.addresses {
                Addresses::V4 { .. } => EtherType::IPV4,
                Addresses::V6 { .. } => EtherType::IPV6,
            };
            let link_len = link.write(ether_type, packet)?;
            packet = packet.get_mut(link_len..).ok_or(WriteError::NoRoom)?;
        }
        let ip_len = match self.addresses {
            Addresses::V4 { source, destination } => {
                let mut header = ipv4::Header::new(source, destination, Protocol::UDP, self.hop_limit);
                header.traffic_class = self.traffic_class;
                header.write(packet)?
            }
            Addresses::V6 { source, destination } => {
                let mut header = ipv6::Header::new(source, destination, Protocol::UDP, self.hop_limit);
                header.traffic_class = self.traffic_class;
                header.write(packet)?
            }
        };
        let segment = packet.get_mut(ip_len..).ok_or(WriteError::NoRoom)?;
        udp::write(segment, self.ports, &self.addresses)
    }
}

/// Tells why a frame is of no use as a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unusable {
    /// It holds part of a packet only.
    Fragment,
    /// It is not what it says it is.
    Malformed(Malformed),
    /// It holds neither IPv4 nor IPv6.
    NotIp,
    /// It holds another protocol than UDP.
    NotUdp,
}

impl From<Malformed> for Unusable {
    #[inline]
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fragment => f.write_str("fragment of a packet"),
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::NotIp => f.write_str("neither ipv4 nor ipv6"),
            Self::NotUdp => f.write_str("not udp"),
        }
    }
}

impl Error for Unusable {}

#[cfg(test)]
mod tests {
    use core::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::ether::{EtherType, Mac, Tag, Tags};

    /// RTP over IPv4, marked for expedited forwarding.
    const OVER_IPV4: [u8; 62] = [
        0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x08, 0x00, //
        0x45, 0xb8, 0x00, 0x30, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x4d, 0xb3, //
        0xc0, 0x00, 0x02, 0x0a, 0xc6, 0x33, 0x64, 0x14, //
        0x27, 0x10, 0x4e, 0x22, 0x00, 0x1c, 0x8e, 0xff, //
        0x80, 0x80, 0x3a, 0x2b, 0x00, 0x01, 0x5f, 0x90, 0xde, 0xad, 0xbe, 0xef, //
        0xd5, 0xd5, 0xd5, 0xd5, 0xd5, 0xd5, 0xd5, 0xd5,
    ];
    /// The same over IPv6, without a link.
    const OVER_IPV6: [u8; 68] = [
        0x6b, 0x80, 0x00, 0x00, 0x00, 0x1c, 0x11, 0x40, //
        0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, //
        0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, //
        0x27, 0x10, 0x4e, 0x22, 0x00, 0x1c, 0x1f, 0xb0, //
        0x80, 0x80, 0x3a, 0x2b, 0x00, 0x01, 0x5f, 0x90, 0xde, 0xad, 0xbe, 0xef, //
        0xd5, 0xd5, 0xd5, 0xd5, 0xd5, 0xd5, 0xd5, 0xd5,
    ];
    const V4: Headers = Headers {
        link: Some(ether::Header {
            destination: Mac([2, 0, 0, 0, 0, 1]),
            source: Mac([2, 0, 0, 0, 0, 2]),
            tags: Tags::Untagged,
        }),
        addresses: Addresses::V4 {
            source: Ipv4Addr::new(192, 0, 2, 10),
            destination: Ipv4Addr::new(198, 51, 100, 20),
        },
        ports: Ports { source: 10_000, destination: 20_002 },
        traffic_class: TrafficClass::from_dscp(46),
        hop_limit: 64,
    };
    const V6: Headers = Headers {
        link: None,
        addresses: Addresses::V6 {
            source: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10),
            destination: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x20),
        },
        ..V4
    };

    #[test]
    fn a_datagram_is_found_in_its_frame() {
        let over_ipv4 = Datagram::parse_ethernet(&OVER_IPV4).unwrap();
        let over_ipv6 = Datagram::parse_ip(&OVER_IPV6).unwrap();
        assert_eq!(over_ipv4.payload(&OVER_IPV4), over_ipv6.payload(&OVER_IPV6));
        assert_eq!((over_ipv4.payload_offset, over_ipv4.payload_len), (42, 20));
        assert_eq!((over_ipv6.payload_offset, over_ipv6.payload_len), (48, 20));
        assert_eq!(over_ipv4.source(), "192.0.2.10:10000".parse().unwrap());
        assert_eq!(over_ipv6.destination(), "[2001:db8::20]:20002".parse().unwrap());
        assert_eq!((over_ipv4.traffic_class.dscp(), over_ipv6.traffic_class.dscp()), (46, 46));
        assert_eq!(over_ipv4.verify_checksum(&OVER_IPV4), Ok(()));
        assert_eq!(over_ipv6.verify_checksum(&OVER_IPV6), Ok(()));
    }

    #[test]
    fn headers_are_written_in_front_of_the_payload() {
        for (headers, expected) in [(V4, &OVER_IPV4[..]), (V6, &OVER_IPV6)] {
            let mut frame = expected.to_vec();
            frame[..headers.header_len()].fill(0xee);
            headers.write(&mut frame).unwrap();
            assert_eq!(frame, expected);
        }
    }

    #[test]
    fn tags_move_the_payload() {
        let tag = Tag { protocol: EtherType::CUSTOMER_TAG, control: 7 };
        let headers =
            Headers { link: V4.link.map(|link| ether::Header { tags: Tags::Single(tag), ..link }), ..V4 };
        let mut frame = [0xaa; 64];
        headers.write(&mut frame).unwrap();
        let datagram = Datagram::parse_ethernet(&frame).unwrap();
        assert_eq!((datagram.payload_offset, datagram.payload_len), (46, 18));
    }

    #[test]
    fn what_fills_a_short_frame_is_not_payload() {
        let padded = [&OVER_IPV4[..], &[0; 6]].concat();
        assert_eq!(Datagram::parse_ethernet(&padded), Datagram::parse_ethernet(&OVER_IPV4));
    }

    #[test]
    fn each_frame_of_no_use_has_its_reason() {
        let changed = |changes: &[(usize, u8)]| {
            let mut frame = OVER_IPV6;
            for &(at, byte) in changes {
                frame[at] = byte;
            }
            Datagram::parse_ip(&frame)
        };
        assert_eq!(changed(&[(6, 6)]), Err(Unusable::NotUdp));
        assert_eq!(changed(&[(0, 0x5b)]), Err(Unusable::NotIp));
        assert_eq!(changed(&[(6, 44), (40, 17), (43, 1)]), Err(Unusable::Fragment));
        assert_eq!(changed(&[(45, 7)]), Err(Unusable::Malformed(Malformed::BadLength)));
        assert_eq!(Datagram::parse_ip(&[]), Err(Unusable::NotIp));

        let mut frame = OVER_IPV4;
        frame[12..14].copy_from_slice(&[0x08, 0x06]);
        assert_eq!(Datagram::parse_ethernet(&frame), Err(Unusable::NotIp));
    }

    #[test]
    fn no_prefix_of_a_frame_is_a_datagram() {
        for len in 0..OVER_IPV4.len() {
            let expected = Err(Unusable::Malformed(Malformed::Truncated));
            assert_eq!(Datagram::parse_ethernet(&OVER_IPV4[..len]), expected, "{len} bytes");
        }
    }

    #[test]
    fn a_frame_is_at_least_its_headers_and_at_most_what_ip_can_count() {
        let write = |headers: Headers, len| headers.write(&mut std::vec![0; len]);
        assert_eq!(write(V4, 41), Err(WriteError::NoRoom));
        assert_eq!(write(V4, 42), Ok(()));
        assert_eq!(write(V4, 14 + 65_535), Ok(()));
        assert_eq!(write(V4, 14 + 65_536), Err(WriteError::TooLong));
        assert_eq!(write(V6, 47), Err(WriteError::NoRoom));
        assert_eq!(write(V6, 40 + 65_535), Ok(()));
        assert_eq!(write(V6, 40 + 65_536), Err(WriteError::TooLong));
    }
}
