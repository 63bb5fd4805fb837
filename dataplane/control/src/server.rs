//! The media process's half of a connection: it welcomes, answers, and tells events.

use std::collections::{BTreeMap, VecDeque};

use crate::client::Client;
use crate::frame::{FromMedia, Incarnation, RequestId, ToMedia, VERSIONS};
use crate::message::{Event, Request, Response};
use crate::protocol_error::ProtocolError;
use crate::question::Question;

/// The media process's half of a connection.
///
/// Everything goes out in the order in which it was said, so that behind the `Closed` of a session nothing of it
/// follows. What is to be sent is looked at with [`peek_message`](Self::peek_message) and taken away with
/// [`message_sent`](Self::message_sent). Whoever cannot send need not receive either: that is all the pressure it
/// takes.
pub struct Server {
    state: State,
    incarnation: Incarnation,
    outgoing: VecDeque<Outgoing>,
    /// The questions whose answers are not sent; without a question once they are answered.
    open: BTreeMap<RequestId, Option<Question>>,
    /// Events among what is outgoing.
    events: usize,
    /// Events that found no room since the last overflow was told.
    lost: u64,
    is_subscribed: bool,
}

enum State {
    /// No hello was heard yet.
    New,
    /// A version is agreed upon.
    Welcomed,
    /// An error has ended the connection.
    Over,
}

struct Outgoing {
    kind: Kind,
    message: Vec<u8>,
}

enum Kind {
    Greeting,
    Response(RequestId),
    Event,
}

/// What a server is asked.
#[derive(Debug, PartialEq)]
pub enum Asked {
    /// To begin; the welcome waits to be sent.
    Hello,
    /// This question.
    Request(RequestId, Request),
}

impl Server {
    /// The most events that wait to be sent.
    pub const EVENTS_MAX: usize = 4096;

    /// After events were lost, no more are taken until only so many wait: a client that stays behind then gets long
    /// stretches without a gap. Taken one by one, every second event would tell of an overflow.
    const EVENTS_RESUME: usize = Self::EVENTS_MAX / 2;

    /// Begins a connection with whoever has connected to this start of the media process.
    #[must_use]
    pub fn new(incarnation: Incarnation) -> Self {
        Self {
            state: State::New,
            incarnation,
            outgoing: VecDeque::new(),
            open: BTreeMap::new(),
            events: 0,
            lost: 0,
            is_subscribed: false,
        }
    }

    /// Takes a message of the client.
    ///
    /// # Errors
    ///
    /// If the connection must end: whatever comes is an error, and nothing more is sent, except for the answer that
    /// names our versions after [`ProtocolError::NoVersion`].
    pub fn handle(&mut self, message: &[u8]) -> Result<Asked, ProtocolError> {
        let asked =
            ToMedia::parse(message).map_err(ProtocolError::from).and_then(|message| match self.state {
                State::New => self.hear_hello(&message),
                State::Welcomed => self.hear_request(message),
                State::Over => Err(unexpected("nothing after the end", &message)),
            });
        if let Err(error) = asked {
            self.end(error);
        }
        asked
    }

    fn hear_hello(&mut self, message: &ToMedia) -> Result<Asked, ProtocolError> {
        let ToMedia::Hello(theirs) = message else {
            return Err(unexpected("a hello", message));
        };
        let Some(version) = VERSIONS.agree(*theirs) else {
            return Err(ProtocolError::NoVersion(*theirs));
        };
        self.state = State::Welcomed;
        self.send(Kind::Greeting, &FromMedia::Welcome { version, incarnation: self.incarnation });
        Ok(Asked::Hello)
    }

