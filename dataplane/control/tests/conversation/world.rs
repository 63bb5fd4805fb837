//! Signaling and media in memory, with the two halves of a connection between them.

use std::collections::{BTreeMap, VecDeque};

use control::{
    Asked, Client, Epoch, Event, Heard, Incarnation, Listing, Name, PAGE_MAX, QueueFull, Reason, Request,
    RequestId, Response, Server, SessionId, SessionSpec, SessionState, SideSpec, reconcile,
};

use crate::samples;

/// Sessions, and the wish that holds.
pub(crate) type Sessions = BTreeMap<SessionId, Epoch>;

/// Both processes.
pub(crate) struct World {
    pub(crate) signaling: Signaling,
    pub(crate) media: Media,
}

/// What wishes sessions. It is right about them once it is reconciled.
pub(crate) struct Signaling {
    pub(crate) wanted: Sessions,
    client: Client,
    listing: Listing,
    is_reconciled: bool,
    /// Questions that the client has no room for.
    held_back: VecDeque<Request>,
    /// The media process of the last welcome.
    pub(crate) incarnation: Option<Incarnation>,
    /// Of this connection: events that were heard, and those that were told to be lost.
    pub(crate) events_heard: u64,
    pub(crate) events_lost: u64,
    /// How often a question did not fit, in all.
    pub(crate) times_full: u64,
}

/// What holds sessions. It does at once what it is asked, and answers when it likes.
pub(crate) struct Media {
    pub(crate) sessions: Sessions,
    incarnation: Incarnation,
    server: Server,
    answers: Vec<(RequestId, Response)>,
    /// Events that were said to a subscriber on this connection.
    pub(crate) events_said: u64,
}

impl World {
    pub(crate) fn new(wanted: Sessions, present: Sessions) -> Self {
        let incarnation = Incarnation(1);
        let media = Media {
            sessions: present,
            incarnation,
            server: Server::new(incarnation),
            answers: Vec::new(),
            events_said: 0,
        };
        let signaling = Signaling {
            wanted,
            client: Client::new(),
            listing: Listing::new(),
            is_reconciled: false,
            held_back: VecDeque::new(),
            incarnation: None,
            events_heard: 0,
            events_lost: 0,
            times_full: 0,
        };
        Self { signaling, media }
    }

    /// The connection is lost with all that was on its way, and made again.
    pub(crate) fn reconnect(&mut self) {
        let Signaling { wanted, times_full, incarnation, .. } = &mut self.signaling;
        let (wanted, times_full, incarnation) = (std::mem::take(wanted), *times_full, *incarnation);
        let sessions = std::mem::take(&mut self.media.sessions);
        let started = self.media.incarnation;
        *self = Self::new(wanted, sessions);
        self.signaling.times_full = times_full;
        self.signaling.incarnation = incarnation;
        self.media.incarnation = started;
        self.media.server = Server::new(started);
    }

    /// The media process starts again, and knows nothing.
    pub(crate) fn restart_media(&mut self) {
        self.media.incarnation = Incarnation(self.media.incarnation.0 + 1);
        self.media.sessions.clear();
        self.reconnect();
    }

    /// Carries one message to the media process, if there is one.
    pub(crate) fn carry_to_media(&mut self) -> bool {
        let Some(message) = self.signaling.client.peek_message() else { return false };
        let asked = self.media.server.handle(message).expect("the client keeps to the protocol");
        self.signaling.client.message_sent();
        if let Asked::Request(id, request) = asked {
            let answer = self.media.answer(request);
            self.media.answers.push((id, answer));
        }
        true
    }

    /// Carries one message from the media process, if there is one.
    pub(crate) fn carry_from_media(&mut self) -> bool {
        let Some(message) = self.media.server.peek_message() else { return false };
        let heard = self.signaling.client.handle(message).expect("the server keeps to the protocol");
        self.media.server.message_sent();
        self.signaling.hear(heard);
        true
    }

    /// Gives one of the answers, whichever.
    pub(crate) fn answer(&mut self, which: usize) -> bool {
        if self.media.answers.is_empty() {
            return false;
        }
        let which = which % self.media.answers.len();
        let (id, response) = self.media.answers.swap_remove(which);
        self.media.server.respond(id, response);
        true
    }

    pub(crate) fn event(&mut self) {
        self.media.events_said += u64::from(self.media.server.is_subscribed());
        self.media.server.event(Event::MediaTimeout { session: SessionId(1) });
    }

