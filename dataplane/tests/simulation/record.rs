//! What peers have sent, each packet with a number that it carries, so that it is known again wherever it comes out.

use std::net::SocketAddr;

use wire::rtcp::{
    Compound, Form, Item, ItemKind, NtpShort, NtpTime, Packet, ReportBlock, SenderInfo, Writer,
};
use wire::rtp::{Header, Ssrc, Timestamp};

/// One packet that a peer has sent.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) call: usize,
    pub(crate) side: usize,
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    pub(crate) key: Option<u32>,
    pub(crate) kind: Kind,
    /// How often it reached the worker.
    pub(crate) arrived: u32,
    /// How often it left it.
    pub(crate) forwarded: u32,
}

/// What it is.
#[derive(Debug)]
pub(crate) enum Kind {
    Media(Written),
    Report { form: u8 },
}

/// The parts of a media packet that are its sender's choice.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) payload_type: u8,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: Vec<u8>,
    /// The key whose end it tells.
    pub(crate) digit: Option<usize>,
}

/// All of them, in the order in which they were sent.
#[derive(Default)]
pub(crate) struct Records(Vec<Record>);

impl Records {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn add(&mut self, record: Record) {
        self.0.push(record);
    }

    pub(crate) fn get(&self, number: usize) -> Option<&Record> {
        self.0.get(number)
    }

    pub(crate) fn get_mut(&mut self, number: usize) -> &mut Record {
        &mut self.0[number]
    }
}

/// Fixed header, and an extension of one word.
const HEADER_LEN: usize = 12 + 8;

impl Written {
    /// Writes the packet; its number is in a header extension, which no cipher hides.
    pub(crate) fn write(&self, ssrc: u32, sequence: u16, number: u32) -> Vec<u8> {
        let marker = if self.marker { 0x80 } else { 0 };
        let mut packet = vec![0x90, self.payload_type | marker];
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&self.timestamp.to_be_bytes());
        packet.extend_from_slice(&ssrc.to_be_bytes());
        packet.extend_from_slice(&[0xbe, 0xde, 0, 1]);
        packet.extend_from_slice(&number.to_be_bytes());
        packet.extend_from_slice(&self.payload);
        packet
    }

    pub(crate) fn header_len(&self) -> usize {
        HEADER_LEN
    }
}

/// Reads the number of a media packet.
pub(crate) fn media_number(packet: &[u8], header: &Header) -> Option<usize> {
    let word = packet.get(header.header_len().checked_sub(4)?..)?.first_chunk()?;
    Some(u32::from_be_bytes(*word) as usize)
}

/// A report that is one of a kind of its own: a goodbye without anything before it (RFC 5506).
pub(crate) const LONE_GOODBYE: u8 = 4;

/// Writes a report of one of five forms; its number is in its text, and in the time of a sender report.
pub(crate) fn write_report(form: u8, ssrc: u32, timestamp: u32, number: u32) -> Vec<u8> {
    let mut buffer = [0; 512];
    let mut writer = Writer::new(&mut buffer);
    let text = number.to_be_bytes();
    let source = Ssrc(ssrc);
    let block = ReportBlock {
        ssrc: Ssrc(!ssrc),
        fraction_lost: 0,
        cumulative_lost: 0,
        highest_sequence: number,
        jitter: 0,
        last_sender_report: NtpShort(number),
        delay_since: NtpShort(0),
    };
    let info = SenderInfo {
        ntp: NtpTime(number.into()),
        timestamp: Timestamp(timestamp),
        packets: number,
        bytes: number,
    };
    let name = [Item { kind: ItemKind::CNAME, text: &text }];
    let written = match form {
        0 => writer.receiver_report(source, [block], &[]),
        1 | 2 => writer.sender_report(source, &info, [block], &[]),
        _ => Ok(()),
    };
    written.unwrap();
    if form != LONE_GOODBYE {
        writer.source_description([(source, name)]).unwrap();
    }
    if form == 2 || form == LONE_GOODBYE {
        writer.goodbye([source], Some(&text)).unwrap();
    }
    let len = writer.finish();
    buffer[..len].to_vec()
}

/// What can be read of a report.
pub(crate) struct ReadReport {
    pub(crate) number: Option<usize>,
    pub(crate) sources: Vec<u32>,
    pub(crate) is_whole: bool,
}

/// Reads a report: whose number it carries, whom it names, and whether its parts agree.
pub(crate) fn read_report(packet: &[u8]) -> Option<ReadReport> {
    let compound = Compound::parse(packet, Form::ReducedSize).ok()?;
    let mut read = ReadReport { number: None, sources: Vec::new(), is_whole: true };
    let mut claims = Vec::new();
    for packet in compound.packets() {
        match packet.ok()? {
            Packet::SenderReport(report) => {
                read.sources.push(report.ssrc.0);
                claims.extend([report.info.ntp.0 as u32, report.info.packets, report.info.bytes]);
                claims.extend(report.reports.iter().map(|block| block.last_sender_report.0));
            }
            Packet::ReceiverReport(report) => {
                read.sources.push(report.ssrc.0);
                claims.extend(report.reports.iter().map(|block| block.last_sender_report.0));
            }
            Packet::SourceDescription(description) => {
                for chunk in description.chunks() {
                    read.sources.push(chunk.ssrc.0);
                    claims.extend(
                        chunk.items().filter_map(|item| Some(u32::from_be_bytes(item.text.try_into().ok()?))),
                    );
                }
            }
            Packet::Goodbye(goodbye) => {
                read.sources.extend(goodbye.sources().map(|source| source.0));
                claims
                    .extend(goodbye.reason.and_then(|text| Some(u32::from_be_bytes(text.try_into().ok()?))));
            }
            Packet::Feedback(_) | Packet::Application(_) | Packet::Unknown(_) => return None,
        }
    }
    read.number = claims.first().map(|number| *number as usize);
    read.is_whole = claims.iter().all(|claim| Some(*claim as usize) == read.number);
    Some(read)
}

/// The port of reports behind a place.
pub(crate) fn at_port(at: SocketAddr, port: u16) -> SocketAddr {
    SocketAddr::new(at.ip(), port)
}
