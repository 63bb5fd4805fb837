//! Random numbers from a seed, so that a decision can be made again.

/// Gives numbers that look random and follow from a seed: SplitMix64 (Steele, Lea and Flood, 2014). They decide who is
/// tried first, and keep no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// Gives a number below the bound; 0 for the bound 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let upper = (mixed ^ (mixed >> 31)) >> 32;
        // The upper half of the product of two 32-bit numbers is below either of them.
        u32::try_from(upper.wrapping_mul(bound.into()) >> 32).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_below_the_bound_and_spread_evenly() {
        let mut seed = Seed(7);
        let mut counts = [0_u32; 10];
        for _ in 0..100_000 {
            counts[seed.below(10) as usize] += 1;
        }
        // Ten cells of 10,000 with a standard deviation of 95: five of these each way.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 475), "{counts:?}");
        assert_eq!((seed.below(0), seed.below(1)), (0, 0));
    }
}
