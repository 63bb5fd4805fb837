//! The four transactions of RFC 3261 section 17 with the states of RFC 6026 and the rules of RFC 4320, in one table.
//!
//! Nothing here opens a socket or asks the clock. What came is put in with the time, [`Transactions::poll_event`] and
//! [`Transactions::poll_transmit`] are called until both have nothing more, and [`Transactions::handle_timeout`] when
//! the time of [`Transactions::next_timeout`] has come. Time is what has gone by since a start of the caller's choice.
//!
//! What the layer does by itself: 100 to an INVITE, and to others when RFC 4320 asks for it; copies of what was sent,
//! also of a 2xx until its ACK comes; the same answer to the same request; the ACK of what is not 2xx; the answer to a
//! CANCEL. What is left to the user: one final response to each request, the ACK of each 2xx, and for how long it rings.
//!
//! What was decided, and why:
//! - A key is 128 bits of SipHash under a secret, over branch, sender, method, and by which way from which host it came;
//!   nothing else of them is kept. Peers cannot make keys collide, and a tombstone is its keys and one reply.
//! - Our branches carry the slot of the transaction and a proof that we made them. A response is found without a search,
//!   and an acceptance is told even when its transaction is gone.
//! - A CANCEL is answered without state: its answer follows from the INVITE, and a copy gets it made anew.
//! - Destinations are interned, and transactions of one are linked: a lost connection finds its own without a search.
//! - What is full refuses what is new with a 503 whose derived tag tells its ACK. What belongs to a call has a reserve,
//!   and is dropped beyond it, to come again. Requests of ours are not refused: the user bounds its calls.
//! - A request is merged while its double is under way or was accepted. What was refused may come again with the same
//!   number, from a client that tries another address of ours.
//! - The machines leave the figures where a client in Proceeding or Completed would end with a transport error, which is
//!   another's or comes too late to matter, and where an acceptance comes after a refusal: it is told.
//! - Requests without the cookie are matched without their To tag, as that of an ACK is another one.

mod clock;
mod counters;
mod drive;
mod entry;
mod event;
#[cfg(test)]
mod figures;
mod invite_client;
mod invite_server;
mod key;
mod limits;
mod non_invite_client;
mod non_invite_server;
mod receive;
mod reroute;
mod secret;
mod send;
mod step;
mod table;
mod widening;

use core::time::Duration;
use std::collections::VecDeque;

use crate::error::WriteError;
use crate::flow::{Destination, Flow, Target};
use crate::message::{Request, Response};
use clock::Clock;
pub use counters::{Counters, Reason};
pub use event::{ClientId, Event, Failure, ServerId, Transmit};
pub use limits::{Limits, Load};
use secret::{KeyMap, Secret};
pub use step::{PATIENCE, T1, T2, T4};
use table::{Slot, Table};

/// All transactions of a node.
pub struct Transactions {
    limits: Limits,
    secret: Secret,
    table: Table,
    clock: Clock,
    /// Server transactions by what their requests have in common, and by the ACK that they wait for.
    servers: KeyMap<Slot>,
    /// How many server transactions each host has.
    hosts: KeyMap<usize>,
    /// How many bytes are kept for copies.
    kept_bytes: usize,
    /// How many ACKs were sent that have no transaction.
    acks: u64,
    counters: Counters,
    events: VecDeque<Event>,
    transmits: VecDeque<Transmit>,
}

impl Transactions {
    /// Makes an empty table. The seed makes branches and tags that nobody foresees: 32 random bytes, others each time.
    pub fn new(limits: Limits, seed: [u8; 32]) -> Self {
        Self {
            limits,
            secret: Secret::new(seed),
            table: Table::default(),
            clock: Clock::default(),
            servers: KeyMap::default(),
            hosts: KeyMap::default(),
            kept_bytes: 0,
            acks: 0,
            counters: Counters::default(),
            events: VecDeque::new(),
            transmits: VecDeque::new(),
        }
    }

    /// Takes a request that came, and writes down in its Via where from.
    pub fn receive_request(&mut self, now: Duration, request: Request, flow: Flow) {
        receive::request(self, now, request, flow);
        self.clock.settle(&mut self.table);
    }

    /// Tells whether a request is a copy of one that is under way, or was answered lately.
    pub fn knows(&self, request: &Request, flow: &Flow) -> bool {
        let key = key::transaction(&self.secret, request, flow, request.method());
        key.is_some_and(|key| self.servers.contains_key(&key))
    }

    /// Refuses a request with 503 and Retry-After instead of taking it: nothing is kept of it, and its ACK is known by the
    /// tag of the answer.
    pub fn refuse_for_now(&mut self, request: Request, flow: &Flow, seconds: u32) {
        receive::refuse_for_now(self, request, flow, seconds);
    }

