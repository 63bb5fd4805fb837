//! The client's half of a connection: it greets, asks, and hears answers and events.

use core::fmt;
use std::collections::{BTreeMap, VecDeque};

use zeroize::Zeroizing;

use crate::frame::{FromMedia, Incarnation, RequestId, ToMedia, VERSIONS};
use crate::message::{Event, Request, Response};
use crate::protocol_error::ProtocolError;
use crate::question::Question;

/// The client's half of a connection.
///
/// What is to be sent is looked at with [`peek_message`](Self::peek_message) and taken away with
/// [`message_sent`](Self::message_sent), so that nothing is lost when the socket is full.
pub struct Client {
    state: State,
    /// The questions that are not sent yet.
    waiting: VecDeque<Waiting>,
    /// The questions that were sent and not answered.
    open: BTreeMap<RequestId, Question>,
    next_id: RequestId,
    is_subscribed: bool,
}

enum State {
    /// The hello is not sent yet.
    New { hello: Vec<u8> },
    /// The hello is sent and not answered.
    Greeted,
    /// A version is agreed upon.
    Welcomed,
    /// An error has ended the connection.
    Over,
}

struct Waiting {
    id: RequestId,
    question: Question,
    /// It may hold keys, and is overwritten as soon as it is sent.
    message: Zeroizing<Vec<u8>>,
}

/// What a client hears.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// The connection is ready: questions are sent from now on.
    Welcome {
        /// The version that is spoken.
        version: u16,
        /// Which start of the media process this is. If it is not the one of the last connection, no session is left.
        incarnation: Incarnation,
    },
    /// The answer to this question.
    Response(RequestId, Response),
    /// Something happened.
    Event(Event),
}

impl Client {
    /// The most questions without an answer.
    pub const REQUESTS_MAX: usize = 1024;

