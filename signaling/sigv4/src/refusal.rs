//! Why a request is not taken as signed, and what its sender is told.

use std::error::Error;
use std::fmt;

use crate::Timestamp;

/// Why a request is not taken as signed. It is shown as the message that the sender gets; it never holds the secret or
/// the signature that was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no `Authorization` header.
    MissingToken,
    /// The signature is in the query.
    Presigned,
    /// The `Authorization` header, or what it needs beside it, cannot be read: this is wrong with it.
    IncompleteSignature(String),
    /// Method, path or query cannot be read: this is wrong with it.
    Unreadable(String),
    /// There is a session token, and nobody here hands out temporary credentials.
    TemporaryCredentials,
    /// Nobody has this access key.
    UnknownKey,
    /// It was signed for something else: this.
    WrongScope(String),
    /// It was signed too long ago.
    TooOld {
        /// When it was signed.
        signed_at: Timestamp,
        /// The earliest second that would have done.
        earliest: Timestamp,
    },
    /// It was signed by a clock that is ahead.
    TooNew {
        /// When it was signed.
        signed_at: Timestamp,
        /// The latest second that would have done.
        latest: Timestamp,
    },
    /// This header has to be signed and is not.
    Unsigned(String),
    /// The body is not signed: `x-amz-content-sha256` has this instead of its hash.
    UnsignedPayload(String),
    /// The body is another one than `x-amz-content-sha256` says.
    PayloadMismatch,
    /// The signature is none of this key over this request.
    SignatureMismatch,
}

impl Refusal {
    /// Returns the reason in one word, for metrics and logs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::MissingToken => "missing_token",
            Self::Presigned => "presigned",
            Self::IncompleteSignature(_) => "incomplete_signature",
            Self::Unreadable(_) => "unreadable",
            Self::TemporaryCredentials => "temporary_credentials",
            Self::UnknownKey => "unknown_key",
            Self::WrongScope(_) => "wrong_scope",
            Self::TooOld { .. } => "too_old",
            Self::TooNew { .. } => "too_new",
            Self::Unsigned(_) => "unsigned",
            Self::UnsignedPayload(_) => "unsigned_payload",
            Self::PayloadMismatch => "payload_mismatch",
            Self::SignatureMismatch => "signature_mismatch",
        }
    }

    /// Returns the name of the error as AWS has it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingToken | Self::Presigned => "MissingAuthenticationTokenException",
            Self::IncompleteSignature(_) => "IncompleteSignatureException",
            Self::Unreadable(_) => "BadRequestException",
            Self::TemporaryCredentials | Self::UnknownKey => "UnrecognizedClientException",
            Self::WrongScope(_)
            | Self::TooOld { .. }
            | Self::TooNew { .. }
            | Self::Unsigned(_)
            | Self::UnsignedPayload(_)
            | Self::PayloadMismatch
            | Self::SignatureMismatch => "InvalidSignatureException",
        }
    }

    /// Returns the status of HTTP: 400 for what cannot be read, else 403.
    pub const fn status(&self) -> u16 {
        match self {
            Self::IncompleteSignature(_) | Self::Unreadable(_) => 400,
            Self::MissingToken
            | Self::Presigned
            | Self::TemporaryCredentials
            | Self::UnknownKey
            | Self::WrongScope(_)
            | Self::TooOld { .. }
            | Self::TooNew { .. }
            | Self::Unsigned(_)
            | Self::UnsignedPayload(_)
            | Self::PayloadMismatch
            | Self::SignatureMismatch => 403,
        }
    }

    pub(crate) fn unreadable(wanted: &str, found: &str) -> Self {
        Self::Unreadable(format!("wanted {wanted}, found '{}'", shown(found)))
    }

    pub(crate) fn incomplete(wanted: &str, found: &str) -> Self {
        Self::IncompleteSignature(format!("Authorization: wanted {wanted}, found '{}'", shown(found)))
    }
}

/// What is repeated to the sender: not too much, and nothing that a terminal obeys.
pub(crate) fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 120;
    let escaped = text.chars().take(CHARACTERS_MAX).flat_map(char::escape_default).collect::<String>();
    let escaped = escaped.replace("\\'", "'").replace("\\\"", "\"");
    if text.chars().nth(CHARACTERS_MAX).is_some() { escaped + "..." } else { escaped }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingToken => {
                f.write_str("Missing Authentication Token: sign the request with AWS4-HMAC-SHA256.")
            }
            Self::Presigned => {
                f.write_str("Signed URLs are not taken: put the signature into the Authorization header.")
            }
            Self::IncompleteSignature(text) | Self::Unreadable(text) | Self::WrongScope(text) => {
                f.write_str(text)
            }
            Self::TemporaryCredentials => f.write_str(
                "The security token included in the request is invalid: there are no temporary credentials here. Sign \
                 with an access key and without X-Amz-Security-Token.",
            ),
            Self::UnknownKey => f.write_str("The security token included in the request is invalid."),
            Self::TooOld { signed_at, earliest } => {
                write!(f, "Signature expired: {signed_at} is now earlier than {earliest}. Set the clock.")
            }
            Self::TooNew { signed_at, latest } => {
                write!(f, "Signature not yet current: {signed_at} is still later than {latest}. Set the clock.")
            }
            Self::Unsigned(header) => {
                write!(f, "'{header}' must be a 'SignedHeader' in the AWS Authorization.")
            }
            Self::UnsignedPayload(found) => write!(
                f,
                "The payload has to be signed: wanted its SHA-256 in x-amz-content-sha256, or no such header, found \
                 '{found}'."
            ),
            Self::PayloadMismatch => f.write_str(
                "The provided 'x-amz-content-sha256' header does not match what was computed of the payload.",
            ),
            Self::SignatureMismatch => f.write_str(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),
        }
    }
}

impl Error for Refusal {}
