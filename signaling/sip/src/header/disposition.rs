//! Content-Disposition: what a body, or a part of one, is for, and what is to be done by who does not understand it.

use crate::error::Malformed;
use crate::grammar::{is_token, trim};
use crate::parameters::Parameters;

/// What a body is for (RFC 3261 section 20.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disposition<'a> {
    /// The purpose, such as `session` or `signal`.
    pub purpose: &'a str,
    /// The parameters, of which `handling` is one.
    pub parameters: Parameters<'a>,
}

impl<'a> Disposition<'a> {
    /// Reads the value of a Content-Disposition.
    ///
    /// # Errors
    /// `Malformed::Value` or `Malformed::Parameters`: which part breaks its grammar.
    pub fn parse(value: &'a str) -> Result<Self, Malformed> {
        let at = value.bytes().position(|byte| byte == b';').unwrap_or(value.len());
        let (purpose, parameters) = value.split_at_checked(at).ok_or(Malformed::Value)?;
        let purpose = trim(purpose);
        if !is_token(purpose.as_bytes()) {
            return Err(Malformed::Value);
        }
        Ok(Self { purpose, parameters: Parameters::parse(parameters)? })
    }

    /// Tells whether it describes the session.
    pub fn is_session(&self) -> bool {
        self.purpose.eq_ignore_ascii_case("session")
    }

    /// Tells whether it says that it can be passed over.
    pub fn is_optional(&self) -> bool {
        self.handling("optional")
    }

    /// Tells whether it says that it must be understood.
    pub fn is_required(&self) -> bool {
        self.handling("required")
    }

    fn handling(&self, wanted: &str) -> bool {
        self.parameters.unquoted("handling").is_some_and(|found| found.eq_ignore_ascii_case(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_nothing_of_handling_says_neither() {
        for (value, expected) in [
            ("Session", (true, false, false)),
            ("session ; Handling = Optional", (true, true, false)),
            ("signal;handling=required", (false, false, true)),
            ("signal;handling=\"required\"", (false, false, true)),
            ("recording-session;handling=later", (false, false, false)),
        ] {
            let found = Disposition::parse(value).unwrap();
            assert_eq!((found.is_session(), found.is_optional(), found.is_required()), expected, "{value}");
        }
        for value in ["", ";handling=optional", "a b", "session;"] {
            assert!(Disposition::parse(value).is_err(), "{value}");
        }
    }
}
