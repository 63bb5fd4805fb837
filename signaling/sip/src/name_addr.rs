//! Addresses in headers: a display name, a URI, and the parameters of the header (RFC 3261 section 20.10).

use std::borrow::Cow;
use std::fmt;

use crate::error::Malformed;
use crate::grammar::{Place, push_quoted, split_quoted, trim, unquote};
use crate::parameters::{self, Parameters};
use crate::uri::{Uri, UriParts};

/// The parts of one address within the value it was read from.
#[derive(Clone, Copy, Debug)]
pub struct AddressParts<'a> {
    display: &'a str,
    uri: UriParts<'a>,
    parameters: Parameters<'a>,
}

impl<'a> AddressParts<'a> {
    /// Reads one address that fills the value.
    ///
    /// # Errors
    /// `Malformed::NameAddr`, `Uri`, `UriTooLong` or `Parameters`: which part breaks its grammar.
    pub fn parse(value: &'a str) -> Result<Self, Malformed> {
        let value = trim(value);
        if value.starts_with('"') {
            let (display, rest) = split_quoted(value).ok_or(Malformed::NameAddr)?;
            return Self::bracketed(display, trim(rest));
        }
        let at = value.bytes().position(|byte| matches!(byte, b'<' | b';'));
        match at.and_then(|at| value.split_at_checked(at)) {
            Some((display, rest)) if rest.starts_with('<') => {
                let display = trim(display);
                if !Place::DISPLAY.takes_all(display) {
                    return Err(Malformed::NameAddr);
                }
                Self::bracketed(display, rest)
            }
            Some((uri, parameters)) => Self::bare(uri, parameters),
            None => Self::bare(value, ""),
        }
    }

    fn bracketed(display: &'a str, rest: &'a str) -> Result<Self, Malformed> {
        let inner = rest.strip_prefix('<').ok_or(Malformed::NameAddr)?;
        let end = memchr::memchr(b'>', inner.as_bytes()).ok_or(Malformed::NameAddr)?;
        let (uri, parameters) = inner.split_at_checked(end).ok_or(Malformed::NameAddr)?;
        let parameters = parameters.get(1..).unwrap_or("");
        Ok(Self { display, uri: UriParts::parse(uri)?, parameters: Parameters::parse(parameters)? })
    }

    /// Without brackets the parameters are the header's, and what could be either may not stand there.
    fn bare(uri: &'a str, parameters: &'a str) -> Result<Self, Malformed> {
        // RFC 3261 section 20.10: a URI with a comma, a question mark or a semicolon has to stand in brackets.
        let uri = trim(uri);
        if uri.bytes().any(|byte| matches!(byte, b',' | b'?')) {
            return Err(Malformed::NameAddr);
        }
        Ok(Self { display: "", uri: UriParts::parse(uri)?, parameters: Parameters::parse(parameters)? })
    }

    /// Returns what the display name says; an empty one is none.
    pub fn display_name(&self) -> Option<Cow<'a, str>> {
        Some(unquote(self.display)).filter(|name| !name.is_empty())
    }

    /// Returns the URI.
    pub const fn uri(&self) -> UriParts<'a> {
        self.uri
    }

    /// Returns the parameters of the header.
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }

    /// Returns the tag of a From or To; an empty one is none.
    pub fn tag(&self) -> Option<&'a str> {
        self.parameters.get("tag").filter(|tag| !tag.is_empty())
    }

    /// Makes it independent of the value it was read from.
    pub fn to_name_addr(&self) -> NameAddr {
        NameAddr {
            display_name: self.display_name().map(Cow::into_owned),
            uri: self.uri.to_uri(),
            parameters: self.parameters.as_str().to_owned(),
        }
    }
}

/// An address of its own; it is written with brackets, and the display name in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    display_name: Option<String>,
    uri: Uri,
    parameters: String,
}

impl NameAddr {
    /// Makes an address of a URI alone.
    pub const fn new(uri: Uri) -> Self {
        Self { display_name: None, uri, parameters: String::new() }
    }

    /// Reads one address that fills the value.
    ///
    /// # Errors
    /// As [`AddressParts::parse`].
    pub fn parse(value: &str) -> Result<Self, Malformed> {
        AddressParts::parse(value).map(|parts| parts.to_name_addr())
    }

    /// Returns the same address with a display name; an empty one is none.
    #[must_use]
    pub fn with_display_name(mut self, name: &str) -> Self {
        self.display_name = (!name.is_empty()).then(|| name.to_owned());
        self
    }

    /// Returns the same address with a parameter of the header.
    ///
    /// # Errors
    /// `Malformed::Parameters` when name or value may not stand there.
    pub fn with_parameter(mut self, name: &str, value: Option<&str>) -> Result<Self, Malformed> {
        parameters::set(&mut self.parameters, name, value);
        Parameters::parse(&self.parameters)?;
        Ok(self)
    }

    /// Returns the same address with a tag, as From and To have it.
    ///
    /// # Errors
    /// `Malformed::Parameters` when the tag may not stand there.
    pub fn with_tag(self, tag: &str) -> Result<Self, Malformed> {
        self.with_parameter("tag", Some(tag))
    }

    /// Returns the same address without its parameters, as a dialog keeps it.
    #[must_use]
    pub fn without_parameters(mut self) -> Self {
        self.parameters.clear();
        self
    }

    /// Returns what the display name says.
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    /// Returns the URI.
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Returns the parameters of the header.
    pub fn parameters(&self) -> Parameters<'_> {
        Parameters::from_checked(&self.parameters)
    }

    /// Returns the tag of a From or To; an empty one is none.
    pub fn tag(&self) -> Option<&str> {
        self.parameters().get("tag").filter(|tag| !tag.is_empty())
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.display_name {
            let mut quoted = String::with_capacity(name.len().saturating_add(2));
            push_quoted(&mut quoted, name);
            write!(f, "{quoted} ")?;
        }
        write!(f, "<{}>{}", self.uri, self.parameters)
    }
}
