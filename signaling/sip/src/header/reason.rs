//! Reason: why a request or a response was sent, such as the cause of the telephone network (RFC 3326).

use std::borrow::Cow;
use std::fmt;

use crate::error::Malformed;
use crate::grammar::{is_token, push_quoted, trim};
use crate::parameters::Parameters;

/// One element of a Reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason<'a> {
    /// Whose numbers they are: `SIP`, `Q.850`, or another one.
    pub protocol: &'a str,
    /// The number.
    pub cause: Option<u16>,
    /// What it says to people.
    pub text: Option<Cow<'a, str>>,
}

impl<'a> Reason<'a> {
    /// Reads one element of a Reason.
    ///
    /// # Errors
    /// `Malformed::Value` or `Malformed::Parameters`: which part breaks its grammar.
    pub fn parse(value: &'a str) -> Result<Self, Malformed> {
        let at = value.bytes().position(|byte| byte == b';').unwrap_or(value.len());
        let (protocol, parameters) = value.split_at_checked(at).ok_or(Malformed::Value)?;
        let protocol = trim(protocol);
        if !is_token(protocol.as_bytes()) {
            return Err(Malformed::Value);
        }
        let parameters = Parameters::parse(parameters)?;
        let cause = match parameters.get("cause") {
            Some(digits) => Some(digits.parse().map_err(|_| Malformed::Value)?),
            None => None,
        };
        Ok(Self { protocol, cause, text: parameters.unquoted("text") })
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        if let Some(text) = &self.text {
            let mut quoted = String::new();
            push_quoted(&mut quoted, text);
            write!(f, ";text={quoted}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_the_telephone_network_is_read_and_written() {
        let value = r#"Q.850;cause=16;text="Normal \"call\" clearing""#;
        let reason = Reason::parse(value).unwrap();
        assert_eq!((reason.protocol, reason.cause), ("Q.850", Some(16)));
        assert_eq!(reason.text.as_deref(), Some("Normal \"call\" clearing"));
        assert_eq!(reason.to_string(), value);
    }

    #[test]
    fn what_is_no_reason_is_refused() {
        for value in ["", ";cause=1", "Q.850;cause=x", "Q 850", "SIP;;"] {
            assert!(Reason::parse(value).is_err(), "{value}");
        }
    }
}
