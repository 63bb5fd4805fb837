//! Challenges: WWW-Authenticate and Proxy-Authenticate.

use std::borrow::Cow;
use std::fmt;

use super::{Algorithm, DigestError, Fields};
use crate::grammar::push_quoted;
use crate::list;

/// What a server asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// Whose password is asked for.
    pub realm: Cow<'a, str>,
    /// What is to be signed.
    pub nonce: Cow<'a, str>,
    /// What is to be sent back unread.
    pub opaque: Option<Cow<'a, str>>,
    /// The hash to use.
    pub algorithm: Algorithm,
    /// The password was right and the nonce too old.
    pub stale: bool,
    /// The client is to count its requests (`qop=auth`); without it the challenge is one of RFC 2069.
    pub counted: bool,
}

impl<'a> Challenge<'a> {
    /// Makes a challenge of our own, which always counts.
    pub fn new(realm: &'a str, nonce: &'a str, algorithm: Algorithm, stale: bool) -> Self {
        Self {
            realm: Cow::Borrowed(realm),
            nonce: Cow::Borrowed(nonce),
            opaque: None,
            algorithm,
            stale,
            counted: true,
        }
    }

    /// Reads the value of a WWW-Authenticate or Proxy-Authenticate.
    ///
    /// # Errors
    /// `DigestError`: why it cannot be answered.
    pub fn parse(value: &'a str) -> Result<Self, DigestError> {
        let fields = Fields::parse(value)?;
        let counted = match fields.unquoted("qop") {
            Some(offered) if list::split(&offered).any(|word| word.eq_ignore_ascii_case("auth")) => true,
            Some(_) => return Err(DigestError::Protection),
            None => false,
        };
        Ok(Self {
            realm: fields.unquoted("realm").ok_or(DigestError::Missing("realm"))?,
            nonce: fields.unquoted("nonce").ok_or(DigestError::Missing("nonce"))?,
            opaque: fields.unquoted("opaque"),
            algorithm: fields.algorithm()?,
            stale: fields.unquoted("stale").is_some_and(|word| word.eq_ignore_ascii_case("true")),
            counted,
        })
    }

    /// Returns the challenge with the strongest algorithm among those that can be answered; of equals the first
    /// (RFC 8760 section 2.4).
    pub fn strongest(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        let answerable = values.filter_map(|value| Self::parse(value).ok());
        answerable.reduce(|best, next| if next.algorithm > best.algorithm { next } else { best })
    }
}

impl fmt::Display for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from("Digest realm=");
        push_quoted(&mut text, &self.realm);
        text.push_str(", nonce=");
        push_quoted(&mut text, &self.nonce);
        if let Some(opaque) = &self.opaque {
            text.push_str(", opaque=");
            push_quoted(&mut text, opaque);
        }
        text.push_str(", algorithm=");
        text.push_str(self.algorithm.word());
        if self.counted {
            text.push_str(", qop=\"auth\"");
        }
        if self.stale {
            text.push_str(", stale=true");
        }
        f.write_str(&text)
    }
}
