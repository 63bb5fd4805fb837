//! The largest rate that a device carries: found by halving, with few trials.

/// What one trial at a rate has shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// What was lost or damaged, in percent of what was sent.
    pub loss_percent: f64,
    /// Whether the generator itself was late or lost packets, so that the trial says nothing about the device.
    pub is_generator_late: bool,
}

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// A rate that is expected to pass, in packets a second.
    pub low: u64,
    /// A rate that is expected to fail.
    pub high: u64,
    /// The most loss that passes, in percent.
    pub loss_max_percent: f64,
    /// Trials at each rate; their median counts.
    pub repeats: u32,
    /// The most rates that are tried.
    pub rates_max: u32,
}

/// A rate that was tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// The rate, in packets a second.
    pub rate: u64,
    /// The median of its trials.
    pub median: Trial,
    /// Whether it passed.
    pub passed: bool,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The largest rate that passed; none if none did.
    pub rate: Option<u64>,
    /// Whether a failed trial was one in which the generator was late: the device may carry more.
    pub is_generator_limit: bool,
    /// All that was tried, in order.
    pub tried: Vec<Tried>,
}

/// It is close enough when the ends are within a fiftieth of each other.
const PRECISION: u64 = 50;

impl Search {
    /// Searches. First the lower end is tried, then the middle of what is left, again and again.
    ///
    /// # Errors
    ///
    /// What a trial ends with.
    pub fn run<E>(&self, mut trial: impl FnMut(u64) -> Result<Trial, E>) -> Result<Found, E> {
        let mut found = Found { rate: None, is_generator_limit: false, tried: Vec::new() };
        let (mut low, mut high) = (self.low.max(1), self.high.max(self.low).max(1));
        let mut rate = low;
        for _ in 0..self.rates_max {
            let median = self.median(rate, &mut trial)?;
            let passed = !median.is_generator_late && median.loss_percent <= self.loss_max_percent;
            found.tried.push(Tried { rate, median, passed });
            if passed {
                (low, found.rate) = (rate, Some(rate));
            } else {
                found.is_generator_limit = median.is_generator_late;
                high = rate;
            }
            if found.rate.is_none() || high - low <= low / PRECISION {
                break;
            }
            rate = low + (high - low) / 2;
        }
        Ok(found)
    }

    fn median<E>(&self, rate: u64, trial: &mut impl FnMut(u64) -> Result<Trial, E>) -> Result<Trial, E> {
        let mut trials = (0..self.repeats.max(1)).map(|_| trial(rate)).collect::<Result<Vec<_>, E>>()?;
        trials.sort_by(|a, b| a.loss_percent.total_cmp(&b.loss_percent));
        let late = trials.iter().filter(|trial| trial.is_generator_late).count();
        let median = trials[trials.len() / 2];
        Ok(Trial { is_generator_late: 2 * late > trials.len(), ..median })
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use super::*;

    const SEARCH: Search =
        Search { low: 1_000, high: 1_000_000, loss_max_percent: 0.1, repeats: 3, rates_max: 20 };

    /// A device that loses everything beyond a rate.
    fn found(search: Search, limit: u64, generator_limit: u64) -> Found {
        let trial = |rate| {
            let loss_percent = if rate > limit { 50.0 } else { 0.0 };
            Ok::<_, Infallible>(Trial { loss_percent, is_generator_late: rate > generator_limit })
        };
        let Ok(found) = search.run(trial);
        found
    }

    #[test]
    fn the_limit_of_a_device_is_found_within_a_fiftieth() {
        for limit in [1_000, 1_234, 50_000, 123_456, 700_000, 999_999] {
            let found = found(SEARCH, limit, u64::MAX);
            let rate = found.rate.unwrap();
            assert!(rate <= limit && limit - rate <= rate / PRECISION, "{rate} of {limit}");
            assert!(!found.is_generator_limit && found.tried.len() <= 20, "{limit}");
        }
    }

    #[test]
    fn a_device_that_fails_at_the_lower_end_is_tried_once() {
        let found = found(SEARCH, 999, u64::MAX);
        assert_eq!((found.rate, found.tried.len()), (None, 1));
    }

    #[test]
    fn a_limit_of_the_generator_is_not_taken_for_the_devices() {
        let found = found(SEARCH, 900_000, 200_000);
        assert!(found.is_generator_limit && found.rate.unwrap() <= 200_000);
    }

    #[test]
    fn the_number_of_rates_is_bounded() {
        let search = Search { rates_max: 4, ..SEARCH };
        assert_eq!(found(search, 123_456, u64::MAX).tried.len(), 4);
    }

    #[test]
    fn one_bad_trial_of_three_does_not_count() {
        let mut losses = [0.0, 9.0, 0.0].into_iter().cycle();
        let trial =
            |_| Ok::<_, Infallible>(Trial { loss_percent: losses.next().unwrap(), is_generator_late: false });
        let Ok(found) = SEARCH.run(trial);
        assert!(found.tried.iter().all(|tried| tried.passed));
    }

    #[test]
    fn an_error_of_a_trial_ends_the_search() {
        let mut trials = 0;
        let result = SEARCH.run(|_| {
            trials += 1;
            Err::<Trial, _>("gone")
        });
        assert_eq!((result, trials), (Err("gone"), 1));
    }
}
