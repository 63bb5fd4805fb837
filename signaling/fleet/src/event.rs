//! What the fleet tells whoever owns the calls.

use control::{Epoch, Event, Name, Ports, Reason, SessionId, SessionSummary};
use telemetry::metrics::Label;

/// What the fleet tells.
///
/// Every `open` gets exactly one `Opened` or `Refused`, every `close` one `Closed`, every `adopt` one `Adopted`,
/// `Reopened` or `Lost`, unless it is closed before.
#[derive(Clone, Debug, PartialEq)]
pub enum FleetEvent {
    /// The session is open: peers may be told its ports.
    Opened {
        /// The session.
        session: SessionId,
        /// The wish that holds: a later one than that of `open` if it was changed before it was sent.
        epoch: Epoch,
        /// Where its sides send to.
        ports: Ports,
    },
    /// The session was not opened, and nothing of it is left.
    Refused {
        /// The session.
        session: SessionId,
        /// Why.
        reason: Refusal,
    },
    /// The session is as the wish of this epoch said; wishes before it were skipped or held.
    Applied {
        /// The session.
        session: SessionId,
        /// The wish.
        epoch: Epoch,
    },
    /// The session stays as it was before this wish.
    UpdateRefused {
        /// The session.
        session: SessionId,
        /// The wish.
        epoch: Epoch,
        /// Why.
        reason: Reason,
    },
    /// The session that the journal told of is there, with these ports.
    Adopted {
        /// The session.
        session: SessionId,
        /// The wish that media follows. If ours is a later one, `Applied` comes next.
        epoch: Epoch,
        /// Where its sides send to.
        ports: Ports,
    },
    /// Its node has lost the session and opened it again: with other ports, which peers must be told.
    Reopened {
        /// The session.
        session: SessionId,
        /// The wish that holds.
        epoch: Epoch,
        /// Where its sides send to now.
        ports: Ports,
    },
    /// The session is gone with its node, and cannot be made again under its keys: the call needs another one, with new
    /// keys, or ends.
    Lost {
        /// The session.
        session: SessionId,
    },
    /// The session is closed.
    Closed {
        /// The session.
        session: SessionId,
        /// What it relayed, if its node could still tell.
        summary: Option<SessionSummary>,
    },
    /// Something happened to a session that is wished.
    Media(Event),
    /// The node has told of more than we have read: digits, timeouts and reports of any of its sessions may be missing.
    EventsLost {
        /// The node.
        node: Name,
        /// How many.
        lost: u64,
    },
    /// New sessions may be opened on this node.
    NodeUp {
        /// The node.
        node: Name,
    },
    /// No session can be opened or changed on this node; those that it has go on if it is still there.
    NodeDown {
        /// The node.
        node: Name,
    },
}

/// Why a session was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The last of the nodes that could be asked says so.
    Media(Reason),
    /// No node is up.
    NoNode,
    /// Too many sessions wait to be opened.
    QueueFull,
    /// It was closed before it was open.
    Withdrawn,
}

impl Label for Refusal {
    const NAME: &'static str = "reason";
    const ALL: &'static [Self] = &[
        Self::Media(Reason::EpochOld),
        Self::Media(Reason::Immutable),
        Self::Media(Reason::PortsExhausted),
        Self::Media(Reason::RealmUnknown),
        Self::Media(Reason::SessionsFull),
        Self::Media(Reason::SessionUnknown),
        Self::Media(Reason::WorkerBusy),
        Self::Media(Reason::NoResources),
        Self::Media(Reason::Invalid),
        Self::NoNode,
        Self::QueueFull,
        Self::Withdrawn,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Media(reason) => reason.word(),
            Self::NoNode => "no_node",
            Self::QueueFull => "queue_full",
            Self::Withdrawn => "withdrawn",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_media_is_a_label() {
        let media: Vec<Refusal> = Reason::ALL.into_iter().map(Refusal::Media).collect();
        assert!(Refusal::ALL.starts_with(&media), "in the order of their numbers");
        assert_eq!(Refusal::ALL.len(), Reason::ALL.len() + 3);
    }
}
