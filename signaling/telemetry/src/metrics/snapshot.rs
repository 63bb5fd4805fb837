//! What metrics were at one moment.

use super::description::Description;

/// What metrics were at one moment, in the order in which they were told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    families: Vec<Family>,
}

/// One metric, with all its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// What it is.
    pub description: &'static Description,
    /// What it was.
    pub samples: Vec<Sample>,
}

/// One combination of labels, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The words of the labels; there are as many as the description has labels, and the rest is empty.
    pub words: [&'static str; 2],
    /// The value.
    pub value: Value,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(u64),
    /// How many values fell into each bucket, the last without a bound, and their sum.
    Distribution {
        /// One more than there are bounds.
        counts: Box<[u64]>,
        /// The sum of all values.
        sum: u64,
    },
}

impl Snapshot {
    /// Adds a metric. If another thread has one of the same name, the two are summed: each counted a part.
    pub fn add(&mut self, description: &'static Description, samples: Vec<Sample>) {
        let known = self.families.iter_mut().find(|family| family.description.name == description.name);
        let Some(known) = known else {
            self.families.push(Family { description, samples });
            return;
        };
        debug_assert_eq!(known.description, description, "one name, one metric");
        for (known, sample) in known.samples.iter_mut().zip(samples) {
            known.value.add(sample.value);
        }
    }

    /// Adds all of another snapshot.
    pub fn add_all(&mut self, other: &Self) {
        for family in &other.families {
            self.add(family.description, family.samples.clone());
        }
    }

    /// Returns the metrics.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }
}

impl Value {
    fn add(&mut self, other: Self) {
        match (self, other) {
            (Self::Number(number), Self::Number(other)) => *number = number.saturating_add(other),
            (
                Self::Distribution { counts, sum },
                Self::Distribution { counts: other_counts, sum: other_sum },
            ) => {
                for (count, other) in counts.iter_mut().zip(other_counts) {
                    *count = count.saturating_add(other);
                }
                *sum = sum.saturating_add(other_sum);
            }
            (Self::Number(_), Self::Distribution { .. }) | (Self::Distribution { .. }, Self::Number(_)) => {
                debug_assert!(false, "one name, one kind");
            }
        }
    }
}
