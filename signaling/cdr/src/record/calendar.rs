//! From milliseconds since 1970 to days and hours of UTC. Twenty lines, instead of a library with time zones.

/// A moment as clocks and calendars show it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: u64,
    pub(super) month: u64,
    pub(super) day: u64,
    pub(super) hour: u64,
    pub(super) minute: u64,
    pub(super) second: u64,
    pub(super) millisecond: u64,
}

impl Moment {
    pub(super) fn from_ms(time_ms: u64) -> Self {
        let (days, millisecond_of_day) = (time_ms / DAY_MS, time_ms % DAY_MS);
        let (year, month, day) = date(days);
        Self {
            year,
            month,
            day,
            hour: millisecond_of_day / 3_600_000,
            minute: millisecond_of_day / 60_000 % 60,
            second: millisecond_of_day / 1_000 % 60,
            millisecond: millisecond_of_day % 1_000,
        }
    }
}

/// The Gregorian date of a day since 1970. Years are taken to begin in March, so that the leap day is their last.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_TO_1970;
    let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // March to July, and August to December, have 153 days; five months each.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

const DAY_MS: u64 = 24 * 3_600_000;
/// 400 years: 400 * 365 + 97 leap days.
const ERA_DAYS: u64 = 146_097;
/// From the 1st of March of the year 0 to the 1st of January 1970.
const DAYS_TO_1970: u64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_five_centuries_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..500 * 366 {
            assert_eq!(date(days), (year, month, day), "day {days}");
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            day += 1;
            if day > lengths[month as usize - 1] {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }

    #[test]
    fn the_hours_of_a_day_are_told() {
        let last = Moment::from_ms(DAY_MS - 1);
        assert_eq!((last.day, last.hour, last.minute, last.second, last.millisecond), (1, 23, 59, 59, 999));
    }

    #[test]
    fn no_time_is_too_large() {
        assert!(Moment::from_ms(u64::MAX).year > 500_000_000);
    }
}
