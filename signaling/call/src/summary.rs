//! What is left of a call: the values of its call detail records.

use std::fmt;
use std::time::Duration;

use trunk::{CdrStatus, E164, Reason, VoiceConnectorId};

/// Names a call as long as it lasts, and nothing afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId {
    pub(crate) generation: u32,
    pub(crate) index: u32,
}

/// Names an attempt, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(pub u128);

/// Which way a call went, as its customer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// To the customer.
    Origination,
    /// From the customer.
    Termination,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was answered, or its caller gave up.
    Completed,
    /// Somebody refused it.
    Rejected,
    /// There were too many.
    RateLimited,
}

/// What is known when an attempt begins.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its name.
    pub id: AttemptId,
    /// The call, for operators.
    pub call: Option<CallId>,
    /// Whose it is.
    pub connector: VoiceConnectorId,
    /// The Call-ID of the leg that the customer sees.
    pub sip_call_id: String,
    /// The Call-ID of the INVITE that began it: copies of that have the same.
    pub invite_call_id: String,
    /// Who calls.
    pub from_number: String,
    /// Who is called.
    pub to_number: String,
    /// Which way.
    pub disposition: Disposition,
    /// Who has logged in.
    pub sip_user: Option<String>,
    /// When, since 1970.
    pub begun: Duration,
}

/// Numbers are for records, not for logs.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attempt({:032x} of {}, {:?})", self.id.0, self.connector, self.disposition)
    }
}

/// All that is known of an attempt when it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What was known at the beginning; the connector is that of the host that took the call.
    pub attempt: Attempt,
    /// What became of it.
    pub status: Status,
    /// The reason in words.
    pub message: String,
    /// When it was answered, since 1970.
    pub answered: Option<Duration>,
    /// When it was over, since 1970.
    pub ended: Duration,
}

/// How an attempt ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) status: Status,
    pub(crate) message: String,
}

impl End {
    /// Somebody hung up.
    pub(crate) fn normal() -> Self {
        Self { status: Status::Completed, message: "Normal Call Clearing".to_owned() }
    }

    /// An answered call came to its end in another way.
    pub(crate) fn completed(message: &str) -> Self {
        Self { status: Status::Completed, message: message.to_owned() }
    }

    /// It was never answered.
    pub(crate) fn rejected(message: &str) -> Self {
        Self { status: Status::Rejected, message: message.to_owned() }
    }

    /// Somebody refused it with a status.
    pub(crate) fn refused(status: u16) -> Self {
        Self::rejected(&format!("{status} {}", sip::status::phrase(status)))
    }

    /// The trunk refused it.
    pub(crate) fn reason(reason: Reason) -> Self {
        let status = match reason.cdr_status() {
            CdrStatus::RateLimited => Status::RateLimited,
            CdrStatus::Rejected => Status::Rejected,
        };
        Self { status, message: reason.sentence().to_owned() }
    }
}

/// Writes a number, or what stands in its place.
pub(crate) fn number_or(number: Option<E164>, text: &str) -> String {
    number.map_or_else(
        || text.chars().filter(|letter| !letter.is_control()).take(64).collect(),
        |it| it.to_string(),
    )
}