    /// Begins a connection: the hello waits to be sent.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::New { hello: ToMedia::Hello(VERSIONS).encode() },
            waiting: VecDeque::new(),
            open: BTreeMap::new(),
            next_id: RequestId(0),
            is_subscribed: false,
        }
    }

    /// Takes a question; it is sent in its turn, after the welcome.
    ///
    /// A wish has passed [`SessionSpec::check`](crate::SessionSpec::check); the other half ends the connection over one
    /// that would not. After an error there is nobody left to ask: the question is never sent.
    ///
    /// # Errors
    ///
    /// If [`REQUESTS_MAX`](Self::REQUESTS_MAX) questions wait for their answers. The error gives the question back.
    pub fn request(&mut self, request: Request) -> Result<RequestId, QueueFull> {
        if self.unanswered() >= Self::REQUESTS_MAX {
            return Err(QueueFull(request));
        }
        let id = self.take_id();
        let question = Question::of(&request);
        let message = Zeroizing::new(ToMedia::Request(id, request).encode());
        self.waiting.push_back(Waiting { id, question, message });
        Ok(id)
    }

    /// Returns a number that no open question has. Those that wait need no look: at most
    /// [`REQUESTS_MAX`](Self::REQUESTS_MAX) numbers were given since.
    fn take_id(&mut self) -> RequestId {
        while self.open.contains_key(&self.next_id) {
            self.next_id = self.next_id.next();
        }
        let id = self.next_id;
        self.next_id = id.next();
        id
    }

    /// Returns how many questions have no answer yet, sent or not.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.waiting.len().saturating_add(self.open.len())
    }

    /// Returns the message that is to be sent next, if there is one. It stays the same until it is sent.
    #[must_use]
    pub fn peek_message(&self) -> Option<&[u8]> {
        match &self.state {
            State::New { hello } => Some(hello),
            State::Welcomed => self.waiting.front().map(|waiting| waiting.message.as_slice()),
            State::Greeted | State::Over => None,
        }
    }

    /// Notes that the message of [`peek_message`](Self::peek_message) was sent, as a whole.
    pub fn message_sent(&mut self) {
        debug_assert!(self.peek_message().is_some(), "only what was there can be sent");
        match self.state {
            State::New { .. } => self.state = State::Greeted,
            State::Welcomed => {
                if let Some(Waiting { id, question, .. }) = self.waiting.pop_front() {
                    self.open.insert(id, question);
                }
            }
            State::Greeted | State::Over => {}
        }
    }

    /// Takes a message of the media process.
    ///
    /// # Errors
    ///
    /// If the connection must end: nothing more is sent, and whatever comes is an error.
    pub fn handle(&mut self, message: &[u8]) -> Result<Heard, ProtocolError> {
        let heard =
            FromMedia::parse(message).map_err(ProtocolError::from).and_then(|message| match self.state {
                State::New { .. } => Err(unexpected("nothing before the hello", &message)),
                State::Greeted => self.hear_greeting(message),
                State::Welcomed => self.hear(message),
                State::Over => Err(unexpected("nothing after the end", &message)),
            });
        if heard.is_err() {
            self.state = State::Over;
        }
        heard
    }

    fn hear_greeting(&mut self, message: FromMedia) -> Result<Heard, ProtocolError> {
        match message {
            FromMedia::Welcome { version, incarnation } if VERSIONS.contains(version) => {
                self.state = State::Welcomed;
                Ok(Heard::Welcome { version, incarnation })
            }
            FromMedia::NoVersion(theirs) => Err(ProtocolError::NoVersion(theirs)),
            FromMedia::Welcome { .. } => Err(ProtocolError::Unexpected {
                wanted: "a version we speak",
                found: "a welcome to another one",
            }),
            FromMedia::Response(..) | FromMedia::Event(_) => Err(unexpected("a welcome", &message)),
        }
    }

    fn hear(&mut self, message: FromMedia) -> Result<Heard, ProtocolError> {
        match message {
            FromMedia::Response(id, response) => self.hear_answer(id, response),
            FromMedia::Event(event) if self.is_subscribed => Ok(Heard::Event(event)),
            FromMedia::Event(_) => Err(unexpected("no events before the subscription", &message)),
            FromMedia::Welcome { .. } | FromMedia::NoVersion(_) => Err(unexpected("one greeting", &message)),
        }
    }

    fn hear_answer(&mut self, id: RequestId, response: Response) -> Result<Heard, ProtocolError> {
        let Some(question) = self.open.remove(&id) else {
            let found = "an answer without its question";
            return Err(ProtocolError::Unexpected { wanted: "an answer to an open question", found });
        };
        if !question.is_answered_by(&response) {
            let found = "an answer to another question";
            return Err(ProtocolError::Unexpected { wanted: "an answer of the question's kind", found });
        }
        self.is_subscribed |= matches!(response, Response::Subscribed);
        Ok(Heard::Response(id, response))
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

fn unexpected(wanted: &'static str, message: &FromMedia) -> ProtocolError {
    let found = match message {
        FromMedia::Welcome { .. } => "a welcome",
        FromMedia::NoVersion(_) => "a refusal of every version",
        FromMedia::Response(..) => "an answer",
        FromMedia::Event(_) => "an event",
    };
    ProtocolError::Unexpected { wanted, found }
}

/// Too many questions wait for their answers. The question comes back: ask again when one was answered.
#[derive(Debug, PartialEq)]
pub struct QueueFull(pub Request);

impl fmt::Display for QueueFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let max = Client::REQUESTS_MAX;
        write!(f, "too many questions to the media process: wanted fewer than {max} open, found {max}")
    }
}

impl core::error::Error for QueueFull {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_round_and_leave_out_those_of_open_questions() {
        let mut client = Client::new();
        client.open.insert(RequestId(0), Question::Realms);
        client.open.insert(RequestId(1), Question::Realms);
        client.next_id = RequestId(u32::MAX);
        let ids = [(); 3].map(|()| client.request(Request::Workers).expect("there is room"));
        assert_eq!(ids, [u32::MAX, 2, 3].map(RequestId));
    }
}
