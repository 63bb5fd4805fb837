//! Media types: what a body is (Content-Type), and what a peer takes (Accept).

use std::fmt;

use crate::error::Malformed;
use crate::grammar::{is_token, split_once, trim};
use crate::parameters::Parameters;

/// Descriptions of sessions.
pub const SDP: &str = "application/sdp";
/// Bodies of several parts.
pub const MIXED: &str = "multipart/mixed";

/// A type and its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType<'a> {
    /// The kind, such as `application`; `*` in an Accept.
    pub kind: &'a str,
    /// The subtype, such as `sdp`; `*` in an Accept.
    pub subtype: &'a str,
    /// The parameters, such as the boundary of a multipart body.
    pub parameters: Parameters<'a>,
}

impl<'a> MediaType<'a> {
    /// Reads a media type, or one element of an Accept.
    ///
    /// # Errors
    /// `Malformed::Value` or `Malformed::Parameters`: which part breaks its grammar.
    pub fn parse(value: &'a str) -> Result<Self, Malformed> {
        let at = value.bytes().position(|byte| byte == b';').unwrap_or(value.len());
        let (types, parameters) = value.split_at_checked(at).ok_or(Malformed::Value)?;
        let (kind, subtype) = split_once(types, b'/').ok_or(Malformed::Value)?;
        let (kind, subtype) = (trim(kind), trim(subtype));
        if !is_token(kind.as_bytes()) || !is_token(subtype.as_bytes()) {
            return Err(Malformed::Value);
        }
        Ok(Self { kind, subtype, parameters: Parameters::parse(parameters)? })
    }

    /// Tells whether it is a type such as `application/sdp`; parameters do not count, nor does case.
    pub fn is(&self, name: &str) -> bool {
        let parts = name.split_at_checked(self.kind.len());
        parts.is_some_and(|(kind, rest)| {
            self.kind.eq_ignore_ascii_case(kind)
                && rest.strip_prefix('/').is_some_and(|subtype| self.subtype.eq_ignore_ascii_case(subtype))
        })
    }

    /// Tells whether an element of an Accept takes a type such as `application/sdp`.
    pub fn takes(&self, name: &str) -> bool {
        let (kind, subtype) = split_once(name, b'/').unwrap_or((name, ""));
        let fits = |wanted: &str, found: &str| wanted == "*" || wanted.eq_ignore_ascii_case(found);
        fits(self.kind, kind) && fits(self.subtype, subtype)
    }
}

impl fmt::Display for MediaType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.parameters.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_compared_without_case_and_parameters() {
        let parsed = MediaType::parse("multipart/Mixed;boundary=\"a b\"").unwrap();
        assert!(parsed.is("multipart/mixed"));
        assert_eq!(parsed.parameters.unquoted("boundary").unwrap(), "a b");
        assert_eq!(parsed.to_string(), "multipart/Mixed;boundary=\"a b\"");
    }

    #[test]
    fn an_accept_may_take_whole_kinds() {
        let takes = |value| MediaType::parse(value).unwrap().takes("application/sdp");
        assert!(takes("*/*") && takes("application/*;q=0.5") && takes("Application/SDP"));
        assert!(!takes("text/*") && !takes("application/isup"));
        for value in ["", "a", "/b", "a/", "a b/c", "a/b;"] {
            assert!(MediaType::parse(value).is_err(), "{value}");
        }
    }
}
