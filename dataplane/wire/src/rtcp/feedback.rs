use super::Writer;
use crate::rtp::{Sequence, Ssrc};
use crate::{Malformed, WriteError};

/// What a receiver asks of a sender at once, rather than in its next report (RFC 4585 section 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback<'a> {
    /// The one who asks.
    pub sender: Ssrc,
    /// The stream it asks about; zero where the message names streams of its own.
    pub media: Ssrc,
    /// What it asks for.
    pub message: Message<'a>,
}

/// Tells the two families of feedback apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// About the codec's content, type 206.
    Payload,
    /// About the transport, type 205.
    Transport,
}

/// The message of a feedback packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Send a picture that stands alone, as a command (RFC 5104 section 4.3.1).
    FullIntraRequest(FullIntraRequests<'a>),
    /// These packets are lost (RFC 4585 section 6.2.1).
    GenericNack(Nacks<'a>),
    /// Any other message, bandwidth limits among them: kept to be passed on.
    Other {
        /// The family, within which the format has its meaning.
        kind: Kind,
        /// The format: five bits.
        format: u8,
        /// The feedback control information.
        information: &'a [[u8; 4]],
    },
    /// Part of a picture is lost (RFC 4585 section 6.3.1).
    PictureLossIndication,
}

impl<'a> Feedback<'a> {
    pub(super) fn parse(kind: Kind, format: u8, body: &'a [[u8; 4]]) -> Result<Self, Malformed> {
        let (&[sender, media], information) = body.split_first_chunk().ok_or(Malformed::Truncated)?;
        let message = match (kind, format) {
            (Kind::Transport, GENERIC_NACK) => Message::GenericNack(Nacks(information)),
            (Kind::Payload, PICTURE_LOSS_INDICATION) if information.is_empty() => {
                Message::PictureLossIndication
            }
            // RFC 4585 section 6.3.1: the message has no parameters, so that its length is always two.
            (Kind::Payload, PICTURE_LOSS_INDICATION) => return Err(Malformed::BadLength),
            (Kind::Payload, FULL_INTRA_REQUEST) => {
                let (requests, []) = information.as_chunks() else {
                    return Err(Malformed::BadLength);
                };
                Message::FullIntraRequest(FullIntraRequests(requests))
            }
            _ => Message::Other { kind, format, information },
        };
        Ok(Self { sender: Ssrc(u32::from_be_bytes(sender)), media: Ssrc(u32::from_be_bytes(media)), message })
    }
}

/// The lost packets that a generic NACK names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nacks<'a>(pub &'a [[u8; 4]]);

impl<'a> Nacks<'a> {
    /// Returns the entries in their order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Nack> + Clone + use<'a> {
        self.0.iter().copied().map(Nack::from_word)
    }
}

/// One lost packet, and which of the sixteen behind it are lost with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nack {
    /// The first lost packet.
    pub first: Sequence,
    /// Bit `i`, counted from the lowest, stands for the packet `i + 1` behind the first.
    pub following: u16,
}

impl Nack {
    /// Reads the entry from its word.
    pub const fn from_word([a, b, c, d]: [u8; 4]) -> Self {
        Self { first: Sequence(u16::from_be_bytes([a, b])), following: u16::from_be_bytes([c, d]) }
    }

    /// Writes the entry into a word.
    pub const fn to_word(self) -> [u8; 4] {
        let ([a, b], [c, d]) = (self.first.0.to_be_bytes(), self.following.to_be_bytes());
        [a, b, c, d]
    }

    /// Returns every lost packet it names: at most 17.
    pub fn sequences(self) -> impl Iterator<Item = Sequence> + Clone {
        let Self { first, following } = self;
        // With the first packet as the lowest bit, bit `i` stands for the packet `i` behind the first.
        let lost = u32::from(following) << 1 | 1;
        (0..=16_u16).filter(move |offset| lost >> offset & 1 == 1).map(move |offset| first.plus(offset))
    }
}

/// The streams of which a full intra request wants a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullIntraRequests<'a>(pub &'a [[[u8; 4]; 2]]);

impl<'a> FullIntraRequests<'a> {
    /// Returns the entries in their order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = FullIntraRequest> + Clone + use<'a> {
        self.0.iter().copied().map(FullIntraRequest::from_words)
    }
}

/// A picture wanted of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullIntraRequest {
    /// The stream.
    pub ssrc: Ssrc,
    /// The number of the command: a repetition keeps it.
    pub command: u8,
}

