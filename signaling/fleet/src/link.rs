//! One connection to a node: it greets, subscribes, lists, and then asks. Bytes in and out, no socket.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use control::{
    Client, Epoch, Event, Heard, Listing, Ports, ProtocolError, RealmState, Reason, Request, RequestId,
    Response, SessionId, SessionState, SessionSummary,
};

use crate::wish::Kept;

/// One connection to a node.
pub(crate) struct Link {
    client: Client,
    stage: Stage,
    begun: Duration,
    /// What was asked and not answered.
    open: BTreeMap<RequestId, Question>,
    /// The same in the order of asking, with what was answered meanwhile.
    order: VecDeque<(RequestId, Duration)>,
    is_pinged: bool,
}

enum Stage {
    /// No welcome was heard yet.
    Greeting,
    /// The pages of the sessions come in.
    Listing(Listing),
    /// All sessions are listed, and the first count of ports is under way.
    Counting(Listing),
    /// Wishes may be told.
    Ready,
}

#[derive(Clone, Copy)]
struct Question {
    about: About,
    asked: Duration,
}

#[derive(Clone, Copy)]
enum About {
    Apply(Epoch),
    Close,
    /// Subscription, pages and counts.
    Node,
}

/// What a node has said.
pub(crate) enum Told {
    /// Which sessions it has, and how many ports: it can be worked with.
    Ready(Vec<SessionState>, Vec<RealmState>),
    /// How many ports it has.
    Realms(Vec<RealmState>),
    /// A wish holds.
    Applied { session: SessionId, epoch: Epoch, ports: Ports, waited: Duration },
    /// A wish does not.
    NotApplied { session: SessionId, epoch: Epoch, reason: Reason },
    /// A session is gone.
    Closed { session: SessionId, summary: Option<SessionSummary> },
    /// A session could not be closed now.
    NotClosed { session: SessionId },
    /// Something happened.
    Event(Event),
}

impl Link {
    /// Wishes under way at once. Media takes up to 1,024; a quarter keeps it busy, and what matters later is not behind
    /// a thousand others.
    const WINDOW: usize = 256;

    pub(crate) fn new(now: Duration) -> Self {
        Self {
            client: Client::new(),
            stage: Stage::Greeting,
            begun: now,
            open: BTreeMap::new(),
            order: VecDeque::new(),
            is_pinged: false,
        }
    }

    /// Tells whether another wish may be told.
    pub(crate) fn has_room(&self) -> bool {
        matches!(self.stage, Stage::Ready) && self.open.len() < Self::WINDOW
    }

    pub(crate) fn apply(&mut self, now: Duration, kept: &Kept) {
        self.ask(now, About::Apply(kept.epoch), Request::Apply(kept.spec()));
    }

    pub(crate) fn close(&mut self, now: Duration, session: SessionId) {
        self.ask(now, About::Close, Request::Close(session));
    }

    /// Asks for the count of ports, unless it is asked already. It tells that the node lives, too.
    pub(crate) fn ping(&mut self, now: Duration) {
        if !core::mem::replace(&mut self.is_pinged, true) {
            self.ask(now, About::Node, Request::Realms);
        }
    }

    fn ask(&mut self, now: Duration, about: About, request: Request) {
        let asked = self.client.request(request);
        let id = asked.expect("the window, a ping and a page are fewer than the questions that may be open");
        self.open.insert(id, Question { about, asked: now });
        self.order.push_back((id, now));
    }

    /// Since when the oldest question waits for its answer.
    pub(crate) fn waiting_since(&self) -> Option<Duration> {
        if matches!(self.stage, Stage::Greeting) {
            return Some(self.begun);
        }
        self.order.front().map(|(_, asked)| *asked)
    }

    pub(crate) fn peek_message(&self) -> Option<&[u8]> {
        self.client.peek_message()
    }

    pub(crate) fn message_sent(&mut self) {
        self.client.message_sent();
    }

    /// Takes a message of the node.
    pub(crate) fn handle(&mut self, now: Duration, message: &[u8]) -> Result<Option<Told>, ProtocolError> {
        match self.client.handle(message)? {
            Heard::Welcome { .. } => {
                self.ask(now, About::Node, Request::Subscribe);
                self.list_on(now, Listing::new());
                Ok(None)
            }
            Heard::Event(event) => Ok(Some(Told::Event(event))),
            Heard::Response(id, response) => {
                let question = self.open.remove(&id);
                self.forget_answered();
                match question {
                    Some(question) => self.hear(now, question, response),
                    None => unreachable!("the client hears answers to open questions only"),
                }
            }
        }
    }

    /// The front of the order is the oldest question that is open.
    fn forget_answered(&mut self) {
        while self.order.front().is_some_and(|(id, _)| !self.open.contains_key(id)) {
            self.order.pop_front();
        }
    }

    fn hear(
        &mut self,
        now: Duration,
        question: Question,
        response: Response,
    ) -> Result<Option<Told>, ProtocolError> {
        let Question { about, asked } = question;
        Ok(match (response, about) {
            (Response::Applied { session, epoch, ports }, _) => {
                Some(Told::Applied { session, epoch, ports, waited: now.saturating_sub(asked) })
            }
            (Response::Refused { session, reason }, About::Apply(epoch)) => {
                Some(Told::NotApplied { session, epoch, reason })
            }
            (Response::Refused { session, .. }, About::Close | About::Node) => {
                Some(Told::NotClosed { session })
            }
            (Response::Closed { session, summary }, _) => Some(Told::Closed { session, summary }),
            (Response::Sessions(page), _) => {
                self.add_page(now, &page)?;
                None
            }
            (Response::Realms(realms), _) => Some(self.count(realms)),
            (
                Response::Subscribed
                | Response::Session { .. }
                | Response::Statistics(_)
                | Response::Workers(_),
                _,
            ) => None,
        })
    }

    fn add_page(&mut self, now: Duration, page: &[SessionState]) -> Result<(), ProtocolError> {
        if let Stage::Listing(listing) = &mut self.stage {
            listing.add(page)?;
            let listing = core::mem::take(listing);
            self.list_on(now, listing);
        }
        Ok(())
    }

    fn list_on(&mut self, now: Duration, listing: Listing) {
        if let Some(request) = listing.request() {
            self.stage = Stage::Listing(listing);
            self.ask(now, About::Node, request);
        } else {
            self.stage = Stage::Counting(listing);
            self.ping(now);
        }
    }

    fn count(&mut self, realms: Vec<RealmState>) -> Told {
        self.is_pinged = false;
        match core::mem::replace(&mut self.stage, Stage::Ready) {
            Stage::Counting(listing) => Told::Ready(listing.sessions().to_vec(), realms),
            Stage::Greeting | Stage::Listing(_) | Stage::Ready => Told::Realms(realms),
        }
    }
}
