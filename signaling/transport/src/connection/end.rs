//! Why connections end.

use std::io;

use crate::arrival::Failure;
use crate::counters::Count;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    PeerClosed,
    Broken(io::ErrorKind),
    ConnectTimeout,
    ConnectFailed(io::ErrorKind),
    HandshakeTimeout,
    HandshakeFailed,
    PartialTimeout,
    SlowReader,
    Idle,
    Malformed,
    NotSip,
    Stranger,
    StrangerThrottled,
}

impl End {
    /// Returns as what it is counted.
    pub(crate) const fn count(self) -> Count {
        match self {
            Self::PeerClosed => Count::PeerClosed,
            Self::Broken(_) => Count::Broken,
            Self::ConnectTimeout => Count::ConnectTimeout,
            Self::ConnectFailed(_) => Count::ConnectFailed,
            Self::HandshakeTimeout => Count::HandshakeTimeout,
            Self::HandshakeFailed => Count::HandshakeFailed,
            Self::PartialTimeout => Count::PartialTimeout,
            Self::SlowReader => Count::SlowReader,
            Self::Idle => Count::Idle,
            Self::Malformed => Count::Malformed,
            Self::NotSip => Count::NotSip,
            Self::Stranger => Count::StrangerClosed,
            Self::StrangerThrottled => Count::StrangerThrottled,
        }
    }

    /// Returns what it means for what was to be sent.
    pub(crate) fn failure(self) -> Failure {
        match self {
            Self::Broken(kind) | Self::ConnectFailed(kind) => kind.into(),
            Self::ConnectTimeout | Self::HandshakeTimeout | Self::SlowReader => Failure::TimedOut,
            Self::HandshakeFailed => Failure::Untrusted,
            Self::PeerClosed
            | Self::PartialTimeout
            | Self::Idle
            | Self::Malformed
            | Self::NotSip
            | Self::Stranger
            | Self::StrangerThrottled => Failure::Closed,
        }
    }
}
