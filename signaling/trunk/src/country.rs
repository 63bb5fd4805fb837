//! Countries, and to which of them a number belongs.

mod prefixes;

use std::fmt;

use crate::e164::E164;

use prefixes::PREFIXES;

/// A country by its two letters in ISO 3166.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(pub(crate) [u8; 2]);

impl Country {
    /// Canada.
    pub const CANADA: Self = Self(*b"CA");
    /// The United States, without their territories.
    pub const UNITED_STATES: Self = Self(*b"US");
    /// What a text has to be.
    pub const WANTED: &str = "a country by two letters in ISO 3166, such as US";

    /// Reads `US`; `None` if it is not two capital letters.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// Tells to which country a number belongs; `None` for satellites, networks and services without one.
    pub fn of(number: E164) -> Option<Self> {
        if let Some(nanp) = number.nanp() {
            return Some(nanp.country());
        }
        (1..=PREFIX_LEN_MAX).rev().find_map(|len| {
            let prefix = number.leading(len);
            let at = PREFIXES.binary_search_by_key(&prefix, |(prefix, _code)| u64::from(*prefix)).ok()?;
            PREFIXES.get(at).map(|(_prefix, code)| Self(**code))
        })
    }

    /// Gives the two letters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The longest prefixes of the table have 7 digits: the islands of Australia, and the Vatican in Rome.
const PREFIX_LEN_MAX: u32 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ascends_and_keeps_to_its_longest_prefix() {
        assert!(PREFIXES.is_sorted_by(|one, next| one.0 < next.0));
        let longest = PREFIXES.iter().map(|(prefix, _code)| prefix.ilog10() + 1).max();
        assert_eq!(longest, Some(PREFIX_LEN_MAX));
        assert!(PREFIXES.iter().all(|(_prefix, code)| code.iter().all(u8::is_ascii_uppercase)));
    }

    #[test]
    fn the_longest_prefix_tells_the_country() {
        let cases = [
            ("+12065550100", "US"),
            ("+14165550100", "CA"),
            ("+18765550100", "JM"),
            ("+442079460000", "GB"),
            ("+441534460000", "JE"),
            ("+79161234567", "RU"),
            ("+77011234567", "KZ"),
            ("+390669812345", "VA"),
            ("+390612345678", "IT"),
            ("+35318123456", "IE"),
            ("+35818123456", "AX"),
            ("+59991234567", "CW"),
            ("+61891621234", "CC"),
            ("+81312345678", "JP"),
        ];
        for (number, wanted) in cases {
            assert_eq!(Country::of(E164::parse(number).unwrap()).unwrap().as_str(), wanted, "{number}");
        }
    }

    #[test]
    fn satellites_and_services_belong_to_no_country() {
        for number in ["+870123456789", "+88161234567", "+80012345678", "+97912345678", "+99912345678"] {
            assert_eq!(Country::of(E164::parse(number).unwrap()), None, "{number}");
        }
    }

    #[test]
    fn a_country_is_two_capital_letters() {
        assert_eq!(Country::parse("US"), Some(Country::UNITED_STATES));
        for bad in ["us", "USA", "U", "", "U1", "Ü"] {
            assert_eq!(Country::parse(bad), None, "{bad}");
        }
    }
}
