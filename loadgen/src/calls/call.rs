//! One call, as both of its ends see it.

use core::net::SocketAddr;

use crate::calls::letter::Dialog;

/// A call, from the first INVITE on.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// How far the PBX is.
    pub caller: Caller,
    /// How far the carrier is.
    pub callee: Callee,
    /// When the INVITE was due, and when it left.
    pub due_ns: u64,
    /// When it left for the first time.
    pub invited_ns: u64,
    /// When the BYE left.
    pub ended_ns: u64,
    /// When the carrier's answer left.
    pub accepted_ns: u64,
    /// How often the PBX, and how often the carrier has sent what they wait to be answered.
    pub sends: [u8; 2],
    /// The PBX's dialog, as soon as there is an answer.
    pub dialog: Option<Box<Dialog>>,
    /// What the carrier answers, until that is acknowledged.
    pub invitation: Option<Box<(Vec<u8>, SocketAddr)>>,
}

/// How far the PBX is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// Nobody has answered anything.
    #[default]
    Inviting,
    /// Somebody works on it: no more copies.
    Proceeding,
    /// The call was answered.
    Up,
    /// BYE was sent.
    Ending,
    /// It is over as it should be.
    Over,
    /// It was refused.
    Refused,
    /// Nobody has answered in time.
    Lost,
}

/// How far the carrier is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Callee {
    /// The call has not come.
    #[default]
    Unheard,
    /// It rings.
    Ringing,
    /// It was answered, and that has not been acknowledged.
    Answered,
    /// It is up.
    Up,
    /// It was ended from the other side.
    Over,
}

impl Call {
    /// Tells whether nothing more is to come.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let caller = matches!(self.caller, Caller::Over | Caller::Refused | Caller::Lost);
        caller && matches!(self.callee, Callee::Unheard | Callee::Over)
    }
}
