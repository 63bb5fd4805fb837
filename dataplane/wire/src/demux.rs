//! What a datagram on a media port is, told by its first two bytes.

/// The protocols that share a media port, in the order of their first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// STUN: first byte 0 to 3.
    Stun,
    /// ZRTP: first byte 16 to 19.
    Zrtp,
    /// DTLS: first byte 20 to 63.
    Dtls,
    /// A TURN channel: first byte 64 to 79.
    TurnChannel,
    /// RTP or SRTP: first byte 128 to 191.
    Rtp,
    /// RTCP or SRTCP: the first byte of RTP, and a packet type of RTCP behind it.
    Rtcp,
    /// Nothing that is known here.
    Unknown,
}

/// Tells what a datagram is; whether it is well-formed is for the parser of that kind to say.
#[inline]
pub const fn classify(datagram: &[u8]) -> Kind {
    // RFC 7983 section 7.
    match datagram {
        [0..=3, ..] => Kind::Stun,
        [16..=19, ..] => Kind::Zrtp,
        [20..=63, ..] => Kind::Dtls,
        [64..=79, ..] => Kind::TurnChannel,
        // RFC 5761 section 4: on a shared port no RTP payload type may be 64 to 95, which with the marker set would be
        // a byte of 192 to 223; all RTCP packet types in use are in that range.
        [128..=191, 192..=223, ..] => Kind::Rtcp,
        [128..=191, _, ..] => Kind::Rtp,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_fall_into_the_ranges_of_rfc_7983() {
        let ranges = [
            (0..=3, Kind::Stun),
            (4..=15, Kind::Unknown),
            (16..=19, Kind::Zrtp),
            (20..=63, Kind::Dtls),
            (64..=79, Kind::TurnChannel),
            (80..=127, Kind::Unknown),
            (128..=191, Kind::Rtp),
            (192..=255, Kind::Unknown),
        ];
        for (range, kind) in ranges {
            for first in range {
                assert_eq!(classify(&[first, 0]), kind, "first byte {first}");
            }
        }
    }

    #[test]
    fn rtcp_is_told_from_rtp_by_its_packet_type() {
        for (second, kind) in [
            (191, Kind::Rtp),
            (192, Kind::Rtcp),
            (200, Kind::Rtcp),
            (223, Kind::Rtcp),
            (224, Kind::Rtp),
            (96, Kind::Rtp),
        ] {
            assert_eq!(classify(&[0x80, second]), kind, "second byte {second}");
        }
    }

    #[test]
    fn nothing_and_half_a_header_are_unknown() {
        assert_eq!(classify(&[]), Kind::Unknown);
        assert_eq!(classify(&[0x80]), Kind::Unknown);
    }
}
