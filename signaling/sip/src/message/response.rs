//! Responses.

use rsip::StatusCode;
use rsip::typed::CSeq;

use super::{Headers, Request, reads_headers};
use crate::error::{Malformed, WriteError};
use crate::header::{Name, Via, parse_cseq};
use crate::lexer;
use crate::name_addr::AddressParts;
use crate::parameters::{self, Parameters};
use crate::validate::CheckedResponse;
use crate::{status, write};

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: StatusCode,
    /// What it says to people, where that is not what the code does.
    phrase: Option<String>,
    headers: Headers,
    body: Vec<u8>,
}

reads_headers!(Response);

impl Response {
    /// Makes the response to a request: its Vias, From, To, Call-ID and CSeq (RFC 3261 section 8.2.6.2).
    pub fn to_request(request: &Request, status: impl Into<StatusCode>) -> Self {
        let mut headers = Headers::default();
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
            headers.copy(request.headers(), name);
        }
        let status = status.into();
        // RFC 3261 section 8.2.6.1: the sender measures with it how long the way is.
        if status.code() == 100 {
            headers.copy(request.headers(), Name::Timestamp);
        }
        Self { status, phrase: None, headers, body: Vec::new() }
    }

    /// Returns the same response with a tag in To, unless it has one.
    ///
    /// # Errors
    /// `Malformed` when To cannot be read, or the tag may not stand there.
    pub fn with_to_tag(mut self, tag: &str) -> Result<Self, Malformed> {
        if self.to_tag().is_none() {
            let to = self.headers.get(Name::To).ok_or(Malformed::NameAddr)?;
            let tagged = with_tag(to, tag)?;
            self.headers.set(Name::To, tagged);
        }
        Ok(self)
    }

    /// Returns the same response with the way back that the request came: what begins a dialog has it (RFC 3261
    /// section 12.1.1).
    #[must_use]
    pub fn with_record_route(mut self, request: &Request) -> Self {
        self.headers.copy(request.headers(), Name::RecordRoute);
        self
    }

    /// Returns the same response with another phrase.
    #[must_use]
    pub fn with_phrase(mut self, phrase: &str) -> Self {
        self.phrase = Some(phrase.to_owned());
        self
    }

    /// Returns the status of the model.
    pub const fn status(&self) -> &StatusCode {
        &self.status
    }

    /// Returns the status code.
    pub fn code(&self) -> u16 {
        self.status.code()
    }

    /// Tells whether others may follow it.
    pub fn is_provisional(&self) -> bool {
        self.code() < 200
    }

    /// Tells whether it is the last one.
    pub fn is_final(&self) -> bool {
        self.code() >= 200
    }

    /// Tells whether the request succeeded.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code())
    }

    /// Returns what it says to people.
    pub fn phrase(&self) -> &str {
        self.phrase.as_deref().unwrap_or_else(|| status::phrase(self.code()))
    }

    /// Appends the response as bytes.
    ///
    /// # Errors
    /// `WriteError`: nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), WriteError> {
        write::response(self, out)
    }
}

/// Adds a tag to a To that has none; everything else stays as the peer wrote it.
pub(crate) fn with_tag(to: &str, tag: &str) -> Result<String, Malformed> {
    let parts = AddressParts::parse(to)?;
    if parts.tag().is_some() {
        return Ok(to.to_owned());
    }
    let mut added = String::new();
    parameters::set(&mut added, "tag", Some(tag));
    Parameters::parse(&added)?;
    if !parts.parameters().has("tag") {
        return Ok(format!("{to}{added}"));
    }
    // An empty tag stands there: it is none, and a second one would be one too many.
    let mut tagged = parts.parameters().as_str().to_owned();
    parameters::set(&mut tagged, "tag", Some(tag));
    let address_len = to.len().saturating_sub(parts.parameters().as_str().len());
    Ok(format!("{}{tagged}", to.get(..address_len).unwrap_or(to)))
}

impl CheckedResponse<'_> {
    /// Makes it independent of the bytes it was read from. Of the body its description is left.
    pub fn to_response(&self) -> Response {
        let phrase = lexer::text(self.phrase);
        let said = phrase != status::phrase(self.code);
        let (headers, body) = super::taken_over(self.lexed, true);
        Response {
            status: StatusCode::from(self.code),
            phrase: said.then(|| phrase.into_owned()),
            headers,
            body,
        }
    }
}
