//! The thread that speaks to DNS servers.

use std::collections::HashMap;
use std::io;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};
use rustls::crypto::SecureRandom;

use crate::resolve::cache::{Cache, Key};
use crate::resolve::message::{Reply, read_reply, write_question};
use crate::resolve::route::{Book, Outcome};
use crate::resolve::wire::{Heard, Wire};
use crate::resolve::{Answer, QUERY_TIME, Query, ResolveError, ResolverSetup};
use crate::tls::provider;

/// What the thread works on.
pub(super) struct Service {
    poll: Poll,
    asked: Receiver<(Query, u64)>,
    setup: ResolverSetup,
    cache: Cache,
    queries: Vec<Waiting>,
    lookups: HashMap<Token, Lookup>,
    next_token: usize,
    random: &'static dyn SecureRandom,
}

/// A query that has no answer yet.
struct Waiting {
    query: Query,
    token: u64,
    deadline: Instant,
}

/// A question that is out.
struct Lookup {
    key: Key,
    /// How it was sent last; `None` before that.
    wire: Option<Wire>,
    id: u16,
    /// How often it was sent.
    tries: usize,
    /// When it is sent again.
    again: Instant,
    deadline: Instant,
    /// What came of a reply that was cut off.
    partial: Option<Reply>,
}

const BELL: Token = Token(0);

/// How long a server has before the next one is asked.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long servers have together. Two such steps, services and addresses, fit the time of a query nearly; the second
/// one is ended by that.
const LOOKUP_TIME: Duration = Duration::from_millis(1200);

/// How long a server has over a connection, which takes two more ways to it.
const STREAM_PATIENCE: Duration = Duration::from_millis(600);

/// Questions that are out at once.
const LOOKUPS_MAX: usize = 256;

impl Service {
    /// Prepares the thread, and what wakes it.
    pub(super) fn new(setup: ResolverSetup, asked: Receiver<(Query, u64)>) -> io::Result<(Self, mio::Waker)> {
        let poll = Poll::new()?;
        let bell = mio::Waker::new(poll.registry(), BELL)?;
        let service = Self {
            poll,
            asked,
            setup,
            cache: Cache::default(),
            queries: Vec::new(),
            lookups: HashMap::new(),
            next_token: 1,
            random: provider().secure_random,
        };
        Ok((service, bell))
    }

    /// Works until nobody can ask any more.
    pub(super) fn run(mut self, answer: impl Fn(Answer)) {
        let mut events = Events::with_capacity(64);
        loop {
            let wait = self.due().map(|at| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
                Ok(()) | Err(_) => {}
            }
            let now = Instant::now();
            if !self.hear_queries(now) {
                return;
            }
            for event in &events {
                self.hear_server(event.token(), now);
            }
            self.ask_again(now);
            self.answer_queries(&answer, now);
        }
    }

    fn due(&self) -> Option<Instant> {
        let lookups = self.lookups.values().map(|lookup| lookup.again.min(lookup.deadline));
        lookups.chain(self.queries.iter().map(|query| query.deadline)).min()
    }

