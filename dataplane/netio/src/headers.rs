//! The headers around a UDP datagram, on Ethernet or without a link. `wire` knows the formats; this knows what a driver
//! makes of them.

use core::net::IpAddr;

use wire::datagram::Headers;
use wire::ether::{self, EtherType, Mac, Tag, Tags};
use wire::ip::{Addresses, Protocol, TrafficClass};
use wire::udp::Ports;
use wire::{ipv4, ipv6, udp};

use crate::address::Endpoint;
use crate::netlink::Hop;

const IPV4_BYTES: usize = 20;
const IPV6_BYTES: usize = 40;
const UDP_BYTES: usize = 8;
/// What the kernel writes into packets of its own.
const HOP_LIMIT: u8 = 64;

/// A UDP datagram in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Datagram {
    pub(crate) source: Endpoint,
    pub(crate) destination: Endpoint,
    pub(crate) traffic_class: u8,
    /// Where its payload begins in the frame.
    pub(crate) start: usize,
    pub(crate) len: usize,
}

/// Reads a frame. None if it is anything but one whole UDP datagram, or damaged.
///
/// The checksum of an IPv4 header always counts, that of UDP if `verify` says so. That there is one over IPv6 always
/// counts, too (RFC 8200 section 8.1).
///
/// `wire::datagram::Datagram` reads the same; here each version of IP ends in endpoints of its own, which saves a third
/// of the instructions: no enum of two kinds of addresses is put together and taken apart.
#[inline]
pub(crate) fn parse(frame: &[u8], verify: bool) -> Option<Datagram> {
    let (link, ether_type, packet) = ether::Header::parse(frame).ok()?;
    match ether_type {
        EtherType::IPV4 => {
            let (header, segment) = ipv4::Header::parse(packet).ok()?;
            if header.fragment.is_part() || header.protocol != Protocol::UDP {
                return None;
            }
            let ipv4::Header { source, destination, traffic_class, .. } = header;
            let start = link.header_len() + header.header_len();
            let hosts = (IpAddr::V4(source), IpAddr::V4(destination));
            parse_udp(segment, start, hosts, &Addresses::V4 { source, destination }, traffic_class, verify)
        }
        EtherType::IPV6 => {
            let (header, segment) = ipv6::Header::parse(packet).ok()?;
            if header.is_part || header.protocol != Protocol::UDP {
                return None;
            }
            let ipv6::Header { source, destination, traffic_class, .. } = header;
            let start = link.header_len() + header.header_len();
            let hosts = (IpAddr::V6(source), IpAddr::V6(destination));
            parse_udp(segment, start, hosts, &Addresses::V6 { source, destination }, traffic_class, verify)
        }
        _ => None,
    }
}

/// Reads a UDP segment that begins at `start` in its frame.
#[inline(always)]
fn parse_udp(
    segment: &[u8],
    start: usize,
    (source, destination): (IpAddr, IpAddr),
    addresses: &Addresses,
    TrafficClass(traffic_class): TrafficClass,
    verify: bool,
) -> Option<Datagram> {
    let (header, payload) = udp::Header::parse(segment).ok()?;
    if verify {
        udp::verify_checksum(&segment[..UDP_BYTES + payload.len()], addresses).ok()?;
    } else if header.checksum == 0 && destination.is_ipv6() {
        return None;
    }
    Some(Datagram {
        source: Endpoint::new(source, header.ports.source),
        destination: Endpoint::new(destination, header.ports.destination),
        traffic_class,
        start: start + UDP_BYTES,
        len: payload.len(),
    })
}

/// From where to where a datagram goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub(crate) from: Endpoint,
    pub(crate) to: Endpoint,
    pub(crate) traffic_class: u8,
}

/// Returns how long the IP packet around a payload is.
#[inline]
pub(crate) fn packet_len(to: &Endpoint, payload_len: usize) -> usize {
    let ip_bytes = if to.address().is_ipv4() { IPV4_BYTES } else { IPV6_BYTES };
    ip_bytes + UDP_BYTES + payload_len
}

