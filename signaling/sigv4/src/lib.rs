//! Who signed a request, by AWS Signature Version 4, told from bytes: no socket, no clock, no type of an HTTP library.
//!
//! A server asks a [`Verifier`] what a [`Request`] claims, looks up the secret of [`Claim::key_id`], and has the claim
//! [verified](Claim::verify), or refused in the same time where there is no such key. A client has a request
//! [signed](sign). Either reads the bytes through the same canonical form.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod authorization;
mod canonical;
mod claim;
mod credential;
mod key;
mod path;
mod percent;
mod query;
mod refusal;
mod sign;
mod timestamp;
mod verifier;

pub use canonical::canonical_request;
pub use claim::{Claim, Signature};
pub use refusal::Refusal;
pub use sign::{AccessKey, Scope, Signed, sign};
pub use timestamp::Timestamp;
pub use verifier::Verifier;

/// The only algorithm that is spoken here.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A request as it came, or as it is going to be sent. Bodies have passwords in them: it is not shown by `Debug`.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method, in the spelling of the request line.
    pub method: &'a str,
    /// Path and query in the spelling of the request line: nothing decoded, nothing normalised.
    pub target: &'a str,
    /// Names and values of the headers in their order, once for each line. HTTP/2's `:authority` is given as `host`.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Returns the values of a header, whose name is given in lower case, in their order.
    fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let headers = self.headers.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name));
        headers.map(|(_, value)| *value)
    }

    /// Returns path and query, which may be empty.
    fn path_and_query(&self) -> (&'a str, &'a str) {
        self.target.split_once('?').unwrap_or((self.target, ""))
    }
}
