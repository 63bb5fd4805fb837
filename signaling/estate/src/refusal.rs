//! Why an operation is not done.

use std::fmt;

use trunk::Faults;

/// Why an operation is not done, in the words of the AWS API, and in a sentence for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The word.
    pub why: Why,
    /// The sentence: what was wanted and what was found.
    pub message: String,
}

/// The words; each is an error code of the AWS API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the AWS API and mean nothing else")]
pub enum Why {
    AccessDenied,
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    PhoneNumberAssociationsExist,
    ResourceLimitExceeded,
    Unprocessable,
    VoiceConnectorGroupAssociationsExist,
}

impl Refusal {
    /// Says so.
    pub fn new(why: Why, message: impl fmt::Display) -> Self {
        Self { why, message: message.to_string() }
    }

    /// Something is not as it has to be.
    pub fn bad_request(message: impl fmt::Display) -> Self {
        Self::new(Why::BadRequest, message)
    }

    /// There is no such thing, or it is somebody else's.
    pub fn not_found(thing: &str, id: impl fmt::Display) -> Self {
        Self::new(Why::NotFound, format_args!("Could not find {thing} with Id '{id}'"))
    }

    /// That part of a trunk was never set.
    pub(crate) fn unset(part: &str, id: impl fmt::Display) -> Self {
        Self::new(Why::NotFound, format_args!("Could not find {part} of VoiceConnector with Id '{id}'"))
    }

    /// Something that exists stands against it.
    pub fn conflict(message: impl fmt::Display) -> Self {
        Self::new(Why::Conflict, message)
    }

    /// There would be more than the quota allows.
    pub fn limit(things: &str, max: usize) -> Self {
        Self::new(Why::ResourceLimitExceeded, format_args!("{things}: {max} at most, which is the quota"))
    }
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::bad_request(faults.to_string().trim_end().replace('\n', "; "))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