    /// Takes a response that came.
    pub fn receive_response(&mut self, now: Duration, response: Response, flow: Flow) {
        receive::response(self, now, response, flow);
        self.clock.settle(&mut self.table);
    }

    /// Takes the news that nothing gets to a destination: a connection is closed or was refused, a host is unreachable.
    ///
    /// Of a flow the responses go to where their Vias say. Of a target the requests that nobody has answered fail; what
    /// was asked over a connection that is closed is answered over another one, so only its target tells of that.
    pub fn send_failed(&mut self, now: Duration, destination: &Destination) {
        reroute::send_failed(self, now, destination);
        self.clock.settle(&mut self.table);
    }

    /// Sends a request other than ACK and CANCEL: with a Via of ours on top, and again until it is answered.
    ///
    /// `sent_by` is where responses are to come to when the connection is gone: host, and port if it is not the usual one.
    ///
    /// # Errors
    /// `WriteError`: nothing is sent, and there is no transaction.
    ///
    /// # Panics
    /// For ACK, which has no transaction, and CANCEL, which belongs to another one.
    pub fn request(
        &mut self,
        now: Duration,
        request: Request,
        to: Target,
        sent_by: &str,
    ) -> Result<ClientId, WriteError> {
        self.request_wide(now, request, (to, sent_by), None)
    }

    /// Sends a request as [`Transactions::request`] does, but an INVITE that is too long for a datagram another way: to a
    /// target that has a connection. Where none can be had it goes as a datagram, and that is told.
    ///
    /// # Errors
    /// `WriteError`: nothing is sent, and there is no transaction.
    ///
    /// # Panics
    /// For ACK and CANCEL.
    pub fn request_wide(
        &mut self,
        now: Duration,
        request: Request,
        way: (Target, &str),
        wide: Option<(Target, &str)>,
    ) -> Result<ClientId, WriteError> {
        let sent = send::request(self, now, request, way, wide);
        self.clock.settle(&mut self.table);
        sent
    }

    /// Sends an INVITE as a datagram that went over a connection, from which nothing is heard; `false` if it did not.
    pub fn fall_back(&mut self, now: Duration, id: ClientId) -> bool {
        let is_sent = widening::fall_back(self, now, id.0);
        self.clock.settle(&mut self.table);
        is_sent
    }

    /// Sends the ACK of an acceptance, once; the user sends it again for each copy of the acceptance.
    ///
    /// # Errors
    /// `WriteError`: nothing is sent.
    pub fn acknowledge(&mut self, ack: Request, to: Target, sent_by: &str) -> Result<(), WriteError> {
        send::acknowledge(self, ack, to, sent_by)
    }

    /// Answers a request. A 2xx to an INVITE is sent again until its ACK has come.
    ///
    /// What comes too late, or is not to be said, is counted: a second final response, to other than INVITE a
    /// provisional one or 408.
    ///
    /// # Errors
    /// `WriteError`: nothing is sent, and the request still has no answer.
    pub fn respond(&mut self, now: Duration, id: ServerId, response: Response) -> Result<(), WriteError> {
        let sent = send::respond(self, now, id.0, &response);
        self.clock.settle(&mut self.table);
        sent
    }

    /// Wants an INVITE to end: a CANCEL is sent as soon as a provisional response has come, and the response that ends
    /// it comes as ever. `reason` is the value of a Reason header.
    pub fn cancel(&mut self, now: Duration, id: ClientId, reason: Option<&str>) {
        send::cancel(self, now, id.0, reason);
        self.clock.settle(&mut self.table);
    }

    /// Takes out what the user has to know next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Takes out what is to be sent next.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// Returns when to call [`Transactions::handle_timeout`].
    pub fn next_timeout(&self) -> Option<Duration> {
        self.clock.next()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some(slot) = self.clock.pop(&mut self.table, now) {
            let timer = self.table.get_mut(slot).and_then(|entry| entry.timers.take_due(now));
            if let Some(timer) = timer {
                self.fire(now, slot, timer);
            }
            self.clock.arm(&mut self.table, slot);
        }
    }

    /// Tells which request of ours a branch is of, whether or not anybody still knows of it.
    pub fn of_branch(&self, branch: &str) -> Option<ClientId> {
        self.secret.read_branch(branch).map(ClientId)
    }

    /// Counts what is held.
    pub fn load(&self) -> Load {
        Load {
            transactions: self.table.len(),
            destinations: self.table.ways(),
            keys: self.servers.len(),
            hosts: self.hosts.len(),
            wakings: self.clock.len(),
            kept_bytes: self.kept_bytes,
        }
    }

    /// Returns what was dropped, refused or not sent.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }
}