    fn hear_request(&mut self, message: ToMedia) -> Result<Asked, ProtocolError> {
        let ToMedia::Request(id, request) = message else {
            return Err(unexpected("one hello", &message));
        };
        if self.open.len() >= Client::REQUESTS_MAX {
            let wanted = "at most 1,024 questions without an answer";
            return Err(ProtocolError::Unexpected { wanted, found: "one more" });
        }
        if self.open.contains_key(&id) {
            let found = "the number of an open one";
            return Err(ProtocolError::Unexpected { wanted: "a question with a number of its own", found });
        }
        self.open.insert(id, Some(Question::of(&request)));
        Ok(Asked::Request(id, request))
    }

    /// Ends the connection. What ended it is all that counts: errors behind it change nothing.
    fn end(&mut self, error: ProtocolError) {
        if matches!(self.state, State::Over) {
            return;
        }
        self.state = State::Over;
        self.is_subscribed = false;
        self.outgoing.clear();
        self.open.clear();
        self.events = 0;
        self.lost = 0;
        if let ProtocolError::NoVersion(_) = error {
            self.send(Kind::Greeting, &FromMedia::NoVersion(VERSIONS));
        }
    }

    /// Answers a question, once. Answers have room of their own: they are as many as there are questions.
    ///
    /// An answer that comes after the end of the connection goes nowhere. With [`Response::Subscribed`] events begin.
    pub fn respond(&mut self, id: RequestId, response: Response) {
        if matches!(self.state, State::Over) {
            return;
        }
        let question = self.open.get_mut(&id).and_then(Option::take);
        debug_assert!(
            question.is_some_and(|question| question.is_answered_by(&response)),
            "every question is answered once, and by an answer of its kind: {id:?}",
        );
        if question.is_some() {
            self.is_subscribed |= matches!(response, Response::Subscribed);
            self.send(Kind::Response(id), &FromMedia::Response(id, response));
        }
    }

    /// Tells whether the client wants events.
    #[must_use]
    pub fn is_subscribed(&self) -> bool {
        self.is_subscribed
    }

    /// Tells an event to a client that wants them. If [`EVENTS_MAX`](Self::EVENTS_MAX) wait already, it is lost and
    /// counted, and an [`Event::Overflow`] tells so when half of them are sent.
    pub fn event(&mut self, event: Event) {
        if !self.is_subscribed {
            return;
        }
        if self.lost == 0 && self.events < Self::EVENTS_MAX {
            self.send_event(event);
            return;
        }
        let count = if let Event::Overflow { lost } = event { lost } else { 1 };
        self.lost = self.lost.saturating_add(count);
    }

    fn send_event(&mut self, event: Event) {
        self.events = self.events.saturating_add(1);
        self.send(Kind::Event, &FromMedia::Event(event));
    }

    fn send(&mut self, kind: Kind, message: &FromMedia) {
        self.outgoing.push_back(Outgoing { kind, message: message.encode() });
    }

    /// Returns the message that is to be sent next, if there is one. It stays the same until it is sent, unless an
    /// error ends the connection.
    #[must_use]
    pub fn peek_message(&self) -> Option<&[u8]> {
        self.outgoing.front().map(|outgoing| outgoing.message.as_slice())
    }

    /// Notes that the message of [`peek_message`](Self::peek_message) was sent, as a whole.
    pub fn message_sent(&mut self) {
        let sent = self.outgoing.pop_front();
        debug_assert!(sent.is_some(), "only what was there can be sent");
        match sent.map(|outgoing| outgoing.kind) {
            Some(Kind::Response(id)) => {
                self.open.remove(&id);
            }
            Some(Kind::Event) => self.event_sent(),
            Some(Kind::Greeting) | None => {}
        }
    }

    fn event_sent(&mut self) {
        self.events = self.events.saturating_sub(1);
        if self.lost > 0 && self.events <= Self::EVENTS_RESUME {
            let lost = core::mem::take(&mut self.lost);
            self.send_event(Event::Overflow { lost });
        }
    }
}

fn unexpected(wanted: &'static str, message: &ToMedia) -> ProtocolError {
    let found = match message {
        ToMedia::Hello(_) => "a hello",
        ToMedia::Request(..) => "a question",
    };
    ProtocolError::Unexpected { wanted, found }
}