impl FullIntraRequest {
    /// Reads the entry from its words; the 24 reserved bits are ignored.
    pub const fn from_words([ssrc, [command, ..]]: [[u8; 4]; 2]) -> Self {
        Self { ssrc: Ssrc(u32::from_be_bytes(ssrc)), command }
    }

    /// Writes the entry into its words.
    pub const fn to_words(self) -> [[u8; 4]; 2] {
        [self.ssrc.0.to_be_bytes(), [self.command, 0, 0, 0]]
    }
}

impl Writer<'_> {
    /// Appends a feedback packet.
    ///
    /// # Errors
    /// [`WriteError::TooMany`] when a format has more than five bits, [`WriteError::TooLong`] for more words than a
    /// packet may have, [`WriteError::NoRoom`] when the buffer is too small.
    pub fn feedback(&mut self, feedback: &Feedback<'_>) -> Result<(), WriteError> {
        let (kind, format, information) = match feedback.message {
            Message::FullIntraRequest(FullIntraRequests(requests)) => {
                (Kind::Payload, FULL_INTRA_REQUEST, requests.as_flattened())
            }
            Message::GenericNack(Nacks(nacks)) => (Kind::Transport, GENERIC_NACK, nacks),
            Message::Other { kind, format, information } => (kind, format, information),
            Message::PictureLossIndication => (Kind::Payload, PICTURE_LOSS_INDICATION, [].as_slice()),
        };
        let packet_type = match kind {
            Kind::Payload => PAYLOAD_TYPE,
            Kind::Transport => TRANSPORT_TYPE,
        };
        self.frame(packet_type, |body| {
            body.put(&feedback.sender.0.to_be_bytes())?;
            body.put(&feedback.media.0.to_be_bytes())?;
            body.put(information.as_flattened())?;
            Ok(format)
        })
    }
}

pub(super) const TRANSPORT_TYPE: u8 = 205;
pub(super) const PAYLOAD_TYPE: u8 = 206;
const GENERIC_NACK: u8 = 1;
const PICTURE_LOSS_INDICATION: u8 = 1;
const FULL_INTRA_REQUEST: u8 = 4;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::super::{Packet, golden};
    use super::*;

    #[test]
    fn known_and_unknown_messages_are_written_as_they_were_parsed() {
        let picture_loss = [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
        let nack = [0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 7, 0, 1];
        let full_intra = [0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 9, 0, 0, 0];
        let bitrate_max = [0x83, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 3, 4];
        let information = &[[0, 0, 0, 2], [1, 2, 3, 4]];
        let request = FullIntraRequest { ssrc: Ssrc(2), command: 9 };
        for (bytes, media, message) in [
            (&picture_loss[..], Ssrc(2), Message::PictureLossIndication),
            (&nack, Ssrc(2), Message::GenericNack(Nacks(&[[0, 7, 0, 1]]))),
            (&full_intra, Ssrc(0), Message::FullIntraRequest(FullIntraRequests(&[request.to_words()]))),
            (&bitrate_max, Ssrc(0), Message::Other { kind: Kind::Transport, format: 3, information }),
        ] {
            let expected = Packet::Feedback(Feedback { sender: Ssrc(1), media, message });
            assert_eq!(golden::only(bytes), Ok(expected));
            assert_eq!(golden::written(&expected), bytes);
        }
    }

    #[test]
    fn information_is_of_the_length_its_format_asks_for() {
        let picture_loss_with_more = [0x81, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0];
        assert_eq!(golden::only(&picture_loss_with_more), Err(Malformed::BadLength));
        let half_a_full_intra = [0x84, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2];
        assert_eq!(golden::only(&half_a_full_intra), Err(Malformed::BadLength));
        assert_eq!(golden::only(&[0x81, 205, 0, 1, 0, 0, 0, 1]), Err(Malformed::Truncated));
    }

    #[test]
    fn a_nack_names_the_first_packet_and_those_of_its_bits() {
        let nack = Nack::from_word([0xff, 0xfe, 0x80, 0x05]);
        let lost: Vec<u16> = nack.sequences().map(|sequence| sequence.0).collect();
        assert_eq!(lost, [65_534, 65_535, 1, 14]);
        assert_eq!(nack.to_word(), [0xff, 0xfe, 0x80, 0x05]);
    }
}
