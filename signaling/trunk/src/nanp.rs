//! The North American numbering plan: country code 1, shared by twenty countries.

use crate::{country::Country, e164::NumberClass};

/// The parts of a number of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nanp {
    /// Three digits, 200 to 989.
    pub area: u16,
    /// Three digits, 200 to 999.
    pub exchange: u16,
    /// Four digits.
    pub line: u16,
}

impl Nanp {
    /// Takes `1NXXNXXXXXX` apart; `None` if the plan cannot assign it.
    pub(crate) fn parse(value: u64) -> Option<Self> {
        let national = value.checked_sub(COUNTRY_CODE)?;
        let part = |divisor, modulus| {
            let part = national.checked_div(divisor)?.checked_rem(modulus)?;
            u16::try_from(part).ok()
        };
        let nanp =
            Self { area: part(10_000_000, 1_000)?, exchange: part(10_000, 1_000)?, line: part(1, 10_000)? };
        // An area code is never N11, which is a service, nor N9X, which is kept for numbers of more digits.
        let is_area = nanp.area >= 200 && !is_service_code(nanp.area) && nanp.area / 10 % 10 != 9;
        // 8YY and 900 may have exchanges that look like a service.
        let is_exchange =
            nanp.exchange >= 200 && (nanp.is_without_place() || !is_service_code(nanp.exchange));
        (national < 10_000_000_000 && is_area && is_exchange).then_some(nanp)
    }

    /// Tells who pays.
    pub fn class(self) -> NumberClass {
        if TOLL_FREE.contains(&self.area) {
            NumberClass::TollFree
        } else if self.area == PREMIUM_AREA || self.exchange == PREMIUM_EXCHANGE {
            NumberClass::Premium
        } else {
            NumberClass::Local
        }
    }

    /// Tells the country: by area code, and the United States where that names none.
    pub fn country(self) -> Country {
        if CANADA.binary_search(&self.area).is_ok() {
            return Country::CANADA;
        }
        let found = ELSEWHERE.binary_search_by_key(&self.area, |(area, _code)| *area).ok();
        found.and_then(|at| ELSEWHERE.get(at)).map_or(Country::UNITED_STATES, |(_area, code)| Country(**code))
    }

    fn is_without_place(self) -> bool {
        TOLL_FREE.contains(&self.area) || self.area == PREMIUM_AREA
    }
}

/// Tells whether a country has numbers of the plan.
pub(crate) fn is_in_plan(country: Country) -> bool {
    country == Country::UNITED_STATES
        || country == Country::CANADA
        || ELSEWHERE.iter().any(|(_area, code)| Country(**code) == country)
}

/// N11: 211 to 911.
fn is_service_code(code: u16) -> bool {
    code % 100 == 11
}

const COUNTRY_CODE: u64 = 10_000_000_000;

/// The area codes of numbers that are free for who calls them.
pub const TOLL_FREE: [u16; 7] = [800, 833, 844, 855, 866, 877, 888];

const PREMIUM_AREA: u16 = 900;

const PREMIUM_EXCHANGE: u16 = 976;

/// The area codes of Canada, ascending.
const CANADA: [u16; 67] = [
    204, 226, 236, 249, 250, 257, 263, 289, 306, 343, 354, 365, 367, 368, 382, 387, 403, 416, 418, 428, 431,
    437, 438, 450, 460, 468, 474, 506, 514, 519, 537, 548, 568, 579, 581, 584, 587, 600, 604, 613, 622, 633,
    639, 644, 647, 655, 672, 677, 683, 688, 705, 709, 742, 753, 778, 780, 782, 807, 819, 825, 851, 867, 873,
    879, 902, 905, 942,
];

/// The area codes of all other countries but the United States, ascending. Territories of the United States have
/// codes of their own in ISO 3166, and prices of their own.
const ELSEWHERE: [(u16, &[u8; 2]); 27] = [
    (242, b"BS"),
    (246, b"BB"),
    (264, b"AI"),
    (268, b"AG"),
    (284, b"VG"),
    (340, b"VI"),
    (345, b"KY"),
    (441, b"BM"),
    (473, b"GD"),
    (649, b"TC"),
    (658, b"JM"),
    (664, b"MS"),
    (670, b"MP"),
    (671, b"GU"),
    (684, b"AS"),
    (721, b"SX"),
    (758, b"LC"),
    (767, b"DM"),
    (784, b"VC"),
    (787, b"PR"),
    (809, b"DO"),
    (829, b"DO"),
    (849, b"DO"),
    (868, b"TT"),
    (869, b"KN"),
    (876, b"JM"),
    (939, b"PR"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_ascend_so_that_they_can_be_searched() {
        assert!(CANADA.is_sorted_by(|one, next| one < next));
        assert!(ELSEWHERE.is_sorted_by(|one, next| one.0 < next.0));
        assert!(TOLL_FREE.is_sorted());
    }

    #[test]
    fn a_number_falls_into_area_exchange_and_line() {
        let nanp = Nanp::parse(12_065_550_100).unwrap();
        assert_eq!((nanp.area, nanp.exchange, nanp.line), (206, 555, 100));
    }

    #[test]
    fn what_the_plan_cannot_assign_is_none() {
        let values = [1_999, 11_065_550_100, 19_115_550_100, 12_061_550_100, 12_069_110_100, 19_905_550_100];
        for value in values.into_iter().chain([12_065_550, 442_079_460_000, 120_655_501_000, 22_065_550_100])
        {
            assert_eq!(Nanp::parse(value), None, "{value}");
        }
        assert!(Nanp::parse(18_009_110_100).is_some());
    }

    #[test]
    fn area_codes_tell_the_country() {
        let country =
            |area: u64| Nanp::parse(COUNTRY_CODE + area * 10_000_000 + 5_550_100).unwrap().country();
        assert_eq!(country(206), Country::UNITED_STATES);
        assert_eq!(country(416), Country::CANADA);
        assert_eq!(country(876).to_string(), "JM");
        assert_eq!(country(787).to_string(), "PR");
        assert!(is_in_plan(Country(*b"JM")) && !is_in_plan(Country(*b"GB")));
    }
}
