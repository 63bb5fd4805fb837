//! What remains of a question until its answer: enough to tell the answer from any other.

use crate::message::{Request, Response};
use crate::session::SessionId;

/// A question that is open.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Question {
    Apply(SessionId),
    Close(SessionId),
    List,
    Describe(SessionId),
    Statistics,
    Realms,
    Workers,
    Subscribe,
}

impl Question {
    pub(crate) fn of(request: &Request) -> Self {
        match request {
            Request::Apply(wish) => Self::Apply(wish.id),
            Request::Close(session) => Self::Close(*session),
            Request::List(_) => Self::List,
            Request::Describe(session) => Self::Describe(*session),
            Request::Statistics => Self::Statistics,
            Request::Realms => Self::Realms,
            Request::Workers => Self::Workers,
            Request::Subscribe => Self::Subscribe,
        }
    }

    /// Tells whether this response answers the question: of its kind, and about its session.
    pub(crate) fn is_answered_by(self, response: &Response) -> bool {
        match (self, response) {
            (Self::Apply(asked), Response::Applied { session, .. })
            | (Self::Close(asked), Response::Closed { session, .. })
            | (
                Self::Apply(asked) | Self::Close(asked) | Self::Describe(asked),
                Response::Refused { session, .. },
            ) => asked == *session,
            (Self::Describe(asked), Response::Session { state, .. }) => asked == state.session,
            (Self::List, Response::Sessions(_))
            | (Self::Statistics, Response::Statistics(_))
            | (Self::Realms, Response::Realms(_))
            | (Self::Workers, Response::Workers(_))
            | (Self::Subscribe, Response::Subscribed) => true,
            _ => false,
        }
    }
}
