//! What can be wrong with the bytes of a message.

use core::fmt;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// A list is longer than it may be.
    ListTooLong,
    /// The message is longer than [`MESSAGE_LEN_MAX`](crate::MESSAGE_LEN_MAX).
    MessageTooLong,
    /// A text is not UTF-8, or no name.
    NotText,
    /// A value can be written down and yet not be meant. The text says what was wanted.
    OutOfRange(&'static str),
    /// A text is longer than it may be.
    TextTooLong,
    /// Bytes follow behind the end of the message.
    TrailingBytes,
    /// The message ends too early.
    Truncated,
    /// A number stands for nothing that this version knows.
    UnknownValue,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ListTooLong => "list too long",
            Self::MessageTooLong => "message too long",
            Self::NotText => "text that is none",
            Self::OutOfRange(wanted) => return write!(f, "value out of range: wanted {wanted}"),
            Self::TextTooLong => "text too long",
            Self::TrailingBytes => "bytes behind the end",
            Self::Truncated => "ends too early",
            Self::UnknownValue => "unknown value",
        })
    }
}

impl core::error::Error for Malformed {}
