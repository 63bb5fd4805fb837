//! What was decided.

use std::num::NonZeroU32;

use crate::{
    e164::E164,
    id::{CarrierId, CarrierLinkId, VoiceConnectorId},
    number::Home,
    peer::Peer,
    reason::Reason,
};

use super::{caller::Caller, trail::Step};

/// Holds the decision and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where the call goes.
    pub outcome: Outcome,
    /// What was looked at, in order.
    pub trace: Vec<Step>,
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// From a carrier to a customer.
    Inbound(Inbound),
    /// From a customer to a customer, without a carrier.
    OnNet(OnNet),
    /// From a customer to a carrier.
    Outbound(Outbound),
    /// Nowhere.
    Reject(Reject),
}

impl Outcome {
    /// Gives who is called and who calls, unless nobody is.
    pub const fn people(&self) -> Option<(E164, &Caller)> {
        match self {
            Self::Inbound(inbound) => Some((inbound.called, &inbound.caller)),
            Self::OnNet(on_net) => Some((on_net.called, &on_net.caller)),
            Self::Outbound(outbound) => Some((outbound.called, &outbound.caller)),
            Self::Reject(_) => None,
        }
    }
}

/// A call from a carrier to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The number, which is ours.
    pub called: E164,
    /// Who calls.
    pub caller: Caller,
    /// Who brings the call.
    pub carrier: CarrierId,
    /// To what the number is assigned.
    pub home: Home,
    /// The link it came by.
    pub link: CarrierLinkId,
    /// Where to try, in this order; at least one.
    pub targets: Vec<RouteTarget>,
}

/// A call from a customer to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnNet {
    /// The number, which is ours.
    pub called: E164,
    /// Who calls.
    pub caller: Caller,
    /// Whose call it is.
    pub connector: VoiceConnectorId,
    /// To what the number is assigned.
    pub home: Home,
    /// Where to try, in this order; at least one.
    pub targets: Vec<RouteTarget>,
}

/// A call from a customer to a carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// The number; in an emergency, who answers such calls.
    pub called: E164,
    /// Whom to present as the caller.
    pub caller: Caller,
    /// Whose call it is.
    pub connector: VoiceConnectorId,
    /// Whether it is a call for help, or a test of one: no limit stops it.
    pub is_emergency: bool,
    /// The links to try, in this order; at least one.
    pub links: Vec<LinkTarget>,
}

/// A call that goes nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Whose call it would have been, as far as that is known.
    pub connector: Option<VoiceConnectorId>,
    /// Why.
    pub reason: Reason,
    /// The status of the response.
    pub status: u16,
}

/// A link to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTarget {
    /// How many calls it carries at a time; unlimited if none.
    pub calls_max: Option<NonZeroU32>,
    /// Whose it is.
    pub carrier: CarrierId,
    /// Its id.
    pub link: CarrierLinkId,
    /// Where and how.
    pub peer: Peer,
    /// Its priority.
    pub priority: u8,
    /// Its share among its equals.
    pub weight: u8,
}

/// A host of a customer to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTarget {
    /// Whose it is.
    pub connector: VoiceConnectorId,
    /// Whether media have to be SRTP.
    pub is_encrypted: bool,
    /// Where and how.
    pub peer: Peer,
    /// Its priority.
    pub priority: u8,
    /// Its share among its equals.
    pub weight: u8,
}

/// More than anybody tries: a group of 3 connectors with 20 routes each has 60.
pub const TARGETS_MAX: usize = 64;
