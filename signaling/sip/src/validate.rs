//! What is owed to a message: to be worked with, an answer, or nothing.
//!
//! RFC 3261 sections 8.2 and 16.3 give the order: what breaks the grammar first, then the method, the Request-URI,
//! what is required, the content.

pub(crate) mod content;
mod fields;

use std::net::SocketAddr;

use rsip::Method;

use crate::error::{Malformed, WriteError};
use crate::grammar::is_token;
use crate::header::media_type::{MIXED, SDP};
use crate::header::{Name, option_tag};
use crate::lexer::{Lexed, StartLine};
use crate::uri::{Scheme, UriParts};
use crate::{method, status, write};

/// What a node does and does not do; requests beyond it are refused.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The methods that are served.
    pub methods: &'a [Method],
    /// The option tags that a request may require.
    pub extensions: &'a [&'a str],
    /// The media types that an INVITE may bring; [`SDP`] is what is sent back.
    pub media_types: &'a [&'a str],
}

impl Rules<'static> {
    /// What a trunk serves.
    pub const TRUNK: Self = Self {
        methods: &[Method::Invite, Method::Ack, Method::Bye, Method::Cancel, Method::Options],
        extensions: &[],
        media_types: &[SDP, MIXED],
    };
}

/// What becomes of a message.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// A request to work with.
    Request(CheckedRequest<'a>),
    /// A response to work with.
    Response(CheckedResponse<'a>),
    /// A request that is answered with an error, and goes no further.
    Answer(Refusal),
    /// Nothing is owed, or nobody could be told.
    Drop(Fault),
}

/// A request that keeps to the rules.
#[derive(Clone, Copy, Debug)]
pub struct CheckedRequest<'a> {
    pub(crate) lexed: &'a Lexed<'a>,
    pub(crate) method: Method,
    pub(crate) uri: UriParts<'a>,
}

impl<'a> CheckedRequest<'a> {
    /// Returns the method.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Returns the Request-URI.
    pub const fn uri(&self) -> UriParts<'a> {
        self.uri
    }
}

/// A response that keeps to the rules.
#[derive(Clone, Copy, Debug)]
pub struct CheckedResponse<'a> {
    pub(crate) lexed: &'a Lexed<'a>,
    pub(crate) code: u16,
    pub(crate) phrase: &'a [u8],
}

impl CheckedResponse<'_> {
    /// Returns the status code.
    pub const fn code(&self) -> u16 {
        self.code
    }
}

/// Which rule a message breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The lexer noted a flaw.
    Flaw(Malformed),
    /// A header that every message has is not there.
    Missing(Name),
    /// A header that may stand only once stands twice.
    Repeated(Name),
    /// A header value breaks its grammar, or is out of range.
    Broken(Name),
    /// The Request-URI breaks its grammar.
    RequestUri,
    /// The Request-URI is too long.
    RequestUriTooLong,
    /// Nobody here knows the scheme of the Request-URI.
    RequestUriScheme,
    /// Another version of SIP.
    Version,
    /// No status code that there can be.
    StatusCode,
    /// The method breaks its grammar.
    MethodGrammar,
    /// The method of the request is not the one in CSeq.
    MethodMismatch,
    /// Nobody here knows the method.
    MethodUnknown,
    /// The method is known and not served.
    MethodNotServed,
    /// The request requires what is not supported.
    Extension,
    /// The body is of a type that is not taken.
    MediaType,
    /// The body is encoded.
    ContentEncoding,
    /// The sender takes nothing that could be sent back.
    Accept,
    /// The request has come too far.
    Hops,
}

impl Fault {
    /// Returns the status code that tells of it.
    pub const fn code(&self) -> u16 {
        match self {
            // RFC 3261 section 21.5.7.
            Self::Flaw(Malformed::LineTooLong | Malformed::TooManyHeaders) => 513,
            Self::Flaw(_) | Self::Missing(_) | Self::Repeated(_) | Self::Broken(_) => 400,
            Self::RequestUri | Self::MethodGrammar | Self::MethodMismatch | Self::StatusCode => 400,
            Self::MethodNotServed => 405,
            Self::Accept => 406,
            Self::RequestUriTooLong => 414,
            Self::MediaType | Self::ContentEncoding => 415,
            Self::RequestUriScheme => 416,
            Self::Extension => 420,
            Self::Hops => 483,
            Self::MethodUnknown => 501,
            Self::Version => 505,
        }
    }

