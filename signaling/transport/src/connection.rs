//! One connection, from its beginning to its end.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Instant;

use mio::net::TcpStream;
use rustls::server::Acceptor;
use sip::flow::{Destination, Flow, Protocol};

use crate::inbox::Inbox;
use crate::outbox::Outbox;
use crate::setup::Limits;
use crate::tls::Session;
use crate::turn::Turn;

mod end;
mod exchange;
mod handshake;

pub(crate) use end::End;

/// A connection.
pub(crate) struct Connection {
    pub(crate) id: u64,
    pub(crate) socket: TcpStream,
    pub(crate) remote: SocketAddr,
    /// Which of ours to look for when something is to be sent to a target; `None` for one that came in.
    pub(crate) purpose: Option<Purpose>,
    /// When it is looked at next; an entry of the timers for another time is of no account.
    pub(crate) scheduled: Option<Instant>,
    /// It waits for its turn.
    pub(crate) is_queued: bool,
    protocol: Protocol,
    local: SocketAddr,
    stage: Stage,
    greeting: Greeting,
    inbox: Inbox,
    outbox: Outbox,
    /// The first message of the outbox is in the hands of TLS.
    is_encrypted: bool,
    /// When its stage began.
    began: Instant,
    /// When something was last heard.
    heard: Instant,
    /// Since when a message has been coming in.
    partial: Option<Instant>,
    /// When the peer last took something of the outbox, or it was empty.
    progress: Instant,
}

/// What a connection that we opened is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Purpose {
    pub(crate) protocol: Protocol,
    pub(crate) remote: SocketAddr,
    pub(crate) name: Option<Rc<str>>,
    pub(crate) local: Option<IpAddr>,
}

/// How far a connection has come.
enum Stage {
    /// We wait for the peer to accept it.
    Connecting,
    /// We wait for the first word of the peer's TLS.
    Hello(Box<Acceptor>),
    /// TLS is being agreed on.
    Handshake(Box<Session>),
    /// Messages flow; in the clear if there is no session of TLS.
    Open(Option<Box<Session>>),
}

/// What is known about who speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Greeting {
    /// Nothing. It has to invite a host of ours before it hears a byte.
    Stranger {
        /// It was counted among those whom we hear: its handshake named a host of ours.
        is_admitted: bool,
    },
    /// The host is known; whether it speaks SIP is not.
    Unread,
    /// It speaks SIP.
    Read,
}

/// Whether there is more to do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Its share of the turn is used up.
    More,
    /// The socket has no more for now.
    Blocked,
}

impl Connection {
    /// Takes in a connection that somebody has opened to us.
    pub(crate) fn accepted(
        (id, protocol): (u64, Protocol),
        socket: TcpStream,
        (local, remote): (SocketAddr, SocketAddr),
        is_stranger: bool,
        now: Instant,
    ) -> Self {
        let stage = match protocol {
            Protocol::Tls => Stage::Hello(Box::default()),
            Protocol::Udp | Protocol::Tcp => Stage::Open(None),
        };
        let greeting = if is_stranger { Greeting::Stranger { is_admitted: false } } else { Greeting::Unread };
        Self::new(id, socket, protocol, (local, remote), (stage, greeting), now)
    }

    /// Begins with a connection that we have asked for.
    pub(crate) fn outgoing(id: u64, socket: TcpStream, purpose: Purpose, now: Instant) -> Self {
        let unknown = SocketAddr::new(purpose.local.unwrap_or(IpAddr::from([0; 4])), 0);
        let addresses = (unknown, purpose.remote);
        let state = (Stage::Connecting, Greeting::Unread);
        let connection = Self::new(id, socket, purpose.protocol, addresses, state, now);
        Self { purpose: Some(purpose), ..connection }
    }