/// Writes all headers right before the payload at `start`, with that of Ethernet if there is a hop; returns where they
/// begin. None if the two addresses are of different versions of IP, or there is no room.
#[inline]
pub(crate) fn write(
    memory: &mut [u8],
    start: usize,
    len: usize,
    flow: &Flow,
    hop: Option<&Hop>,
) -> Option<usize> {
    let addresses = match (flow.from.address(), flow.to.address()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => Addresses::V4 { source, destination },
        (IpAddr::V6(source), IpAddr::V6(destination)) => Addresses::V6 { source, destination },
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return None,
    };
    let headers = Headers {
        link: hop.map(link),
        addresses,
        ports: Ports { source: flow.from.port(), destination: flow.to.port() },
        traffic_class: TrafficClass(flow.traffic_class),
        hop_limit: HOP_LIMIT,
    };
    let begin = start.checked_sub(headers.header_len())?;
    headers.write(memory.get_mut(begin..start + len)?).ok()?;
    Some(begin)
}

/// Returns the Ethernet header towards a hop, with a tag if it has one.
#[inline]
fn link(hop: &Hop) -> ether::Header {
    let tag = |control| Tags::Single(Tag { protocol: EtherType::CUSTOMER_TAG, control });
    ether::Header {
        destination: Mac(hop.next_hop_mac),
        source: Mac(hop.source_mac),
        tags: hop.vlan.map_or(Tags::Untagged, tag),
    }
}

#[cfg(test)]
mod tests {
    use core::net::SocketAddr;

    use wire::checksum::Sum;

    use super::*;

    const START: usize = 128;
    const PAYLOAD: &[u8] = b"an odd number of bytes!";
    const FLOWS: [(&str, &str); 2] =
        [("192.0.2.10:10000", "198.51.100.20:20002"), ("[2001:db8::10]:10000", "[2001:db8::20]:20002")];

    fn endpoint(text: &str) -> Endpoint {
        text.parse::<SocketAddr>().unwrap().into()
    }

    fn hop(vlan: Option<u16>) -> Hop {
        Hop { interface: 1, mtu: 1500, next_hop_mac: [1; 6], source_mac: [2; 6], vlan }
    }

    fn frame((from, to): (&str, &str), vlan: Option<u16>) -> Vec<u8> {
        let mut memory = [&[0xee; START], PAYLOAD].concat();
        let flow = Flow { from: endpoint(from), to: endpoint(to), traffic_class: 0xb8 };
        let begin =
            write(&mut memory, START, PAYLOAD.len(), &flow, Some(&hop(vlan))).expect("one version of IP");
        assert!(memory[..begin].iter().all(|byte| *byte == 0xee), "only the headers are written");
        memory[begin..].to_vec()
    }

    fn frames() -> impl Iterator<Item = Vec<u8>> {
        FLOWS.iter().flat_map(|flow| [frame(*flow, None), frame(*flow, Some(100))])
    }

    #[test]
    fn what_is_written_reads_back_with_all_checksums_right() {
        for flow in FLOWS {
            for vlan in [None, Some(100)] {
                let frame = frame(flow, vlan);
                let datagram = parse(&frame, true).expect("a datagram");
                assert_eq!(datagram.source, endpoint(flow.0));
                assert_eq!((datagram.destination, datagram.traffic_class), (endpoint(flow.1), 0xb8));
                assert_eq!(&frame[datagram.start..][..datagram.len], PAYLOAD);
                assert_eq!(frame.len(), datagram.start + datagram.len);
                let ip_bytes = packet_len(&endpoint(flow.1), PAYLOAD.len());
                assert_eq!(frame.len() - ip_bytes, if vlan.is_some() { 18 } else { 14 });
            }
        }
    }

