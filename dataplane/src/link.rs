//! The control thread: it listens on a Unix socket, and carries messages between clients and the desk.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fs, io};

use control::{Asked, Event, Incarnation, MESSAGE_LEN_MAX, Request, RequestId, Server};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use netio::DriverError;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::clock::{Clock, Now};
use crate::desk::{Asker, Desk, Told};

/// The listening socket, the connections, and the desk behind them. The socket's name goes with it.
pub(crate) struct Link {
    path: PathBuf,
    poll: Poll,
    waker: Arc<Waker>,
    is_asked_to_end: Arc<AtomicBool>,
    listener: Socket,
    incarnation: Incarnation,
    connections: BTreeMap<u64, Connection>,
    next_connection: u64,
    input: Vec<u8>,
}

/// A client.
struct Connection {
    socket: Socket,
    server: Server,
    /// Whether the socket was full, and will tell when it is not any more.
    is_full: bool,
    /// Whether there may be messages to read.
    is_readable: bool,
}

const LISTENER: Token = Token(0);
const WORKERS: Token = Token(1);
/// The connections have the numbers from here on.
const FIRST_CONNECTION: u64 = 2;

/// Signaling, and a few people who look.
const CONNECTIONS_MAX: usize = 16;

/// So many messages of one client before the others have their turn.
const MESSAGES_PER_TURN: usize = 64;

/// Bytes that may wait in a socket: a thousand answers.
const SOCKET_BYTES: usize = 1 << 20;

/// Asks a process to end, from anywhere.
#[derive(Clone)]
pub struct Stop {
    flag: Arc<AtomicBool>,
    waker: Arc<Waker>,
}

impl Stop {
    /// Asks: its sessions end with it, and clients see the end of their connections.
    pub fn ask(&self) {
        self.flag.store(true, Ordering::SeqCst);
        // It is asked by a descriptor that is never full; without one the process could not have started.
        drop(self.waker.wake());
    }
}

