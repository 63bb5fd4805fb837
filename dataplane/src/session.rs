//! One relayed call: plain data without pointers, at one place in its worker's table.

mod follow;
mod make;

use control::{Epoch, SessionId};
use crypto::{Opener, Sealer};
use netio::{Endpoint, LocalPort};
use wire::rtp::PayloadType;

use crate::continuity::Continuity;
use crate::digits::Told;
use crate::quality::Reception;
use crate::retired::Retiree;

pub use make::Leases;
pub(crate) use make::PROOFS_MAX;

/// What a port of a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Media; and reports too, where both share the port.
    Rtp,
    /// Reports alone.
    Rtcp,
}

/// One relayed call.
///
/// What a packet needs of it lies together: ten thousand calls do not fit a cache, and every line costs a packet as much
/// as a tenth of its encryption.
#[repr(C, align(64))]
pub struct Session {
    mark: Mark,
    /// Its name.
    pub id: SessionId,
    /// The wish that it follows.
    pub epoch: Epoch,
    /// After so many seconds without an accepted packet the timeout is reported; zero is never.
    pub media_timeout_s: u32,
    /// When the sweep was here last, in milliseconds of the worker's clock.
    pub swept_ms: u32,
    /// Whether the timeout was reported, so that it is reported once.
    pub timeout_told: bool,
    /// Side A and side B.
    pub sides: [Side; 2],
}

/// All values of this word but one are free, more than anywhere else in a session: that is where the compiler writes
/// whether a slot is in use, at the front, in a line that every packet reads anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
enum Mark {
    InUse = 1,
}

/// One side of a session: what its peer sends is received here, and what the other peer sends goes out here.
#[repr(C)]
pub struct Side {
    /// Whether media from the peer is relayed.
    pub accepts: bool,
    /// Whether media goes to the peer.
    pub sends: bool,
    /// Whether reports share the port of media.
    pub is_muxed: bool,
    /// Whether there is a port for reports behind that for media.
    pub has_pair: bool,
    /// The DSCP of what goes to the peer, in the place it has in the traffic class.
    pub traffic_class: u8,
    /// The payload type of telephone events from the peer; [`NO_EVENTS`] if it sends none.
    pub telephone_event: u8,
    /// Our port for media; the one behind it is ours too if there is a pair.
    pub port: LocalPort,
    /// The opener before this one, for packets that were on their way when the key changed.
    pub retiree: Option<Retiree>,
    /// Payload types from the peer and what they become; pairs of equal numbers are unused.
    pub payload_maps: [(u8, u8); control::PAYLOAD_MAPS_MAX],
    /// What the peer gets, if it is to be one stream whatever happens on the other side.
    pub continuity: Option<Continuity>,
    /// What came from the peer.
    pub reception: Reception,
    /// Where the peer is, and what may be learned of it.
    pub peer: Peer,
    /// How many packets with bad tags were reported.
    pub told_bad_tags: u32,
    /// The digits that were reported last.
    pub told_digits: Told,
    /// How what the peer gets is protected; in clear if not at all.
    pub sealer: Option<Sealer>,
    /// How the peer's media is checked and decrypted; in clear if not at all.
    pub opener: Option<Opener>,
}

/// No payload type: those have seven bits.
pub const NO_EVENTS: u8 = 128;

impl Side {
    /// Returns what a payload type from the peer becomes on the other side.
    #[inline]
    #[must_use]
    pub fn mapped(&self, payload_type: PayloadType) -> PayloadType {
        let number = u8::from(payload_type);
        let map = self.payload_maps.iter().find(|(from, to)| *from == number && from != to);
        map.and_then(|(_, to)| PayloadType::new(*to)).unwrap_or(payload_type)
    }

    /// Returns the ports that are leased for the side, and what each is for.
    pub fn ports(&self) -> impl Iterator<Item = (LocalPort, Flow)> + use<> {
        let reports = self.has_pair.then(|| (next(self.port), Flow::Rtcp));
        core::iter::once((self.port, Flow::Rtp)).chain(reports)
    }

