//! A day of the calendar, for to-do notes that expire.

use std::fmt::{self, Display, Formatter};
use std::time::{SystemTime, UNIX_EPOCH};

/// A day, ordered by time because its fields are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
}

impl Date {
    /// Today in UTC; a clock before 1970 counts as its first day.
    pub(crate) fn today() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_days_since_1970(since_1970.as_secs() / SECONDS_PER_DAY)
    }

    /// Reads `2027-01-31`; a day that no calendar has is `None`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = |part: &str, len: usize| {
            (part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse().ok())?
        };
        let mut parts = text.splitn(3, '-');
        let date = Self {
            year: digits(parts.next()?, 4)?,
            month: digits(parts.next()?, 2)?,
            day: digits(parts.next()?, 2)?,
        };
        let exists =
            (1..=12).contains(&date.month) && (1..=days_in_month(date.year, date.month)).contains(&date.day);
        exists.then_some(date)
    }

    fn from_days_since_1970(days: u64) -> Self {
        let (mut year, mut month, mut left) = (1970, 1, days);
        while left >= days_in_year(year) {
            left -= days_in_year(year);
            year += 1;
        }
        while left >= days_in_month(year, month) {
            left -= days_in_month(year, month);
            month += 1;
        }
        Self { year, month, day: left + 1 }
    }
}

impl Display for Date {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn days_in_year(year: u64) -> u64 {
    (1..=12).map(|month| days_in_month(year, month)).sum()
}

fn days_in_month(year: u64, month: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_years() {
        assert_eq!(Date::from_days_since_1970(0).to_string(), "1970-01-01");
        assert_eq!(Date::from_days_since_1970(11_016).to_string(), "2000-02-29");
        assert_eq!(Date::from_days_since_1970(20_819).to_string(), "2027-01-01");
    }

    #[test]
    fn a_date_reads_as_it_is_written() {
        assert_eq!(Date::parse("2028-02-29").unwrap().to_string(), "2028-02-29");
        assert!(Date::parse("2027-01-31") < Date::parse("2027-02-01"));
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in ["2027-02-29", "2027-13-01", "2027-00-01", "2027-1-1", "2027-01-", "+027-01-01", "soon"] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
