//! The number of a call attempt, unique without asking anybody.

use std::fmt;

/// A UUID of version 7 (RFC 9562 section 5.7): its first half says when, its second half is random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId([u8; 16]);

impl TransactionId {
    /// Makes the number of an attempt from its time and from 74 random bits, the lowest of `random`. Both are
    /// parameters, so that a simulation repeats its numbers.
    pub fn new(time_ms: u64, random: u128) -> Self {
        let time = u128::from(time_ms & 0xffff_ffff_ffff) << 80;
        let first = (random >> 62 & 0xfff) << 64;
        let second = random & ((1 << 62) - 1);
        Self((time | 0x7 << 76 | first | 0b10 << 62 | second).to_be_bytes())
    }

    /// Reads the text of a UUID, of any version.
    pub fn parse(text: &str) -> Option<Self> {
        let is_shaped = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23));
        let digits: String = text.chars().filter(|&character| character != '-').collect();
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(&digits, 16).ok()?;
        (is_shaped && is_hex).then_some(Self(number.to_be_bytes()))
    }

    /// The random half, to tell apart what should not happen at the same time.
    pub(crate) fn seed(self) -> u64 {
        let [.., a, b, c, d, e, f, g, h] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = u128::from_be_bytes(self.0);
        let (a, b, c) = (number >> 96, number >> 80 & 0xffff, number >> 64 & 0xffff);
        let (d, e) = (number >> 48 & 0xffff, number & 0xffff_ffff_ffff);
        write!(formatter, "{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_9562_comes_out() {
        // RFC 9562 appendix A.6: rand_a 0xcc3, rand_b 0x18c4dc0c0c07398f without the two bits of the variant.
        let random = 0xcc3 << 62 | (0x18c4_dc0c_0c07_398f & ((1 << 62) - 1));
        let id = TransactionId::new(0x017f_22e2_79b0, random);
        assert_eq!(id.to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn all_74_bits_tell_numbers_apart_and_no_others_do() {
        let plain = TransactionId::new(1, 0);
        for bit in 0..128 {
            let is_used = TransactionId::new(1, 1 << bit) != plain;
            assert_eq!(is_used, bit < 74, "bit {bit}");
        }
    }

    #[test]
    fn text_reads_back_and_other_text_does_not() {
        let id = TransactionId::new(1_552_026_458_563, u128::MAX);
        assert_eq!(TransactionId::parse(&id.to_string()), Some(id));
        let bad = ["", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g"];
        for text in bad
            .into_iter()
            .chain(["017f22e27-9b0-7cc3-98c4-dc0c0c07398f", "+17f22e2-79b0-7cc3-98c4-dc0c0c07398f"])
        {
            assert_eq!(TransactionId::parse(text), None, "{text}");
        }
    }
}