    /// Takes what was asked; tells whether somebody may still ask.
    fn hear_queries(&mut self, now: Instant) -> bool {
        loop {
            match self.asked.try_recv() {
                Ok((query, token)) => {
                    self.queries.push(Waiting { query, token, deadline: now + QUERY_TIME });
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn hear_server(&mut self, token: Token, now: Instant) {
        let Self { lookups, setup, poll, .. } = self;
        let Some(lookup) = lookups.get_mut(&token) else { return };
        loop {
            let Some(wire) = &mut lookup.wire else { return };
            let bytes = match wire.hear() {
                Heard::Message(bytes) => bytes,
                Heard::Nothing => return,
                // There is no server, or it has had enough of us: the next one has its turn.
                Heard::Gone => {
                    lookup.wire = None;
                    lookup.again = now;
                    return;
                }
            };
            let is_datagram = matches!(wire, Wire::Datagram(_));
            let (name, kind) = &lookup.key;
            match read_reply(&bytes, lookup.id, name, *kind) {
                // Somebody else's, or forged. Over a connection nothing else comes.
                None if is_datagram => {}
                None | Some((Reply::Failed, _)) => {
                    lookup.again = now;
                    return;
                }
                Some((reply, true)) if is_datagram => {
                    lookup.partial = Some(reply);
                    lookup.wire = again_over_stream(lookup, setup, poll.registry(), token);
                    lookup.again = if lookup.wire.is_some() { now + STREAM_PATIENCE } else { now };
                    return;
                }
                Some((reply, _)) => return self.conclude(token, reply, now),
            }
        }
    }

    /// Asks the next server what the one before has not answered, or gives up.
    fn ask_again(&mut self, now: Instant) {
        let due = self.lookups.iter().filter(|(_, lookup)| lookup.again.min(lookup.deadline) <= now);
        let due: Vec<Token> = due.map(|(token, _)| *token).collect();
        for token in due {
            let Some(mut lookup) = self.lookups.remove(&token) else { continue };
            if now >= lookup.deadline || !self.send(&mut lookup, token, now) {
                let reply = lookup.partial.unwrap_or(Reply::Failed);
                self.cache.note(lookup.key, reply, now);
                continue;
            }
            self.lookups.insert(token, lookup);
        }
    }

    /// Sends a question to the server whose turn it is; tells whether there is hope.
    fn send(&self, lookup: &mut Lookup, token: Token, now: Instant) -> bool {
        let servers = &self.setup.servers;
        // Each server twice, and with the extension of RFC 6891 the first time only: old ones do not know it.
        if servers.is_empty() || lookup.tries >= servers.len().saturating_mul(2).max(4) {
            return false;
        }
        let Some(server) = servers.get(lookup.tries % servers.len()) else { return false };
        let is_extended = lookup.tries < servers.len();
        lookup.tries += 1;
        lookup.again = now + PATIENCE;
        let (name, kind) = &lookup.key;
        let Some(question) = write_question(lookup.id, name, *kind, is_extended) else { return false };
        // Another socket, so that no answer of an earlier server is taken for one of this.
        lookup.wire = Wire::datagram(*server, &question, self.poll.registry(), token).ok();
        true
    }

    fn conclude(&mut self, token: Token, reply: Reply, now: Instant) {
        if let Some(lookup) = self.lookups.remove(&token) {
            self.cache.note(lookup.key, reply, now);
        }
    }

    /// Answers what can be answered, and asks for what is lacking.
    fn answer_queries(&mut self, answer: &impl Fn(Answer), now: Instant) {
        let mut lacking = Vec::new();
        let Self { queries, cache, setup, random, .. } = self;
        queries.retain(|Waiting { query, token, deadline }| {
            let is_last = now >= *deadline;
            let book = Book { hosts: &setup.hosts, find: |key: &Key| cache.find(key, is_last, now) };
            let (protocol, result) = match book.route(query, &mut |below| draw(*random, below)) {
                Outcome::Done(protocol, result) => (protocol, result),
                Outcome::Lacks(keys) => {
                    if keys.iter().all(|(name, kind)| write_question(0, name, *kind, true).is_some()) {
                        lacking.extend(keys);
                        return true;
                    }
                    (query.first(), Err(ResolveError::Invalid))
                }
            };
            answer(Answer { token: *token, protocol, result });
            false
        });
        for key in lacking {
            self.look_up(key, now);
        }
    }

    fn look_up(&mut self, key: Key, now: Instant) {
        let is_out = self.lookups.values().any(|lookup| lookup.key == key);
        if is_out || self.lookups.len() >= LOOKUPS_MAX {
            return;
        }
        let mut id = [0; 2];
        if self.random.fill(&mut id).is_err() {
            return;
        }
        let token = Token(self.next_token);
        self.next_token += 1;
        let id = u16::from_be_bytes(id);
        let deadline = now + LOOKUP_TIME;
        // It is sent by the next turn of the loop, which is due at once.
        let lookup = Lookup { key, wire: None, id, tries: 0, again: now, deadline, partial: None };
        self.lookups.insert(token, lookup);
    }
}

/// Asks the same server once more, whose answer did not fit a datagram.
fn again_over_stream(
    lookup: &Lookup,
    setup: &ResolverSetup,
    registry: &mio::Registry,
    token: Token,
) -> Option<Wire> {
    let at = lookup.tries.checked_sub(1)?.checked_rem(setup.servers.len())?;
    let (name, kind) = &lookup.key;
    let question = write_question(lookup.id, name, *kind, true)?;
    Wire::stream(*setup.servers.get(at)?, &question, registry, token).ok()
}

/// Returns a number below another; zero if the system has no random numbers, which leaves the order as it is.
fn draw(random: &dyn SecureRandom, below: u32) -> u32 {
    let mut bytes = [0; 4];
    if random.fill(&mut bytes).is_err() {
        return 0;
    }
    u32::from_be_bytes(bytes) % below.max(1)
}
