use super::{Packet, receiver_report, sender_report};
use crate::Malformed;
use crate::rtp::Ssrc;

/// Which shapes of datagram the caller agreed to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Every datagram begins with a report (RFC 3550 section 6.1).
    Compound,
    /// A datagram may begin with any packet, as negotiated by `rtcp-rsize` (RFC 5506).
    ReducedSize,
}

/// The RTCP packets of one datagram, whose frames are known to fit into each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compound<'a> {
    words: &'a [[u8; 4]],
}

impl<'a> Compound<'a> {
    /// Checks the frames of all packets of a datagram in the clear, as RFC 3550 appendix A.2 lists the checks.
    ///
    /// # Errors
    /// [`Malformed::BadVersion`], [`Malformed::Truncated`], [`Malformed::BadLength`] when the lengths do not add up to
    /// the datagram, [`Malformed::BadPadding`], [`Malformed::NoReport`] when the form asks for one in front, and
    /// [`Malformed::TooMany`] for more than 32 packets.
    pub fn parse(datagram: &'a [u8], form: Form) -> Result<Self, Malformed> {
        let (words, odd_bytes) = datagram.as_chunks();
        // RFC 3550 section 6.1: every packet ends on a 32-bit boundary.
        if !odd_bytes.is_empty() {
            return Err(Malformed::BadLength);
        }
        let (first, mut rest) = Frame::parse(words)?;
        let begins_with_report = matches!(first.packet_type, sender_report::TYPE | receiver_report::TYPE);
        if form == Form::Compound && !begins_with_report {
            return Err(Malformed::NoReport);
        }
        let mut padded = first.padded;
        let mut count: usize = 1;
        while !rest.is_empty() {
            // RFC 3550 section 6.4.1: padding is only ever on the last packet.
            if padded {
                return Err(Malformed::BadPadding);
            }
            count = count.saturating_add(1);
            if count > PACKETS_MAX {
                return Err(Malformed::TooMany);
            }
            let frame;
            (frame, rest) = Frame::parse(rest)?;
            padded = frame.padded;
        }
        Ok(Self { words })
    }

    /// Returns the packets in their order; one that is malformed inside its frame does not hide the others.
    pub fn packets(&self) -> Packets<'a> {
        Packets { rest: self.words }
    }
}

/// Walks the packets of a compound.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: &'a [[u8; 4]],
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        // All frames were checked together, so that a refusal here means the end.
        let (frame, rest) = Frame::parse(self.rest).ok()?;
        self.rest = rest;
        Some(Packet::parse(frame.packet_type, frame.count, frame.body))
    }
}

impl core::iter::FusedIterator for Packets<'_> {}

/// Returns the sender's SSRC from the front of a datagram, which SRTCP leaves in the clear.
///
/// RFC 3711 section 3.4: the first eight bytes are authenticated but never encrypted, and the key and the index of the
/// packet are found by them.
///
/// # Errors
/// [`Malformed::BadVersion`] or [`Malformed::Truncated`].
#[inline]
pub fn first_ssrc(datagram: &[u8]) -> Result<Ssrc, Malformed> {
    match datagram {
        [first, ..] if first >> 6 != VERSION => Err(Malformed::BadVersion),
        &[_, _, _, _, a, b, c, d, ..] => Ok(Ssrc(u32::from_be_bytes([a, b, c, d]))),
        _ => Err(Malformed::Truncated),
    }
}

/// The first word of a packet, and as many words behind it as it says.
struct Frame<'a> {
    packet_type: u8,
    count: u8,
    padded: bool,
    body: &'a [[u8; 4]],
}

impl<'a> Frame<'a> {
    fn parse(words: &'a [[u8; 4]]) -> Result<(Self, &'a [[u8; 4]]), Malformed> {
        let (&[first, packet_type, l0, l1], rest) = words.split_first().ok_or(Malformed::Truncated)?;
        if first >> 6 != VERSION {
            return Err(Malformed::BadVersion);
        }
        // RFC 3550 section 6.4.1: the length counts words, without the first.
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        let (mut body, rest) = rest.split_at_checked(len).ok_or(Malformed::BadLength)?;
        let padded = first & PADDING != 0;
        if padded {
            body = without_padding(body).ok_or(Malformed::BadPadding)?;
        }
        Ok((Self { packet_type, count: first & COUNT, padded, body }, rest))
    }
}

fn without_padding(body: &[[u8; 4]]) -> Option<&[[u8; 4]]> {
    // RFC 3550 section 6.4.1: the last byte counts the padding, itself among it, and is a multiple of four.
    let &[.., count] = body.last()?;
    if count == 0 || count & 3 != 0 {
        return None;
    }
    let len = body.len().checked_sub(usize::from(count >> 2))?;
    body.get(..len)
}

