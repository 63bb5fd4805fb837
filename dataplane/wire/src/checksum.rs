//! The Internet checksum: computed over bytes (RFC 1071), or mended after a change (RFC 1624).

/// A one's complement sum that bytes are added to.
///
/// It is kept in the byte order of the machine, as RFC 1071 section 2 (B) allows: only the result is turned.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// Adds bytes, as if a zero followed when their number is odd: only the last of several slices may be odd.
    #[inline]
    #[must_use]
    pub fn plus(self, bytes: &[u8]) -> Self {
        // RFC 1071 section 2 (C): wider additions give the same sum, when the carries are added back in. The halves of
        // a word leave room for 2^32 carries, so that the additions need not wait for each other.
        let (words, tail) = bytes.as_chunks();
        let (mut low, mut high) = (0_u64, 0_u64);
        for word in words {
            let word = u64::from_ne_bytes(*word);
            low = low.wrapping_add(word & 0xffff_ffff);
            high = high.wrapping_add(word >> 32);
        }
        let sum = add(add(self.0, low), high);
        let (four, tail) = tail.as_chunks();
        let sum = four.iter().fold(sum, |sum, word| add(sum, u32::from_ne_bytes(*word).into()));
        let (two, tail) = tail.as_chunks();
        let sum = two.iter().fold(sum, |sum, word| add(sum, u16::from_ne_bytes(*word).into()));
        let sum = tail.iter().fold(sum, |sum, byte| add(sum, u16::from_ne_bytes([*byte, 0]).into()));
        Self(sum)
    }

    /// Returns the checksum: what makes the sum of everything, itself included, come out right.
    #[inline]
    pub fn checksum(self) -> u16 {
        !self.folded()
    }

    /// Tells whether the sum was taken over bytes that contain their own right checksum.
    #[inline]
    pub fn is_right(self) -> bool {
        self.checksum() == 0
    }

    #[inline]
    fn folded(self) -> u16 {
        let [a, b, c, d, e, f, g, h] = self.0.to_ne_bytes();
        let (high, low) = (u32::from_ne_bytes([a, b, c, d]), u32::from_ne_bytes([e, f, g, h]));
        let (sum, carry) = high.overflowing_add(low);
        let [a, b, c, d] = sum.wrapping_add(u32::from(carry)).to_ne_bytes();
        let (sum, carry) = u16::from_be_bytes([a, b]).overflowing_add(u16::from_be_bytes([c, d]));
        sum.wrapping_add(u16::from(carry))
    }
}

/// Mends a checksum after bytes that it covers, at an even distance from the first, were replaced.
///
/// A checksum that UDP sends needs more care: see [`udp::mend_checksum`](crate::udp::mend_checksum).
#[inline]
pub fn mend(checksum: u16, before: &[u8], after: &[u8]) -> u16 {
    // RFC 1624 section 3, equation 3: HC' = ~(~HC + ~m + m'). RFC 1141 computed HC + m + ~m' instead, which may give
    // 0xffff where a fresh checksum would be 0x0000.
    let removed = Sum::default().plus(before).checksum();
    Sum::default().plus(&(!checksum).to_be_bytes()).plus(&removed.to_be_bytes()).plus(after).checksum()
}

#[inline]
fn add(sum: u64, word: u64) -> u64 {
    let (sum, carry) = sum.overflowing_add(word);
    sum.wrapping_add(u64::from(carry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_comes_out_right() {
        // RFC 1071 section 3: the sum is ddf2.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(Sum::default().plus(&bytes).checksum(), !0xddf2);
    }

    #[test]
    fn bytes_with_their_checksum_are_right() {
        let mut bytes = [0x12, 0x34, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x80, 0x00, 0x80, 0x01];
        let checksum = Sum::default().plus(&bytes).checksum();
        bytes[2..4].copy_from_slice(&checksum.to_be_bytes());
        assert!(Sum::default().plus(&bytes).is_right());
        bytes[11] ^= 1;
        assert!(!Sum::default().plus(&bytes).is_right());
    }

    #[test]
    fn mending_finds_zero_where_the_older_equation_finds_minus_zero() {
        // RFC 1624 section 4: the checksum dd2f, a field that goes from 5555 to 3285.
        assert_eq!(mend(0xdd2f, &[0x55, 0x55], &[0x32, 0x85]), 0x0000);
    }
}
