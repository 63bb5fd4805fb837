//! All sessions of the media process, a page at a time.

use crate::message::{PAGE_MAX, Request, SessionState};
use crate::protocol_error::ProtocolError;

/// The sessions listed so far.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    sessions: Vec<SessionState>,
    is_complete: bool,
}

impl Listing {
    /// Begins a list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the question for the next page, or nothing if the list is complete.
    #[must_use]
    pub fn request(&self) -> Option<Request> {
        let last = self.sessions.last().map(|state| state.session);
        (!self.is_complete).then_some(Request::List(last))
    }

    /// Adds the page that answered.
    ///
    /// # Errors
    ///
    /// If it begins before the end of the last one: such a list might never be complete.
    pub fn add(&mut self, page: &[SessionState]) -> Result<(), ProtocolError> {
        let last = self.sessions.last().map(|state| state.session);
        if page.first().is_some_and(|first| Some(first.session) <= last) {
            let wanted = "a page of sessions behind the last one";
            return Err(ProtocolError::Unexpected { wanted, found: "sessions that were listed before" });
        }
        self.sessions.extend_from_slice(page);
        self.is_complete = page.len() < PAGE_MAX;
        Ok(())
    }

    /// Returns the sessions listed so far, in ascending order.
    #[must_use]
    pub fn sessions(&self) -> &[SessionState] {
        &self.sessions
    }
}
