//! What the two processes say to each other.

use core::net::SocketAddr;

use crate::session::{Epoch, Name, Ports, SessionId, SessionSpec, SideName};

/// What a client asks.
#[derive(Debug, PartialEq)]
pub enum Request {
    /// Make this session so: opened if it is unknown, changed if it is not. Answered by `Applied` or `Refused`.
    Apply(Box<SessionSpec>),
    /// End this session. Answered by `Closed`, also if it is unknown, or `Refused`.
    Close(SessionId),
    /// List the sessions with higher identities than this one, a page of them. Answered by `Sessions`.
    List(Option<SessionId>),
    /// Tell all about one session. Answered by `Session`, or `Refused`.
    Describe(SessionId),
    /// Tell the counters of the node. Answered by `Statistics`.
    Statistics,
    /// Tell how many ports each realm has and uses. Answered by `Realms`.
    Realms,
    /// Tell what each worker does. Answered by `Workers`.
    Workers,
    /// Send events from now on. Answered by `Subscribed`.
    Subscribe,
}

/// What the media process answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// The session is as the wish of this epoch said, from this packet on; these are its ports.
    Applied {
        /// The session.
        session: SessionId,
        /// The wish.
        epoch: Epoch,
        /// Where its sides send to.
        ports: Ports,
    },
    /// Nothing has changed, and this is why.
    Refused {
        /// The session.
        session: SessionId,
        /// The reason.
        reason: Reason,
    },
    /// The session is gone; this is what it was.
    Closed {
        /// The session.
        session: SessionId,
        /// What it relayed, if it was known.
        summary: Option<SessionSummary>,
    },
    /// A page of sessions in the order of their identities; a page shorter than [`PAGE_MAX`] is the last.
    Sessions(Vec<SessionState>),
    /// One session.
    Session {
        /// What it is.
        state: SessionState,
        /// Where media to the sides goes now, learned or signalled.
        remotes: [Option<SocketAddr>; 2],
        /// What it relayed so far.
        summary: SessionSummary,
    },
    /// Counters by name, in the order of the names. At most [`COUNTS_MAX`].
    Statistics(Vec<Count>),
    /// The realms, in the order of configuration. At most [`REALMS_MAX`].
    Realms(Vec<RealmState>),
    /// The workers, in order. At most [`WORKERS_MAX`].
    Workers(Vec<WorkerState>),
    /// Events follow.
    Subscribed,
}

/// The most sessions on a page. 128 of 52 bytes are 6,656, so that a list does not hold up what waits behind it.
pub const PAGE_MAX: usize = 128;

/// The most counters: 512 of 106 bytes are 54,272, within [`MESSAGE_LEN_MAX`](crate::MESSAGE_LEN_MAX).
pub const COUNTS_MAX: usize = 512;

/// The most realms: 256 of 63 bytes are 16,128.
pub const REALMS_MAX: usize = 256;

/// The most workers: 256 of 145 bytes are 37,120.
pub const WORKERS_MAX: usize = 256;

/// The longest text, in bytes: the name of a counter with its labels.
pub const TEXT_LEN_MAX: usize = 96;

/// Why a wish was not granted. The words are the labels of metrics and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A later wish was granted before.
    EpochOld,
    /// What cannot change during a session was to be changed.
    Immutable,
    /// The realm has no free port.
    PortsExhausted,
    /// No realm has this name.
    RealmUnknown,
    /// The table of sessions is full.
    SessionsFull,
    /// The session is unknown.
    SessionUnknown,
    /// The worker's inbox is full; ask again.
    WorkerBusy,
    /// The kernel gave no port, descriptor or memory.
    NoResources,
    /// The wish contradicts itself.
    Invalid,
}

impl Reason {
    /// Every reason, in the order of their numbers on the wire.
    pub const ALL: [Self; 9] = [
        Self::EpochOld,
        Self::Immutable,
        Self::PortsExhausted,
        Self::RealmUnknown,
        Self::SessionsFull,
        Self::SessionUnknown,
        Self::WorkerBusy,
        Self::NoResources,
        Self::Invalid,
    ];

