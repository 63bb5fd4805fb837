//! RTP packets: the header, its contributing sources, its extension, and the payload behind it (RFC 3550 section 5).

mod extension;
mod number;
mod patch;

pub use extension::{Element, Elements, Extension};
pub use number::{PayloadType, Sequence, Ssrc, Timestamp};
pub use patch::Patch;

use crate::cursor::Cursor;
use crate::{Malformed, WriteError};

/// The RTP header of one packet: what it says, and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Marks the first packet after a silence, in audio profiles.
    pub marker: bool,
    /// Tells that the payload ends in padding; under SRTP the padding is encrypted with it.
    pub padding: bool,
    /// Names the codec, by the numbers agreed in the SDP.
    pub payload_type: PayloadType,
    /// Counts packets.
    pub sequence: Sequence,
    /// Counts samples of the media clock.
    pub timestamp: Timestamp,
    /// Names the stream.
    pub ssrc: Ssrc,
    csrc_count: u8,
    extension_profile: Option<u16>,
    header_len: usize,
}

// A worker parses a batch of 64 headers before it touches the first payload: two headers share a cache line.
const _: () = assert!(size_of::<Header>() <= 32);

impl Header {
    /// Returns a header without marker, padding, contributing sources or extension.
    pub const fn new(
        payload_type: PayloadType,
        sequence: Sequence,
        timestamp: Timestamp,
        ssrc: Ssrc,
    ) -> Self {
        Self {
            marker: false,
            padding: false,
            payload_type,
            sequence,
            timestamp,
            ssrc,
            csrc_count: 0,
            extension_profile: None,
            header_len: FIXED_LEN,
        }
    }

    /// Parses the header at the front of a packet, protected or not.
    ///
    /// The padding is not looked at, because SRTP encrypts it: see [`payload`](Self::payload).
    ///
    /// # Errors
    /// [`Malformed::BadVersion`], or [`Malformed::Truncated`] when the header is longer than the packet.
    #[inline]
    pub fn parse(packet: &[u8]) -> Result<Self, Malformed> {
        let Some((&[first, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3], rest)) =
            packet.split_first_chunk::<FIXED_LEN>()
        else {
            return Err(Malformed::Truncated);
        };
        // RFC 3550 section 5.1: the version defined here is two.
        if first >> 6 != VERSION {
            return Err(Malformed::BadVersion);
        }
        let csrc_count = first & CSRC_COUNT;
        let mut rest = rest.get(usize::from(csrc_count) << 2..).ok_or(Malformed::Truncated)?;
        let mut extension_profile = None;
        if first & EXTENSION != 0 {
            // RFC 3550 section 5.3.1: the length counts words, without the word it stands in.
            let (&[p0, p1, l0, l1], body) = rest.split_first_chunk().ok_or(Malformed::Truncated)?;
            let words = u16::from_be_bytes([l0, l1]);
            rest = body.get(usize::from(words) << 2..).ok_or(Malformed::Truncated)?;
            extension_profile = Some(u16::from_be_bytes([p0, p1]));
        }
        Ok(Self {
            marker: second & MARKER != 0,
            padding: first & PADDING != 0,
            payload_type: PayloadType::from_low_bits(second),
            sequence: Sequence(u16::from_be_bytes([s0, s1])),
            timestamp: Timestamp(u32::from_be_bytes([t0, t1, t2, t3])),
            ssrc: Ssrc(u32::from_be_bytes([i0, i1, i2, i3])),
            csrc_count,
            extension_profile,
            header_len: packet.len().saturating_sub(rest.len()),
        })
    }

