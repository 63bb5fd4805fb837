//! The second in which a request was signed, as the texts of Signature Version 4 write it.

use std::fmt;

/// A second of UTC between 1970 and 9999. It is shown as it is signed: `20150830T123600Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

const DAY_SECONDS: u64 = 86_400;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The first day behind the year 9999.
const DAYS_MAX: u64 = days_before(10_000) - days_before(1970);

impl Timestamp {
    /// Makes the second that milliseconds since 1970 lie in; the last one of 9999 stands for all behind it.
    pub const fn from_ms(time_ms: u64) -> Self {
        let (seconds, last) = (time_ms / 1_000, DAYS_MAX * DAY_SECONDS - 1);
        Self(if seconds < last { seconds } else { last })
    }

    /// Returns the milliseconds from 1970 to the beginning of this second.
    pub const fn as_ms(self) -> u64 {
        self.0.saturating_mul(1_000)
    }

    /// Reads `20150830T123600Z`, and nothing else.
    pub(crate) fn parse_basic(text: &str) -> Option<Self> {
        let text = text.strip_suffix('Z')?;
        let (date, time) = text.split_once('T')?;
        if date.len() != 8 || time.len() != 6 {
            return None;
        }
        let (hour, time) = time.split_at_checked(2)?;
        let (minute, second) = time.split_at_checked(2)?;
        let (year, date) = date.split_at_checked(4)?;
        let (month, day) = date.split_at_checked(2)?;
        Self::from_texts([year, month, day, hour, minute, second])
    }

    /// Reads a `Date` header: `Sun, 30 Aug 2015 12:36:00 GMT`, or with `-0000`, as Python writes it.
    pub(crate) fn parse_http(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace().skip(1);
        let (day, month, year) = (words.next()?, words.next()?, words.next()?);
        let mut time = words.next()?.split(':');
        let (hour, minute, second) = (time.next()?, time.next()?, time.next()?);
        let is_utc = words.next().is_some_and(|zone| matches!(zone, "GMT" | "UTC" | "-0000" | "+0000"));
        if !is_utc || words.next().is_some() || time.next().is_some() || year.len() != 4 {
            return None;
        }
        let month = MONTHS.iter().zip(1..).find(|(name, _)| **name == month)?.1.to_string();
        Self::from_texts([year, &month, day, hour, minute, second])
    }

    fn from_texts(texts: [&str; 6]) -> Option<Self> {
        let mut numbers = [0; 6];
        for (number, text) in numbers.iter_mut().zip(texts) {
            // `parse` would take a sign as well.
            *number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok())??;
        }
        let [year, month, day, hour, minute, second] = numbers;
        let exists = (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        exists.then(|| Self::from_numbers([year, month, day, hour, minute, second]))
    }

    #[expect(clippy::arithmetic_side_effects, reason = "the year has four digits and the rest is checked")]
    fn from_numbers([year, month, day, hour, minute, second]: [u64; 6]) -> Self {
        let months: u64 = (1..month).map(|month| days_in(year, month)).sum();
        let days = days_before(year) - days_before(1970) + months + day - 1;
        Self(days * DAY_SECONDS + hour * 3_600 + minute * 60 + second)
    }

    /// Returns the day as the scope has it: `20150830`.
    #[expect(clippy::arithmetic_side_effects, reason = "no day is behind the year 9999")]
    pub(crate) fn day(self) -> String {
        let days = self.0 / DAY_SECONDS;
        // No year is longer than 366 days: this one is too early rather than too late.
        let mut year = 1970 + days / 366;
        while days_before(year + 1) - days_before(1970) <= days {
            year += 1;
        }
        let mut day = days + days_before(1970) - days_before(year);
        let mut month = 1;
        while day >= days_in(year, month) {
            day -= days_in(year, month);
            month += 1;
        }
        format!("{year:04}{month:02}{:02}", day + 1)
    }
}

/// Counts the days from the beginning of the year 1.
#[expect(clippy::arithmetic_side_effects, reason = "years have four digits and are not before 1970")]
const fn days_before(year: u64) -> u64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

fn days_in(year: u64, month: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0 % DAY_SECONDS;
        write!(f, "{}T{:02}{:02}{:02}Z", self.day(), second / 3_600, second / 60 % 60, second % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_five_centuries_and_of_the_last_year_comes_back() {
        for days in (0..500 * 366).chain(DAYS_MAX - 366..DAYS_MAX) {
            let timestamp = Timestamp(days * DAY_SECONDS + days % DAY_SECONDS);
            assert_eq!(Timestamp::parse_basic(&timestamp.to_string()), Some(timestamp), "day {days}");
        }
        assert_eq!(Timestamp(1_440_938_160).to_string(), "20150830T123600Z");
        assert_eq!(Timestamp::from_ms(1_709_208_000_999).to_string(), "20240229T120000Z");
        assert_eq!(Timestamp::from_ms(u64::MAX).to_string(), "99991231T235959Z");
    }

    #[test]
    fn dates_of_http_are_read_as_servers_and_python_write_them() {
        for text in ["Sun, 30 Aug 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 -0000"] {
            assert_eq!(Timestamp::parse_http(text), Some(Timestamp(1_440_938_160)), "{text}");
        }
        for text in [
            "Sun, 30 Aug 2015 12:36:00 +0200",
            "Sun, 30 Aug 2015 12:36:00",
            "Sun, 30 Aug 15 12:36:00 GMT",
            "Sun, 31 Sep 2015 12:36:00 GMT",
            "Sunday, 30-Aug-15 12:36:00 GMT",
            "",
        ] {
            assert_eq!(Timestamp::parse_http(text), None, "{text}");
        }
    }

    #[test]
    fn what_does_not_exist_or_is_written_otherwise_is_none() {
        for text in [
            "",
            "20150830T123600",
            "20150830 123600Z",
            "2015-08-30T12:36:00Z",
            "20150230T000000Z",
            "20151301T000000Z",
            "20150000T000000Z",
            "20150830T240000Z",
            "20150830T126000Z",
            "20150830T123660Z",
            "+2150830T123600Z",
            "19691231T235959Z",
            "201508é0T12360Z",
        ] {
            assert_eq!(Timestamp::parse_basic(text), None, "{text}");
        }
    }
}