    /// Goes on until nobody has anything to say.
    pub(crate) fn settle(&mut self) {
        while self.carry_to_media() || self.answer(0) || self.carry_from_media() {}
        assert_eq!(self.signaling.client.unanswered(), 0);
        assert!(self.signaling.is_reconciled);
        assert_eq!(self.signaling.incarnation, Some(self.media.incarnation));
    }
}

impl Signaling {
    /// Wishes something else of a session, or a session.
    pub(crate) fn wish(&mut self, session: SessionId) {
        let epoch = self.wanted.get(&session).map_or(Epoch(1), |epoch| Epoch(epoch.0 + 1));
        self.wanted.insert(session, epoch);
        if self.is_reconciled {
            self.apply(session);
        }
    }

    /// Wishes no longer for a session.
    pub(crate) fn forget(&mut self, session: SessionId) {
        let was_wanted = self.wanted.remove(&session).is_some();
        if was_wanted && self.is_reconciled {
            self.ask(Request::Close(session));
        }
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Welcome { incarnation, .. } => {
                self.incarnation = Some(incarnation);
                self.ask(Request::Subscribe);
                self.ask_for_page();
            }
            Heard::Response(_, Response::Sessions(page)) => {
                self.listing.add(&page).expect("pages follow each other");
                self.ask_for_page();
            }
            Heard::Response(_, Response::Refused { session, reason }) => {
                panic!("{session:?} was refused: {}", reason.word())
            }
            Heard::Response(..) => {}
            Heard::Event(Event::Overflow { lost }) => self.events_lost += lost,
            Heard::Event(_) => self.events_heard += 1,
        }
        while let Some(request) = self.held_back.pop_front() {
            if let Err(QueueFull(request)) = self.client.request(request) {
                self.held_back.push_front(request);
                break;
            }
        }
    }

    fn ask_for_page(&mut self) {
        match self.listing.request() {
            Some(request) => self.ask(request),
            None => self.reconcile(),
        }
    }

    fn reconcile(&mut self) {
        let wanted = self.wanted.iter().map(|(session, epoch)| (*session, *epoch));
        let present = self.listing.sessions().iter().map(|state| (state.session, state.epoch));
        let found = reconcile(wanted, present);
        self.is_reconciled = true;
        for (session, epoch) in &found.ahead {
            self.wanted.insert(*session, Epoch(epoch.0 + 1));
        }
        let ahead = found.ahead.into_iter().map(|(session, _)| session);
        for session in found.update.into_iter().chain(found.recreate).chain(ahead) {
            self.apply(session);
        }
        for session in found.orphaned {
            self.ask(Request::Close(session));
        }
    }

    fn apply(&mut self, session: SessionId) {
        let side = || SideSpec::new(Name::new("realm").expect("a name"), None);
        let epoch = self.wanted[&session];
        let wish = SessionSpec { id: session, epoch, media_timeout_s: 60, sides: [side(), side()] };
        self.ask(Request::Apply(Box::new(wish)));
    }

    /// Asks in the order of the calls, as soon as there is room.
    fn ask(&mut self, request: Request) {
        if !self.held_back.is_empty() {
            self.held_back.push_back(request);
        } else if let Err(QueueFull(request)) = self.client.request(request) {
            self.times_full += 1;
            self.held_back.push_back(request);
        }
    }
}

impl Media {
    fn answer(&mut self, request: Request) -> Response {
        match request {
            Request::Apply(wish) => {
                let (session, epoch) = (wish.id, wish.epoch);
                if self.sessions.get(&session).is_some_and(|present| *present > epoch) {
                    return Response::Refused { session, reason: Reason::EpochOld };
                }
                self.sessions.insert(session, epoch);
                Response::Applied { session, epoch, ports: samples::ports() }
            }
            Request::Close(session) => {
                self.sessions.remove(&session);
                Response::Closed { session, summary: None }
            }
            Request::List(after) => {
                let behind =
                    self.sessions.iter().filter(|(session, _)| after.is_none_or(|after| **session > after));
                let state = |(session, epoch): (&SessionId, &Epoch)| SessionState {
                    session: *session,
                    epoch: *epoch,
                    ..samples::state()
                };
                Response::Sessions(behind.take(PAGE_MAX).map(state).collect())
            }
            Request::Subscribe => Response::Subscribed,
            Request::Describe(_) | Request::Statistics | Request::Realms | Request::Workers => {
                unreachable!("signaling does not ask it here")
            }
        }
    }
}
