//! What two legs have agreed upon, as plain data for the relay.

use core::net::SocketAddr;

use crate::attribute::Direction;
use crate::codec::Codec;
use crate::key::Key;
use crate::model::SessionDescription;

/// The end of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Our answer to the leg that asked.
    pub answer: SessionDescription,
    /// What the relay has to know of the leg that asked.
    pub asking: Side,
    /// What the relay has to know of the leg that replied.
    pub replying: Side,
}

/// One leg, as the relay sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Where the peer wants RTP.
    pub remote: Remote,
    /// How RTCP travels.
    pub rtcp: Rtcp,
    /// How the peer protects what it sends: its key.
    pub receive: Protection,
    /// How we protect what we send to the peer: our key.
    pub send: Protection,
    /// The number of the `a=crypto` line that both are from.
    pub crypto_tag: Option<u32>,
    /// Whether media from the peer is relayed.
    pub accepts: bool,
    /// Whether media is sent to the peer.
    pub sends: bool,
    /// The voice codec that the replying leg wants most.
    pub codec: Codec,
    /// Numbers that the peer sends and that are others on the other leg; each once, and those that stay are left out.
    pub payload_maps: Vec<PayloadMap>,
    /// The number of telephone events from the peer.
    pub telephone_event: Option<u8>,
    /// The clock of the RTP timestamps, in Hz.
    pub clock_rate: u32,
    /// How many milliseconds the peer would like in a packet.
    pub packet_time_ms: Option<u16>,
}

/// Where a peer wants media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// Nowhere, while it holds the call the old way, by the address 0.0.0.0 (RFC 3264 section 8.4).
    Nowhere,
    /// At an address.
    Address(SocketAddr),
    /// At a name that somebody has to look up.
    Name {
        /// The name.
        name: String,
        /// The port.
        port: u16,
    },
}

impl Remote {
    /// Returns the address if it is known.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Nowhere | Self::Name { .. } => None,
        }
    }
}

/// How RTCP of a leg travels. Another host for RTCP is not heeded: the relay sends to one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rtcp {
    /// On the port of RTP.
    Muxed,
    /// On a port of its own; the peer's is this one.
    Port(u16),
}

/// How media is protected in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Not at all.
    Clear,
    /// With SRTP, under this key.
    Srtp(Key),
}

/// A payload type and what it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadMap {
    /// As the peer sends it.
    pub from: u8,
    /// As the other leg gets it.
    pub to: u8,
}

/// The most numbers of a leg that are changed; further codecs are left out of the answer.
pub const PAYLOAD_MAPS_MAX: usize = 4;

impl Side {
    /// Returns who sends, as the peer sees it.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        Direction::new(self.accepts, self.sends)
    }
}
