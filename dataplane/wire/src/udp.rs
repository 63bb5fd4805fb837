//! UDP segments (RFC 768), and their checksum over either version of IP.

use crate::checksum;
use crate::ip::{Addresses, Protocol};
use crate::{Malformed, WriteError};

/// The UDP header of one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's port and the receiver's.
    pub ports: Ports,
    /// The checksum as it was sent; zero stands for none.
    pub checksum: u16,
}

/// The ports of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ports {
    /// The sender's.
    pub source: u16,
    /// The receiver's.
    pub destination: u16,
}

impl Header {
    /// Parses the header of a segment, and returns it with its payload: up to the length that UDP gives, which may be
    /// less than IP delivers.
    ///
    /// # Errors
    /// [`Malformed::BadLength`] when the length leaves no room for the header, [`Malformed::Truncated`].
    #[inline]
    pub fn parse(segment: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (&[s0, s1, d0, d1, l0, l1, c0, c1], rest) =
            segment.split_first_chunk::<HEADER_LEN>().ok_or(Malformed::Truncated)?;
        // RFC 768: the length counts the header. RFC 2675 gives zero a meaning that needs more than 65,535 bytes.
        let payload_len =
            usize::from(u16::from_be_bytes([l0, l1])).checked_sub(HEADER_LEN).ok_or(Malformed::BadLength)?;
        let payload = rest.get(..payload_len).ok_or(Malformed::Truncated)?;
        let header = Self {
            ports: Ports { source: u16::from_be_bytes([s0, s1]), destination: u16::from_be_bytes([d0, d1]) },
            checksum: u16::from_be_bytes([c0, c1]),
        };
        Ok((header, payload))
    }
}

/// Writes the header of a segment, with its checksum, in front of the payload that stands in it already.
///
/// # Errors
/// [`WriteError::NoRoom`] when the segment is shorter than the header, [`WriteError::TooLong`] when it is longer than
/// 65,535 bytes.
#[inline]
pub fn write(segment: &mut [u8], ports: Ports, addresses: &Addresses) -> Result<(), WriteError> {
    let len = u16::try_from(segment.len()).map_err(|_| WriteError::TooLong)?;
    let (header, payload) = segment.split_first_chunk_mut::<HEADER_LEN>().ok_or(WriteError::NoRoom)?;
    let [s0, s1] = ports.source.to_be_bytes();
    let [d0, d1] = ports.destination.to_be_bytes();
    let [l0, l1] = len.to_be_bytes();
    let without_checksum = [s0, s1, d0, d1, l0, l1, 0, 0];
    let sum = addresses.pseudo_header(Protocol::UDP, len).plus(&without_checksum).plus(payload);
    let [c0, c1] = sendable(sum.checksum()).to_be_bytes();
    *header = [s0, s1, d0, d1, l0, l1, c0, c1];
    Ok(())
}

/// Checks the checksum of a segment that ends where its length says.
///
/// # Errors
/// [`Malformed::BadChecksum`], or [`Malformed::NoChecksum`] over IPv6; [`Malformed::Truncated`] or
/// [`Malformed::BadLength`] when this is no segment.
#[inline]
pub fn verify_checksum(segment: &[u8], addresses: &Addresses) -> Result<(), Malformed> {
    let (header, _) = Header::parse(segment)?;
    if header.checksum == 0 {
        return match addresses {
            // RFC 768: zero means that the sender computed none.
            Addresses::V4 { .. } => Ok(()),
            // RFC 8200 section 8.1: over IPv6 there is always one; the exception of RFC 6935 is for tunnels.
            Addresses::V6 { .. } => Err(Malformed::NoChecksum),
        };
    }
    let len = u16::try_from(segment.len()).map_err(|_| Malformed::BadLength)?;
    let sum = addresses.pseudo_header(Protocol::UDP, len).plus(segment);
    if sum.is_right() { Ok(()) } else { Err(Malformed::BadChecksum) }
}

