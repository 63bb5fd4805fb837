//! RTCP: the reports that travel beside RTP, several to a datagram (RFC 3550 section 6, RFC 4585, RFC 5104, RFC 5506).

mod application;
mod compound;
mod feedback;
mod goodbye;
mod ntp;
mod packet;
mod receiver_report;
mod report_block;
mod sender_report;
mod source_description;
mod writer;

pub use application::Application;
pub use compound::{Compound, Form, Packets, first_ssrc};
pub use feedback::{Feedback, FullIntraRequest, FullIntraRequests, Kind, Message, Nack, Nacks};
pub use goodbye::Goodbye;
pub use ntp::{NtpShort, NtpTime};
pub use packet::{Packet, Unknown};
pub use receiver_report::ReceiverReport;
pub use report_block::{ReportBlock, ReportBlocks};
pub use sender_report::{SenderInfo, SenderReport};
pub use source_description::{Chunk, Chunks, Item, ItemKind, Items, SourceDescription};
pub use writer::Writer;

#[cfg(test)]
mod golden {
    use std::vec::Vec;

    use super::*;

    /// Parses the only packet of a datagram.
    pub(super) fn only(datagram: &[u8]) -> Result<Packet<'_>, crate::Malformed> {
        let compound = Compound::parse(datagram, Form::ReducedSize)?;
        let mut packets = compound.packets();
        let packet = packets.next().expect("a compound has a packet");
        assert_eq!(packets.next(), None);
        packet
    }

    /// Writes a packet into bytes of its own.
    pub(super) fn written(packet: &Packet<'_>) -> Vec<u8> {
        let mut buffer = [0; 1500];
        let mut writer = Writer::new(&mut buffer);
        writer.packet(packet).expect("a parsed packet fits");
        let len = writer.finish();
        buffer[..len].to_vec()
    }
}
