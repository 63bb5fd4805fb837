//! Carriers and their links, checked. The AWS API knows neither: it has none of its own to choose from.

use std::num::{NonZeroU8, NonZeroU32};

use crate::{
    e164::{E164, NumberPrefix},
    id::{CarrierId, CarrierLinkId},
    peer::Peer,
    region::AwsRegion,
};

/// Who brings calls of the telephone network and takes them there.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// Its id.
    pub id: CarrierId,
    /// Its name for people.
    pub name: Box<str>,
}

/// A link to a carrier: a place where it takes calls, and networks it sends them from.
#[derive(Clone, Debug)]
pub struct CarrierLink {
    /// The site it is at; anywhere if none.
    pub aws_region: Option<AwsRegion>,
    /// How many calls it carries at a time; unlimited if none.
    pub calls_max: Option<NonZeroU32>,
    /// Whose it is.
    pub carrier: CarrierId,
    /// Whether it is out of use.
    pub disabled: bool,
    /// Its id.
    pub id: CarrierLinkId,
    /// Whether calls only come from it.
    pub inbound_only: bool,
    /// Where and how calls are sent.
    pub peer: Peer,
    /// The first digits of the numbers it delivers calls to; all if none.
    pub prefixes: Box<[NumberPrefix]>,
    /// Which is tried first: 1 before 100.
    pub priority: u8,
    /// Its share among the links of one priority.
    pub weight: NonZeroU8,
}

impl CarrierLink {
    /// Tells whether it delivers calls to a number.
    pub fn delivers(&self, number: E164) -> bool {
        let is_meant = self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| prefix.begins(number));
        !self.disabled && !self.inbound_only && is_meant
    }
}