pub(super) const VERSION: u8 = 2;
pub(super) const COUNT: u8 = 0x1f;
const PADDING: u8 = 0x20;

/// A report for every 31 sources, a description and some feedback make less than ten; the rest is somebody's trick to
/// make one datagram cost as much as many.
const PACKETS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::rtcp::{Message, Unknown};

    /// A receiver report without blocks.
    const REPORT: [u8; 8] = [0x80, 201, 0, 1, 0, 0, 0, 1];
    /// A picture loss indication.
    const LOSS: [u8; 12] = [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
    /// An extended report with an empty block, and a word of padding.
    const PADDED: [u8; 16] = [0xa0, 207, 0, 3, 0, 0, 0, 1, 4, 0, 0, 0, 0, 0, 0, 4];

    #[test]
    fn a_compound_is_its_packets_in_their_order() {
        let datagram = [&REPORT[..], &LOSS, &PADDED].concat();
        let compound = Compound::parse(&datagram, Form::Compound).unwrap();
        let packets: Vec<_> = compound.packets().map(Result::unwrap).collect();
        let [Packet::ReceiverReport(_), Packet::Feedback(feedback), Packet::Unknown(unknown)] = packets[..]
        else {
            panic!("{packets:?}");
        };
        assert_eq!(feedback.message, Message::PictureLossIndication);
        let body = &[[0, 0, 0, 1], [4, 0, 0, 0]];
        assert_eq!(unknown, Unknown { packet_type: 207, count: 0, body });
    }

    #[test]
    fn a_compound_begins_with_a_report_unless_reduced_size_was_agreed() {
        assert_eq!(Compound::parse(&LOSS, Form::Compound), Err(Malformed::NoReport));
        assert!(Compound::parse(&LOSS, Form::ReducedSize).is_ok());
    }

    #[test]
    fn only_the_last_packet_is_padded() {
        let datagram = [&REPORT[..], &PADDED, &LOSS].concat();
        assert_eq!(Compound::parse(&datagram, Form::Compound), Err(Malformed::BadPadding));
    }

    #[test]
    fn padding_is_counted_in_words_and_no_longer_than_its_packet() {
        for (count, expected) in [(4, true), (12, true), (0, false), (3, false), (16, false), (255, false)] {
            let mut packet = PADDED;
            packet[15] = count;
            assert_eq!(Compound::parse(&packet, Form::ReducedSize).is_ok(), expected, "padding of {count}");
        }
        assert_eq!(Compound::parse(&[0xa0, 207, 0, 0], Form::ReducedSize), Err(Malformed::BadPadding));
    }

    #[test]
    fn lengths_add_up_to_the_datagram() {
        let datagram = [&REPORT[..], &LOSS].concat();
        for len in 0..datagram.len() {
            let whole_packets = len == REPORT.len();
            assert_eq!(
                Compound::parse(&datagram[..len], Form::Compound).is_ok(),
                whole_packets,
                "{len} bytes"
            );
        }
    }

    #[test]
    fn other_versions_are_refused_in_every_packet() {
        let mut datagram = [&REPORT[..], &LOSS].concat();
        datagram[8] = 0x41;
        assert_eq!(Compound::parse(&datagram, Form::Compound), Err(Malformed::BadVersion));
    }

    #[test]
    fn a_datagram_of_too_many_packets_is_refused() {
        assert!(Compound::parse(&REPORT.repeat(32), Form::Compound).is_ok());
        assert_eq!(Compound::parse(&REPORT.repeat(33), Form::Compound), Err(Malformed::TooMany));
    }

    #[test]
    fn a_malformed_packet_does_not_hide_the_next_one() {
        let report_that_lacks_its_block = [0x81, 201, 0, 1, 0, 0, 0, 1];
        let datagram = [&report_that_lacks_its_block[..], &LOSS].concat();
        let compound = Compound::parse(&datagram, Form::Compound).unwrap();
        let mut packets = compound.packets();
        assert_eq!(packets.next(), Some(Err(Malformed::Truncated)));
        assert!(matches!(packets.next(), Some(Ok(Packet::Feedback(_)))));
    }

    #[test]
    fn the_first_ssrc_is_read_whatever_follows() {
        assert_eq!(first_ssrc(&[0x80, 200, 0xff, 0xff, 0xde, 0xad, 0xbe, 0xef]), Ok(Ssrc(0xdead_beef)));
        assert_eq!(first_ssrc(&[0x80, 200, 0, 1, 0xde, 0xad, 0xbe]), Err(Malformed::Truncated));
        assert_eq!(first_ssrc(&[0x40]), Err(Malformed::BadVersion));
        assert_eq!(first_ssrc(&[]), Err(Malformed::Truncated));
    }
}
