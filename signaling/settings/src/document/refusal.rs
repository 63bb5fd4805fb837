//! Why a value cannot be read, in the parts that serde tells it in.

use std::{fmt, ops::Range};

use serde::de::{Error, Expected, Unexpected};

/// Why a value cannot be read.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) kind: Kind,
    /// Where it stands; known as soon as the error has left the value.
    pub(super) span: Option<Range<usize>>,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A table lacks a key.
    Missing(&'static str),
    /// A table has a key too many.
    UnknownKey { key: String, known: &'static [&'static str] },
    /// A text is none of a few.
    UnknownWord { word: String, known: &'static [&'static str] },
    /// A value is something else.
    Value { wanted: String },
}

impl Refusal {
    pub(super) fn value(wanted: impl fmt::Display) -> Self {
        Self { kind: Kind::Value { wanted: wanted.to_string() }, span: None }
    }

    /// Notes where it stands, unless that is known more exactly.
    pub(super) fn at(mut self, span: Range<usize>) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

/// Types of ours say what they want; the standard library says what is wrong with an address, and nothing else of it is
/// read.
impl Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        match message.to_string().as_str() {
            "invalid IP address syntax" => Self::value("an IPv4 or IPv6 address"),
            wanted => Self::value(wanted),
        }
    }

    fn invalid_type(_found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::value(wanted)
    }

    fn invalid_value(_found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::value(wanted)
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self { kind: Kind::UnknownWord { word: word.to_owned(), known }, span: None }
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self { kind: Kind::UnknownKey { key: key.to_owned(), known }, span: None }
    }

    fn missing_field(key: &'static str) -> Self {
        Self { kind: Kind::Missing(key), span: None }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl std::error::Error for Refusal {}
