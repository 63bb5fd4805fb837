//! The 48-bit packet index behind the 16-bit sequence number.

/// RFC 3711 section 3.3.1: the index is rollover counter and sequence number side by side.
pub(crate) const INDEX_MAX: u64 = (1 << 48) - 1;

/// Half the range of sequence numbers: what is nearer ahead counts as ahead.
const SEQUENCE_MEDIAN: u32 = 1 << 15;

/// Guesses the index of a packet from its sequence number and `next`, one more than the highest index so far.
///
/// RFC 3711 section 3.3.1: the first packet of a source, with no index before it, sets the sequence in cycle zero.
///
/// RFC 3711 section 3.3.1 and appendix A. A guess below index zero stays in the first cycle: before the first
/// rollover there is no earlier cycle that the packet could come from. Returns `None` past the last index.
pub(crate) fn estimate(next: u64, sequence: u16) -> Option<u64> {
    let Some(highest) = next.checked_sub(1) else {
        return Some(sequence.into());
    };
    let cycle = highest >> 16;
    let last = (highest & 0xffff) as u32;
    let sequence = u32::from(sequence);
    let cycle = if last < SEQUENCE_MEDIAN {
        if sequence > last + SEQUENCE_MEDIAN { cycle.saturating_sub(1) } else { cycle }
    } else if last - SEQUENCE_MEDIAN > sequence {
        cycle + 1
    } else {
        cycle
    };
    let index = cycle << 16 | u64::from(sequence);
    (index <= INDEX_MAX).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The algorithm of RFC 3711 appendix A, word by word.
    fn appendix_a(roc: i64, s_l: i64, seq: i64) -> i64 {
        let v = if s_l < 32768 {
            if seq - s_l > 32768 { roc - 1 } else { roc }
        } else if s_l - 32768 > seq {
            roc + 1
        } else {
            roc
        };
        v * 65536 + seq
    }

    #[test]
    fn agrees_with_appendix_a_for_every_edge() {
        let edges = [0u16, 1, 2, 127, 128, 32766, 32767, 32768, 32769, 65407, 65534, 65535];
        for roc in [1u32, 2, 65535, 65536, u32::MAX - 1] {
            for s_l in edges {
                for sequence in edges {
                    let highest = u64::from(roc) << 16 | u64::from(s_l);
                    let expected = appendix_a(i64::from(roc), i64::from(s_l), i64::from(sequence));
                    assert_eq!(
                        estimate(highest + 1, sequence),
                        Some(expected as u64),
                        "{roc} {s_l} {sequence}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_first_cycle_has_none_before_it() {
        assert_eq!(estimate(100 + 1, 40_000), Some(40_000));
    }

    #[test]
    fn the_last_cycle_has_none_after_it() {
        assert_eq!(estimate(INDEX_MAX + 1, 0), None);
        assert_eq!(estimate(INDEX_MAX + 1, 65_535), Some(INDEX_MAX));
    }
}
