//! Digest authentication, both sides: RFC 3261 section 22, RFC 7616, RFC 8760.
//!
//! A server makes a nonce with [`NonceFactory`], sends it in a [`Challenge`], reads the [`Credentials`] that come back
//! and asks whether they [prove](Credentials::prove) that the peer knows the password. Which counts of a nonce have
//! been seen is kept by the server in a [`ReplayWindow`] for each nonce.

mod challenge;
mod credentials;
mod hash;
mod nonce;
mod replay;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

pub use challenge::Challenge;
pub use credentials::{Credentials, Login};
pub use hash::{Algorithm, Ha1};
pub use nonce::{NonceAge, NonceFactory, SECRET_LEN};
pub use replay::ReplayWindow;

use crate::grammar::{is_token, trim, unquote};
use crate::list;

/// Tells why a challenge or credentials cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestError {
    /// Another scheme than Digest.
    Scheme,
    /// The grammar of the parameters is broken.
    Grammar,
    /// A parameter that has to be there is not: this one.
    Missing(&'static str),
    /// An algorithm for sessions of the Web; nothing in SIP needs it, and nobody sends it.
    SessionAlgorithm,
    /// An algorithm that nobody here knows.
    Algorithm,
    /// A quality of protection other than `auth`.
    Protection,
    /// The count of the nonce is no eight hexadecimal digits.
    NonceCount,
}

impl DigestError {
    /// Returns the reason in one word, for metrics and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Grammar => "grammar",
            Self::Missing(_) => "missing",
            Self::SessionAlgorithm => "session_algorithm",
            Self::Algorithm => "algorithm",
            Self::Protection => "protection",
            Self::NonceCount => "nonce_count",
        }
    }
}

impl fmt::Display for DigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "digest: {}", self.word())?;
        if let Self::Missing(name) = self { write!(f, ": {name}") } else { Ok(()) }
    }
}

impl Error for DigestError {}

/// The parameters behind `Digest`, which commas separate.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a str);

impl<'a> Fields<'a> {
    fn parse(value: &'a str) -> Result<Self, DigestError> {
        let (scheme, fields) = trim(value).split_once([' ', '\t']).ok_or(DigestError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return Err(DigestError::Scheme);
        }
        let is_field = |field: &str| {
            let (name, value) = field.split_once('=')?;
            let value = trim(value);
            let quoted = crate::grammar::split_quoted(value).is_some_and(|(_, rest)| rest.is_empty());
            let bare = !value.is_empty() && !value.contains(['"', ' ', '\t']);
            (is_token(trim(name).as_bytes()) && (quoted || bare)).then_some(())
        };
        if list::split(fields).all(|field| is_field(field).is_some()) {
            Ok(Self(fields))
        } else {
            Err(DigestError::Grammar)
        }
    }

    /// Returns a value as it is written, with its quotes.
    fn get(self, name: &str) -> Option<&'a str> {
        list::split(self.0).find_map(|field| {
            let (found, value) = field.split_once('=')?;
            trim(found).eq_ignore_ascii_case(name).then(|| trim(value))
        })
    }

    fn unquoted(self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).map(unquote)
    }

    /// Returns what is between the quotes, letter by letter: what was signed is the spelling.
    fn verbatim(self, name: &str) -> Option<&'a str> {
        let value = self.get(name)?;
        Some(value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value))
    }

    fn algorithm(self) -> Result<Algorithm, DigestError> {
        // RFC 7616 section 3.3: MD5 when nothing is said.
        self.unquoted("algorithm").map_or(Ok(Algorithm::Md5), |word| Algorithm::parse(&word))
    }
}
