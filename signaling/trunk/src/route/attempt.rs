//! A call that somebody wants to make, as far as it matters where it goes.

use std::net::IpAddr;

use crate::{id::VoiceConnectorId, peer::Transport, region::AwsRegion, snapshot::Side};

/// An attempt: what the request says, and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The user parts of P-Asserted-Identity, in their order.
    pub asserted: &'a [&'a str],
    /// Whether somebody has logged in.
    pub credentials: Credentials<'a>,
    /// The user part of From.
    pub from: &'a str,
    /// The site that decides, whose carrier links come before those of other sites; none if there is one site.
    pub here: Option<AwsRegion>,
    /// The host of the Request-URI, without its port.
    pub host: &'a str,
    /// The user part of the Request-URI.
    pub number: &'a str,
    /// What the description of media offers.
    pub offer: Offer,
    /// Whether the caller asks not to be shown (RFC 3323).
    pub privacy: bool,
    /// Where it came in.
    pub side: Side,
    /// Whom the packet came from.
    pub source: IpAddr,
    /// How it came.
    pub transport: Transport,
}

/// Whether somebody has logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// Nobody has tried, or not in a way that counts: the nonce is too old, or another try is granted.
    Absent,
    /// Somebody has, with what a connector knows.
    Verified {
        /// The connector whose secret it was; of several with one address it is this one that is meant.
        connector: VoiceConnectorId,
        /// The name.
        username: &'a str,
    },
    /// Somebody has tried, and no connector that may be meant knows it.
    Wrong,
}

/// Which media are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// None yet: we are to offer.
    Absent,
    /// RTP.
    Clear,
    /// SRTP.
    Protected,
}
