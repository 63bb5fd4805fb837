//! What comes out of the transport, and who may make it come.

use std::io;
use std::net::IpAddr;

use mio::Token;
use sip::flow::{Destination, Flow};

/// What [`Transport::poll`](crate::Transport::poll) tells.
#[derive(Debug)]
pub enum Arrival<'a> {
    /// A whole message. It was not checked beyond where it begins and ends.
    Message {
        /// The way it came, and the way back.
        flow: Flow,
        /// What it says.
        bytes: &'a [u8],
    },
    /// What was to be sent did not leave, or is known not to have arrived. Once for each destination, not for each
    /// message. For datagrams it is what ICMP says, which can be forged: it may hurry a failover along, and must not
    /// end a call.
    Failed {
        /// Where it should have gone, as it was named when it was sent.
        destination: Destination,
        /// Why it did not.
        why: Failure,
    },
    /// A connection is gone. Nothing that was sent by it is known to have been lost; that is told by `Failed`.
    Closed {
        /// The connection.
        flow: Flow,
    },
    /// Something happened to a socket that somebody else of the same loop has
    /// [registered](crate::Transport::registry).
    Guest(Token),
    /// A [`Waker`](crate::Waker) was used.
    Woken,
}

/// Says who may speak to us.
pub trait Guard {
    /// Tells whether a host is one that a peer of ours speaks from.
    fn knows(&self, source: IpAddr) -> bool;
    /// Tells whether a name is that of a host that somebody unknown may invite or open a TLS connection to. The name is
    /// as the sender wrote it: capitals do not count.
    fn is_host(&self, name: &str) -> bool;
}

/// Why something did not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Nobody listens there.
    Refused,
    /// No way leads there, or none from the address that was asked for.
    Unreachable,
    /// The peer took too long to accept a connection, to finish its handshake, or to read.
    TimedOut,
    /// The connection is gone.
    Closed,
    /// The certificate of the peer is not good for its name, or the peers have no version of TLS in common.
    Untrusted,
    /// Too much is waiting to be sent, or too many connections are open.
    Full,
    /// It is longer than a datagram may be.
    TooLong,
    /// No listener of that protocol and address family is there to send from, or TLS was not set up.
    NoListener,
}

impl Failure {
    /// Returns the reason in one word, for metrics and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Closed => "closed",
            Self::Untrusted => "untrusted",
            Self::Full => "full",
            Self::TooLong => "too_long",
            Self::NoListener => "no_listener",
        }
    }
}

impl From<io::ErrorKind> for Failure {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the standard library may add kinds")]
    fn from(kind: io::ErrorKind) -> Self {
        match kind {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::OutOfMemory | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Unreachable,
        }
    }
}
