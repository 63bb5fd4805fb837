//! Requests.

use std::net::SocketAddr;

use rsip::Method;
use rsip::typed::CSeq;

use super::{Headers, reads_headers};
use crate::error::{Malformed, WriteError};
use crate::header::{Name, Via, parse_cseq, via};
use crate::name_addr::AddressParts;
use crate::uri::Uri;
use crate::validate::CheckedRequest;
use crate::write;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: Method,
    uri: Uri,
    headers: Headers,
    body: Vec<u8>,
}

reads_headers!(Request);

impl Request {
    /// Makes a request without headers.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::default(), body: Vec::new() }
    }

    /// Returns the method.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Returns the Request-URI.
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Sets the Request-URI.
    pub fn set_uri(&mut self, uri: Uri) {
        self.uri = uri;
    }

    /// Writes down in the topmost Via where the request came from (RFC 3261 section 18.2.1, RFC 3581 section 4).
    ///
    /// # Errors
    /// `Malformed::Via` when there is none to be read.
    pub fn note_source(&mut self, source: SocketAddr) -> Result<(), Malformed> {
        let top = self.headers.get(Name::Via).ok_or(Malformed::Via)?;
        let noted = via::stamp(top, source)?;
        self.headers.set_first(Name::Via, noted);
        Ok(())
    }

    /// Appends the request as bytes.
    ///
    /// # Errors
    /// `WriteError`: nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), WriteError> {
        write::request(self, out)
    }
}

impl CheckedRequest<'_> {
    /// Makes it independent of the bytes it was read from. Of the body of a call its description is left.
    pub fn to_request(&self) -> Request {
        let is_of_call = matches!(self.method, Method::Invite | Method::Ack);
        let (headers, body) = super::taken_over(self.lexed, is_of_call);
        Request { method: self.method, uri: self.uri.to_uri(), headers, body }
    }
}
