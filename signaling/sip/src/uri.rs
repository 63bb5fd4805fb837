//! The URIs of SIP: `sip:`, `sips:` and `tel:`, read in place; others are kept as they are.
//!
//! What is read is kept letter by letter, so that a URI is written as it came: peers compare and sign the spelling.

mod comparison;
mod number;
mod parse;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::error::Malformed;
use crate::grammar::Place;
use crate::parameters::{self, Parameters};

/// More bytes than any URI of a call needs: 8 KiB.
pub const URI_LEN_MAX: usize = 8192;

/// The kind of a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`, to be reached over TLS on every hop.
    Sips,
    /// `tel:`, a telephone number (RFC 3966).
    Tel,
    /// Any other, of which nothing but the name is understood.
    Other,
}

/// A host as an address or a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Host<'a> {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, in brackets where it is written.
    V6(Ipv6Addr),
    /// A name to be resolved.
    Name(&'a str),
}

impl<'a> Host<'a> {
    /// Reads a host; IPv6 addresses stand in brackets.
    ///
    /// # Errors
    /// `Malformed::Uri` when it is neither an address nor made of letters, digits, dots, hyphens and underscores.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        if let Some(inner) = text.strip_prefix('[') {
            let address = inner.strip_suffix(']').and_then(|address| address.parse().ok());
            return address.map(Self::V6).ok_or(Malformed::Uri);
        }
        if text.starts_with(|first: char| first.is_ascii_digit())
            && let Ok(address) = text.parse()
        {
            return Ok(Self::V4(address));
        }
        if text.is_empty() || !Place::HOST.takes_all(text) {
            return Err(Malformed::Uri);
        }
        Ok(Self::Name(text))
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// The parts of a URI within the text it was read from.
#[derive(Clone, Copy, Debug)]
pub struct UriParts<'a> {
    text: &'a str,
    scheme: Scheme,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: &'a str,
    port: Option<u16>,
    parameters: Parameters<'a>,
    headers: Option<&'a str>,
}

impl<'a> UriParts<'a> {
    /// Reads a URI that fills the text.
    ///
    /// # Errors
    /// `Malformed::Uri` when the grammar of its scheme is broken, `Malformed::UriTooLong` when it is too long.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        parse::uri(text)
    }

    /// Returns the URI as it is written.
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// Returns its kind.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the user as it is written, with its escapes; of `tel:` the number, with its separators.
    pub const fn user(&self) -> Option<&'a str> {
        self.user
    }

    /// Returns the password, which nobody should send.
    pub const fn password(&self) -> Option<&'a str> {
        self.password
    }

    /// Returns the host; `None` for `tel:` and schemes that are not understood.
    pub fn host(&self) -> Option<Host<'a>> {
        Host::parse(self.host).ok()
    }

    /// Returns the port, when one is written.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the parameters in their order.
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }

    /// Returns the headers behind the question mark.
    pub const fn headers(&self) -> Option<&'a str> {
        self.headers
    }

    /// Tells whether two URIs mean the same (RFC 3261 section 19.1.4, and RFC 3966 section 4 for `tel:`).
    pub fn matches(&self, other: &UriParts<'_>) -> bool {
        comparison::same(self, other)
    }

    /// Returns the number that is called, `+` and digits: the form of E.164 with at most 15 digits.
    pub fn e164(&self) -> Option<String> {
        number::e164(self)
    }

    /// Returns the dialled digits, with `+` when it is there, without separators; letters make it a name.
    pub fn dialled(&self) -> Option<String> {
        number::dialled(self)
    }

    /// Makes it independent of the text it was read from.
    pub fn to_uri(&self) -> Uri {
        let span = |part: &str| Span::within(self.text, part);
        Uri {
            text: self.text.to_owned(),
            scheme: self.scheme,
            user: self.user.map(span),
            password: self.password.map(span),
            host: span(self.host),
            port: self.port,
            parameters: span(self.parameters.as_str()),
            headers: self.headers.map(span),
        }
    }
}

/// A place in a text of at most [`URI_LEN_MAX`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Span {
    start: u16,
    end: u16,
}

impl Span {
    fn within(text: &str, part: &str) -> Self {
        let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let end = start.saturating_add(part.len());
        let short = |at: usize| u16::try_from(at).expect("a URI has at most 8 KiB");
        if part.is_empty() {
            Self { start: 0, end: 0 }
        } else {
            Self { start: short(start), end: short(end) }
        }
    }

    fn of(self, text: &str) -> &str {
        text.get(usize::from(self.start)..usize::from(self.end)).unwrap_or("")
    }
}

