//! What a metric is: said once, where it is declared, and checked by the compiler.

/// What a metric is.
#[derive(Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name in the text that is scraped.
    pub name: &'static str,
    /// What it tells, in one sentence.
    pub help: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What its values are counted in.
    pub unit: Unit,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// The upper bounds of a histogram's buckets, in its unit.
    pub bounds: &'static [u64],
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only rises.
    Counter,
    /// It rises and falls.
    Gauge,
    /// It sorts values into buckets.
    Histogram,
}

/// What the integers of a metric count. What is scraped is in the basic unit: seconds, bytes, the score itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Durations in microseconds, shown in seconds.
    Microseconds,
    /// Points of a score in hundredths, shown in points.
    Hundredths,
}

impl Kind {
    /// Returns the word of the exposition format.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Unit {
    /// Returns how many digits of an integer stand behind the point when it is shown.
    pub(crate) const fn decimals(self) -> usize {
        match self {
            Self::Count | Self::Bytes => 0,
            Self::Microseconds => 6,
            Self::Hundredths => 2,
        }
    }

    /// Returns how a name says this unit.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Count | Self::Hundredths => "",
            Self::Bytes => "_bytes",
            Self::Microseconds => "_seconds",
        }
    }
}

impl Description {
    /// Every name begins with it, so that one search finds all that is ours.
    pub const PREFIX: &'static str = "trunkline_";

    /// Takes a description that keeps to the rules of names. As [`metrics!`](crate::metrics!) calls it in a constant, a
    /// wrong one does not compile.
    ///
    /// # Panics
    ///
    /// If the name has another prefix or other characters than `a-z 0-9 _`, or does not say its unit and kind; if the
    /// bounds do not rise, or what is no histogram has some.
    #[must_use]
    pub const fn checked(self) -> Self {
        let name = self.name.as_bytes();
        assert!(starts_with(name, Self::PREFIX.as_bytes()), "a metric's name begins with trunkline_");
        let mut at = 0;
        while at < name.len() {
            let is_allowed = name[at].is_ascii_lowercase() || name[at].is_ascii_digit() || name[at] == b'_';
            assert!(is_allowed, "a metric's name has the characters a-z, 0-9 and _");
            at += 1;
        }
        let total = b"_total";
        let is_counter = matches!(self.kind, Kind::Counter);
        assert!(ends_with(name, total, 0) == is_counter, "counters, and only they, end with _total");
        let behind = if is_counter { total.len() } else { 0 };
        assert!(ends_with(name, self.unit.suffix().as_bytes(), behind), "a metric's name says its unit");
        let is_histogram = matches!(self.kind, Kind::Histogram);
        assert!(self.bounds.is_empty() != is_histogram, "histograms, and only they, have bounds");
        let mut at = 1;
        while at < self.bounds.len() {
            assert!(self.bounds[at - 1] < self.bounds[at], "the bounds of buckets rise");
            at += 1;
        }
        assert!(!self.help.is_empty(), "a metric has a help text: one line of documentation");
        self
    }

    /// Returns the help text without the space that a comment begins with.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        self.help.trim_ascii()
    }
}

const fn starts_with(text: &[u8], start: &[u8]) -> bool {
    text.len() >= start.len() && is_at(text, start, 0)
}

/// Tells whether the text ends so, `behind` bytes before its end.
const fn ends_with(text: &[u8], end: &[u8], behind: usize) -> bool {
    text.len() >= end.len() + behind && is_at(text, end, text.len() - end.len() - behind)
}

const fn is_at(text: &[u8], part: &[u8], start: usize) -> bool {
    let mut at = 0;
    while at < part.len() {
        if text[start + at] != part[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Description = Description {
        name: "trunkline_calls_total",
        help: " Calls.",
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &[],
        bounds: &[],
    };

    #[test]
    fn a_name_says_whose_it_is_its_kind_and_its_unit() {
        assert_eq!(GOOD.checked().help(), "Calls.");
        let bytes = Description { name: "trunkline_read_bytes_total", unit: Unit::Bytes, ..GOOD };
        assert_eq!(bytes.checked().name, "trunkline_read_bytes_total");
        let gauge =
            Description { name: "trunkline_free_bytes", kind: Kind::Gauge, unit: Unit::Bytes, ..GOOD };
        assert_eq!(gauge.checked().kind.word(), "gauge");
    }

    #[test]
    fn what_breaks_a_rule_does_not_get_through() {
        let seconds = Description {
            name: "trunkline_wait_seconds",
            kind: Kind::Histogram,
            unit: Unit::Microseconds,
            bounds: &[1, 2],
            ..GOOD
        };
        let broken: [fn(Description, Description) -> Description; 8] = [
            |good, _| Description { name: "calls_total", ..good },
            |good, _| Description { name: "trunkline_Calls_total", ..good },
            |good, _| Description { name: "trunkline_calls", ..good },
            |good, _| Description { unit: Unit::Bytes, ..good },
            |good, _| Description { help: "", ..good },
            |good, _| Description { bounds: &[1], ..good },
            |_, seconds| Description { bounds: &[2, 2], ..seconds },
            |_, seconds| Description { name: "trunkline_wait_seconds_total", ..seconds },
        ];
        for (number, broken) in broken.into_iter().enumerate() {
            let copy = |one: &Description| Description { ..*one };
            let description = broken(copy(&GOOD), copy(&seconds));
            let outcome = std::panic::catch_unwind(|| description.checked());
            assert!(outcome.is_err(), "number {number} got through");
        }
        assert_eq!(seconds.checked().bounds, [1, 2]);
    }
}
