//! Small captures: frames made of payloads, files made of frames.

use std::net::{Ipv4Addr, Ipv6Addr};

use wire::datagram::Headers;
use wire::ether::{self, EtherType, Mac, Tag, Tags};
use wire::ip::{Addresses, TrafficClass};
use wire::rtp::{Extension, Header, PayloadType, Sequence, Ssrc, Timestamp};
use wire::udp::Ports;

/// How a capture is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) magic: u32,
    pub(crate) is_big_endian: bool,
    pub(crate) link: Link,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Link {
    Cooked,
    Cooked2,
    Ethernet,
    EthernetWithTag,
    Ip,
    Ipv6,
}

pub(crate) const MICROSECONDS: u32 = 0xa1b2_c3d4;
pub(crate) const NANOSECONDS: u32 = 0xa1b2_3c4d;

pub(crate) const USUAL: Format = Format { magic: MICROSECONDS, is_big_endian: false, link: Link::Ethernet };

/// One packet: seconds, their fraction, and the frame.
pub(crate) type Packet = (u32, u32, Vec<u8>);

impl Format {
    pub(crate) fn write(&self, packets: &[Packet]) -> Vec<u8> {
        let link = match self.link {
            Link::Cooked => 113,
            Link::Cooked2 => 276,
            Link::Ethernet | Link::EthernetWithTag => 1,
            Link::Ip => 101,
            Link::Ipv6 => 229,
        };
        // Version 2.4 is two words of 16 bits.
        let version = if self.is_big_endian { 0x0002_0004 } else { 0x0004_0002 };
        let mut file = self.words(&[self.magic, version, 0, 0, 262_144, link]);
        for (seconds, fraction, frame) in packets {
            let len = frame.len() as u32;
            file.extend(self.words(&[*seconds, *fraction, len, len]));
            file.extend(frame);
        }
        file
    }

    pub(crate) fn read(&self, file: &[u8]) -> Vec<Packet> {
        let mut rest = &file[24..];
        let mut packets = Vec::new();
        while !rest.is_empty() {
            let word = |place: usize| {
                let bytes = *rest[place * 4..].first_chunk().unwrap();
                if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
            };
            let (seconds, fraction, captured, original) = (word(0), word(1), word(2), word(3));
            assert_eq!(captured, original);
            let end = 16 + captured as usize;
            packets.push((seconds, fraction, rest[16..end].to_vec()));
            rest = &rest[end..];
        }
        packets
    }

    /// Returns where in its frames the IP packet begins.
    pub(crate) fn ip_offset(&self) -> usize {
        match self.link {
            Link::Cooked => 16,
            Link::Cooked2 => 20,
            Link::Ethernet => 14,
            Link::EthernetWithTag => 18,
            Link::Ip | Link::Ipv6 => 0,
        }
    }

    /// Puts a payload into a datagram to a port, and that into a frame.
    pub(crate) fn frame(&self, port: u16, payload: &[u8]) -> Vec<u8> {
        let tag = Tag { protocol: EtherType::CUSTOMER_TAG, control: 42 };
        let link = |tags| Some(ether::Header { destination: Mac([2; 6]), source: Mac([4; 6]), tags });
        let v4 = Addresses::V4 {
            source: Ipv4Addr::new(192, 0, 2, 1),
            destination: Ipv4Addr::new(198, 51, 100, 2),
        };
        let v6 = Addresses::V6 {
            source: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
            destination: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2),
        };
        let (cooked, link, addresses): (&[u8], _, _) = match self.link {
            Link::Cooked => (&[0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 8, 0], None, v4),
            Link::Cooked2 => (&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0], None, v4),
            Link::Ethernet => (&[], link(Tags::Untagged), v4),
            Link::EthernetWithTag => (&[], link(Tags::Single(tag)), v6),
            Link::Ip => (&[], None, v4),
            Link::Ipv6 => (&[], None, v6),
        };
        let headers = Headers {
            link,
            addresses,
            ports: Ports { source: 40_000, destination: port },
            traffic_class: TrafficClass::from_dscp(46),
            hop_limit: 64,
        };
        let mut packet = vec![0; headers.header_len()];
        packet.extend(payload);
        headers.write(&mut packet).unwrap();
        [cooked, &packet].concat()
    }

    fn words(&self, words: &[u32]) -> Vec<u8> {
        let encode = |word: &u32| if self.is_big_endian { word.to_be_bytes() } else { word.to_le_bytes() };
        words.iter().flat_map(encode).collect()
    }
}

/// An RTP packet with two contributing sources and an extension in every third.
pub(crate) fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let header = Header::new(
        PayloadType::new(0).unwrap(),
        Sequence(sequence),
        Timestamp(u32::from(sequence) * 160),
        Ssrc(ssrc),
    );
    let (csrcs, extension): (&[Ssrc], _) = if sequence.is_multiple_of(3) {
        (&[Ssrc(5), Ssrc(6)], Some(Extension { profile: 0xbede, words: &[[0x10, 1, 2, 0]] }))
    } else {
        (&[], None)
    };
    let mut packet = vec![0; 64];
    let header_len = header.write(csrcs.iter().copied(), extension, &mut packet).unwrap();
    packet.truncate(header_len);
    packet.resize(header_len + usize::from(sequence % 161), sequence as u8);
    packet
}

/// A receiver report without blocks.
pub(crate) fn rtcp(ssrc: u32) -> Vec<u8> {
    [&[0x80, 201, 0, 1], ssrc.to_be_bytes().as_slice()].concat()
}