    #[test]
    fn without_a_hop_the_ip_header_comes_first() {
        for (flow, first) in FLOWS.into_iter().zip([0x4b, 0x6b]) {
            let mut memory = [&[0xee; START], PAYLOAD].concat();
            let flow = Flow { from: endpoint(flow.0), to: endpoint(flow.1), traffic_class: 0xb8 };
            let begin = write(&mut memory, START, PAYLOAD.len(), &flow, None).expect("one version of IP");
            assert_eq!(START - begin, packet_len(&flow.to, 0));
            assert!(memory[..begin].iter().all(|byte| *byte == 0xee), "only the headers are written");
            assert_eq!(memory[begin] & 0xf0, first & 0xf0);
        }
    }

    #[test]
    fn a_tag_stands_between_the_addresses_and_the_type() {
        let frame = frame(FLOWS[0], Some(100));
        assert_eq!(frame[..12], [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
        assert_eq!(frame[12..18], [0x81, 0, 0, 100, 0x08, 0]);
    }

    #[test]
    fn two_tags_are_looked_through_and_three_are_not() {
        let plain = frame(FLOWS[0], None);
        let tagged = |count: usize| [&plain[..12], &[0x88, 0xa8, 0, 7].repeat(count), &plain[12..]].concat();
        assert!(parse(&tagged(2), true).is_some());
        assert_eq!(parse(&tagged(3), true), None);
    }

    #[test]
    fn frames_cut_off_anywhere_are_refused() {
        for frame in frames() {
            for len in 0..frame.len() {
                assert_eq!(parse(&frame[..len], false), None, "{len} bytes of {}", frame.len());
            }
        }
    }

    #[test]
    fn a_trailer_is_no_payload() {
        for mut frame in frames() {
            frame.extend([0; 18]);
            assert_eq!(parse(&frame, true).map(|datagram| datagram.len), Some(PAYLOAD.len()));
        }
    }

    #[test]
    fn damage_is_seen_with_verification_and_never_panics_without() {
        for frame in frames() {
            let datagram_at = frame.len() - PAYLOAD.len() - UDP_BYTES;
            for place in 0..frame.len() {
                for bit in 0..8 {
                    let mut damaged = frame.clone();
                    damaged[place] ^= 1 << bit;
                    let _ = parse(&damaged, false);
                    if place >= datagram_at {
                        assert_eq!(parse(&damaged, true), None, "bit {bit} of byte {place}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_damaged_ipv4_header_is_always_refused() {
        let frame = frame(FLOWS[0], None);
        for place in 14..34 {
            let mut damaged = frame.clone();
            damaged[place] ^= 0x10;
            assert_eq!(parse(&damaged, false), None, "byte {place}");
        }
    }

    #[test]
    fn no_checksum_is_fine_over_ipv4_and_refused_over_ipv6() {
        for (flow, checksum_at, is_fine) in [(FLOWS[0], 40, true), (FLOWS[1], 60, false)] {
            let mut frame = frame(flow, None);
            frame[checksum_at..checksum_at + 2].fill(0);
            assert_eq!(parse(&frame, true).is_some(), is_fine);
        }
    }

    #[test]
    fn options_of_ipv4_are_passed_over() {
        let plain = frame(FLOWS[0], None);
        let mut frame = [&plain[..34], &[1; 8], &plain[34..]].concat();
        frame[14] = 0x47;
        frame[17] += 8;
        frame[24..26].fill(0);
        let checksum = Sum::default().plus(&frame[14..42]).checksum();
        frame[24..26].copy_from_slice(&checksum.to_be_bytes());
        let datagram = parse(&frame, true).expect("a datagram");
        assert_eq!(&frame[datagram.start..][..datagram.len], PAYLOAD);
    }

    #[test]
    fn versions_of_ip_do_not_mix() {
        let flow = Flow { from: endpoint(FLOWS[0].0), to: endpoint(FLOWS[1].1), traffic_class: 0 };
        assert_eq!(write(&mut [0; 256], START, 4, &flow, Some(&hop(None))), None);
        assert_eq!(write(&mut [0; 256], START, 4, &flow, None), None);
    }
}