/// Mends the checksum of a segment after bytes that it covers, at an even distance from the first, were replaced.
#[inline]
pub fn mend_checksum(checksum: u16, before: &[u8], after: &[u8]) -> u16 {
    // RFC 768: zero means that there is none, and there is nothing to mend.
    if checksum == 0 { 0 } else { sendable(checksum::mend(checksum, before, after)) }
}

/// RFC 768: a checksum that is computed as zero is sent as its equal, all ones.
#[inline]
fn sendable(checksum: u16) -> u16 {
    if checksum == 0 { 0xffff } else { checksum }
}

/// The length of the header.
pub(crate) const HEADER_LEN: usize = 8;

#[cfg(test)]
mod tests {
    use core::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const V4: Addresses =
        Addresses::V4 { source: Ipv4Addr::new(192, 0, 2, 10), destination: Ipv4Addr::new(198, 51, 100, 20) };
    const V6: Addresses = Addresses::V6 { source: Ipv6Addr::LOCALHOST, destination: Ipv6Addr::LOCALHOST };
    const PORTS: Ports = Ports { source: 10_000, destination: 20_002 };
    /// Between these addresses and ports, this payload has the checksum zero.
    const SUMS_TO_ZERO: [u8; 2] = [0x9e, 0x55];

    fn segment(payload: [u8; 2], addresses: &Addresses) -> [u8; 10] {
        let mut segment = [0, 0, 0, 0, 0, 0, 0, 0, payload[0], payload[1]];
        write(&mut segment, PORTS, addresses).unwrap();
        segment
    }

    #[test]
    fn a_length_shorter_than_the_packet_ends_the_payload() {
        let segment = [0x27, 0x10, 0x4e, 0x22, 0, 9, 0, 0, 0xaa, 0xbb];
        assert_eq!(Header::parse(&segment), Ok((Header { ports: PORTS, checksum: 0 }, &[0xaa][..])));
    }

    #[test]
    fn a_length_holds_the_header_and_is_there() {
        let parse = |len| Header::parse(&[0, 1, 0, 2, 0, len, 0, 0, 0xaa]).map(|_| ());
        assert_eq!(parse(0), Err(Malformed::BadLength));
        assert_eq!(parse(7), Err(Malformed::BadLength));
        assert_eq!(parse(8), Ok(()));
        assert_eq!(parse(10), Err(Malformed::Truncated));
        assert_eq!(Header::parse(&[0; 7]), Err(Malformed::Truncated));
    }

    #[test]
    fn a_checksum_of_zero_is_sent_as_all_ones() {
        let segment = segment(SUMS_TO_ZERO, &V4);
        assert_eq!(segment[6..8], [0xff, 0xff]);
        assert_eq!(verify_checksum(&segment, &V4), Ok(()));
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        for addresses in [V4, V6] {
            let mut segment = segment([0xaa, 0xbb], &addresses);
            assert_eq!(verify_checksum(&segment, &addresses), Ok(()));
            segment[9] ^= 0x40;
            assert_eq!(verify_checksum(&segment, &addresses), Err(Malformed::BadChecksum));
        }
    }

    #[test]
    fn no_checksum_is_allowed_over_ipv4_only() {
        let mut segment = segment([0xaa, 0xbb], &V4);
        segment[6..8].fill(0);
        assert_eq!(verify_checksum(&segment, &V4), Ok(()));
        assert_eq!(verify_checksum(&segment, &V6), Err(Malformed::NoChecksum));
    }

    #[test]
    fn a_mended_checksum_keeps_the_meaning_of_zero() {
        let [.., c0, c1, p0, p1] = segment([0xaa, 0xbb], &V4);
        let checksum = u16::from_be_bytes([c0, c1]);
        assert_eq!(mend_checksum(checksum, &[p0, p1], &SUMS_TO_ZERO), 0xffff);
        assert_eq!(mend_checksum(0xffff, &SUMS_TO_ZERO, &[p0, p1]), checksum);
        assert_eq!(mend_checksum(0, &[p0, p1], &SUMS_TO_ZERO), 0);
    }
}