    fn new(
        id: u64,
        socket: TcpStream,
        protocol: Protocol,
        (local, remote): (SocketAddr, SocketAddr),
        (stage, greeting): (Stage, Greeting),
        now: Instant,
    ) -> Self {
        Self {
            id,
            socket,
            remote,
            purpose: None,
            scheduled: None,
            is_queued: false,
            protocol,
            local,
            stage,
            greeting,
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            is_encrypted: false,
            began: now,
            heard: now,
            partial: None,
            progress: now,
        }
    }

    /// Returns the way back to the peer.
    pub(crate) fn flow(&self) -> Flow {
        Flow { protocol: self.protocol, local: self.local, remote: self.remote, connection: self.id }
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        matches!(self.stage, Stage::Hello(_) | Stage::Handshake(_))
    }

    pub(crate) fn is_stranger(&self) -> bool {
        matches!(self.greeting, Greeting::Stranger { .. })
    }

    /// Tells whether anybody but us knows that it is there.
    pub(crate) fn is_public(&self) -> bool {
        matches!(self.stage, Stage::Open(_)) && !self.is_stranger()
    }

    /// Takes a message to be sent.
    ///
    /// # Errors
    /// `SlowReader`: the peer does not read, or more is to be sent than any peer could.
    pub(crate) fn push(
        &mut self,
        destination: Option<Destination>,
        bytes: &[u8],
        limits: &Limits,
        now: Instant,
    ) -> Result<(), End> {
        if self.outbox.is_empty() {
            self.progress = now;
        }
        if self.outbox.push(destination, bytes, limits.queue_bytes_max) {
            Ok(())
        } else {
            Err(End::SlowReader)
        }
    }

    /// Ends it, and returns where what was sent may not have arrived.
    pub(crate) fn end(mut self) -> Vec<Destination> {
        if let Stage::Open(Some(session)) | Stage::Handshake(session) = &mut self.stage
            && !matches!(self.greeting, Greeting::Stranger { is_admitted: false })
        {
            // Whoever does not hear it hears the end of the connection.
            session.say_goodbye(&mut self.socket);
        }
        self.outbox.lost()
    }

    /// Returns until when it may go on as it is, and how it ends then.
    pub(crate) fn deadline(&self, limits: &Limits) -> (Instant, End) {
        match &self.stage {
            Stage::Connecting => (self.began + limits.connect, End::ConnectTimeout),
            Stage::Hello(_) if self.is_stranger() => (self.began + limits.stranger, End::Stranger),
            Stage::Hello(_) | Stage::Handshake(_) => (self.began + limits.handshake, End::HandshakeTimeout),
            Stage::Open(_) if self.is_stranger() => (self.began + limits.stranger, End::Stranger),
            Stage::Open(_) => {
                let idle = (self.heard + limits.idle, End::Idle);
                let partial = self.partial.map(|since| (since + limits.partial, End::PartialTimeout));
                let is_waiting = !self.outbox.is_empty();
                let stalled = is_waiting.then(|| (self.progress + limits.stalled, End::SlowReader));
                let first = [partial, stalled].into_iter().flatten().min_by_key(|(at, _)| *at);
                first.filter(|(at, _)| *at < idle.0).unwrap_or(idle)
            }
        }
    }

    /// Does what can be done without waiting, as far as its share of the turn goes.
    ///
    /// # Errors
    /// Why the connection has come to its end.
    pub(crate) fn turn(&mut self, turn: &mut Turn<'_>) -> Result<Progress, End> {
        loop {
            let is_further = match &self.stage {
                Stage::Connecting => self.connect(turn)?,
                Stage::Hello(_) => self.hear_hello(turn)?,
                Stage::Handshake(_) => self.shake_hands(turn)?,
                Stage::Open(_) => return self.exchange(turn),
            };
            if !is_further {
                return Ok(Progress::Blocked);
            }
        }
    }

    fn enter(&mut self, stage: Stage, now: Instant) {
        self.stage = stage;
        self.began = now;
        self.heard = now;
        self.progress = now;
    }
}

/// Does it again when a signal came in between.
pub(crate) fn retry<T>(mut action: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match action() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