    /// Returns the port that reports are sent from.
    #[must_use]
    pub fn reports_port(&self) -> LocalPort {
        if self.is_muxed { self.port } else { next(self.port) }
    }
}

fn next(port: LocalPort) -> LocalPort {
    LocalPort { port: port.port + 1, ..port }
}

/// Where the peer of a side is.
///
/// RTCP comes from the address of RTP: a peer that splits them between two hosts is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Peer {
    /// Where its media comes from and goes to.
    pub remote: Endpoint,
    /// The port of its reports.
    pub rtcp_port: u16,
    /// What was heard of the peer from where it should be.
    pub heard: Heard,
    /// Checks of unproven packets that are left until the next sweep.
    pub proofs_left: u8,
    /// For how many sweeps the former place holds.
    pub former_sweeps: u8,
    /// How often the candidate was heard in a row.
    pub streak: u8,
    /// What may be learned.
    pub learn: Learn,
    /// Who may be the peer.
    pub candidate: Candidate,
    /// Where signaling says the peer is.
    pub signalled: Endpoint,
    /// Where signaling says that its reports come from and go to: a port of the same address.
    pub signalled_rtcp_port: u16,
    /// Where it was before signaling said that it moved: what is on its way from there still counts.
    pub former: Endpoint,
    /// Networks that the peer may send from; an empty list is any.
    pub permits: [Network; control::PERMITS_MAX],
}

impl Peer {
    /// Tells whether the peer may send from an address.
    pub(crate) fn permits(&self, source: &Endpoint) -> bool {
        let mut permits = self.permits.iter().filter(|network| **network != Network::NONE).peekable();
        permits.peek().is_none() || permits.any(|network| network.contains(source))
    }
}

/// Which flows of a peer were heard: media at `remote`, reports at `rtcp_port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard(u8);

impl Heard {
    /// None.
    pub const NOTHING: Self = Self(0);

    /// Tells whether a flow was heard.
    #[inline]
    #[must_use]
    pub fn has(self, flow: Flow) -> bool {
        self.0 & Self::bit(flow) != 0
    }

    /// Takes down that a flow was heard.
    #[inline]
    pub fn add(&mut self, flow: Flow) {
        self.0 |= Self::bit(flow);
    }

    /// Forgets that a flow was heard.
    pub fn forget(&mut self, flow: Flow) {
        self.0 &= !Self::bit(flow);
    }

    const fn bit(flow: Flow) -> u8 {
        1 << flow as u8
    }
}

/// What may be learned about a peer's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learn {
    /// Nothing.
    Never,
    /// Another port of the signalled address.
    Port,
    /// Any address, until this time.
    Address {
        /// In milliseconds of the worker's clock.
        until_ms: u32,
    },
}

/// A sender that may turn out to be the peer, and its last packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is.
    pub endpoint: Endpoint,
    /// The sequence number.
    pub sequence: u16,
    /// The source.
    pub ssrc: u32,
}

impl Candidate {
    /// Nobody.
    pub const NONE: Self = Self { endpoint: Endpoint::NONE, ssrc: 0, sequence: 0 };
}

/// A network, in IPv6 form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its first address.
    octets: [u8; 16],
    /// How many leading bits count; [`Network::NONE`] has more than there are.
    prefix_len: u8,
}

impl Network {
    /// No network.
    pub const NONE: Self = Self { octets: [0; 16], prefix_len: u8::MAX };

    /// Takes a network in IPv6 form.
    #[must_use]
    pub fn new(address: Endpoint, prefix_len: u8) -> Self {
        debug_assert!(prefix_len <= 128, "an IPv6 address has 128 bits");
        Self { octets: address.octets(), prefix_len }
    }

    /// Tells whether an address lies in the network.
    #[must_use]
    pub fn contains(&self, endpoint: &Endpoint) -> bool {
        let difference = u128::from_be_bytes(self.octets) ^ u128::from_be_bytes(endpoint.octets());
        match 128u32.checked_sub(self.prefix_len.into()) {
            Some(bits) => difference.checked_shr(bits).unwrap_or(0) == 0,
            None => false,
        }
    }
}
