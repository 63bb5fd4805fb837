//! Why a connection must end.

use core::fmt;

use crate::frame::{VERSIONS, Versions};
use crate::malformed::Malformed;

/// What the other process did that this half does not go along with. The connection is over; a new one begins with new
/// halves, and comparing sessions finds what was left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// It sent bytes that are no message: one of the two was built wrong.
    Malformed(Malformed),
    /// It speaks none of our versions but these: install two releases that go together.
    NoVersion(Versions),
    /// It sent a message that has no place here: one of the two was built wrong.
    Unexpected {
        /// What would have had its place.
        wanted: &'static str,
        /// What came.
        found: &'static str,
    },
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => write!(f, "malformed message: {malformed}"),
            Self::NoVersion(theirs) => write!(
                f,
                "no common version: the other process speaks {theirs}, this one {VERSIONS}; install both from one \
                 release",
            ),
            Self::Unexpected { wanted, found } => {
                write!(f, "message out of place: wanted {wanted}, found {found}")
            }
        }
    }
}

impl core::error::Error for ProtocolError {}

impl From<Malformed> for ProtocolError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}