/// A URI of its own. Two are equal when they are spelled the same; [`Uri::matches`] compares what they mean.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Uri {
    text: String,
    scheme: Scheme,
    user: Option<Span>,
    password: Option<Span>,
    host: Span,
    port: Option<u16>,
    parameters: Span,
    headers: Option<Span>,
}

impl Uri {
    /// Reads a URI that fills the text.
    ///
    /// # Errors
    /// As [`UriParts::parse`].
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        UriParts::parse(text).map(|parts| parts.to_uri())
    }

    /// Makes a `sip:` URI; what has to be escaped in the user is.
    ///
    /// # Errors
    /// `Malformed` when the user is empty, the host is none, or both are too long.
    pub fn sip(user: Option<&str>, host: Host<'_>, port: Option<u16>) -> Result<Self, Malformed> {
        let mut text = String::from("sip:");
        if let Some(user) = user {
            parse::push_escaped(&mut text, user);
            text.push('@');
        }
        text.push_str(&host.to_string());
        if let Some(port) = port {
            text.push(':');
            crate::grammar::push_number(&mut text, port);
        }
        Self::parse(&text)
    }

    /// Makes a `tel:` URI of a number with its `+`, or of digits.
    ///
    /// # Errors
    /// `Malformed::Uri` when it is no number.
    pub fn tel(number: &str) -> Result<Self, Malformed> {
        Self::parse(&format!("tel:{number}"))
    }

    /// Returns a view of its parts.
    pub fn parts(&self) -> UriParts<'_> {
        UriParts {
            text: &self.text,
            scheme: self.scheme,
            user: self.user.map(|span| span.of(&self.text)),
            password: self.password.map(|span| span.of(&self.text)),
            host: self.host.of(&self.text),
            port: self.port,
            parameters: Parameters::from_checked(self.parameters.of(&self.text)),
            headers: self.headers.map(|span| span.of(&self.text)),
        }
    }

    /// Returns the URI as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns its kind.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the user as it is written, with its escapes; of `tel:` the number, with its separators.
    pub fn user(&self) -> Option<&str> {
        self.parts().user
    }

    /// Returns the host; `None` for `tel:` and schemes that are not understood.
    pub fn host(&self) -> Option<Host<'_>> {
        self.parts().host()
    }

    /// Returns the port, when one is written.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the parameters in their order.
    pub fn parameters(&self) -> Parameters<'_> {
        self.parts().parameters
    }

    /// Tells whether the parameter of loose routing is there, with or without a value (RFC 3261 section 19.1.1).
    pub fn is_loose_router(&self) -> bool {
        self.parameters().has("lr")
    }

    /// Tells whether both mean the same; see [`UriParts::matches`].
    pub fn matches(&self, other: &Self) -> bool {
        self.parts().matches(&other.parts())
    }

    /// Returns the number that is called; see [`UriParts::e164`].
    pub fn e164(&self) -> Option<String> {
        self.parts().e164()
    }

    /// Returns the dialled digits; see [`UriParts::dialled`].
    pub fn dialled(&self) -> Option<String> {
        self.parts().dialled()
    }

    /// Returns the same URI with a parameter set, in its place when it was there.
    ///
    /// # Errors
    /// `Malformed::Uri` when name or value may not stand in a URI.
    pub fn with_parameter(&self, name: &str, value: Option<&str>) -> Result<Self, Malformed> {
        self.with_parameters_changed(|text| parameters::set(text, name, value))
    }

    /// Returns the same URI without a parameter.
    pub fn without_parameter(&self, name: &str) -> Self {
        let changed = self.with_parameters_changed(|text| parameters::remove(text, name));
        changed.expect("a URI with a parameter less is one")
    }

    fn with_parameters_changed(&self, change: impl FnOnce(&mut String)) -> Result<Self, Malformed> {
        let parts = self.parts();
        let tail_len = parts.parameters.as_str().len().saturating_add(match parts.headers {
            Some(headers) => headers.len().saturating_add(1),
            None => 0,
        });
        let front_len = self.text.len().saturating_sub(tail_len);
        let mut text = self.text.get(..front_len).unwrap_or("").to_owned();
        let mut changed = parts.parameters.as_str().to_owned();
        change(&mut changed);
        text.push_str(&changed);
        if let Some(headers) = parts.headers {
            text.push('?');
            text.push_str(headers);
        }
        Self::parse(&text)
    }
}

impl FromStr for Uri {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.text)
    }
}
