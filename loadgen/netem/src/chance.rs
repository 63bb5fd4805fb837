//! How likely something is.

use std::fmt;

use crate::random::Random;

/// Holds a probability in billionths, so that it is read, compared and drawn without rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chance(u32);

const CERTAIN: u32 = 1_000_000_000;

impl Chance {
    /// Never.
    pub const NEVER: Self = Self(0);
    /// Always.
    pub const ALWAYS: Self = Self(CERTAIN);

    /// Takes billionths; more than all of them is always.
    pub const fn from_billionths(billionths: u32) -> Self {
        Self(if billionths < CERTAIN { billionths } else { CERTAIN })
    }

    /// Takes hundredths of a percent: 150 is 1.5 %.
    pub const fn from_basis_points(points: u32) -> Self {
        Self::from_billionths(points.saturating_mul(CERTAIN / 10_000))
    }

    /// Returns the billionths.
    pub const fn billionths(self) -> u32 {
        self.0
    }

    /// Draws whether it happens. The extremes draw too, so that a chance of 0 and one of 1 in a billion leave
    /// the stream at the same place.
    pub fn happens(self, random: &mut Random) -> bool {
        random.below(u64::from(CERTAIN)) < u64::from(self.0)
    }
}

impl fmt::Display for Chance {
    /// Writes percent, with as many digits as it takes: `0.5%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_percent = CERTAIN / 100;
        let digits = format!("{}.{:07}", self.0 / per_percent, self.0 % per_percent);
        write!(f, "{}%", digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_never_and_always_happen() {
        let mut random = Random::new(3);
        assert!((0..10_000).all(|_| !Chance::NEVER.happens(&mut random)));
        assert!((0..10_000).all(|_| Chance::ALWAYS.happens(&mut random)));
        assert_eq!(Chance::from_billionths(u32::MAX), Chance::ALWAYS);
        assert_eq!(Chance::from_basis_points(u32::MAX), Chance::ALWAYS);
    }

    #[test]
    fn a_chance_is_written_in_percent_without_idle_digits() {
        assert_eq!(Chance::NEVER.to_string(), "0%");
        assert_eq!(Chance::ALWAYS.to_string(), "100%");
        assert_eq!(Chance::from_basis_points(150).to_string(), "1.5%");
        assert_eq!(Chance::from_billionths(1).to_string(), "0.0000001%");
    }
}
