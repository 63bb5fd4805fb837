//! What is wrong with records, all of it at once.

use std::{error::Error, fmt};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub at: String,
    /// What stands there.
    pub found: String,
    /// What should.
    pub wanted: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: wanted {}, found {}", self.at, self.wanted, self.found)
    }
}

/// All that is wrong, in the order of the records; a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first ones, up to 1,000.
    pub list: Vec<Fault>,
    /// How many more there are.
    pub more: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, at: &dyn fmt::Display, wanted: impl fmt::Display, found: impl fmt::Display) {
        if self.list.len() == LISTED_MAX {
            self.more = self.more.saturating_add(1);
            return;
        }
        let fault = Fault { at: at.to_string(), found: found.to_string(), wanted: wanted.to_string() };
        self.list.push(fault);
    }

    /// Adds a fault where there is no value.
    pub(crate) fn expect<T>(
        &mut self,
        value: Option<T>,
        at: &dyn fmt::Display,
        wanted: &str,
        found: &str,
    ) -> Option<T> {
        if value.is_none() {
            self.add(at, wanted, Quoted(found));
        }
        value
    }

    /// Adds a fault where a number is out of its range.
    pub(crate) fn within(&mut self, value: u32, min: u32, max: u32, at: &dyn fmt::Display) {
        if !(min..=max).contains(&value) {
            self.add(at, format_args!("{min} to {max}"), value);
        }
    }

    /// Adds a fault where a list is too long.
    pub(crate) fn at_most(&mut self, len: usize, max: usize, at: &dyn fmt::Display) {
        if len > max {
            self.add(at, format_args!("{max} at most"), len);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.list {
            writeln!(f, "{fault}")?;
        }
        match self.more {
            0 => Ok(()),
            more => writeln!(f, "and {more} more"),
        }
    }
}

impl Error for Faults {}

/// Shows a text of the records in quotes, cut off where it is long.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN_MAX) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}...", self.0.get(..end).unwrap_or_default()),
        }
    }
}

/// More than anybody mends in one sitting.
const LISTED_MAX: usize = 1_000;

/// Enough characters to find the place.
const SHOWN_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_listed_up_to_a_bound_and_then_counted() {
        let mut faults = Faults::default();
        for number in 0..1_002 {
            faults.add(&format_args!("route {number}"), "1 to 100", 0);
        }
        assert_eq!((faults.list.len(), faults.more), (1_000, 2));
        let text = faults.to_string();
        assert!(text.starts_with("route 0: wanted 1 to 100, found 0\n"), "{text}");
        assert!(text.ends_with("\nand 2 more\n"), "{text}");
    }

    #[test]
    fn long_texts_are_cut_off() {
        let mut faults = Faults::default();
        faults.expect(None::<u8>, &"host", "a host", &"ä".repeat(100));
        assert_eq!(faults.list[0].found, format!("\"{}\"...", "ä".repeat(64)));
    }
}
