//! Headers that are numbers: CSeq, Max-Forwards, Expires, Min-SE, Retry-After.

use rsip::typed::CSeq;

use crate::error::Malformed;
use crate::grammar::{parse_u32, trim};
use crate::method;
use crate::parameters::Parameters;

/// RFC 3261 section 8.1.1.5: sequence numbers stay below 2^31.
pub const CSEQ_MAX: u32 = (1 << 31) - 1;

/// Splits a CSeq into its number and its method, as bytes: the method may be one that nobody here knows.
///
/// # Errors
/// `Malformed::Value` when the number is none, or too large.
pub fn split_cseq(value: &str) -> Result<(u32, &str), Malformed> {
    let value = trim(value);
    let digits = value.bytes().position(|byte| matches!(byte, b' ' | b'\t')).ok_or(Malformed::Value)?;
    let (digits, method) = value.split_at_checked(digits).ok_or(Malformed::Value)?;
    let number = parse_u32(digits).filter(|&number| number <= CSEQ_MAX).ok_or(Malformed::Value)?;
    Ok((number, trim(method)))
}

/// Reads a CSeq.
///
/// # Errors
/// `Malformed::Value` when the number or the method is none that is known.
pub fn parse_cseq(value: &str) -> Result<CSeq, Malformed> {
    let (seq, method) = split_cseq(value)?;
    let method = method::parse(method.as_bytes()).ok_or(Malformed::Value)?;
    Ok(CSeq { seq, method })
}

/// Writes a CSeq.
pub fn write_cseq(cseq: &CSeq) -> String {
    format!("{} {}", cseq.seq, method::word(cseq.method))
}

/// Reads Max-Forwards, at most 255 (RFC 3261 section 20.22).
///
/// # Errors
/// `Malformed::Value` when it is no number, or a larger one.
pub fn parse_max_forwards(value: &str) -> Result<u8, Malformed> {
    parse_u32(trim(value)).and_then(|hops| u8::try_from(hops).ok()).ok_or(Malformed::Value)
}

/// Reads a number of seconds, as in Expires and Min-Expires.
///
/// # Errors
/// `Malformed::Value` when it is no number below 2^32.
pub fn parse_seconds(value: &str) -> Result<u32, Malformed> {
    parse_u32(trim(value)).ok_or(Malformed::Value)
}

/// When to try again (RFC 3261 section 20.33); the comment is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    /// How long not to.
    pub seconds: u32,
    /// How long it will last then.
    pub duration: Option<u32>,
}

impl RetryAfter {
    /// Reads the value of a Retry-After.
    ///
    /// # Errors
    /// `Malformed::Value` or `Malformed::Parameters`: which part breaks its grammar.
    pub fn parse(value: &str) -> Result<Self, Malformed> {
        let value = trim(value);
        let digits = value.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
        let (digits, rest) = value.split_at_checked(digits).ok_or(Malformed::Value)?;
        let seconds = parse_u32(digits).ok_or(Malformed::Value)?;
        let rest = skip_comment(trim(rest)).ok_or(Malformed::Value)?;
        let duration = Parameters::parse(rest)?.get("duration").and_then(parse_u32);
        Ok(Self { seconds, duration })
    }
}

impl std::fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.seconds)?;
        self.duration.map_or(Ok(()), |duration| write!(f, ";duration={duration}"))
    }
}

/// Returns what follows a comment, which may hold comments; text without one is returned as it is.
fn skip_comment(text: &str) -> Option<&str> {
    let mut depth = 0_u32;
    let mut rest = text;
    loop {
        let first = rest.chars().next();
        match first {
            Some('(') => depth = depth.saturating_add(1),
            Some(')') => depth = depth.checked_sub(1)?,
            _ if depth == 0 => return Some(trim(rest)),
            Some('\\') => rest = rest.get(1..)?,
            Some(_) => {}
            None => return None,
        }
        rest = rest.get(rest.chars().next()?.len_utf8()..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cseq_has_a_number_below_two_to_the_31_and_a_method() {
        assert_eq!(parse_cseq("0009\t INVITE").unwrap(), CSeq { seq: 9, method: rsip::Method::Invite });
        assert_eq!(split_cseq("2147483647 X").unwrap(), (CSEQ_MAX, "X"));
        for value in ["2147483648 INVITE", "36893488147419103232 REGISTER", "INVITE", "1", "-1 INVITE", ""] {
            assert_eq!(split_cseq(value), Err(Malformed::Value), "{value}");
        }
        assert_eq!(write_cseq(&parse_cseq("7 PRACK").unwrap()), "7 PRACK");
    }

    #[test]
    fn hops_fit_a_byte() {
        assert_eq!(parse_max_forwards(" 0068 "), Ok(68));
        assert_eq!(parse_max_forwards("256"), Err(Malformed::Value));
    }

    #[test]
    fn a_comment_in_retry_after_is_passed_over() {
        let parsed = RetryAfter::parse("120 (I'm (really) in \\) a meeting);duration=60").unwrap();
        assert_eq!(parsed, RetryAfter { seconds: 120, duration: Some(60) });
        assert_eq!(parsed.to_string(), "120;duration=60");
        for value in ["", "x", "1 (", "1 )", "949302838503028349304023988", "1 2"] {
            assert!(RetryAfter::parse(value).is_err(), "{value}");
        }
    }
}
