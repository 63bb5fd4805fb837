//! The sockets of SIP, and the loop that serves them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Registry, Token};
use sip::flow::{Destination, Flow, Protocol};

use crate::arrival::{Arrival, Failure, Guard};
use crate::connections::Connections;
use crate::counters::Counters;
use crate::error::SetupError;
use crate::gate::Gate;
use crate::listener::{self, Bound, Entrance};
use crate::port::Port;
use crate::setup::{Limits, Listener, Setup};
use crate::timers::Timers;
use crate::tls::Tls;
use crate::turn::Turn;

mod datagrams;
mod departure;
mod streams;

/// SIP over UDP, TCP and TLS. It lives on one thread, which polls it.
pub struct Transport {
    poll: Poll,
    events: Events,
    waker: Waker,
    listeners: Vec<Bound>,
    ports: Vec<Port>,
    entrances: Vec<Entrance>,
    connections: Connections,
    /// Of the next connection. The numbers below are those of listeners.
    next_id: u64,
    timers: Timers,
    ready: Ready,
    gate: Gate,
    counters: Counters,
    limits: Limits,
    tls: Option<Tls>,
    /// What has to be told at the next poll.
    news: VecDeque<News>,
    /// Where datagrams went lately, so that what ICMP says can be told of whom it concerns.
    departures: departure::Departures,
    scratch: Box<[u8]>,
    /// When this turn began.
    now: Instant,
}

/// Wakes a poll from another thread.
#[derive(Clone, Debug)]
pub struct Waker(Arc<mio::Waker>);

impl Waker {
    /// Makes the poll that is under way, or else the next one, return with [`Arrival::Woken`].
    pub fn wake(&self) {
        // It can fail for lack of memory in the kernel only, and then the poll ends by its own timeout.
        let _ = self.0.wake();
    }
}

/// What waits for its turn.
#[derive(Default)]
struct Ready {
    ports: VecDeque<usize>,
    entrances: VecDeque<usize>,
    connections: VecDeque<u64>,
    handshakes: VecDeque<u64>,
}

impl Ready {
    fn is_empty(&self) -> bool {
        self.ports.is_empty()
            && self.entrances.is_empty()
            && self.connections.is_empty()
            && self.handshakes.is_empty()
    }
}

/// An arrival that has no bytes.
enum News {
    Failed(Destination, Failure),
    Closed(Flow),
}

const WAKER: Token = Token(0);
/// Ports begin here.
const PORTS: usize = 1;
/// What others of the same loop wait for begins here; there are not as many ports.
const GUESTS: usize = 1 << 15;
/// Listeners for connections begin here; there are not as many guests.
const ENTRANCES: usize = 1 << 16;
/// Connections begin here; there are not as many listeners.
const CONNECTIONS: usize = 1 << 17;

/// Events taken from the kernel at once.
const EVENTS_MAX: usize = 256;

impl Transport {
    /// Binds what is to be listened on.
    ///
    /// # Errors
    /// If an address cannot be bound, or TLS is to be listened for without a certificate.
    pub fn open(setup: &Setup) -> Result<Self, SetupError> {
        let poll = Poll::new().map_err(SetupError::Kernel)?;
        let waker = mio::Waker::new(poll.registry(), WAKER).map_err(SetupError::Kernel)?;
        let now = Instant::now();
        let mut transport = Self {
            poll,
            events: Events::with_capacity(EVENTS_MAX),
            waker: Waker(Arc::new(waker)),
            listeners: Vec::new(),
            ports: Vec::new(),
            entrances: Vec::new(),
            connections: Connections::default(),
            next_id: CONNECTIONS as u64,
            timers: Timers::default(),
            ready: Ready::default(),
            gate: Gate::new(setup.limits.strangers_per_second, now),
            counters: Counters::new(),
            limits: setup.limits.clone(),
            tls: setup.tls.clone(),
            news: VecDeque::new(),
            departures: departure::Departures::default(),
            scratch: vec![0; 64 * 1024].into(),
            now,
        };
        for listener in &setup.listeners {
            let Listener { protocol, address, .. } = *listener;
            if protocol == Protocol::Tls && setup.tls.is_none() {
                return Err(SetupError::NoIdentity { address });
            }
            transport.listen(listener).map_err(|error| SetupError::Bind { protocol, address, error })?;
        }
        Ok(transport)
    }

    fn listen(&mut self, listener: &Listener) -> io::Result<()> {
        let registry = self.poll.registry();
        let (address, receive_buffer_bytes) = match listener.protocol {
            Protocol::Udp => {
                let mut port = Port::open(listener.address, self.limits.receive_buffer_bytes)?;
                let token = Token(PORTS + self.ports.len());
                registry.register(&mut port.socket, token, Interest::READABLE | Interest::WRITABLE)?;
                let opened = (port.address, port.receive_buffer_bytes);
                self.ports.push(port);
                opened
            }
            Protocol::Tcp | Protocol::Tls => {
                let mut entrance = Entrance::open(listener.protocol, listener.address)?;
                let token = Token(ENTRANCES + self.entrances.len());
                registry.register(&mut entrance.socket, token, Interest::READABLE)?;
                let address = entrance.socket.local_addr()?;
                self.entrances.push(entrance);
                (address, 0)
            }
        };
        let advertised = listener.advertised.clone();
        self.listeners.push(Bound::new(listener.protocol, address, advertised, receive_buffer_bytes));
        Ok(())
    }

