//! The ledger and its sockets, in the caller's event loop.

use core::time::Duration;
use std::io;
use std::path::PathBuf;

use control::{Epoch, MESSAGE_LEN_MAX, Name, SessionId, SessionSpec};
use mio::{Registry, Token};

use crate::event::FleetEvent;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::setup::{self, NodeSetup, Settings, SetupError};
use crate::socket::ControlSocket;

/// The media nodes, and the sessions that should be on them.
///
/// The caller's loop: wait until [`next_timeout`](Self::next_timeout) or an event; give each event of one of the tokens
/// to [`ready`](Self::ready); call [`handle_timeout`](Self::handle_timeout); take what
/// [`poll_event`](Self::poll_event) has. Nothing here waits.
pub struct Fleet {
    ledger: Ledger,
    nodes: Vec<Connection>,
    registry: Option<(Registry, Token)>,
    input: Vec<u8>,
}

struct Connection {
    path: PathBuf,
    socket: Option<ControlSocket>,
}

/// So many messages of one node before the rest of the loop has its turn.
const MESSAGES_PER_TURN: usize = 64;

impl Fleet {
    /// Begins with these nodes; nothing is connected before [`register`](Self::register).
    ///
    /// # Errors
    ///
    /// If a name is there twice, a path is too long, or there are too many nodes.
    pub fn new(now: Duration, nodes: Vec<NodeSetup>, settings: Settings) -> Result<Self, SetupError> {
        setup::check(&nodes)?;
        let ledger = Ledger::new(now, nodes.iter().map(|node| node.name.clone()), settings);
        let nodes = nodes.into_iter().map(|node| Connection { path: node.socket, socket: None }).collect();
        // One byte more, so that a message that is too long is seen to be.
        Ok(Self { ledger, nodes, registry: None, input: vec![0; MESSAGE_LEN_MAX + 1] })
    }

    /// Takes part in an event loop, with one token for each node from this one on. The next
    /// [`handle_timeout`](Self::handle_timeout) connects.
    ///
    /// # Errors
    ///
    /// If the system gives no further handle of the registry.
    pub fn register(&mut self, registry: &Registry, first_token: Token) -> io::Result<()> {
        self.registry = Some((registry.try_clone()?, first_token));
        Ok(())
    }

    /// Takes an event of the loop. Tokens of others are not touched.
    pub fn ready(&mut self, token: Token, now: Duration) {
        let place = self.registry.as_ref().and_then(|(_, first)| token.0.checked_sub(first.0));
        let Some(place) = place.filter(|place| *place < self.nodes.len()) else { return };
        if let Some(socket) = &mut self.nodes[place].socket {
            socket.ready();
        }
        self.exchange(now, place);
        // What one node did not take may have gone to another.
        self.send_all(now);
    }

    /// Does what is due: connections, questions about how nodes are, and what a turn before had no time to read.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.ledger.handle_timeout(now);
        for place in 0..self.nodes.len() {
            self.hang_up(place);
            if self.ledger.wants_connection(now, place) {
                self.connect(now, place);
            }
            self.exchange(now, place);
        }
        self.send_all(now);
    }

    /// Returns the moment at which [`handle_timeout`](Self::handle_timeout) is to be called, on the clock of `now`; one
    /// that is over if there is something to do at once.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Duration> {
        if self.nodes.iter().any(|node| node.socket.as_ref().is_some_and(ControlSocket::may_read)) {
            return Some(Duration::ZERO);
        }
        self.ledger.next_timeout()
    }

    /// Wishes for a new session: see [`Ledger::open`].
    pub fn open(&mut self, now: Duration, spec: SessionSpec) {
        self.ledger.open(now, spec);
        self.send_all(now);
    }

    /// Wishes that a session be like this from now on: see [`Ledger::update`].
    pub fn update(&mut self, now: Duration, spec: SessionSpec) -> Option<Epoch> {
        let epoch = self.ledger.update(now, spec);
        self.send_all(now);
        epoch
    }

    /// Wishes for a session no longer: see [`Ledger::close`].
    pub fn close(&mut self, now: Duration, session: SessionId) {
        self.ledger.close(now, session);
        self.send_all(now);
    }

    /// Takes over a session that a journal says is open: see [`Ledger::adopt`].
    pub fn adopt(&mut self, now: Duration, node: &Name, spec: SessionSpec) {
        self.ledger.adopt(now, node, spec);
        self.send_all(now);
    }

    /// Returns what is to be told next, if there is something.
    pub fn poll_event(&mut self) -> Option<FleetEvent> {
        self.ledger.poll_event()
    }

    /// Returns the name of the node that a session is on: what the journal notes for [`adopt`](Self::adopt).
    #[must_use]
    pub fn node_of(&self, session: SessionId) -> Option<&Name> {
        self.ledger.node_of(session)
    }

    /// Returns the nodes in the order in which they were given, and whether each is up.
    pub fn nodes(&self) -> impl Iterator<Item = (&Name, bool)> {
        self.ledger.nodes()
    }

    /// Returns what was counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        self.ledger.metrics()
    }

    fn connect(&mut self, now: Duration, place: usize) {
        let Some((registry, first)) = &self.registry else { return };
        let node = &mut self.nodes[place];
        match ControlSocket::connect(&node.path, registry, Token(first.0 + place)) {
            Ok(socket) => {
                node.socket = Some(socket);
                self.ledger.connected(now, place);
            }
            Err(_) => self.ledger.disconnected(now, place),
        }
    }

    /// Drops a socket whose connection the ledger has ended.
    fn hang_up(&mut self, place: usize) {
        if !self.ledger.is_connected(place) {
            self.nodes[place].socket = None;
        }
    }

    fn exchange(&mut self, now: Duration, place: usize) {
        let goes_on = self.write(place).and_then(|()| self.read(now, place)).and_then(|()| self.write(place));
        self.conclude(now, place, goes_on.is_ok());
    }

    fn send_all(&mut self, now: Duration) {
        for place in 0..self.nodes.len() {
            let goes_on = self.write(place);
            self.conclude(now, place, goes_on.is_ok());
        }
    }

    fn conclude(&mut self, now: Duration, place: usize, goes_on: bool) {
        if !goes_on && self.ledger.is_connected(place) {
            self.ledger.disconnected(now, place);
        }
        self.hang_up(place);
    }

    fn read(&mut self, now: Duration, place: usize) -> io::Result<()> {
        let Some(socket) = &mut self.nodes[place].socket else { return Ok(()) };
        for _ in 0..MESSAGES_PER_TURN {
            if !socket.may_read() || !self.ledger.is_connected(place) {
                break;
            }
            if let Some(len) = socket.read(&mut self.input)? {
                self.ledger.handle(now, place, &self.input[..len]);
            }
        }
        Ok(())
    }

    fn write(&mut self, place: usize) -> io::Result<()> {
        let Some(socket) = &mut self.nodes[place].socket else { return Ok(()) };
        while let Some(message) = self.ledger.peek_message(place).filter(|_| socket.may_write()) {
            if socket.send(message)? {
                self.ledger.message_sent(place);
            }
        }
        Ok(())
    }
}