    /// Returns the phrase; where the code says too little, it names what is wrong.
    pub fn phrase(&self) -> String {
        match self {
            Self::Flaw(Malformed::LengthMissing) => format!("Missing {}", Name::ContentLength.as_str()),
            Self::Flaw(flaw) => format!("{}: {}", status::phrase(self.code()), flaw.word()),
            Self::Missing(name) => format!("Missing {}", name.as_str()),
            Self::Repeated(name) => format!("Repeated {}", name.as_str()),
            Self::Broken(name) => format!("Malformed {}", name.as_str()),
            Self::RequestUri => "Malformed Request-URI".to_owned(),
            Self::MethodGrammar => "Malformed Method".to_owned(),
            Self::MethodMismatch => "CSeq Has Another Method".to_owned(),
            Self::RequestUriTooLong
            | Self::RequestUriScheme
            | Self::Version
            | Self::StatusCode
            | Self::MethodUnknown
            | Self::MethodNotServed
            | Self::Extension
            | Self::MediaType
            | Self::ContentEncoding
            | Self::Accept
            | Self::Hops => status::phrase(self.code()).to_owned(),
        }
    }

    /// Returns the reason in one word, for metrics and logs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Flaw(flaw) => flaw.word(),
            Self::Missing(_) => "header_missing",
            Self::Repeated(_) => "header_repeated",
            Self::Broken(_) => "header_broken",
            Self::RequestUri => "request_uri",
            Self::RequestUriTooLong => "request_uri_too_long",
            Self::RequestUriScheme => "request_uri_scheme",
            Self::Version => "version",
            Self::StatusCode => "status_code",
            Self::MethodGrammar => "method_grammar",
            Self::MethodMismatch => "method_mismatch",
            Self::MethodUnknown => "method_unknown",
            Self::MethodNotServed => "method_not_served",
            Self::Extension => "extension",
            Self::MediaType => "media_type",
            Self::ContentEncoding => "content_encoding",
            Self::Accept => "accept",
            Self::Hops => "hops",
        }
    }
}

/// An error to answer with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which rule was broken.
    pub fault: Fault,
    /// The header that tells the sender what to do instead.
    pub advice: Option<(Name, String)>,
}

impl Refusal {
    pub(crate) const fn new(fault: Fault) -> Self {
        Self { fault, advice: None }
    }

    fn advising(fault: Fault, name: Name, value: String) -> Self {
        Self { fault, advice: Some((name, value)) }
    }

    /// Returns the status code.
    pub const fn code(&self) -> u16 {
        self.fault.code()
    }

    /// Appends the answer to a request, from what there is of it: Vias, From, To with a tag, Call-ID and CSeq.
    ///
    /// # Errors
    /// `WriteError`: nothing is appended then.
    pub fn write(
        &self,
        lexed: &Lexed<'_>,
        to_tag: &str,
        source: SocketAddr,
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        write::refusal(lexed, self, to_tag, source, out)
    }
}

/// Tells what becomes of a message.
pub fn validate<'a>(lexed: &'a Lexed<'a>, rules: &Rules<'_>) -> Verdict<'a> {
    match lexed.start {
        StartLine::Request { method, uri, version } => {
            match request(lexed, (method, uri, version), rules) {
                Ok(checked) => Verdict::Request(checked),
                // RFC 3261 section 17.1.1.3: nobody waits for an answer to an ACK; without a Via nobody can be told.
                Err(refusal) if method == b"ACK" || lexed.field(Name::Via).is_none() => {
                    Verdict::Drop(refusal.fault)
                }
                Err(refusal) => Verdict::Answer(refusal),
            }
        }
        StartLine::Response { version, code, phrase } => match response(lexed, version, (code, phrase)) {
            Ok(checked) => Verdict::Response(checked),
            Err(fault) => Verdict::Drop(fault),
        },
    }
}

