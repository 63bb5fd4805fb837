//! A media node as the protocol knows it: it does what it is told, answers when it likes, and dies.

use std::collections::{BTreeMap, VecDeque};

use control::{
    Asked, Epoch, Event, Incarnation, PAGE_MAX, Ports, RealmState, Reason, Request, RequestId, Response,
    Server, SessionId, SessionSpec, SessionState, SessionSummary,
};

use crate::spec::{key_of, name};

/// A node, and the connections to it.
pub(crate) struct Media {
    pub(crate) is_alive: bool,
    pub(crate) is_hung: bool,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    /// The last one is that of signaling now; those before were left, and what was said there is still read.
    connections: Vec<Connection>,
    incarnation: u64,
    sessions_max: usize,
    /// How often a key has begun.
    begun: u64,
}

#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) epoch: Epoch,
    pub(crate) ports: Ports,
    /// The key, and its beginning: under another one its indices would begin again.
    pub(crate) key: Option<(u64, u64)>,
}

struct Connection {
    server: Server,
    /// What was sent to it and not read yet.
    inbox: VecDeque<Vec<u8>>,
    answers: Vec<(RequestId, Response)>,
    is_left: bool,
}

impl Media {
    pub(crate) fn new(sessions_max: usize) -> Self {
        Self {
            is_alive: true,
            is_hung: false,
            sessions: BTreeMap::new(),
            connections: Vec::new(),
            incarnation: 1,
            sessions_max,
            begun: 0,
        }
    }

    pub(crate) fn die(&mut self) {
        self.is_alive = false;
        self.is_hung = false;
        self.incarnation += 1;
        self.sessions.clear();
        self.connections.clear();
    }

    /// Takes a connection; a process that hangs has a listener all the same.
    pub(crate) fn connect(&mut self) -> bool {
        if self.is_alive {
            let server = Server::new(Incarnation(self.incarnation));
            let (inbox, answers) = (VecDeque::new(), Vec::new());
            self.connections.push(Connection { server, inbox, answers, is_left: false });
        }
        self.is_alive
    }

    /// Signaling has hung up. What it had sent is still there to be read.
    pub(crate) fn leave(&mut self) {
        for connection in &mut self.connections {
            connection.is_left = true;
        }
    }

    fn current(&mut self) -> Option<&mut Connection> {
        self.connections.last_mut().filter(|connection| !connection.is_left)
    }

    pub(crate) fn is_connected(&mut self) -> bool {
        self.current().is_some()
    }

    pub(crate) fn receive(&mut self, message: &[u8]) {
        if let Some(connection) = self.current() {
            connection.inbox.push_back(message.to_vec());
        }
    }

    /// Reads one message of the connection with this number, whichever that is.
    pub(crate) fn read(&mut self, which: usize) -> bool {
        let count = self.connections.len();
        if self.is_hung || count == 0 {
            return false;
        }
        let which = which % count;
        let Some(message) = self.connections[which].inbox.pop_front() else { return false };
        let asked = self.connections[which].server.handle(&message).expect("signaling keeps to the protocol");
        if let Asked::Request(id, request) = asked {
            let response = self.respond(request);
            self.connections[which].answers.push((id, response));
        }
        self.connections.retain(|connection| !connection.is_left || !connection.inbox.is_empty());
        true
    }

    /// Reads all that was said, hung or not.
    pub(crate) fn read_all(&mut self) {
        let is_hung = std::mem::take(&mut self.is_hung);
        while (0..self.connections.len()).any(|which| self.read(which)) {}
        self.is_hung = is_hung;
    }

    /// Gives one of the answers, whichever.
    pub(crate) fn answer(&mut self, which: usize) -> bool {
        let is_hung = self.is_hung;
        let Some(connection) = self.current().filter(|one| !is_hung && !one.answers.is_empty()) else {
            return false;
        };
        let which = which % connection.answers.len();
        let (id, response) = connection.answers.remove(which);
        connection.server.respond(id, response);
        true
    }

    /// Takes a message that signaling may read.
    pub(crate) fn send(&mut self) -> Option<Vec<u8>> {
        let is_hung = self.is_hung;
        let connection = self.current().filter(|_| !is_hung)?;
        let message = connection.server.peek_message()?.to_vec();
        connection.server.message_sent();
        Some(message)
    }

    /// Tells the quality of every session, as media does every minute.
    pub(crate) fn tell_quality(&mut self) {
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        if let Some(connection) = self.current() {
            for session in sessions {
                connection.server.event(Event::Quality { session, summary: SessionSummary::default() });
            }
        }
    }

    fn respond(&mut self, request: Request) -> Response {
        match request {
            Request::Apply(spec) => self.apply(&spec),
            Request::Close(session) => {
                let summary = self.sessions.remove(&session).map(|_| SessionSummary::default());
                Response::Closed { session, summary }
            }
            Request::List(after) => {
                let behind = self.sessions.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
                let state = |(id, session): (&SessionId, &Session)| SessionState {
                    session: *id,
                    epoch: session.epoch,
                    ports: session.ports,
                    worker: 0,
                };
                Response::Sessions(behind.take(PAGE_MAX).map(state).collect())
            }
            Request::Realms => {
                Response::Realms(["customers", "carrier"].map(|realm| self.realm(realm)).into())
            }
            Request::Subscribe => Response::Subscribed,
            Request::Describe(_) | Request::Statistics | Request::Workers => {
                unreachable!("the fleet does not ask it")
            }
        }
    }

    fn apply(&mut self, spec: &SessionSpec) -> Response {
        let (session, epoch, key) = (spec.id, spec.epoch, key_of(spec));
        let refused = |reason| Response::Refused { session, reason };
        let known = self.sessions.get(&session).copied();
        if known.is_some_and(|known| known.epoch > epoch) {
            return refused(Reason::EpochOld);
        }
        // The same wish is refused whenever it is said: a reason that passes would make two answers to one wish.
        if known.is_some_and(|known| known.epoch < epoch && (session.0 ^ u64::from(epoch.0)) % 7 == 3) {
            return refused(Reason::Immutable);
        }
        if known.is_none() && self.sessions.len() >= self.sessions_max {
            return refused(Reason::SessionsFull);
        }
        let goes_on = known.and_then(|known| known.key).filter(|(known, _)| Some(*known) == key);
        self.begun += 1;
        let key = goes_on.or(key.map(|key| (key, self.begun)));
        // The ports tell incarnations apart: what is opened again has others.
        let port = |side: u64| 1024 + ((session.0 * 4 + side * 2 + self.incarnation * 1000) % 60_000) as u16;
        let at = |port| std::net::SocketAddr::from(([192, 0, 2, 1], port));
        let ports = known.map_or_else(|| Ports { a: at(port(0)), b: at(port(1)) }, |known| known.ports);
        self.sessions.insert(session, Session { epoch, ports, key });
        Response::Applied { session, epoch, ports }
    }

    fn realm(&self, realm: &str) -> RealmState {
        RealmState {
            realm: name(realm),
            address: [192, 0, 2, 1].into(),
            first_port: 1024,
            last_port: 1024 + 4 * self.sessions_max as u16,
            leased: 2 * self.sessions.len() as u32,
            quarantined: 0,
        }
    }
}
