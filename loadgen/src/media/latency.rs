//! Durations in bounded memory: a histogram, and the few numbers that people read from it.

use core::fmt;

use hdrhistogram::Histogram;

/// A minute: whatever is later has other problems.
const LATENCY_MAX_NS: u64 = 60_000_000_000;

/// Three digits: 1.23 ms is told from 1.24 ms.
const DIGITS: u8 = 3;

/// Many durations.
#[derive(Clone)]
pub struct Latency {
    histogram: Histogram<u64>,
}

/// What people read of many durations, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// How many there were.
    pub count: u64,
    /// Half were at most this.
    pub p50: u64,
    /// Nine in ten were at most this.
    pub p90: u64,
    /// Ninety-nine in a hundred were at most this.
    pub p99: u64,
    /// All but one in a thousand were at most this.
    pub p999: u64,
    /// The longest.
    pub max: u64,
}

/// Shows what people read: the histogram itself has tens of thousands of numbers.
impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.quantiles().fmt(f)
    }
}

impl Latency {
    /// Makes an empty one; it never grows.
    ///
    /// # Panics
    ///
    /// Never: the bounds are constants that the histogram accepts.
    #[must_use]
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LATENCY_MAX_NS, DIGITS);
        Self { histogram: histogram.expect("one is below a minute, and three digits are below five") }
    }

    /// Adds a duration; one beyond a minute counts as a minute.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.histogram.saturating_record(ns);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.histogram.reset();
    }

    /// Returns what people read; zeros if there is nothing.
    #[must_use]
    pub fn quantiles(&self) -> Quantiles {
        let at = |quantile| self.histogram.value_at_quantile(quantile);
        Quantiles {
            count: self.histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: self.histogram.max(),
        }
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_a_sorted_list_within_a_thousandth() {
        let mut latency = Latency::new();
        (1..=10_000).for_each(|count| latency.record(count * 1_000));
        let Quantiles { count, p50, p90, p99, p999, max } = latency.quantiles();
        assert_eq!(count, 10_000);
        for (found, expected) in
            [(p50, 5_000_000), (p90, 9_000_000), (p99, 9_900_000), (p999, 9_990_000), (max, 10_000_000)]
        {
            assert!(found.abs_diff(expected) <= expected / 1_000 + 1, "{found} and {expected}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_counted_at_the_bound() {
        let mut latency = Latency::new();
        latency.record(0);
        latency.record(u64::MAX);
        let quantiles = latency.quantiles();
        assert_eq!(quantiles.count, 2);
        assert!(quantiles.max >= LATENCY_MAX_NS);
    }

    #[test]
    fn nothing_has_no_quantiles() {
        assert_eq!(Latency::new().quantiles(), Quantiles::default());
    }
}
