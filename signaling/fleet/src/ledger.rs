//! What should be, which node does it, and what was said to each: all of the fleet without a socket.
//!
//! Time comes in with every call, as a duration since any start. Messages of node `n` go through
//! [`Ledger::peek_message`] and [`Ledger::handle`]; whoever owns the sockets says when one is connected or gone.

mod asking;
mod hearing;
mod reunion;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use control::{Epoch, Name, Reason, SessionId, SessionSpec};
use telemetry::say;

use crate::event::{FleetEvent, Refusal};
use crate::link::Link;
use crate::metrics::Metrics;
use crate::node::{Node, Standing};
use crate::setup::{NODES_MAX, Settings};
use crate::wish::{Kept, Stage, Wish};

/// What should be, which node does it, and what was said to each.
pub struct Ledger {
    settings: Settings,
    nodes: Vec<Node>,
    wishes: BTreeMap<SessionId, Wish>,
    events: VecDeque<FleetEvent>,
    metrics: Metrics,
}

impl Ledger {
    /// Begins with these nodes, none of which is connected, and without wishes.
    #[must_use]
    pub fn new(now: Duration, names: impl IntoIterator<Item = Name>, settings: Settings) -> Self {
        let nodes: Vec<Node> = names.into_iter().map(|name| Node::new(now, name)).collect();
        debug_assert!(nodes.len() <= NODES_MAX, "a fleet is checked before its ledger begins");
        Self { settings, nodes, wishes: BTreeMap::new(), events: VecDeque::new(), metrics: Metrics::new() }
    }

    /// Wishes for a new session. `Opened` or `Refused` follows.
    ///
    /// The epoch of the wish is the first one of the session. A name that is wished already is a mistake of the caller.
    pub fn open(&mut self, now: Duration, spec: SessionSpec) {
        let session = spec.id;
        let is_new = !self.wishes.contains_key(&session);
        debug_assert!(is_new, "a session is opened once");
        if !is_new || spec.check().is_err() {
            self.refuse(session, Refusal::Media(Reason::Invalid));
            return;
        }
        let epoch = spec.epoch;
        self.wishes.insert(session, Wish::new(Stage::Opening, Kept::new(spec, epoch)));
        self.place(now, session, Refusal::NoNode);
        self.count_sessions();
    }

    /// Wishes that a session be like this from now on. `Applied` follows, or `UpdateRefused` and all stays as it was; if
    /// another wish follows before this one was sent, only that one is told of.
    ///
    /// The wish gets the epoch that it says if that is higher than all before it, otherwise the next one. It is returned;
    /// none if there is no such session, or no more.
    pub fn update(&mut self, now: Duration, spec: SessionSpec) -> Option<Epoch> {
        let session = spec.id;
        let wish = self.wishes.get_mut(&session)?;
        let epoch = spec.epoch.max(Epoch(wish.last_epoch.0.saturating_add(1)));
        wish.last_epoch = epoch;
        if spec.check().is_err() {
            self.refuse_update(session, epoch, Reason::Invalid);
            return Some(epoch);
        }
        wish.next = Some(Kept::new(spec, epoch));
        self.enqueue(now, session);
        Some(epoch)
    }

    /// Wishes for a session no longer. `Closed` follows: with what the session relayed if its node can tell, and when
    /// that has been away for too long, without.
    pub fn close(&mut self, now: Duration, session: SessionId) {
        let Some(wish) = self.wishes.remove(&session) else {
            self.close_unknown(now, session);
            return;
        };
        if wish.stage == Stage::Opening {
            self.refuse(session, Refusal::Withdrawn);
        }
        self.leave_queue(&wish);
        let was_asked = wish.asked.is_some() || wish.granted.is_some() || wish.stage != Stage::Opening;
        match self.nodes.get_mut(wish.node) {
            Some(node) if was_asked && !node.is_given_up => {
                node.close(session, true);
                self.pump(now, wish.node);
            }
            Some(_) | None => self.events.push_back(FleetEvent::Closed { session, summary: None }),
        }
        self.count_sessions();
    }

    /// A session that was never adopted may be among those that a node has.
    fn close_unknown(&mut self, now: Duration, session: SessionId) {
        let has_it = |node: &Node| node.strays.contains_key(&session) || node.closings.contains_key(&session);
        let Some(place) = self.nodes.iter().position(has_it) else {
            self.events.push_back(FleetEvent::Closed { session, summary: None });
            return;
        };
        self.nodes[place].strays.remove(&session);
        self.nodes[place].close(session, true);
        self.pump(now, place);
    }

