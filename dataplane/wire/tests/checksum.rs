//! The checksum against the plainest reading of RFC 1071, and mended ones against fresh ones.

use proptest::collection::vec;
use proptest::prelude::*;
use wire::checksum::{self, Sum};
use wire::udp;

proptest! {
    #[test]
    fn sums_are_those_of_rfc_1071(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(Sum::default().plus(&bytes).checksum(), plainly(&bytes));
    }

    #[test]
    fn bytes_may_be_added_in_pieces_of_even_length(bytes in vec(any::<u8>(), 0..300), at in 0..150_usize) {
        let (front, back) = bytes.split_at((at * 2).min(bytes.len() & !1));
        prop_assert_eq!(Sum::default().plus(front).plus(back).checksum(), plainly(&bytes));
    }

    #[test]
    fn mended_is_as_fresh(
        mut bytes in vec(prop_oneof![Just(0), Just(0xff), any::<u8>()], 4..60),
        at in 1..30_usize,
        after in vec(prop_oneof![Just(0), Just(0xff), any::<u8>()], 0..8),
    ) {
        // As in every header, not all bytes are zero: RFC 1624 section 3 leaves that case out.
        bytes[0] = 0x45;
        let from = (at * 2).min(bytes.len() & !1);
        let to = (from + (after.len() & !1)).min(bytes.len() & !1);
        let after = &after[..to - from];

        let stale = plainly(&bytes);
        let before = bytes[from..to].to_vec();
        bytes[from..to].copy_from_slice(after);
        prop_assert_eq!(checksum::mend(stale, &before, after), plainly(&bytes));
    }

    #[test]
    fn a_mended_udp_checksum_is_never_none(stale in 1..=0xffff_u16, before: [u8; 4], after: [u8; 4]) {
        prop_assert_ne!(udp::mend_checksum(stale, &before, &after), 0);
    }
}

fn plainly(bytes: &[u8]) -> u16 {
    let mut sum = 0_u32;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("the carry was added back in")
}
