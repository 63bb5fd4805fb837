//! Telephone numbers as E.164 has them.

use std::{error::Error, fmt, num::NonZeroU64};

use serde::{Deserialize, Serialize};

use crate::nanp::Nanp;

/// A telephone number: `+` and 2 to 15 digits, the first of them not zero; in country code 1, one that the
/// North American plan can assign.
///
/// It is held as one integer: no number begins with zero, so the digits come back as they were.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(NonZeroU64);

impl E164 {
    /// What a text has to be.
    pub const WANTED: &str = "+ and 2 to 15 digits in E.164, such as +12065550100";

    /// No number comes before this.
    pub const MIN: Self = Self(NonZeroU64::MIN);

    /// No number comes behind this.
    pub const MAX: Self = Self(NonZeroU64::MAX);

    /// Reads `+12065550100`.
    ///
    /// # Errors
    /// Says what the text is instead.
    pub fn parse(text: &str) -> Result<Self, NotE164> {
        let digits = text.strip_prefix('+').ok_or(NotE164::NoPlus)?;
        Self::from_digits(digits)
    }

    /// Reads `12065550100`, as some carriers write it.
    ///
    /// # Errors
    /// Says what the text is instead.
    pub fn from_digits(digits: &str) -> Result<Self, NotE164> {
        if let Some(other) = digits.chars().find(|character| !character.is_ascii_digit()) {
            return Err(NotE164::NotDigit(other));
        }
        if digits.len() < LEN_MIN {
            return Err(NotE164::TooShort);
        }
        if digits.len() > LEN_MAX {
            return Err(NotE164::TooLong);
        }
        if digits.starts_with('0') {
            return Err(NotE164::LeadingZero);
        }
        let value = digits.parse().ok().and_then(NonZeroU64::new);
        let number = Self(value.expect("2 to 15 digits without a leading zero fit 64 bits and are not zero"));
        if digits.starts_with('1') && number.nanp().is_none() {
            return Err(NotE164::NotNanp);
        }
        Ok(number)
    }

    /// Gives the digits as an integer.
    pub const fn value(self) -> u64 {
        self.0.get()
    }

    /// Counts the digits.
    pub const fn digits(self) -> u32 {
        self.value().ilog10().saturating_add(1)
    }

    /// Gives the first `len` digits as an integer; all of them if there are not so many.
    pub fn leading(self, len: u32) -> u64 {
        let behind = self.digits().saturating_sub(len);
        self.value().checked_div(10_u64.pow(behind)).unwrap_or_default()
    }

    /// Takes the number apart if it belongs to the North American plan.
    pub fn nanp(self) -> Option<Nanp> {
        Nanp::parse(self.value())
    }

    /// Tells who pays, and how much, by the number alone.
    pub fn class(self) -> NumberClass {
        if let Some(nanp) = self.nanp() {
            return nanp.class();
        }
        match self.leading(3) {
            800 => NumberClass::TollFree,
            979 => NumberClass::Premium,
            _ => NumberClass::Local,
        }
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for E164 {
    type Error = NotE164;

    fn try_from(text: String) -> Result<Self, NotE164> {
        Self::parse(&text)
    }
}

impl From<E164> for String {
    fn from(number: E164) -> Self {
        number.to_string()
    }
}

/// Who pays for a call to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberClass {
    /// The caller, what is usual.
    Local,
    /// The caller, more than usual.
    Premium,
    /// Who is called.
    TollFree,
}

impl fmt::Display for NumberClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Premium => "premium",
            Self::TollFree => "toll-free",
        })
    }
}

/// Why a text is no number in E.164.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotE164 {
    /// It begins with zero: a national prefix, or an international one.
    LeadingZero,
    /// It has no `+`.
    NoPlus,
    /// It has something else among its digits.
    NotDigit(char),
    /// Country code 1 is followed by what the North American plan cannot assign.
    NotNanp,
    /// It has more than 15 digits.
    TooLong,
    /// It has less than 2 digits.
    TooShort,
}

