//! Date: always in GMT, always in one form (RFC 3261 section 20.17).

use std::fmt;

use crate::error::Malformed;
use crate::grammar::trim;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// A moment in seconds since the beginning of 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub u64);

impl Date {
    /// Reads the value of a Date; the day of the week is not compared with the date.
    ///
    /// # Errors
    /// `Malformed::Value` when it has another form, another time zone, or lies before 1970.
    pub fn parse(value: &str) -> Result<Self, Malformed> {
        Self::read(trim(value)).ok_or(Malformed::Value)
    }

    fn read(value: &str) -> Option<Self> {
        let (weekday, rest) = value.split_once(", ")?;
        let mut words = rest.split(' ');
        let day = number(words.next()?, 2)?;
        let month_name = words.next()?;
        let year = number(words.next()?, 4)?;
        let mut clock = words.next()?.split(':');
        let (hour, minute, second) =
            (number(clock.next()?, 2)?, number(clock.next()?, 2)?, number(clock.next()?, 2)?);
        let known = DAYS.iter().any(|name| name.eq_ignore_ascii_case(weekday));
        let in_range = (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60 && year >= 1970;
        let ends = words.next() == Some("GMT") && words.next().is_none() && clock.next().is_none();
        if !(known && in_range && ends) {
            return None;
        }
        let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month_name))?;
        let days = days_before(year, u64::try_from(month).ok()?).checked_add(day.checked_sub(1)?)?;
        let seconds = hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
        Some(Self(days.checked_mul(DAY_SECONDS)?.checked_add(seconds)?))
    }
}

/// Reads a number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<u64> {
    (text.len() == digits).then(|| crate::grammar::parse_u32(text).map(u64::from))?
}

/// Counts the days from 1970 to the first of a month, numbered from zero.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "years have four digits, so that no sum or product is large"
)]
fn days_before(year: u64, month: u64) -> u64 {
    // Counted in years that begin in March, so that the day that is sometimes missing is the last one.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // 153 days in any five months from March on; 719,468 days from the first of March in year 0 to 1970.
    year * 365 + leap_days + (month * 153 + 2) / 5 - 719_468
}

impl fmt::Display for Date {
    #[expect(clippy::arithmetic_side_effects, reason = "every quotient is smaller than what it was made of")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.0 / DAY_SECONDS, self.0 % DAY_SECONDS);
        // The average year has 365.2425 days; the guess is at most one year off.
        let mut year = 1970 + days * 10_000 / 3_652_425;
        while days_before(year, 0) > days {
            year -= 1;
        }
        while days_before(year + 1, 0) <= days {
            year += 1;
        }
        let month = (0..12).rev().find(|&month| days_before(year, month) <= days).unwrap_or(0);
        let day = days - days_before(year, month) + 1;
        let name =
            |names: &[&'static str], at: u64| usize::try_from(at).ok().and_then(|at| names.get(at).copied());
        write!(
            f,
            "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
            name(&DAYS, days % 7).unwrap_or(""),
            name(&MONTHS, month).unwrap_or(""),
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_and_written() {
        // RFC 3261 section 20.17.
        let value = "Sat, 13 Nov 2010 23:29:00 GMT";
        assert_eq!(Date::parse(value), Ok(Date(1_289_690_940)));
        for seconds in [0, 951_782_400, 951_868_799, 1_289_690_940, 1_709_164_800, 4_102_444_799] {
            let date = Date(seconds);
            assert_eq!(Date::parse(&date.to_string()), Ok(date), "{date}");
        }
        assert_eq!(Date(1_289_690_940).to_string(), value);
        assert_eq!(Date(1_709_164_800).to_string(), "Thu, 29 Feb 2024 00:00:00 GMT");
    }

    #[test]
    fn another_zone_or_form_is_refused() {
        for value in [
            "Fri, 01 Jan 2010 16:00:00 EST",
            "01 Jan 2010 16:00:00 GMT",
            "Fri, 1 Jan 2010 16:00:00 GMT",
            "Fri, 01 Jan 2010 25:00:00 GMT",
            "Fri, 01 Jan 1969 16:00:00 GMT",
            "",
        ] {
            assert_eq!(Date::parse(value), Err(Malformed::Value), "{value}");
        }
    }
}
