//! What the engine hears.

use std::net::SocketAddr;
use std::sync::Arc;

use control::{Epoch, Ports, Reason, SessionId};
use sip::flow::{Destination, Flow, Protocol};
use trunk::snapshot::Snapshot;

use crate::summary::CallId;

/// Something that has happened outside.
#[derive(Debug)]
pub enum Input<'a> {
    /// One message came: a datagram, or what a stream was cut into.
    Received {
        /// How.
        flow: Flow,
        /// The message.
        bytes: &'a [u8],
    },
    /// Nothing gets to a destination: refused, closed, unreachable.
    SendFailed {
        /// Which.
        destination: Destination,
    },
    /// A name was looked up.
    Resolved {
        /// The number of the question.
        query: u64,
        /// How it is talked to.
        protocol: Protocol,
        /// Where the name leads, the best first.
        addresses: Result<Vec<SocketAddr>, ResolveFailure>,
    },
    /// Media says something.
    Media(MediaEvent),
    /// Everything that is decided from is another one from now on.
    Snapshot(Arc<Snapshot>),
    /// An operator ends a call.
    Clear {
        /// Which.
        call: CallId,
    },
    /// The journal has no room for a call that has just begun: it is refused.
    NoRoom {
        /// Which.
        call: CallId,
    },
    /// New calls are taken, or not: the journal has no room, or the node is to stop.
    Admission {
        /// Whether they are.
        open: bool,
    },
    /// More comes than is worked off, or no longer so. While it is so, no call is begun: what is there has to be served.
    Pressure {
        /// Whether it is.
        is_high: bool,
    },
    /// The time of [`Engine::next_timeout`](crate::Engine::next_timeout) has come.
    Timer,
}

/// Why a name leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveFailure {
    /// There is no such name, or it has no address.
    NotFound,
    /// Nobody knows at present.
    Unavailable,
}

/// What media says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// A session is there.
    Opened {
        /// Which.
        session: SessionId,
        /// The wish that was granted.
        epoch: Epoch,
        /// Its ports.
        ports: Ports,
    },
    /// A session is as a later wish said.
    Applied {
        /// Which.
        session: SessionId,
        /// The wish.
        epoch: Epoch,
    },
    /// A wish was not granted.
    Refused {
        /// Of which session.
        session: SessionId,
        /// Why.
        reason: Reason,
    },
    /// A session is gone without our wish.
    Lost {
        /// Which.
        session: SessionId,
    },
    /// Neither side was heard for as long as was said.
    TimedOut {
        /// Which.
        session: SessionId,
    },
}

impl MediaEvent {
    pub(crate) const fn session(&self) -> SessionId {
        match *self {
            Self::Opened { session, .. }
            | Self::Applied { session, .. }
            | Self::Refused { session, .. }
            | Self::Lost { session }
            | Self::TimedOut { session } => session,
        }
    }
}
