//! The time of day in a line: RFC 3339, in UTC, to the millisecond.

use core::fmt::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The moment of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Since 1970 in UTC.
    pub(super) since_epoch: Duration,
}

impl Moment {
    pub(super) fn now() -> Self {
        // A clock before 1970 is wrong in any case; its lines say 1970.
        Self { since_epoch: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() }
    }

    pub(super) fn write(self, text: &mut String) -> fmt::Result {
        let seconds = self.since_epoch.as_secs();
        let (year, month, day) = date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let ms = self.since_epoch.subsec_millis();
        write!(text, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

/// Returns year, month and day of a day since 1970, by counting in eras of 400 years that begin in March: then leap days
/// stand at the end of the years, and every month but the last has its length from one formula.
fn date(days: u64) -> (u64, u64, u64) {
    // From 1 March 0000 to 1 January 1970 there are 719,468 days.
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_399, "2000-02-28T23:59:59.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (1_709_251_199, "2024-02-29T23:59:59.007Z"),
            (1_709_251_200, "2024-03-01T00:00:00.007Z"),
            (1_798_761_599, "2026-12-31T23:59:59.007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.007Z"),
        ] {
            let mut written = String::new();
            Moment { since_epoch: Duration::from_millis(seconds * 1000 + 7) }.write(&mut written).unwrap();
            assert_eq!(written, text);
        }
    }
}
