//! Connections in and out.

use std::io;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Token};
use sip::flow::{Destination, Protocol, Target};

use crate::arrival::{Arrival, Failure, Guard};
use crate::connection::{Connection, End, Progress, Purpose};
use crate::counters::Count;
use crate::listener::connect;
use crate::transport::departure::remote;
use crate::transport::{News, Ready, Transport};

/// A connection is looked at after this time at the latest, so that the timers hold few entries of each.
const LOOK: Duration = Duration::from_secs(30);

/// When the kernel has no descriptor left for a connection, it is asked again after this time.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// The timers know listeners by the numbers below those of connections.
const ACCEPT_TIMER: u64 = 0;

impl Transport {
    /// Sends a message, or keeps it until it can be sent. What becomes of it is told by a later poll, if it fails.
    pub fn send(&mut self, to: &Destination, bytes: &[u8]) {
        self.now = Instant::now();
        self.gate.note_sent(remote(to).ip(), self.now);
        let protocol = match to {
            Destination::Flow(flow) => flow.protocol,
            Destination::Target(target) => target.protocol,
        };
        match (protocol, to) {
            (Protocol::Udp, _) => self.send_datagram(to, bytes),
            (_, Destination::Flow(flow)) => self.send_on(flow.connection, to, bytes),
            (_, Destination::Target(target)) => match self.connection_for(target) {
                Ok(id) => self.send_on(id, to, bytes),
                Err(why) => self.news.push_back(News::Failed(to.clone(), why)),
            },
        }
    }

    fn send_on(&mut self, id: u64, to: &Destination, bytes: &[u8]) {
        let Some(mut connection) = self.connections.take(id) else {
            self.news.push_back(News::Failed(to.clone(), Failure::Closed));
            return;
        };
        let pushed = connection.push(Some(to.clone()), bytes, &self.limits, self.now);
        match pushed.and_then(|()| connection.write(self.now, &mut self.counters)) {
            Ok(()) => self.put_back(connection),
            Err(end) => {
                if pushed.is_err() {
                    self.news.push_back(News::Failed(to.clone(), Failure::Full));
                }
                self.close(connection, end);
            }
        }
    }

    /// Finds the connection by which a target has come or that we have opened to it, or asks for one.
    fn connection_for(&mut self, target: &Target) -> Result<u64, Failure> {
        if let Some(id) = target.connection.filter(|id| self.connections.has(*id)) {
            return Ok(id);
        }
        let local = target.local.map(|local| local.ip()).filter(|local| !local.is_unspecified());
        let name = target.name.clone().filter(|_| target.protocol == Protocol::Tls);
        let purpose = Purpose { protocol: target.protocol, remote: target.remote, name, local };
        if let Some(id) = self.connections.find(&purpose) {
            return Ok(id);
        }
        if target.protocol == Protocol::Tls && self.tls.is_none() {
            return Err(Failure::NoListener);
        }
        if self.connections.len() >= self.limits.connections_max {
            self.counters.add(Count::ConnectionsFull);
            return Err(Failure::Full);
        }
        let opened = connect(target.remote, local).and_then(|socket| self.register(socket));
        match opened {
            Ok((id, socket)) => {
                self.put_back(Box::new(Connection::outgoing(id, socket, purpose, self.now)));
                Ok(id)
            }
            Err(error) => {
                self.counters.add(Count::ConnectFailed);
                Err(error.kind().into())
            }
        }
    }

    fn register(&mut self, mut socket: TcpStream) -> io::Result<(u64, TcpStream)> {
        let id = self.next_id;
        let token = Token(usize::try_from(id).map_err(io::Error::other)?);
        self.poll.registry().register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        self.next_id = id + 1;
        Ok((id, socket))
    }

    /// Accepts as many connections as there may be handshakes in a turn, so that a storm leaves room for others.
    pub(super) fn serve_entrances(&mut self, guard: &dyn Guard) {
        for _ in 0..self.limits.handshakes_per_turn.max(1) {
            let Some(index) = self.ready.entrances.pop_front() else { return };
            if self.accept(index, guard) {
                self.ready.entrances.push_back(index);
            }
        }
    }