    /// Returns what was bound, in the order in which it was asked for.
    pub fn listeners(&self) -> &[Bound] {
        &self.listeners
    }

    /// Returns what was counted since the start.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Returns how many connections are in being, those included that are not open yet.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Tells whether the last turn has left something to be read: more comes than one turn takes.
    pub fn is_behind(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The first token for sockets that somebody else of the same loop wants to hear of, of 32,768: see
    /// [`Transport::registry`].
    pub const GUESTS: Token = Token(GUESTS);

    /// Returns where other sockets of the same loop are registered, under tokens from [`Transport::GUESTS`] on. What
    /// happens to them is told by [`Arrival::Guest`].
    pub fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Returns what wakes a poll from another thread.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Returns what a Via says for what leaves from a local address: that of a flow, or that of a target if it names
    /// one, or else the unspecified one.
    pub fn sent_by(&self, protocol: Protocol, local: SocketAddr) -> Cow<'_, str> {
        listener::sent_by(&self.listeners, protocol, local)
    }

    /// Shows another certificate and believes other roots from now on. Connections that are in being stay as they are.
    pub fn replace_tls(&mut self, tls: Tls) {
        self.tls = Some(tls);
    }

    /// Waits for something to happen, for so long at most, and tells what it was. It returns after one turn, in which
    /// everybody who has something gets a share.
    ///
    /// # Errors
    /// If the kernel does not let us wait; nothing of a peer's makes it fail.
    pub fn poll(
        &mut self,
        wait: Option<Duration>,
        guard: &dyn Guard,
        arrivals: &mut dyn FnMut(Arrival<'_>),
    ) -> io::Result<()> {
        self.tell(arrivals);
        let wait = self.patience(wait, Instant::now());
        match self.poll.poll(&mut self.events, wait) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.now = Instant::now();
        if self.sort_events(arrivals) {
            arrivals(Arrival::Woken);
        }
        self.serve_ports(guard, arrivals);
        self.serve_entrances(guard);
        self.serve_connections(guard, arrivals);
        self.serve_timers();
        self.tell(arrivals);
        Ok(())
    }

    fn tell(&mut self, arrivals: &mut dyn FnMut(Arrival<'_>)) {
        while let Some(news) = self.news.pop_front() {
            arrivals(match news {
                News::Failed(destination, why) => Arrival::Failed { destination, why },
                News::Closed(flow) => Arrival::Closed { flow },
            });
        }
    }

    /// Returns how long to wait: not at all if somebody was not served to the end.
    fn patience(&self, wait: Option<Duration>, now: Instant) -> Option<Duration> {
        if !self.ready.is_empty() {
            return Some(Duration::ZERO);
        }
        let due = self.timers.next().map(|at| at.saturating_duration_since(now));
        match (wait, due) {
            (Some(wait), Some(due)) => Some(wait.min(due)),
            (wait, due) => wait.or(due),
        }
    }

    /// Queues everybody who has something, and tells guests; tells whether the waker was used.
    fn sort_events(&mut self, arrivals: &mut dyn FnMut(Arrival<'_>)) -> bool {
        let mut is_woken = false;
        for event in &self.events {
            match event.token().0 {
                0 => is_woken = true,
                token @ CONNECTIONS.. => {
                    let id = token as u64;
                    if let Some(connection) = self.connections.get_mut(id) {
                        self.ready.queue(connection);
                    }
                }
                GUESTS..ENTRANCES => arrivals(Arrival::Guest(event.token())),
                token @ ENTRANCES.. => queue_once(&mut self.ready.entrances, token - ENTRANCES),
                token => queue_once(&mut self.ready.ports, token - PORTS),
            }
        }
        is_woken
    }

    /// Lends what a turn needs, and apart from it whose turn it may be.
    fn turn<'a>(
        &'a mut self,
        guard: &'a dyn Guard,
        arrivals: &'a mut dyn FnMut(Arrival<'_>),
    ) -> (Turn<'a>, &'a mut [Port], &'a mut Connections) {
        let turn = Turn {
            now: self.now,
            limits: &self.limits,
            guard,
            gate: &mut self.gate,
            counters: &mut self.counters,
            tls: self.tls.as_ref(),
            scratch: &mut self.scratch,
            arrivals,
        };
        (turn, &mut self.ports, &mut self.connections)
    }
}

fn queue_once(queue: &mut VecDeque<usize>, index: usize) {
    if !queue.contains(&index) {
        queue.push_back(index);
    }
}
