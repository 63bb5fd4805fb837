//! Warning: what else there is to say about an answer (RFC 3261 section 20.43).

use std::borrow::Cow;
use std::fmt;

use crate::error::Malformed;
use crate::grammar::{parse_u32, push_quoted, split_quoted, trim, unquote};

/// One element of a Warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning<'a> {
    /// Three digits, such as 304 for a media type that is not available.
    pub code: u16,
    /// Who warns.
    pub agent: &'a str,
    /// What it says to people.
    pub text: Cow<'a, str>,
}

impl<'a> Warning<'a> {
    /// Reads one element of a Warning.
    ///
    /// # Errors
    /// `Malformed::Value` when it is no code, agent and quoted text.
    pub fn parse(value: &'a str) -> Result<Self, Malformed> {
        Self::read(trim(value)).ok_or(Malformed::Value)
    }

    fn read(value: &'a str) -> Option<Self> {
        let (code, rest) = value.split_once(' ')?;
        let code = parse_u32(code).filter(|code| (100..1000).contains(code))?;
        let (agent, text) = rest.trim_start().split_once(' ')?;
        let (quoted, rest) = split_quoted(trim(text))?;
        let code = u16::try_from(code).ok()?;
        rest.is_empty().then(|| Self { code, agent, text: unquote(quoted) })
    }
}

impl fmt::Display for Warning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut quoted = String::new();
        push_quoted(&mut quoted, &self.text);
        write!(f, "{:03} {} {quoted}", self.code, self.agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_agent_and_text_are_read_and_written() {
        let value = r#"304 node.example:5060 "Media type \"video\" not available""#;
        let warning = Warning::parse(value).unwrap();
        assert_eq!((warning.code, warning.agent), (304, "node.example:5060"));
        assert_eq!(warning.text, r#"Media type "video" not available"#);
        assert_eq!(warning.to_string(), value);
    }

    #[test]
    fn what_is_no_warning_is_refused() {
        for value in ["", "1812 overture \"In Progress\"", "99 a \"b\"", "304 a b", "304 a \"b\" c", "304 a"]
        {
            assert!(Warning::parse(value).is_err(), "{value}");
        }
    }
}