    /// Takes over a session that a journal says is open on the node of this name, as this wish says. `Adopted` follows
    /// if it is there, and `Reopened` or `Lost` if it is not.
    ///
    /// A wish must be in the journal before it is told here: media that follows a later wish than the journal knows may
    /// use keys that must not be replaced by those before them, and then the session is lost.
    pub fn adopt(&mut self, now: Duration, node: &Name, spec: SessionSpec) {
        let (session, epoch) = (spec.id, spec.epoch);
        debug_assert!(!self.wishes.contains_key(&session), "a session is adopted once");
        let place = self.nodes.iter().position(|known| known.name == *node);
        let Some(place) = place.filter(|_| spec.check().is_ok()) else {
            self.tell_lost(session);
            return;
        };
        let mut wish = Wish::new(Stage::Adopting, Kept::new(spec, epoch));
        wish.node = place;
        self.wishes.insert(session, wish);
        let node = &mut self.nodes[place];
        if node.is_up() {
            match node.strays.remove(&session).map(|stray| stray.state) {
                // Its ports and its epoch are not known, and whoever adopts so late has others to open.
                Some(None) => self.give_up(place, session),
                state => self.meet(now, session, state.flatten().as_ref()),
            }
            self.pump(now, place);
        } else if node.is_given_up {
            self.give_up(place, session);
        }
        self.count_sessions();
    }

    /// Returns what is to be told next, if there is something.
    pub fn poll_event(&mut self) -> Option<FleetEvent> {
        self.events.pop_front()
    }

    /// Returns the name of the node that a session is on, or waits for.
    #[must_use]
    pub fn node_of(&self, session: SessionId) -> Option<&Name> {
        self.nodes.get(self.wishes.get(&session)?.node).map(|node| &node.name)
    }

    /// Returns the nodes in the order in which they were given, and whether each is up.
    pub fn nodes(&self) -> impl Iterator<Item = (&Name, bool)> {
        self.nodes.iter().map(|node| (&node.name, node.is_up()))
    }

    /// Returns how many sessions are wished.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.wishes.len()
    }

    /// Returns what was counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Duration) {
        for place in 0..self.nodes.len() {
            let waiting_since = self.nodes[place].link().and_then(Link::waiting_since);
            if waiting_since.is_some_and(|since| now.saturating_sub(since) >= self.settings.silence_max) {
                self.end(now, place, "no answer");
            }
            let overdue = self.nodes[place].take_overdue_strays(now);
            for session in overdue {
                self.metrics.strays_closed.increment();
                self.nodes[place].close(session, false);
            }
            if self.nodes[place].is_up() && self.nodes[place].ping_at <= now {
                self.ping(now, place);
            }
            let is_due = |since: Duration| now.saturating_sub(since) >= self.settings.away_max;
            if !self.nodes[place].is_given_up && self.nodes[place].away_since.is_some_and(is_due) {
                self.give_up_all(place);
            }
            self.pump(now, place);
        }
    }

    /// Returns the next moment at which something is due, a connection included.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Duration> {
        self.nodes.iter().flat_map(|node| self.timeouts(node)).flatten().min()
    }

    fn timeouts(&self, node: &Node) -> [Option<Duration>; 4] {
        let retry_at = match node.standing {
            Standing::Away { retry_at } => Some(retry_at),
            Standing::Meeting(_) => None,
            Standing::Up(_) => Some(node.ping_at),
        };
        let silent = node.link().and_then(Link::waiting_since).map(|since| since + self.settings.silence_max);
        let given_up =
            node.away_since.filter(|_| !node.is_given_up).map(|since| since + self.settings.away_max);
        [retry_at, silent, given_up, node.strays_until]
    }

    /// Tells whether a connection to this node should be tried now.
    #[must_use]
    pub fn wants_connection(&self, now: Duration, node: usize) -> bool {
        let standing = self.nodes.get(node).map(|node| &node.standing);
        matches!(standing, Some(Standing::Away { retry_at }) if *retry_at <= now)
    }

    /// Tells whether there is a connection to this node. If not, its socket is of no use any more.
    #[must_use]
    pub fn is_connected(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|node| node.link().is_some())
    }

    /// Notes that a connection was made: the hello waits to be sent.
    pub fn connected(&mut self, now: Duration, node: usize) {
        self.nodes[node].standing = Standing::Meeting(Box::new(Link::new(now)));
    }

    /// Notes that there is no connection, or no more.
    pub fn disconnected(&mut self, now: Duration, node: usize) {
        self.end(now, node, "no connection");
    }

    /// Returns the message that is to be sent to this node next.
    #[must_use]
    pub fn peek_message(&self, node: usize) -> Option<&[u8]> {
        self.nodes.get(node)?.link()?.peek_message()
    }

    /// Notes that it was sent, as a whole.
    pub fn message_sent(&mut self, node: usize) {
        if let Some(link) = self.nodes[node].link_mut() {
            link.message_sent();
        }
    }

    /// Takes a message of this node. If it makes no sense, the connection is over.
    pub fn handle(&mut self, now: Duration, node: usize, message: &[u8]) {
        let Some(link) = self.nodes[node].link_mut() else { return };
        match link.handle(now, message) {
            Ok(Some(told)) => self.hear(now, node, told),
            Ok(None) => {}
            Err(error) => {
                let name = self.nodes[node].name.as_str();
                say!(
                    Error,
                    "media node does not keep to the protocol",
                    node = name,
                    error = format_args!("{error}")
                );
                self.end(now, node, "protocol");
            }
        }
        self.pump(now, node);
    }

    fn count_sessions(&mut self) {
        self.metrics.sessions.set(self.wishes.len() as u64);
    }
}
