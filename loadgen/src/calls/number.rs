//! Which call a message is of, without a table: each has a number of its own, which the called number says, too.

/// The number of a call, counted over all runs of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Serial(pub u32);

/// Numbers of Washington: 700 exchanges less those like 211, with 10,000 lines each.
const PREFIX: &str = "+1206";
const LINES: u32 = 10_000;
/// Of a hundred exchanges, all but the one that ends with 11.
const EXCHANGES_PER_HUNDRED: u32 = 99;
const HUNDREDS: u32 = 7;
const FIRST_EXCHANGE: u32 = 200;

/// As many calls have numbers of their own.
pub const SERIALS: u32 = HUNDREDS * EXCHANGES_PER_HUNDRED * LINES;

impl Serial {
    /// Returns the number that the call is made to, without its prefix `+1206`: seven digits.
    fn subscriber(self) -> u32 {
        let (exchange, line) = (self.0 % SERIALS / LINES, self.0 % LINES);
        let (hundred, rest) = (exchange / EXCHANGES_PER_HUNDRED, exchange % EXCHANGES_PER_HUNDRED);
        let rest = if rest < 11 { rest } else { rest + 1 };
        (FIRST_EXCHANGE + hundred * 100 + rest) * LINES + line
    }

    /// Returns the number that the call is made to.
    #[must_use]
    pub fn called(self) -> String {
        format!("{PREFIX}{:07}", self.subscriber())
    }

    /// Finds the call by the number that it is made to.
    #[must_use]
    pub fn of_called(text: &[u8]) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX.as_bytes()).filter(|digits| digits.len() == 7)?;
        let number: u32 = core::str::from_utf8(digits).ok()?.parse().ok()?;
        let (exchange, line) = ((number / LINES).checked_sub(FIRST_EXCHANGE)?, number % LINES);
        let (hundred, rest) = (exchange / 100, exchange % 100);
        let rest = if rest < 11 { rest } else { rest - 1 };
        let serial = Self((hundred * EXCHANGES_PER_HUNDRED + rest) * LINES + line);
        (serial.0 < SERIALS).then_some(serial)
    }

    /// Finds the call in a word of ours: a Call-ID or a tag, which begin with the number and then `-` and the run.
    #[must_use]
    pub fn of_word(word: &[u8], run: &str) -> Option<Self> {
        let dash = word.iter().position(|byte| *byte == b'-')?;
        let is_ours = word.get(dash + 1..)?.starts_with(run.as_bytes());
        let digits = core::str::from_utf8(&word[..dash]).ok().filter(|_| is_ours)?;
        u32::from_str_radix(digits, 16).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_call_has_a_number_of_its_own_that_leads_back_to_it() {
        let mut seen = BTreeSet::new();
        for serial in (0..SERIALS).step_by(997).chain([SERIALS - 1]) {
            let called = Serial(serial).called();
            assert_eq!(called.len(), 12, "{called}");
            assert_ne!(&called[6..8], "11", "services have such exchanges: {called}");
            assert_eq!(Serial::of_called(called.as_bytes()), Some(Serial(serial)), "{called}");
            assert!(seen.insert(called));
        }
    }

    #[test]
    fn numbers_of_others_lead_to_no_call() {
        for text in ["", "+1206", "+12061999999", "+1206199999", "+120620000000", "+12069999999", "911"] {
            assert_eq!(Serial::of_called(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn words_are_ours_if_they_name_the_run() {
        assert_eq!(Serial::of_word(b"1f-ab@127.0.0.1", "ab"), Some(Serial(31)));
        for word in ["1f-ac@127.0.0.1", "1f", "-ab", "xyz-ab", ""] {
            assert_eq!(Serial::of_word(word.as_bytes(), "ab"), None, "{word}");
        }
    }
}