impl Link {
    /// Listens on a socket that only this user may open. A socket that nobody listens on any more is replaced.
    pub(crate) fn listen(path: &Path, incarnation: Incarnation) -> io::Result<Self> {
        let address = SockAddr::unix(path)?;
        let probe = Socket::new(Domain::UNIX, Type::SEQPACKET, None)?;
        match probe.connect(&address) {
            Ok(()) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
            Err(_) => {}
        }
        let listener = Socket::new(Domain::UNIX, Type::SEQPACKET, None)?;
        listener.bind(&address)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        listener.listen(CONNECTIONS_MAX as i32)?;
        listener.set_nonblocking(true)?;
        let poll = Poll::new()?;
        poll.registry().register(&mut SourceFd(&listener.as_raw_fd()), LISTENER, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), WORKERS)?);
        Ok(Self {
            path: path.to_owned(),
            is_asked_to_end: Arc::default(),
            poll,
            waker,
            listener,
            incarnation,
            connections: BTreeMap::new(),
            next_connection: FIRST_CONNECTION,
            // One byte more, so that a message that is too long is seen to be.
            input: vec![0; MESSAGE_LEN_MAX + 1],
        })
    }

    /// Returns what workers call when they have replied.
    pub(crate) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Returns what asks it to end.
    pub(crate) fn stop(&self) -> Stop {
        Stop { flag: Arc::clone(&self.is_asked_to_end), waker: self.waker() }
    }

    /// Serves clients until a worker ends, and returns why, or until it is asked to end.
    pub(crate) fn run(mut self, desk: &mut Desk, clock: Clock) -> io::Result<Option<DriverError>> {
        let mut events = Events::with_capacity(CONNECTIONS_MAX + 2);
        loop {
            if let Err(error) = self.poll.poll(&mut events, self.patience(desk)) {
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                return Err(error);
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(),
                    WORKERS => {}
                    Token(number) => {
                        if let Some(connection) = self.connections.get_mut(&(number as u64)) {
                            connection.is_readable |= event.is_readable();
                            connection.is_full &= !event.is_writable();
                        }
                    }
                }
            }
            let now = clock.now();
            while let Some(told) = desk.poll(now) {
                match told {
                    Told::Answer(asker, response) => {
                        if let Some(connection) = self.connections.get_mut(&asker.connection) {
                            connection.server.respond(asker.request, response);
                        }
                    }
                    Told::Event(event) => self.tell_all(&event),
                    Told::Ended(reason) => return Ok(reason),
                }
            }
            // Workers are told by a command, which needs room like any other.
            if self.is_asked_to_end.load(Ordering::SeqCst) && desk.has_room() {
                return Ok(None);
            }
            self.serve(desk, now);
            desk.call_workers();
        }
    }

    /// If a client has more to say than its turn allowed, there is no time to sleep.
    fn patience(&self, desk: &Desk) -> Option<Duration> {
        let is_waiting = desk.has_room() && self.connections.values().any(Connection::may_be_read);
        is_waiting.then_some(Duration::ZERO)
    }

    fn accept(&mut self) {
        while let Ok((socket, _)) = self.listener.accept() {
            if self.connections.len() == CONNECTIONS_MAX {
                // It is closed at once: whoever it was sees the end of the connection.
                continue;
            }
            let number = self.next_connection;
            let registered = self.register(&socket, Token(number as usize));
            if registered.is_ok() {
                self.next_connection += 1;
                let server = Server::new(self.incarnation);
                let connection = Connection { socket, server, is_full: false, is_readable: true };
                self.connections.insert(number, connection);
            }
        }
    }

    fn register(&self, socket: &Socket, token: Token) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        // The kernel gives what it can; less only means more trips.
        let _ = socket.set_send_buffer_size(SOCKET_BYTES);
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut SourceFd(&socket.as_raw_fd()), token, interest)
    }

    fn tell_all(&mut self, event: &Event) {
        for connection in self.connections.values_mut() {
            connection.server.event(event.clone());
        }
    }

    /// Reads what clients say and writes what they are owed; those who are gone or talk nonsense are let go.
    fn serve(&mut self, desk: &mut Desk, now: Now) {
        let input = &mut self.input;
        self.connections.retain(|number, connection| {
            let goes_on = connection.write().and_then(|()| connection.read(*number, input, desk, now));
            let written = connection.write();
            goes_on.is_ok() && written.is_ok()
        });
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Nobody else listens there before this descriptor is closed; a name that stays is replaced by the next process.
        let _ = fs::remove_file(&self.path);
    }
}

impl Connection {
    /// A client that does not take its answers is not listened to.
    fn may_be_read(&self) -> bool {
        self.is_readable && !self.is_full
    }

    fn read(&mut self, number: u64, input: &mut [u8], desk: &mut Desk, now: Now) -> io::Result<()> {
        for _ in 0..MESSAGES_PER_TURN {
            if !self.may_be_read() || !desk.has_room() {
                break;
            }
            let len = match (&self.socket).read(input) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.is_readable = false;
                    break;
                }
                Err(error) => return Err(error),
            };
            let asked = self.server.handle(&input[..len]);
            // There may have been keys in it.
            input[..len].fill(0);
            match asked {
                Ok(Asked::Hello) => {}
                Ok(Asked::Request(request, question)) => self.ask(number, request, question, desk, now),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(())
    }

    fn ask(&mut self, number: u64, request: RequestId, question: Request, desk: &mut Desk, now: Now) {
        let asker = Asker { connection: number, request };
        if let Some(response) = desk.ask(asker, question, now) {
            self.server.respond(request, response);
        }
    }

    fn write(&mut self) -> io::Result<()> {
        while let Some(message) = self.server.peek_message().filter(|_| !self.is_full) {
            match self.socket.send(message) {
                Ok(_) => self.server.message_sent(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_full = true,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
