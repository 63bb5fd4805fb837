//! What is counted and timed.

use std::collections::BTreeMap;

use crate::media::latency::Latency;

/// What became of the calls of a run.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// INVITEs that were begun.
    pub attempts: u64,
    /// Calls that were answered.
    pub answered: u64,
    /// Calls that were answered, acknowledged and ended, at both ends.
    pub completed: u64,
    /// Calls that were refused with 503 and Retry-After: the device says that it has enough.
    pub shed: u64,
    /// Calls that were refused otherwise, by status.
    pub refused: BTreeMap<u16, u64>,
    /// Calls that nobody has answered in time.
    pub lost: u64,
    /// What we have sent again.
    pub resent: u64,
    /// What the device has sent again.
    pub repeated: u64,
    /// Messages that belong to nothing.
    pub strays: u64,
    /// From the INVITE of the PBX to that of the device.
    pub transit: Latency,
    /// From when a call was due to its answer.
    pub dial: Latency,
    /// From the answer of the carrier to its ACK.
    pub ack: Latency,
    /// From the BYE of the PBX to its answer.
    pub bye: Latency,
    /// From the INVITE to the 503 that says when to come back.
    pub shedding: Latency,
    /// By how much INVITEs left too late.
    pub lateness: Latency,
}

impl Figures {
    /// Counts the calls that did not go as calls go: refused for another reason than load, lost, or not ended.
    #[must_use]
    pub fn faulty(&self) -> u64 {
        self.attempts.saturating_sub(self.completed + self.shed)
    }

    /// Counts the calls that were refused for another reason than load.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.values().sum()
    }
}
