//! A phone number of the inventory, as a snapshot shows it.

use std::{fmt, num::NonZeroU32, sync::Arc};

use crate::{
    e164::E164,
    id::{CarrierId, VoiceConnectorGroupId, VoiceConnectorId},
    records::PhoneNumberType,
};

/// A number of the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber {
    /// The name that goes with it to the telephone network, its own or everybody's.
    pub calling_name: Option<Arc<str>>,
    /// How many calls may come to it at a time.
    pub calls_max: NonZeroU32,
    /// Who delivers calls to it.
    pub carriers: Vec<CarrierId>,
    /// The digits.
    pub e164: E164,
    /// To what it is assigned.
    pub home: Option<Home>,
    /// Whether it is ours.
    pub tenure: Tenure,
    /// Who pays for calls to it.
    pub phone_number_type: PhoneNumberType,
}

/// To what a number is assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// One connector.
    VoiceConnector(VoiceConnectorId),
    /// Connectors that stand in for each other.
    VoiceConnectorGroup(VoiceConnectorGroupId),
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VoiceConnector(id) => write!(f, "connector {id}"),
            Self::VoiceConnectorGroup(id) => write!(f, "group {id}"),
        }
    }
}

/// Whether the telephone network sends calls to a number to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenure {
    /// It does, and they are delivered.
    Assigned,
    /// Not yet: it is ordered, or still being ported.
    Coming,
    /// It does, and nobody is there.
    Idle,
}
