//! What the engine wants done, in this order.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use control::{SessionId, SessionSpec};
use sip::flow::{Destination, Protocol};
use trunk::VoiceConnectorId;

use crate::summary::{Attempt, AttemptId, Ended};

/// Something to be done before whatever follows it.
#[derive(Debug)]
pub enum Output {
    /// Bytes are to be sent.
    Send {
        /// Where to.
        to: Destination,
        /// One message.
        bytes: Rc<[u8]>,
    },
    /// A name is to be looked up.
    Resolve {
        /// The number of the question.
        query: u64,
        /// The name.
        host: String,
        /// The port, when it is known; without one the name may say it (RFC 3263).
        port: Option<u16>,
        /// How it may be talked to; among several the name says which.
        protocols: Vec<Protocol>,
    },
    /// Media is to be so.
    Media(Wish),
    /// An attempt begins: to be kept before anything else is done.
    Begin(Attempt),
    /// One that had to wait for a login goes on, and this is what is known of it by now.
    Resumed(Attempt),
    /// It was answered.
    Answered {
        /// Which.
        attempt: AttemptId,
        /// Whose host has answered, or whose call it is.
        connector: VoiceConnectorId,
        /// When, since 1970.
        at: Duration,
    },
    /// It is over.
    End(Ended),
    /// The trunk has refused an attempt: for the log.
    Note(Note),
}

/// Why the trunk has refused an attempt.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    /// Which; none if nobody can tell whose record it would be.
    pub attempt: Option<AttemptId>,
    /// When, since 1970.
    pub at: Duration,
    /// The status that the caller heard.
    pub status: u16,
    /// The reason in one word.
    pub reason: &'static str,
    /// Which rules were looked at and what was found, in one line. It has numbers and addresses in it.
    pub trace: String,
}

/// Numbers are for operators, not for logs.
impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempt, status, reason, .. } = self;
        write!(f, "Note({attempt:?} was refused with {status}: {reason})")
    }
}

/// What media is to do.
#[derive(Debug)]
pub enum Wish {
    /// Make a session.
    Open(Box<SessionSpec>),
    /// Change it.
    Update(Box<SessionSpec>),
    /// End it.
    Close(SessionId),
}
