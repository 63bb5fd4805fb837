//! What the transactions tell their user, and what they want sent.

use std::net::SocketAddr;
use std::rc::Rc;

use super::table::Slot;
use crate::flow::{Destination, Flow};
use crate::message::{Request, Response};

/// A client transaction: a request that we sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub(super) Slot);

/// A server transaction: a request that we have to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(pub(super) Slot);

/// Why a request of ours has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Nobody answered in time; to a request other than INVITE nobody says so with a 408 (RFC 4320).
    Timeout,
    /// It did not get out: nobody listens there, or there is no way.
    Transport,
}

impl Failure {
    /// Returns the reason in one word, for metrics and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Transport => "transport",
        }
    }
}

/// Something that the user has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new request; the user answers it, with a tag of its own in To.
    Request {
        /// What it is answered by.
        id: ServerId,
        /// The request, with its source in the Via.
        request: Request,
        /// How it came.
        flow: Flow,
        /// The same request is under way already, by another way: RFC 3261 section 8.2.2.2 wants 482.
        merged: bool,
    },
    /// The ACK of an acceptance, each once.
    Ack {
        /// The INVITE that it acknowledges; `None` when there is none that waits for it.
        id: Option<ServerId>,
        /// The ACK, which may bring the answer to our offer.
        request: Request,
        /// How it came.
        flow: Flow,
    },
    /// The peer wants an INVITE to end that was not answered yet, once; the user answers it with 487. The CANCEL has
    /// its 200 already.
    Cancelled {
        /// The INVITE.
        id: ServerId,
        /// The CANCEL, which may say why.
        request: Request,
    },
    /// A response to a request of ours. After a final one others may come: acceptances of an INVITE, by this or another
    /// peer, of which each copy wants its ACK, even when the call is gone.
    Response {
        /// The request.
        id: ClientId,
        /// The response.
        response: Response,
        /// How it came.
        flow: Flow,
    },
    /// An INVITE that was too long for a datagram could not go over a connection, and went as one all the same.
    Narrowed {
        /// The request.
        id: ClientId,
        /// Who takes no connection.
        remote: SocketAddr,
    },
    /// No final response comes any more.
    Failed {
        /// The request.
        id: ClientId,
        /// Why.
        why: Failure,
    },
    /// The peer has not acknowledged the final response for 32 seconds; a call that was accepted is to be ended with
    /// BYE (RFC 3261 section 13.3.1.4).
    AckMissing {
        /// The INVITE.
        id: ServerId,
    },
    /// A response did not get out, neither by the way that the request came, nor to where its Via says; told once.
    ResponseLost {
        /// The request.
        id: ServerId,
    },
}

/// Bytes to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where they go.
    pub to: Destination,
    /// One message.
    pub bytes: Rc<[u8]>,
}
