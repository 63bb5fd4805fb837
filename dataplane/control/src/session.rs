//! What a session is to be: the whole of it, never a change to it.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;

use crypto::MasterKey;

/// Names a session. Signaling chooses it and never uses it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// Counts the wishes for one session; a higher one replaces a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(pub u32);

/// One of the two sides of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SideName {
    /// The side that the call came from.
    A,
    /// The side that the call goes to.
    B,
}

impl SideName {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// Returns the other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// The whole desired state of a session. [`check`](Self::check) tells whether it keeps within its limits.
#[derive(Debug, PartialEq)]
pub struct SessionSpec {
    /// Which session.
    pub id: SessionId,
    /// Which wish for it.
    pub epoch: Epoch,
    /// After so many seconds without an accepted packet on either side the session reports a timeout; zero is never.
    /// At most [`MEDIA_TIMEOUT_S_MAX`].
    pub media_timeout_s: u32,
    /// Side A and side B.
    pub sides: [SideSpec; 2],
}

/// The desired state of one side.
#[derive(Debug, PartialEq)]
pub struct SideSpec {
    /// The realm whose ports this side uses. It never changes during a session.
    pub realm: Name,
    /// Where the peer wants RTP, if it is known yet: one host and one port of it.
    pub remote: Option<SocketAddr>,
    /// How RTCP travels.
    pub rtcp: Rtcp,
    /// What may be learned about the peer's address.
    pub learn: Learn,
    /// Networks that the peer may send from; all if there is none. At most [`PERMITS_MAX`].
    pub permits: Vec<Permit>,
    /// How the peer protects what it sends.
    pub receive: Protection,
    /// How we protect what we send to the peer. A key that is replaced must never come back: its indices would begin
    /// again, and two packets would be protected alike.
    pub send: Protection,
    /// Whether media from the peer is relayed: false while the peer is held.
    pub accepts: bool,
    /// Whether media is sent to the peer: false while the peer holds us.
    pub sends: bool,
    /// Payload types of the peer, and what they become on the other side. At most [`PAYLOAD_MAPS_MAX`],
    /// each payload type once.
    pub payload_maps: Vec<PayloadMap>,
    /// The payload type of telephone events from the peer, if it sends them: 0 to 127.
    pub telephone_event: Option<u8>,
    /// The clock of the peer's RTP timestamps, in Hz: what jitter is measured in. [`CLOCK_RATES`] are known.
    pub clock_rate: u32,
    /// Whether the peer gets one source with continuous sequence numbers, whatever happens on the other side.
    pub continuous: bool,
    /// The DSCP of what is sent to the peer: 0 to 63.
    pub dscp: u8,
}

impl SideSpec {
    /// The DSCP of voice: expedited forwarding (RFC 4594 section 4.1).
    pub const VOICE_DSCP: u8 = 46;

    /// A side in the clear, open both ways, that learns nothing: what most fields of most sides are.
    #[must_use]
    pub fn new(realm: Name, remote: Option<SocketAddr>) -> Self {
        Self {
            realm,
            remote,
            rtcp: Rtcp::NextPort(None),
            learn: Learn::Never,
            permits: Vec::new(),
            receive: Protection::Clear,
            send: Protection::Clear,
            accepts: true,
            sends: true,
            payload_maps: Vec::new(),
            telephone_event: None,
            clock_rate: 8000,
            continuous: false,
            dscp: Self::VOICE_DSCP,
        }
    }
}

/// The most networks per side.
pub const PERMITS_MAX: usize = 2;

/// The most payload types per side that are changed.
pub const PAYLOAD_MAPS_MAX: usize = 4;

/// The longest media timeout, a day: the clock of a worker, in milliseconds of 32 bits, comes round after 49.
pub const MEDIA_TIMEOUT_S_MAX: u32 = 24 * 60 * 60;

/// The clocks of RTP timestamps in Hz, from that of real-time text (RFC 4103) to that of the finest audio.
pub const CLOCK_RATES: RangeInclusive<u32> = 1000..=192_000;

/// A short name, such as that of a realm: 1 to 32 letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// Takes a name.
    ///
    /// # Errors
    ///
    /// If it is empty, too long, or has other characters.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let fits = (1..=32).contains(&text.len()) && text.chars().all(allowed);
        fits.then(|| Self(text.to_owned())).ok_or(NameError)
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError;

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a name: wanted 1 to 32 letters, digits, - and _")
    }
}

impl core::error::Error for NameError {}

/// How RTCP travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rtcp {
    /// On the port of RTP (RFC 5761).
    Muxed,
    /// On the port behind that of RTP; the peer wants it on this port of its address, or on the one behind its RTP.
    NextPort(Option<u16>),
}

/// What may be learned about the address that a peer sends from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learn {
    /// Nothing: only the signalled address and port count.
    Never,
    /// Another port of the signalled address, after five good packets in a row.
    Port,
    /// Any address, for so long after this was said, and only until the signalled one is heard: a peer behind NAT.
    Address {
        /// How long; not zero, which would be nothing.
        window_ms: u16,
    },
}

/// A network that a peer may send from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Any address of the network.
    pub address: IpAddr,
    /// How many leading bits count: up to 32 of IPv4, up to 128 of IPv6.
    pub prefix_len: u8,
}

/// How media is protected in one direction of one side.
pub enum Protection {
    /// Not at all.
    Clear,
    /// With SRTP, under this key.
    Srtp(MasterKey),
}

/// Shows the suite and never a key. What holds a `Protection` may derive `Debug`: it gets no further than this.
impl fmt::Debug for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear => f.write_str("Clear"),
            Self::Srtp(key) => write!(f, "Srtp({})", key.suite()),
        }
    }
}

/// The same key is found without telling, by the time it takes, where another one differs.
impl PartialEq for Protection {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Clear, Self::Clear) => true,
            (Self::Srtp(key), Self::Srtp(other)) => key.same_as(other),
            (Self::Clear, Self::Srtp(_)) | (Self::Srtp(_), Self::Clear) => false,
        }
    }
}

/// A payload type and what it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadMap {
    /// As the peer sends it: 0 to 127.
    pub from: u8,
    /// As the other side gets it: 0 to 127.
    pub to: u8,
}

/// The ports that a session has on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Where side A sends its RTP.
    pub a: SocketAddr,
    /// Where side B sends its RTP.
    pub b: SocketAddr,
}
