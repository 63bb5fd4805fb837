use super::{
    Application, Feedback, Goodbye, Kind, ReceiverReport, SenderReport, SourceDescription, application,
    feedback, goodbye, receiver_report, sender_report, source_description,
};
use crate::Malformed;

/// One packet of a compound; the bytes of its lists stay where they were received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Application-defined, type 204.
    Application(Application<'a>),
    /// Feedback, types 205 and 206.
    Feedback(Feedback<'a>),
    /// Goodbye, type 203.
    Goodbye(Goodbye<'a>),
    /// Receiver report, type 201.
    ReceiverReport(ReceiverReport<'a>),
    /// Sender report, type 200.
    SenderReport(SenderReport<'a>),
    /// Source description, type 202.
    SourceDescription(SourceDescription<'a>),
    /// Any other type, extended reports (RFC 3611) among them: kept to be passed on.
    Unknown(Unknown<'a>),
}

/// A packet of a type that is passed on as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown<'a> {
    /// The packet type.
    pub packet_type: u8,
    /// The five bits that most types use to count their parts.
    pub count: u8,
    /// What follows the first word.
    pub body: &'a [[u8; 4]],
}

impl<'a> Packet<'a> {
    /// Parses what follows the first word of a packet, already without padding.
    pub(super) fn parse(packet_type: u8, count: u8, body: &'a [[u8; 4]]) -> Result<Self, Malformed> {
        match packet_type {
            sender_report::TYPE => SenderReport::parse(count, body).map(Self::SenderReport),
            receiver_report::TYPE => ReceiverReport::parse(count, body).map(Self::ReceiverReport),
            source_description::TYPE => SourceDescription::parse(count, body).map(Self::SourceDescription),
            goodbye::TYPE => Goodbye::parse(count, body).map(Self::Goodbye),
            application::TYPE => Application::parse(count, body).map(Self::Application),
            feedback::TRANSPORT_TYPE => Feedback::parse(Kind::Transport, count, body).map(Self::Feedback),
            feedback::PAYLOAD_TYPE => Feedback::parse(Kind::Payload, count, body).map(Self::Feedback),
            _ => Ok(Self::Unknown(Unknown { packet_type, count, body })),
        }
    }
}
