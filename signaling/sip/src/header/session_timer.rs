//! Session-Expires and Min-SE: when a call is over unless somebody refreshes it (RFC 4028).

use std::fmt;

use crate::error::Malformed;
use crate::grammar::{parse_u32, trim};
use crate::parameters::Parameters;

/// RFC 4028 section 5: no timer is shorter than 90 seconds.
pub const MIN_SE: u32 = 90;

/// Who refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// Who sent the request.
    Uac,
    /// Who answers it.
    Uas,
}

/// The value of Session-Expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// How long the call lasts without a refresh.
    pub seconds: u32,
    /// Who refreshes, when it is said.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads the value of a Session-Expires.
    ///
    /// # Errors
    /// `Malformed::Value` or `Malformed::Parameters`: which part breaks its grammar.
    pub fn parse(value: &str) -> Result<Self, Malformed> {
        let (seconds, parameters) = split(value)?;
        let refresher = match parameters.get("refresher") {
            Some(word) if word.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(word) if word.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) => return Err(Malformed::Value),
            None => None,
        };
        Ok(Self { seconds, refresher })
    }
}

/// Reads the value of a Min-SE.
///
/// # Errors
/// `Malformed::Value` or `Malformed::Parameters`: which part breaks its grammar.
pub fn parse_min_se(value: &str) -> Result<u32, Malformed> {
    split(value).map(|(seconds, _)| seconds)
}

fn split(value: &str) -> Result<(u32, Parameters<'_>), Malformed> {
    let at = value.bytes().position(|byte| byte == b';').unwrap_or(value.len());
    let (seconds, parameters) = value.split_at_checked(at).ok_or(Malformed::Value)?;
    let seconds = parse_u32(trim(seconds)).ok_or(Malformed::Value)?;
    Ok((seconds, Parameters::parse(parameters)?))
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_refresher_are_read_and_written() {
        for (value, seconds, refresher) in [
            ("1800", 1800, None),
            ("90;refresher=uac", 90, Some(Refresher::Uac)),
            ("4000;refresher=uas", 4000, Some(Refresher::Uas)),
        ] {
            let parsed = SessionExpires::parse(value).unwrap();
            assert_eq!(parsed, SessionExpires { seconds, refresher });
            assert_eq!(parsed.to_string(), value);
        }
        assert_eq!(SessionExpires::parse("1800 ; refresher = UAC").unwrap().refresher, Some(Refresher::Uac));
        assert_eq!(parse_min_se("120;x=1"), Ok(120));
    }

    #[test]
    fn what_is_no_timer_is_refused() {
        for value in ["", "x", "1800;refresher=me", "1800;;", "-1", "99999999999"] {
            assert!(SessionExpires::parse(value).is_err(), "{value}");
        }
    }
}
