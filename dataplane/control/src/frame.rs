//! The envelope of a message, and the agreement on a version.

use core::fmt;

use crate::codec::{Codec, Reader, codec_enums, codec_newtypes, codec_structs};
use crate::malformed::Malformed;
use crate::message::{Event, Request, Response};

/// The longest message. A socket of kind SEQPACKET keeps messages apart, so no length is written.
pub const MESSAGE_LEN_MAX: usize = 64 * 1024;

/// The versions that this build speaks. Any change of the layout takes a new number; `Hello`, `Welcome` and `NoVersion`
/// never change, or two versions could not even tell each other.
pub const VERSIONS: Versions = Versions { lowest: 1, highest: 1 };

/// A range of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The oldest.
    pub lowest: u16,
    /// The newest.
    pub highest: u16,
}

impl Versions {
    /// Returns the newest version that both speak.
    #[must_use]
    pub fn agree(self, other: Self) -> Option<u16> {
        let highest = self.highest.min(other.highest);
        (highest >= self.lowest.max(other.lowest)).then_some(highest)
    }

    pub(crate) fn contains(self, version: u16) -> bool {
        (self.lowest..=self.highest).contains(&version)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.lowest, self.highest)
    }
}

/// Names one start of a media process: whoever sees another number knows that all sessions are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incarnation(pub u64);

/// Pairs an answer with its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u32);

impl RequestId {
    /// Returns the number behind this one; behind the last comes the first.
    pub(crate) fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// The longest message of a client, an `Apply`. Its buffer has this size from the start: one that grows would leave
/// copies of keys behind.
///
/// ```text
/// side     2 + 32 realm, 1 + 19 remote, 2 + 2 rtcp, 3 learn, 2 + 2 * 18 permits, 2 * (1 + 2 + 23 + 46) protections,
///          2 accepts and sends, 2 + 4 * 2 payload maps, 2 telephone event, 4 clock rate, 1 continuous, 1 dscp   = 263
/// session  1 + 4 + 1 envelope, 8 id, 4 epoch, 4 media timeout, 2 sides                                         = 548
/// ```
pub(crate) const TO_MEDIA_LEN_MAX: usize = 548;

/// What a client sends.
#[derive(Debug, PartialEq)]
pub enum ToMedia {
    /// The first message: the versions that the client speaks.
    Hello(Versions),
    /// A question.
    Request(RequestId, Request),
}

/// What the media process sends.
#[derive(Debug, PartialEq)]
pub enum FromMedia {
    /// The first message: the version that is spoken from now on.
    Welcome {
        /// The version.
        version: u16,
        /// Which start of the media process this is.
        incarnation: Incarnation,
    },
    /// There is no version that both speak; these are mine. The connection ends.
    NoVersion(Versions),
    /// An answer.
    Response(RequestId, Response),
    /// Something happened.
    Event(Event),
}

codec_structs! {
    Versions { lowest, highest }
}

codec_enums! {
    ToMedia {
        1 Hello(versions);
        2 Request(id, request);
    }
    FromMedia {
        1 Welcome { version, incarnation };
        2 NoVersion(versions);
        3 Response(id, response);
        4 Event(event);
    }
}

codec_newtypes! { Incarnation RequestId }

macro_rules! messages {
    ($($message:ident with $capacity:expr;)*) => {$(
        impl $message {
            /// Returns the bytes of the message.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                let mut output = Vec::with_capacity($capacity);
                self.write(&mut output);
                debug_assert!(output.len() <= MESSAGE_LEN_MAX, "every list in a message has its limit");
                output
            }

            /// Reads a message.
            ///
            /// # Errors
            ///
            /// If the bytes are no message, or more than one.
            pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
                if bytes.len() > MESSAGE_LEN_MAX {
                    return Err(Malformed::MessageTooLong);
                }
                let mut input = Reader::new(bytes);
                let message = Self::read(&mut input)?;
                input.finish()?;
                Ok(message)
            }
        }
    )*};
}
messages! {
    ToMedia with TO_MEDIA_LEN_MAX;
    FromMedia with 0;
}