    /// Writes this header with the given contributing sources and extension, and returns its length.
    ///
    /// The sources and the extension of a parsed header are not taken over by themselves: they stand in its packet.
    ///
    /// # Errors
    /// [`WriteError::TooMany`] for more than 15 sources, [`WriteError::TooLong`] for more than 65,535 words of
    /// extension, [`WriteError::NoRoom`] when the buffer is too small.
    pub fn write(
        &self,
        csrcs: impl IntoIterator<Item = Ssrc, IntoIter: ExactSizeIterator>,
        extension: Option<Extension<'_>>,
        buffer: &mut [u8],
    ) -> Result<usize, WriteError> {
        let csrcs = csrcs.into_iter();
        let csrc_count = match u8::try_from(csrcs.len()) {
            Ok(count) if count <= CSRC_COUNT => count,
            _ => return Err(WriteError::TooMany),
        };
        let padding = if self.padding { PADDING } else { 0 };
        let extended = if extension.is_some() { EXTENSION } else { 0 };
        let marker = if self.marker { MARKER } else { 0 };

        let first = VERSION << 6 | padding | extended | csrc_count;
        let second = marker | u8::from(self.payload_type);
        let [s0, s1] = self.sequence.0.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.0.to_be_bytes();
        let [i0, i1, i2, i3] = self.ssrc.0.to_be_bytes();

        let mut cursor = Cursor::new(buffer);
        cursor.put(&[first, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3])?;
        for csrc in csrcs {
            cursor.put(&csrc.0.to_be_bytes())?;
        }
        if let Some(Extension { profile, words }) = extension {
            let len = u16::try_from(words.len()).map_err(|_| WriteError::TooLong)?;
            let ([p0, p1], [l0, l1]) = (profile.to_be_bytes(), len.to_be_bytes());
            cursor.put(&[p0, p1, l0, l1])?;
            cursor.put(words.as_flattened())?;
        }
        Ok(cursor.written())
    }

    /// Returns the length in bytes, with the contributing sources and the extension: where the payload begins.
    #[inline]
    pub const fn header_len(&self) -> usize {
        self.header_len
    }

    /// Returns the contributing sources of the packet this header was parsed from.
    pub fn csrcs<'a>(&self, packet: &'a [u8]) -> impl ExactSizeIterator<Item = Ssrc> + Clone + use<'a> {
        let (csrcs, _) = self.variable_words(packet);
        csrcs.iter().map(|word| Ssrc(u32::from_be_bytes(*word)))
    }

    /// Returns the header extension of the packet this header was parsed from.
    pub fn extension<'a>(&self, packet: &'a [u8]) -> Option<Extension<'a>> {
        let profile = self.extension_profile?;
        let (_, [_, words @ ..]) = self.variable_words(packet) else {
            return None;
        };
        Some(Extension { profile, words })
    }

    /// Returns the media of a packet in the clear: what follows the header, without the padding.
    ///
    /// # Errors
    /// [`Malformed::BadPadding`] when the padding counts itself as nothing or as more than there is;
    /// [`Malformed::Truncated`] when the packet is not the one this header was parsed from.
    #[inline]
    pub fn payload<'a>(&self, packet: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let padded = packet.get(self.header_len..).ok_or(Malformed::Truncated)?;
        if !self.padding {
            return Ok(padded);
        }
        // RFC 3550 section 5.1: the last byte of the padding counts the padding, itself among it.
        let count = match padded.last() {
            Some(&count) if count != 0 => usize::from(count),
            _ => return Err(Malformed::BadPadding),
        };
        let len = padded.len().checked_sub(count).ok_or(Malformed::BadPadding)?;
        padded.get(..len).ok_or(Malformed::BadPadding)
    }

    /// Splits what stands between the fixed header and the payload, all of it in words of four bytes.
    fn variable_words<'a>(&self, packet: &'a [u8]) -> (&'a [[u8; 4]], &'a [[u8; 4]]) {
        let variable = packet.get(FIXED_LEN..self.header_len).unwrap_or_default();
        let (words, _) = variable.as_chunks();
        words.split_at_checked(usize::from(self.csrc_count)).unwrap_or_default()
    }
}