impl fmt::Display for NotE164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeadingZero => f.write_str("a zero behind the +"),
            Self::NoPlus => f.write_str("no leading +"),
            Self::NotDigit(other) => write!(f, "{other:?} among the digits"),
            Self::NotNanp => f.write_str("+1 before what the North American plan cannot assign"),
            Self::TooLong => f.write_str("more than 15 digits"),
            Self::TooShort => f.write_str("less than 2 digits"),
        }
    }
}

impl Error for NotE164 {}

/// The first digits of numbers, such as `+1` or `+4420`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberPrefix {
    digits: u64,
    len: u32,
}

impl NumberPrefix {
    /// What a text has to be.
    pub const WANTED: &str = "+ and 1 to 15 digits, such as +1 or +4420";

    /// Reads `+4420`; `None` if it is not [`WANTED`](Self::WANTED).
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let is_good = (1..=LEN_MAX).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_good {
            return None;
        }
        Some(Self { digits: digits.parse().ok()?, len: u32::try_from(digits.len()).ok()? })
    }

    /// Tells whether the number begins so.
    pub fn begins(&self, number: E164) -> bool {
        number.digits() >= self.len && number.leading(self.len) == self.digits
    }
}

/// No country assigns a number of one digit.
const LEN_MIN: usize = 2;

/// ITU-T E.164 section 6: a number has at most 15 digits.
const LEN_MAX: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_as_it_is_written() {
        for text in ["+12065550100", "+442079460000", "+999999999999999", "+86", "+18005550199"] {
            assert_eq!(E164::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(E164::from_digits("12065550100"), E164::parse("+12065550100"));
        assert_eq!(size_of::<Option<E164>>(), 8);
    }

    #[test]
    fn documents_hold_a_number_as_it_is_written() {
        let number = E164::parse("+12065550100").unwrap();
        assert_eq!(serde_json::to_string(&number).unwrap(), "\"+12065550100\"");
        assert_eq!(serde_json::from_str::<E164>("\"+12065550100\"").unwrap(), number);
        assert!(serde_json::from_str::<E164>("\"12065550100\"").is_err());
    }

    #[test]
    fn what_is_no_number_says_what_it_is() {
        let cases = [
            ("2125551212", NotE164::NoPlus),
            ("", NotE164::NoPlus),
            ("911", NotE164::NoPlus),
            ("+", NotE164::TooShort),
            ("+4", NotE164::TooShort),
            ("+0442079460000", NotE164::LeadingZero),
            ("+4420794600001234", NotE164::TooLong),
            ("+44 20", NotE164::NotDigit(' ')),
            ("+44abc", NotE164::NotDigit('a')),
            ("+４４", NotE164::NotDigit('４')),
            ("+1999", NotE164::NotNanp),
            ("+19995550100", NotE164::NotNanp),
            ("+12061550100", NotE164::NotNanp),
        ];
        for (text, wanted) in cases {
            assert_eq!(E164::parse(text), Err(wanted), "{text}");
        }
    }

    #[test]
    fn leading_digits_are_cut_off_a_number() {
        let number = E164::parse("+442079460000").unwrap();
        assert_eq!((number.leading(2), number.leading(4), number.leading(40)), (44, 4420, 442_079_460_000));
        assert!(NumberPrefix::parse("+4420").unwrap().begins(number));
        assert!(NumberPrefix::parse("+4").unwrap().begins(number));
        assert!(!NumberPrefix::parse("+45").unwrap().begins(number));
        assert!(!NumberPrefix::parse("+4420794600001").unwrap().begins(number));
        for bad in ["44", "+", "+0", "+4x", "+1234567890123456"] {
            assert_eq!(NumberPrefix::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_class_follows_from_the_digits() {
        let class = |text| E164::parse(text).unwrap().class();
        for code in crate::nanp::TOLL_FREE {
            assert_eq!(E164::parse(&format!("+1{code}5550100")).unwrap().class(), NumberClass::TollFree);
        }
        assert_eq!(class("+19005550100"), NumberClass::Premium);
        assert_eq!(class("+12069765010"), NumberClass::Premium);
        assert_eq!(class("+97912345678"), NumberClass::Premium);
        assert_eq!(class("+80012345678"), NumberClass::TollFree);
        assert_eq!(class("+12065550100"), NumberClass::Local);
    }
}
