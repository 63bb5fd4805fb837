/// Names a stream within an RTP session: a synchronisation source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ssrc(pub u32);

/// Counts samples of a media clock, modulo 2^32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp(pub u32);

/// Names a codec within an RTP session: seven bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadType(u8);

impl PayloadType {
    /// Returns the payload type of that number, if it fits into seven bits.
    pub const fn new(number: u8) -> Option<Self> {
        if number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// Takes the payload type out of the byte that it shares with the marker.
    #[inline]
    pub(super) const fn from_low_bits(byte: u8) -> Self {
        Self(byte & Self::MAX)
    }

    const MAX: u8 = 0x7f;
}

impl From<PayloadType> for u8 {
    #[inline]
    fn from(payload_type: PayloadType) -> Self {
        payload_type.0
    }
}

/// Counts the packets of a stream, modulo 2^16.
///
/// It has no order of its own: which of two numbers is later is a question of distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sequence(pub u16);

impl Sequence {
    /// Returns the number so many packets later.
    #[inline]
    pub const fn plus(self, packets: u16) -> Self {
        Self(self.0.wrapping_add(packets))
    }

    /// Returns how many packets later this number is than `earlier`; negative when it is earlier.
    ///
    /// RFC 1982 section 3.2 leaves numbers that are half the circle apart without an order; here they count as earlier.
    #[inline]
    pub const fn distance_from(self, earlier: Self) -> i16 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// Tells whether this number comes after the other.
    #[inline]
    pub const fn is_after(self, other: Self) -> bool {
        self.distance_from(other) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_keep_their_order_across_the_wrap() {
        assert!(Sequence(2).is_after(Sequence(65_534)));
        assert!(!Sequence(65_534).is_after(Sequence(2)));
        assert_eq!(Sequence(2).distance_from(Sequence(65_534)), 4);
        assert_eq!(Sequence(65_534).distance_from(Sequence(2)), -4);
        assert_eq!(Sequence(65_534).plus(4), Sequence(2));
    }

    #[test]
    fn neither_of_two_sequence_numbers_half_the_circle_apart_is_after_the_other() {
        assert!(!Sequence(0).is_after(Sequence(0x8000)));
        assert!(!Sequence(0x8000).is_after(Sequence(0)));
    }

    #[test]
    fn a_payload_type_has_seven_bits() {
        assert_eq!(PayloadType::new(127).map(u8::from), Some(127));
        assert_eq!(PayloadType::new(128), None);
    }
}
