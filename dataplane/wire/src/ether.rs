//! Ethernet II frames, with up to two VLAN tags (IEEE 802.1Q and 802.1ad).

use crate::cursor::Cursor;
use crate::{Malformed, WriteError};

/// The header of an Ethernet frame, without the type of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The next station.
    pub destination: Mac,
    /// The last one.
    pub source: Mac,
    /// The VLANs.
    pub tags: Tags,
}

impl Header {
    /// Parses the header of a frame, and returns it with the type of the content and the content, which may be followed
    /// by what fills a short frame.
    ///
    /// A third tag is left as the type of the content.
    ///
    /// # Errors
    /// [`Malformed::Truncated`].
    #[inline]
    pub fn parse(frame: &[u8]) -> Result<(Self, EtherType, &[u8]), Malformed> {
        let (&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5], rest) =
            frame.split_first_chunk().ok_or(Malformed::Truncated)?;
        let (mut ether_type, mut rest) = EtherType::parse(rest)?;
        let mut tags = Tags::Untagged;
        if ether_type.is_tag() {
            let outer;
            (outer, ether_type, rest) = Tag::parse(ether_type, rest)?;
            tags = Tags::Single(outer);
            if ether_type.is_tag() {
                let inner;
                (inner, ether_type, rest) = Tag::parse(ether_type, rest)?;
                tags = Tags::Double { outer, inner };
            }
        }
        let destination = Mac([d0, d1, d2, d3, d4, d5]);
        let source = Mac([s0, s1, s2, s3, s4, s5]);
        Ok((Self { destination, source, tags }, ether_type, rest))
    }

    /// Writes the header to the front of a frame, and returns its length.
    ///
    /// # Errors
    /// [`WriteError::NoRoom`] when the frame is shorter.
    #[inline]
    pub fn write(&self, ether_type: EtherType, frame: &mut [u8]) -> Result<usize, WriteError> {
        let mut cursor = Cursor::new(frame);
        cursor.put(&self.destination.0)?;
        cursor.put(&self.source.0)?;
        match self.tags {
            Tags::Untagged => {}
            Tags::Single(tag) => cursor.put(&tag.to_bytes())?,
            Tags::Double { outer, inner } => {
                cursor.put(&outer.to_bytes())?;
                cursor.put(&inner.to_bytes())?;
            }
        }
        cursor.put(&ether_type.0.to_be_bytes())?;
        Ok(cursor.written())
    }

    /// Returns the length in bytes: 14, 18 or 22.
    pub const fn header_len(&self) -> usize {
        match self.tags {
            Tags::Untagged => 14,
            Tags::Single(_) => 18,
            Tags::Double { .. } => 22,
        }
    }
}

/// The address of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mac(pub [u8; 6]);

/// Tells what a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4.
    pub const IPV4: Self = Self(0x0800);
    /// IPv6.
    pub const IPV6: Self = Self(0x86dd);
    /// A VLAN tag of IEEE 802.1Q.
    pub const CUSTOMER_TAG: Self = Self(0x8100);
    /// A VLAN tag of IEEE 802.1ad, around that of a customer.
    pub const SERVICE_TAG: Self = Self(0x88a8);

    #[inline]
    fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (ether_type, rest) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        Ok((Self(u16::from_be_bytes(*ether_type)), rest))
    }

    #[inline]
    fn is_tag(self) -> bool {
        matches!(self, Self::CUSTOMER_TAG | Self::SERVICE_TAG)
    }
}

/// The VLAN tags of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tags {
    /// None.
    Untagged,
    /// One.
    Single(Tag),
    /// Two.
    Double {
        /// The provider's.
        outer: Tag,
        /// The customer's.
        inner: Tag,
    },
}

/// A VLAN tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The kind of tag.
    pub protocol: EtherType,
    /// The priority (three bits), whether the frame may be dropped first (one bit), and the VLAN (twelve bits).
    pub control: u16,
}

impl Tag {
    /// Returns the number of the VLAN.
    pub const fn vlan(self) -> u16 {
        self.control & 0x0fff
    }

    #[inline]
    fn parse(protocol: EtherType, bytes: &[u8]) -> Result<(Self, EtherType, &[u8]), Malformed> {
        let (control, rest) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        let (ether_type, rest) = EtherType::parse(rest)?;
        Ok((Self { protocol, control: u16::from_be_bytes(*control) }, ether_type, rest))
    }

    #[inline]
    fn to_bytes(self) -> [u8; 4] {
        let ([p0, p1], [c0, c1]) = (self.protocol.0.to_be_bytes(), self.control.to_be_bytes());
        [p0, p1, c0, c1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_two_tags_are_read_and_written() {
        let addresses = [0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2];
        let outer = Tag { protocol: EtherType::SERVICE_TAG, control: 0x0064 };
        let inner = Tag { protocol: EtherType::CUSTOMER_TAG, control: 0xa0c8 };
        for (tail, tags) in [
            (&[0x08, 0x00][..], Tags::Untagged),
            (&[0x81, 0x00, 0xa0, 0xc8, 0x08, 0x00], Tags::Single(inner)),
            (&[0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0xa0, 0xc8, 0x08, 0x00], Tags::Double { outer, inner }),
        ] {
            let bytes = [&addresses[..], tail].concat();
            let (destination, source) = (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2]));
            let expected = Header { destination, source, tags };
            let frame = [&bytes[..], &[0x45]].concat();
            assert_eq!(Header::parse(&frame), Ok((expected, EtherType::IPV4, &[0x45][..])));
            assert_eq!(expected.header_len(), bytes.len());
            let mut written = [0; 22];
            let len = expected.write(EtherType::IPV4, &mut written).unwrap();
            assert_eq!(written[..len], bytes);
            for len in 0..bytes.len() {
                assert_eq!(Header::parse(&bytes[..len]), Err(Malformed::Truncated), "{len} bytes");
            }
        }
        assert_eq!((inner.vlan(), outer.vlan()), (200, 100));
    }

    #[test]
    fn a_third_tag_is_the_content() {
        let tag = [0x81, 0x00, 0x00, 0x01];
        let frame = [&[0; 12][..], &tag, &tag, &tag, &[0x08, 0x00]].concat();
        let (header, ether_type, _) = Header::parse(&frame).unwrap();
        assert_eq!((header.header_len(), ether_type), (22, EtherType::CUSTOMER_TAG));
    }
}
