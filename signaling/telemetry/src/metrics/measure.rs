//! What counts: plain numbers that one thread owns.

use core::marker::PhantomData;
use core::time::Duration;

use super::description::Kind;
use super::label::Labels;
use super::snapshot::{Sample, Value};

/// A number that only rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter(u64);

/// A number that rises and falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge(u64);

/// Values sorted into buckets that were fixed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    bounds: &'static [u64],
    /// How many fell into each bucket; the last one has no bound.
    counts: Box<[u64]>,
    sum: u64,
}

/// One measure for each combination of labels.
#[derive(Clone, Debug)]
pub struct Labelled<M, L> {
    measures: Box<[M]>,
    labels: PhantomData<L>,
}

impl Counter {
    /// Counts one.
    #[inline]
    pub fn increment(&mut self) {
        self.add(1);
    }

    /// Counts many. At the end of the numbers it stays there.
    #[inline]
    pub fn add(&mut self, count: u64) {
        self.0 = self.0.saturating_add(count);
    }

    /// Returns the count.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0
    }
}

impl Gauge {
    /// Takes the value that it has now.
    #[inline]
    pub fn set(&mut self, value: u64) {
        self.0 = value;
    }

    /// Returns the value.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0
    }
}

impl Histogram {
    /// Adds a value, in the unit of the histogram.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.counts[bucket] = self.counts[bucket].saturating_add(1);
        self.sum = self.sum.saturating_add(value);
    }

    /// Adds a duration to a histogram of microseconds.
    #[inline]
    pub fn record_duration(&mut self, duration: Duration) {
        self.record(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// Returns how many values there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

impl<M, L: Labels> Labelled<M, L> {
    /// Returns the measure for these labels.
    #[inline]
    pub fn at(&mut self, labels: L) -> &mut M {
        &mut self.measures[labels.place()]
    }

    /// Returns the measure for these labels, to look at.
    #[must_use]
    pub fn of(&self, labels: L) -> &M {
        &self.measures[labels.place()]
    }
}

/// One of the three kinds.
pub trait Measure: Sized {
    /// Which.
    const KIND: Kind;

    /// Makes one that has counted nothing.
    fn new(bounds: &'static [u64]) -> Self;

    /// Returns what it has counted.
    fn value(&self) -> Value;
}

impl Measure for Counter {
    const KIND: Kind = Kind::Counter;

    fn new(_: &'static [u64]) -> Self {
        Self(0)
    }

    fn value(&self) -> Value {
        Value::Number(self.0)
    }
}

impl Measure for Gauge {
    const KIND: Kind = Kind::Gauge;

    fn new(_: &'static [u64]) -> Self {
        Self(0)
    }

    fn value(&self) -> Value {
        Value::Number(self.0)
    }
}

impl Measure for Histogram {
    const KIND: Kind = Kind::Histogram;

    fn new(bounds: &'static [u64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1].into(), sum: 0 }
    }

    fn value(&self) -> Value {
        Value::Distribution { counts: self.counts.clone(), sum: self.sum }
    }
}

/// A measure, or one for each combination of labels: what a metric can be declared as.
pub trait Metric: Sized {
    /// How it behaves.
    const KIND: Kind;

    /// The names of its labels.
    const LABELS: &'static [&'static str];

    /// Makes one that has counted nothing.
    fn new(bounds: &'static [u64]) -> Self;

    /// Returns what it has counted.
    fn samples(&self) -> Vec<Sample>;
}

impl<M: Measure> Metric for M {
    const KIND: Kind = M::KIND;
    const LABELS: &'static [&'static str] = &[];

    fn new(bounds: &'static [u64]) -> Self {
        M::new(bounds)
    }

    fn samples(&self) -> Vec<Sample> {
        vec![Sample { words: ["", ""], value: self.value() }]
    }
}

impl<M: Measure, L: Labels> Metric for Labelled<M, L> {
    const KIND: Kind = M::KIND;
    const LABELS: &'static [&'static str] = L::NAMES;

    fn new(bounds: &'static [u64]) -> Self {
        Self { measures: (0..L::COUNT).map(|_| M::new(bounds)).collect(), labels: PhantomData }
    }

    fn samples(&self) -> Vec<Sample> {
        let sample =
            |(place, measure): (usize, &M)| Sample { words: L::words(place), value: measure.value() };
        self.measures.iter().enumerate().map(sample).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_a_bound_belongs_below_it_and_the_largest_above_all() {
        let mut histogram = <Histogram as Measure>::new(&[10, 20]);
        for value in [0, 10, 11, 20, 21, u64::MAX] {
            histogram.record(value);
        }
        assert_eq!(histogram.counts[..], [2, 2, 2]);
        assert_eq!((histogram.count(), histogram.sum), (6, u64::MAX), "sums stay at the end of the numbers");
    }

    #[test]
    fn a_duration_counts_in_microseconds() {
        let mut histogram = <Histogram as Measure>::new(&[1_000]);
        histogram.record_duration(Duration::from_millis(1));
        histogram.record_duration(Duration::MAX);
        assert_eq!(histogram.counts[..], [1, 1]);
    }
}
