//! What must hold, by name, and how a check says that it does not.

use std::fmt;

/// What a simulation watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invariant {
    /// Received is forwarded and dropped; every packet is accounted for.
    Books,
    /// What a peer gets is what the other peer sent, protected where it must be.
    Intact,
    /// No key, source and index protects two packets.
    IndexOnce,
    /// What the rules let through comes out, and nothing else does.
    Complete,
    /// A peer that gets one stream gets one.
    OneStream,
    /// Packets go to those who were signalled or learned.
    Addresses,
    /// What is told has happened, once.
    Events,
    /// After the last call nothing is left.
    Base,
}

/// An invariant that does not hold.
#[derive(Debug)]
pub(crate) struct Violation {
    /// Which one.
    pub(crate) invariant: Invariant,
    /// What was seen.
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.invariant, self.what)
    }
}

/// What a check returns.
pub(crate) type Checked<T = ()> = Result<T, Violation>;

impl Invariant {
    /// Checks a condition.
    pub(crate) fn holds(self, condition: bool, what: impl FnOnce() -> String) -> Checked {
        if condition { Ok(()) } else { Err(self.violated(what())) }
    }

    /// Makes a violation.
    pub(crate) fn violated(self, what: impl Into<String>) -> Violation {
        Violation { invariant: self, what: what.into() }
    }
}