fn request<'a>(
    lexed: &'a Lexed<'a>,
    (word, uri, version): (&'a [u8], &'a [u8], &[u8]),
    rules: &Rules<'_>,
) -> Result<CheckedRequest<'a>, Refusal> {
    check_version(version).map_err(Refusal::new)?;
    let seen = fields::check_request(lexed, word).map_err(Refusal::new)?;
    let uri = request_uri(uri).map_err(Refusal::new)?;
    let method = known_method(word, rules)?;
    if uri.scheme() == Scheme::Other {
        return Err(Refusal::new(Fault::RequestUriScheme));
    }
    // RFC 3261 section 8.2.2.3: neither of them may be refused for what it requires.
    if !matches!(method, Method::Ack | Method::Cancel) {
        check_required(lexed, rules)?;
    }
    if method == Method::Invite {
        content::check(lexed, seen, rules)?;
        // What belongs to a dialog goes no further than here, and so has hops enough.
        if seen.hops == Some(0) && !seen.in_dialog {
            return Err(Refusal::new(Fault::Hops));
        }
    }
    Ok(CheckedRequest { lexed, method, uri })
}

fn check_version(version: &[u8]) -> Result<(), Fault> {
    if version.eq_ignore_ascii_case(b"SIP/2.0") { Ok(()) } else { Err(Fault::Version) }
}

fn request_uri(bytes: &[u8]) -> Result<UriParts<'_>, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::RequestUri)?;
    let uri = UriParts::parse(text).map_err(|error| {
        if error == Malformed::UriTooLong { Fault::RequestUriTooLong } else { Fault::RequestUri }
    })?;
    // RFC 3261 section 19.1.1: a Request-URI has no headers.
    if uri.headers().is_some() { Err(Fault::RequestUri) } else { Ok(uri) }
}

fn known_method(word: &[u8], rules: &Rules<'_>) -> Result<Method, Refusal> {
    if !is_token(word) {
        return Err(Refusal::new(Fault::MethodGrammar));
    }
    let fault = match method::parse(word) {
        Some(method) if rules.methods.contains(&method) => return Ok(method),
        Some(_) => Fault::MethodNotServed,
        None => Fault::MethodUnknown,
    };
    Err(Refusal::advising(fault, Name::Allow, option_tag::write_methods(rules.methods)))
}

/// As many tags are listed as unsupported: more than anybody means, and few enough for a line.
const UNSUPPORTED_MAX: usize = 32;

/// RFC 3261 section 8.2.2.3: what is required and not supported is listed in the answer.
fn check_required(lexed: &Lexed<'_>, rules: &Rules<'_>) -> Result<(), Refusal> {
    let mut unsupported = Vec::new();
    for field in lexed.fields(Name::Require) {
        let text = &*field.value;
        for tag in crate::list::split(text) {
            if !is_token(tag.as_bytes()) {
                return Err(Refusal::new(Fault::Broken(Name::Require)));
            }
            let known = rules.extensions.iter().any(|known| known.eq_ignore_ascii_case(tag));
            if !known && unsupported.len() < UNSUPPORTED_MAX {
                unsupported.push(tag.to_owned());
            }
        }
    }
    if unsupported.is_empty() {
        return Ok(());
    }
    let tags = option_tag::join(unsupported.iter().map(String::as_str));
    Err(Refusal::advising(Fault::Extension, Name::Unsupported, tags))
}

fn response<'a>(
    lexed: &'a Lexed<'a>,
    version: &[u8],
    (code, phrase): (&[u8], &'a [u8]),
) -> Result<CheckedResponse<'a>, Fault> {
    check_version(version)?;
    // RFC 3261 section 7.2: three digits, of which the first is a class.
    let [b'1'..=b'6', b'0'..=b'9', b'0'..=b'9'] = code else { return Err(Fault::StatusCode) };
    let code =
        std::str::from_utf8(code).ok().and_then(|digits| digits.parse().ok()).ok_or(Fault::StatusCode)?;
    fields::check_response(lexed)?;
    Ok(CheckedResponse { lexed, code, phrase })
}
