//! What identifies a dialog.

use crate::message::{Request, Response};

/// Call-ID and both tags, as one end sees them. Two of them are from the peer: a table by it wants a keyed hash, as that
/// of the standard library is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId {
    call_id: String,
    local_tag: String,
    remote_tag: String,
}

impl DialogId {
    /// Makes one; the tag of a peer that knows no tags is empty (RFC 2543).
    pub fn new(call_id: &str, local_tag: &str, remote_tag: &str) -> Self {
        Self {
            call_id: call_id.to_owned(),
            local_tag: local_tag.to_owned(),
            remote_tag: remote_tag.to_owned(),
        }
    }

    /// Returns the dialog to which a request came; `None` when it is to begin one.
    pub fn of_request(request: &Request) -> Option<Self> {
        Some(Self::new(request.call_id(), request.to_tag()?, request.from_tag().unwrap_or("")))
    }

    /// Returns the dialog of a response that came; `None` when it has no tag of the peer, as a 100.
    pub fn of_response(response: &Response) -> Option<Self> {
        Some(Self::new(response.call_id(), response.from_tag()?, response.to_tag()?))
    }

    /// Returns the Call-ID.
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Returns our tag.
    pub fn local_tag(&self) -> &str {
        &self.local_tag
    }

    /// Returns the tag of the peer.
    pub fn remote_tag(&self) -> &str {
        &self.remote_tag
    }
}
