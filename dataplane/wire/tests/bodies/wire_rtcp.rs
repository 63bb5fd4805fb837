//! Holds for any bytes taken as an RTCP datagram.

use wire::demux::{self, Kind};
use wire::rtcp::{Compound, Form, Packet, Writer, first_ssrc};

pub(crate) fn check(bytes: &[u8]) {
    let reduced = Compound::parse(bytes, Form::ReducedSize);
    if let Ok(compound) = Compound::parse(bytes, Form::Compound) {
        assert_eq!(reduced, Ok(compound));
        assert_eq!(demux::classify(bytes), Kind::Rtcp);
    }
    let Ok(compound) = reduced else {
        return;
    };
    let packets: Vec<_> = compound.packets().filter_map(Result::ok).collect();
    if let Some(Ok(Packet::SenderReport(report))) = compound.packets().next() {
        assert_eq!(first_ssrc(bytes), Ok(report.ssrc));
    }
    parts_are_counted(bytes, &packets);
    written_is_parsed(bytes, &packets);
}

fn parts_are_counted(bytes: &[u8], packets: &[Packet<'_>]) {
    assert!(packets.len() <= 32);
    let parts: usize = packets
        .iter()
        .map(|packet| match packet {
            Packet::Application(_) | Packet::Feedback(_) | Packet::Unknown(_) => 1,
            Packet::Goodbye(goodbye) => goodbye.sources().count(),
            Packet::ReceiverReport(report) => report.reports.iter().count(),
            Packet::SenderReport(report) => report.reports.iter().count(),
            Packet::SourceDescription(description) => {
                description.chunks().map(|chunk| chunk.items().count() + 1).sum()
            }
        })
        .sum();
    // The smallest of these parts is an item of a source description: two bytes.
    assert!(parts <= bytes.len() / 2);
}

fn written_is_parsed(bytes: &[u8], packets: &[Packet<'_>]) {
    let mut buffer = vec![0; bytes.len()];
    let mut writer = Writer::new(&mut buffer);
    for packet in packets {
        // What was parsed is never shorter than what is written of it.
        writer.packet(packet).expect("a parsed packet is writable");
    }
    let len = writer.finish();
    let written = &buffer[..len];
    if packets.is_empty() {
        assert!(written.is_empty());
        return;
    }
    let compound = Compound::parse(written, Form::ReducedSize).expect("written packets are a compound");
    assert!(compound.packets().eq(packets.iter().copied().map(Ok)));
    // Without padding, malformed packets and the bytes that fill up a text, there is one spelling.
    let has_text =
        packets.iter().any(|packet| matches!(packet, Packet::Goodbye(_) | Packet::SourceDescription(_)));
    if len == bytes.len() && !has_text {
        assert_eq!(written, bytes);
    }
}
