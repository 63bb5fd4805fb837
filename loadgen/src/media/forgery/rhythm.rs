//! When each forged packet is to leave: evenly, and between the good ones rather than with them.

use crate::media::forgery::Factor;
use crate::media::schedule::Pace;

/// The moments at which forged packets are due.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    pace: Pace,
    factor: Factor,
    start_ns: u64,
    taken: u64,
}

impl Rhythm {
    /// Plans from a moment on, beside good packets of this pace.
    #[must_use]
    pub fn new(pace: Pace, factor: Factor, start_ns: u64) -> Self {
        Self { pace, factor, start_ns, taken: 0 }
    }

    /// Returns how many forged packets there are in all; what is below a packet is cut off.
    #[must_use]
    pub fn packets(&self) -> u64 {
        (u128::from(self.pace.packets()) * u128::from(self.factor.thousandths()) / 1000) as u64
    }

    /// Returns when the next one is to leave; none if all have left.
    #[inline]
    #[must_use]
    pub fn next_due_ns(&self) -> Option<u64> {
        // The middle of its part: for packet n it is (n + 1/2) x interval / (flows x factor). The product may pass 64
        // bits: 2^45 packets are a day of 20,000,000 a second twenty times, and an interval has up to 2^46 ns.
        let parts = (2 * u128::from(self.taken) + 1) * u128::from(self.pace.interval_ns) * 1000;
        let offset_ns = parts / (2 * u128::from(self.pace.flows) * u128::from(self.factor.thousandths()));
        (self.taken < self.packets()).then(|| self.start_ns + offset_ns as u64)
    }

    /// Takes the next one; returns how many were taken before.
    #[inline]
    pub fn take(&mut self) -> u64 {
        let before = self.taken;
        self.taken += 1;
        before
    }
}

#[cfg(test)]
mod tests {
    use netem::random::Random;

    use super::*;
    use crate::media::schedule::Schedule;

    fn all(mut rhythm: Rhythm) -> Vec<u64> {
        let next = || {
            let due_ns = rhythm.next_due_ns()?;
            rhythm.take();
            Some(due_ns)
        };
        core::iter::from_fn(next).collect()
    }

    #[test]
    fn forged_packets_are_as_many_as_the_factor_says_and_evenly_apart() {
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let pace = Pace::with_rate(1 + random.below(50) as u32, 1 + random.below(1_000_000), 20_000_000);
            let thousandths = 1 + random.below(20_000);
            let factor: Factor = (thousandths as f64 / 1e3).to_string().parse().unwrap();
            let due = all(Rhythm::new(pace, factor, 1_000));
            assert_eq!(due.len() as u64, pace.packets() * thousandths / 1000, "seed {seed}");
            let distances: Vec<_> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let (least, most) = (distances.iter().min(), distances.iter().max());
            if let (Some(least), Some(most)) = (least, most) {
                assert!(most - least <= 1, "seed {seed}: {least} to {most} ns");
            }
        }
    }

    #[test]
    fn between_any_two_good_packets_there_are_as_many_forged_ones_as_the_factor_says() {
        let pace = Pace::with_interval(10, 20_000_000, 200_000_000);
        let mut schedule = Schedule::new(pace, 0);
        let good: Vec<_> =
            core::iter::from_fn(|| schedule.take(u64::MAX)).map(|due| due.intended_ns).collect();
        let forged = all(Rhythm::new(pace, "3".parse().unwrap(), 0));
        for pair in good.windows(2) {
            let between = forged.iter().filter(|at| (pair[0] + 1..pair[1]).contains(at)).count();
            assert_eq!(between, 3, "between {} and {} ns", pair[0], pair[1]);
        }
    }

    #[test]
    fn the_longest_and_fastest_run_has_its_last_moment() {
        let pace = Pace::with_rate(60_000, 20_000_000, 86_400_000_000_000);
        let mut rhythm = Rhythm::new(pace, "20".parse().unwrap(), 0);
        rhythm.taken = rhythm.packets() - 1;
        let last = rhythm.next_due_ns().unwrap();
        assert!(last.abs_diff(86_400_000_000_000) < 1_000, "{last}");
    }
}