    /// Returns the word that metrics, logs and people use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::EpochOld => "epoch_old",
            Self::Immutable => "immutable",
            Self::PortsExhausted => "ports_exhausted",
            Self::RealmUnknown => "realm_unknown",
            Self::SessionsFull => "sessions_full",
            Self::SessionUnknown => "session_unknown",
            Self::WorkerBusy => "worker_busy",
            Self::NoResources => "no_resources",
            Self::Invalid => "invalid",
        }
    }
}

/// What a session is, in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionState {
    /// The session.
    pub session: SessionId,
    /// The wish that holds.
    pub epoch: Epoch,
    /// Where its sides send to.
    pub ports: Ports,
    /// The worker that relays it.
    pub worker: u16,
}

/// What a session relayed: one part for what each side sent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SessionSummary {
    /// What A sent, and what B sent.
    pub from: [DirectionSummary; 2],
}

/// What one side sent, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DirectionSummary {
    /// RTP packets accepted.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// RTCP packets accepted.
    pub rtcp_packets: u64,
    /// RTP packets that never came (RFC 3550 appendix A.3).
    pub lost: u64,
    /// RTP packets that came twice.
    pub duplicates: u64,
    /// RTP packets that came after a later one.
    pub reordered: u64,
    /// Packets that were not relayed, for any reason.
    pub dropped: u64,
    /// Of these, packets whose tag did not fit.
    pub bad_tags: u64,
    /// Interarrival jitter (RFC 3550 section 6.4.1), in microseconds.
    pub jitter_us: u32,
    /// Mean opinion score times 100, estimated from loss and jitter (ITU-T G.107); zero without packets.
    pub mos_x100: u16,
}

/// A counter and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The name, as in metrics: at most [`TEXT_LEN_MAX`] bytes.
    pub name: String,
    /// The count.
    pub value: u64,
}

/// How many ports a realm has, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealmState {
    /// The realm.
    pub realm: Name,
    /// Its address.
    pub address: core::net::IpAddr,
    /// The first of its ports.
    pub first_port: u16,
    /// The last of its ports.
    pub last_port: u16,
    /// Ports in use.
    pub leased: u32,
    /// Ports that were released and rest.
    pub quarantined: u32,
}

/// What a worker does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerState {
    /// The core that it is pinned to, if it is.
    pub cpu: Option<u16>,
    /// The name of its driver: at most [`TEXT_LEN_MAX`] bytes.
    pub driver: String,
    /// Sessions that it relays.
    pub sessions: u32,
    /// Packets that it received.
    pub received: u64,
    /// Packets that it forwarded.
    pub forwarded: u64,
    /// Packets that it dropped, for any reason.
    pub dropped: u64,
    /// System calls that it made for packets.
    pub system_calls: u64,
    /// Turns of its loop.
    pub turns: u64,
}

/// What happens without being asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A side was heard for the first time, from here.
    FirstMedia {
        /// The session.
        session: SessionId,
        /// The side.
        side: SideName,
        /// Where its media comes from.
        from: SocketAddr,
    },
    /// Neither side was heard for as long as the wish allows.
    MediaTimeout {
        /// The session.
        session: SessionId,
    },
    /// Packets of a side had bad tags.
    AuthenticationFailures {
        /// The session.
        session: SessionId,
        /// The side.
        side: SideName,
        /// How many, since the last such event.
        count: u32,
    },
    /// A side pressed a key.
    Digit {
        /// The session.
        session: SessionId,
        /// The side.
        side: SideName,
        /// The event of RFC 4733: 0 to 9, 10 for `*`, 11 for `#`, 12 to 15 for A to D.
        event: u8,
        /// How long, in units of the RTP clock.
        duration: u16,
    },
    /// How the media of an interval was.
    Quality {
        /// The session.
        session: SessionId,
        /// So far.
        summary: SessionSummary,
    },
    /// Events were lost because nobody read them; list the sessions to know where they stand.
    Overflow {
        /// How many.
        lost: u64,
    },
}