    /// Accepts one connection; tells whether there may be more.
    fn accept(&mut self, index: usize, guard: &dyn Guard) -> bool {
        let Some(entrance) = self.entrances.get(index) else { return false };
        let protocol = entrance.protocol;
        let (socket, local, remote) = match entrance.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            // The peer was gone before it was accepted.
            Err(error) if is_of_peer(&error) => return true,
            Err(_) => {
                self.counters.add(Count::AcceptFailed);
                self.timers.add(self.now + ACCEPT_AGAIN, ACCEPT_TIMER);
                return false;
            }
        };
        let is_stranger = !self.gate.admits(guard, remote.ip(), self.now);
        let is_tls = protocol == Protocol::Tls;
        if let Err(count) = self.connections.admit(remote.ip(), is_tls, is_stranger, &self.limits) {
            self.counters.add(count);
            return true;
        }
        match self.register(socket) {
            Ok((id, socket)) => {
                self.counters.add(Count::Accepted);
                let number = (id, protocol);
                let connection = Connection::accepted(number, socket, (local, remote), is_stranger, self.now);
                self.put_back(Box::new(connection));
            }
            Err(_) => self.counters.add(Count::AcceptFailed),
        }
        true
    }

    /// Gives each connection that has something its share, and a few of those that are in a handshake.
    pub(super) fn serve_connections(&mut self, guard: &dyn Guard, arrivals: &mut dyn FnMut(Arrival<'_>)) {
        let handshakes = self.ready.handshakes.len().min(self.limits.handshakes_per_turn.max(1));
        for _ in 0..handshakes {
            let Some(id) = self.ready.handshakes.pop_front() else { break };
            self.serve(id, guard, arrivals);
        }
        for _ in 0..self.ready.connections.len() {
            let Some(id) = self.ready.connections.pop_front() else { break };
            self.serve(id, guard, arrivals);
        }
    }

    fn serve(&mut self, id: u64, guard: &dyn Guard, arrivals: &mut dyn FnMut(Arrival<'_>)) {
        let (mut turn, _, connections) = self.turn(guard, arrivals);
        let Some(mut connection) = connections.take(id) else { return };
        connection.is_queued = false;
        match connection.turn(&mut turn) {
            Ok(progress) => {
                if progress == Progress::More {
                    self.ready.queue(&mut connection);
                }
                self.put_back(connection);
            }
            Err(end) => self.close(connection, end),
        }
    }

    /// Ends what has taken too long.
    pub(super) fn serve_timers(&mut self) {
        while let Some((at, id)) = self.timers.take(self.now) {
            if id == ACCEPT_TIMER {
                self.ready.entrances = (0..self.entrances.len()).collect();
                continue;
            }
            let Some(mut connection) = self.connections.take(id) else { continue };
            if connection.scheduled != Some(at) {
                self.connections.put(connection);
                continue;
            }
            connection.scheduled = None;
            match connection.deadline(&self.limits) {
                (deadline, end) if deadline <= self.now => self.close(connection, end),
                _ => self.put_back(connection),
            }
        }
    }

    fn put_back(&mut self, mut connection: Box<Connection>) {
        let (deadline, _) = connection.deadline(&self.limits);
        let look = deadline.min(self.now + LOOK);
        if connection.scheduled.is_none_or(|at| at > look) {
            connection.scheduled = Some(look);
            self.timers.add(look, connection.id);
        }
        self.connections.put(connection);
    }

    fn close(&mut self, mut connection: Box<Connection>, end: End) {
        self.counters.add(end.count());
        self.connections.forget(&connection);
        // Closing the descriptor would do; a failure leaves nothing behind.
        let _ = self.poll.registry().deregister(&mut connection.socket);
        let (flow, is_public) = (connection.flow(), connection.is_public());
        for destination in connection.end() {
            self.news.push_back(News::Failed(destination, end.failure()));
        }
        if is_public {
            self.news.push_back(News::Closed(flow));
        }
    }
}

impl Ready {
    /// Queues a connection for its turn, once.
    pub(super) fn queue(&mut self, connection: &mut Connection) {
        if connection.is_queued {
            return;
        }
        connection.is_queued = true;
        let queue = if connection.is_handshaking() { &mut self.handshakes } else { &mut self.connections };
        queue.push_back(connection.id);
    }
}

/// Tells whether it is the peer that made accepting fail: the socket says what has become of its connection.
fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected
    )
}
