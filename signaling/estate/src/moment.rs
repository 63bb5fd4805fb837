//! Points in time, as documents and the API have them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since the beginning of 1970, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// Gives the moment so many milliseconds later.
    #[must_use]
    pub const fn after(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// A minute in milliseconds.
pub const MINUTE: i64 = 60 * 1_000;

/// An hour in milliseconds.
pub const HOUR: i64 = 60 * 60 * 1_000;

/// A day in milliseconds.
pub const DAY: i64 = 24 * HOUR;
