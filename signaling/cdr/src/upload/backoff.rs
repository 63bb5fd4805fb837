//! How long to wait before another attempt.

use std::time::Duration;

/// The wait after so many failures: twice as long each time, from 1 s to 60 s, and somewhere in the upper half of that,
/// so that what failed together does not come back together. The seed is the record's own number: half of it is random.
pub(super) fn wait(failures: u32, seed: u64) -> Duration {
    let longest = FIRST_MS.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LAST_MS);
    let random = mix(seed ^ u64::from(failures));
    Duration::from_millis(longest / 2 + random % (longest / 2 + 1))
}

/// The last step of SplitMix64: neighbours in, strangers out.
fn mix(seed: u64) -> u64 {
    let seed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ seed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ seed >> 31
}

const FIRST_MS: u64 = 1_000;
const LAST_MS: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_a_second_to_a_minute() {
        for (failures, longest_ms) in [(1, 1_000), (2, 2_000), (6, 32_000), (7, 60_000), (u32::MAX, 60_000)] {
            for seed in 0..1_000 {
                let wait = wait(failures, seed).as_millis();
                assert!((longest_ms / 2..=longest_ms).contains(&wait), "{failures} {seed}: {wait} ms");
            }
        }
    }

    #[test]
    fn neighbours_do_not_come_back_together() {
        let mut waits: Vec<_> = (0..100).map(|seed| wait(7, seed)).collect();
        waits.sort();
        waits.dedup();
        assert!(waits.len() > 90, "{} different waits", waits.len());
    }
}
