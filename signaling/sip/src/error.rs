//! Why bytes are no message, and why a message cannot be written.

use std::error::Error;
use std::fmt;

/// Tells what is wrong with what a peer sent; the peer is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// Nothing but line ends.
    Empty,
    /// More bytes than [`MESSAGE_LEN_MAX`](crate::lexer::MESSAGE_LEN_MAX).
    TooLong,
    /// A line, with all lines folded into it, is longer than [`LINE_LEN_MAX`](crate::lexer::LINE_LEN_MAX).
    LineTooLong,
    /// More header fields than [`HEADERS_MAX`](crate::lexer::HEADERS_MAX).
    TooManyHeaders,
    /// The first line is neither that of a request nor of a response.
    StartLine,
    /// No empty line ends the headers.
    Unterminated,
    /// A header line without a name, or without a colon.
    HeaderLine,
    /// A control byte that may not stand there, such as a zero byte, or a carriage return or line feed that ends no line.
    ControlByte,
    /// A stream does not say how long the body is.
    LengthMissing,
    /// The Content-Length is no number.
    LengthInvalid,
    /// Two Content-Lengths that differ.
    LengthConflict,
    /// A datagram ends before its body does.
    Truncated,
    /// A body of several parts without a boundary, an end, or one that can be read.
    Multipart,
    /// A URI that breaks its grammar.
    Uri,
    /// A URI longer than [`URI_LEN_MAX`](crate::uri::URI_LEN_MAX).
    UriTooLong,
    /// An address that breaks its grammar: brackets, quotes, or characters that have to be quoted.
    NameAddr,
    /// Parameters that break their grammar.
    Parameters,
    /// A Via that breaks its grammar.
    Via,
    /// A header value of another kind that breaks its grammar, or is out of range.
    Value,
}

impl Malformed {
    /// Returns the reason in one word, for metrics and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::LineTooLong => "line_too_long",
            Self::TooManyHeaders => "too_many_headers",
            Self::StartLine => "start_line",
            Self::Unterminated => "unterminated",
            Self::HeaderLine => "header_line",
            Self::ControlByte => "control_byte",
            Self::LengthMissing => "length_missing",
            Self::LengthInvalid => "length_invalid",
            Self::LengthConflict => "length_conflict",
            Self::Truncated => "truncated",
            Self::Multipart => "multipart",
            Self::Uri => "uri",
            Self::UriTooLong => "uri_too_long",
            Self::NameAddr => "name_addr",
            Self::Parameters => "parameters",
            Self::Via => "via",
            Self::Value => "value",
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed SIP: {}", self.word())
    }
}

impl Error for Malformed {}

/// Tells why a message cannot be written; the program is at fault, or let through what a peer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteError {
    /// A header value, name or reason phrase holds a control byte: a line end would begin a header of its own.
    Injection,
    /// A header name is no token.
    HeaderName,
    /// More bytes than a message, or one of its lines, may have.
    TooLong,
}

impl WriteError {
    /// Returns the reason in one word, for metrics and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Injection => "injection",
            Self::HeaderName => "header_name",
            Self::TooLong => "too_long",
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write SIP: {}", self.word())
    }
}

impl Error for WriteError {}