const VERSION: u8 = 2;
const FIXED_LEN: usize = 12;
const PADDING: u8 = 0x20;
const EXTENSION: u8 = 0x10;
const CSRC_COUNT: u8 = 0x0f;
const MARKER: u8 = 0x80;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// The first packet after a silence, G.711 A-law, cut to four samples.
    const PLAIN: [u8; 16] = [
        0x80, 0x88, 0x3a, 0x2b, 0x00, 0x01, 0x5f, 0x90, 0xde, 0xad, 0xbe, 0xef, 0xd5, 0xd5, 0xd5,
        0xd5, //
    ];

    /// A mixer's packet: two contributing sources, an audio level in a one-byte extension, two bytes of media, and two
    /// of padding.
    const MIXED: [u8; 32] = [
        0xb2, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0xa0, 0x00, 0x00, 0x00, 0x01, //
        0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x03, //
        0xbe, 0xde, 0x00, 0x01, 0x10, 0x9e, 0x00, 0x00, //
        0xd5, 0xd5, 0x00, 0x02,
    ];

    #[test]
    fn a_plain_packet_is_a_fixed_header_and_media() {
        let header = Header::parse(&PLAIN).unwrap();
        assert!(header.marker && !header.padding);
        assert_eq!(u8::from(header.payload_type), 8);
        assert_eq!(header.sequence, Sequence(0x3a2b));
        assert_eq!(header.timestamp, Timestamp(90_000));
        assert_eq!(header.ssrc, Ssrc(0xdead_beef));
        assert_eq!(header.header_len(), 12);
        assert_eq!(header.csrcs(&PLAIN).len(), 0);
        assert_eq!(header.extension(&PLAIN), None);
        assert_eq!(header.payload(&PLAIN), Ok(&[0xd5; 4][..]));
    }

    #[test]
    fn sources_extension_and_padding_are_told_from_the_media() {
        let header = Header::parse(&MIXED).unwrap();
        assert_eq!(header.header_len(), 28);
        assert_eq!(header.csrcs(&MIXED).collect::<Vec<_>>(), [Ssrc(2), Ssrc(3)]);
        let extension = header.extension(&MIXED).unwrap();
        assert_eq!(extension.elements().next(), Some(Element { id: 1, data: &[0x9e] }));
        assert_eq!(header.payload(&MIXED), Ok(&[0xd5, 0xd5][..]));
    }

    #[test]
    fn a_header_is_written_as_it_was_parsed() {
        for packet in [&PLAIN[..], &MIXED] {
            let header = Header::parse(packet).unwrap();
            let mut buffer = [0; 28];
            let len = header.write(header.csrcs(packet), header.extension(packet), &mut buffer).unwrap();
            assert_eq!(buffer[..len], packet[..header.header_len()]);
        }
    }

    #[test]
    fn every_prefix_of_a_header_is_truncated() {
        for len in 0..28 {
            assert_eq!(Header::parse(&MIXED[..len]), Err(Malformed::Truncated), "{len} bytes");
        }
    }

    #[test]
    fn other_versions_are_refused() {
        for first in [0x00, 0x40, 0xc0] {
            let mut packet = PLAIN;
            packet[0] = first;
            assert_eq!(Header::parse(&packet), Err(Malformed::BadVersion));
        }
    }

    #[test]
    fn padding_is_no_longer_than_the_media() {
        let mut packet = MIXED;
        for (count, expected) in
            [(0, Err(Malformed::BadPadding)), (4, Ok(&[][..])), (5, Err(Malformed::BadPadding))]
        {
            packet[31] = count;
            let header = Header::parse(&packet).unwrap();
            assert_eq!(header.payload(&packet), expected, "padding of {count}");
        }
        let header = Header::parse(&packet[..28]).unwrap();
        assert_eq!(header.payload(&packet[..28]), Err(Malformed::BadPadding));
    }

    #[test]
    fn more_than_fifteen_sources_are_not_written() {
        let header = Header::parse(&PLAIN).unwrap();
        let mut buffer = [0; 128];
        assert_eq!(header.write([Ssrc(1); 15], None, &mut buffer), Ok(72));
        assert_eq!(header.write([Ssrc(1); 16], None, &mut buffer), Err(WriteError::TooMany));
        assert_eq!(header.write([], None, &mut buffer[..11]), Err(WriteError::NoRoom));
    }

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let mut packet = MIXED;
        let mut patch = Patch::new(&mut packet).unwrap();
        patch.set_marker(true);
        patch.set_payload_type(PayloadType::new(101).unwrap());
        patch.set_sequence(Sequence(0x1234));
        patch.set_timestamp(Timestamp(0x5678_9abc));
        patch.set_ssrc(Ssrc(0xcafe_f00d));
        let before = Header::parse(&MIXED).unwrap();
        let expected = Header {
            marker: true,
            payload_type: PayloadType::new(101).unwrap(),
            sequence: Sequence(0x1234),
            timestamp: Timestamp(0x5678_9abc),
            ssrc: Ssrc(0xcafe_f00d),
            ..before
        };
        assert_eq!(Header::parse(&packet), Ok(expected));
        assert_eq!(packet[12..], MIXED[12..]);
        assert!(Patch::new(&mut packet[..11]).is_err());
    }
}
