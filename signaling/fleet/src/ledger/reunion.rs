//! A node comes, goes, and comes back: what it has is compared with what it should have.

use core::time::Duration;
use std::collections::BTreeMap;

use control::{Epoch, SessionId, SessionState, reconcile};
use telemetry::say;

use super::Ledger;
use super::asking::bit;
use crate::backoff::Backoff;
use crate::capacity::Capacity;
use crate::event::{FleetEvent, Refusal};
use crate::node::{Node, Standing};
use crate::wish::Stage;

impl Ledger {
    /// The node has told what it has, and can be worked with from now on.
    pub(super) fn reunite(&mut self, now: Duration, place: usize, sessions: &[SessionState]) {
        let node = &mut self.nodes[place];
        let Standing::Meeting(link) =
            core::mem::replace(&mut node.standing, Standing::Away { retry_at: now })
        else {
            unreachable!("a node is met once for each connection");
        };
        node.standing = Standing::Up(link);
        node.backoff = Backoff::new();
        node.away_since = None;
        node.is_given_up = false;
        node.ping_at = now + Node::PING_INTERVAL;
        say!(Info, "media node is up", node = node.name.as_str(), sessions = sessions.len());
        self.events.push_back(FleetEvent::NodeUp { node: node.name.clone() });
        self.count_nodes();

        let newest = |(session, wish): (&SessionId, &crate::wish::Wish)| {
            let kept = wish.newest().filter(|_| wish.node == place)?;
            Some((*session, kept.epoch))
        };
        let wanted: Vec<(SessionId, Epoch)> = self.wishes.iter().filter_map(newest).collect();
        let found = reconcile(wanted.into_iter(), sessions.iter().map(|state| (state.session, state.epoch)));
        let states: BTreeMap<SessionId, &SessionState> =
            sessions.iter().map(|state| (state.session, state)).collect();
        self.sort_out(now, place, &found.orphaned, &states);
        let ahead = found.ahead.into_iter().map(|(session, _)| session);
        for session in found.adopt.into_iter().chain(found.update).chain(ahead).chain(found.recreate) {
            self.meet(now, session, states.get(&session).copied());
        }
    }

    /// Closes what was to be closed, and leaves what nobody wishes alone for its grace.
    fn sort_out(
        &mut self,
        now: Duration,
        place: usize,
        orphaned: &[SessionId],
        states: &BTreeMap<SessionId, &SessionState>,
    ) {
        let node = &mut self.nodes[place];
        node.strays.retain(|session, _| states.contains_key(session));
        let gone: Vec<SessionId> =
            node.closings.keys().filter(|session| !states.contains_key(session)).copied().collect();
        for session in orphaned {
            if node.closings.contains_key(session) {
                node.close(*session, false);
            } else if let Some(state) = states.get(session) {
                node.note_stray(*session, Some(**state), now + self.settings.grace);
            }
        }
        for session in gone {
            self.closed(place, session, None);
        }
    }

    /// Compares a session that is open, or should be, with what its node has of it.
    pub(super) fn meet(&mut self, now: Duration, session: SessionId, state: Option<&SessionState>) {
        let Some(wish) = self.wishes.get_mut(&session) else { return };
        let Some(state) = state else {
            self.remake(now, session);
            return;
        };
        if Some(state.epoch) > wish.told_epoch {
            self.overtake(now, session, state);
            return;
        }
        let (asked, epoch, ports) = (wish.asked.as_ref().map(|kept| kept.epoch), state.epoch, state.ports);
        wish.is_followed(epoch);
        match core::mem::replace(&mut wish.stage, Stage::Open) {
            Stage::Adopting => {
                self.metrics.adopted.increment();
                self.events.push_back(FleetEvent::Adopted { session, epoch, ports });
            }
            Stage::Reopening => {
                self.metrics.reopened.increment();
                self.events.push_back(FleetEvent::Reopened { session, epoch, ports });
            }
            Stage::Open if asked == Some(epoch) => {
                self.events.push_back(FleetEvent::Applied { session, epoch });
            }
            Stage::Open => {}
            Stage::Opening => unreachable!("a session that is being opened leaves a node that goes down"),
        }
        self.enqueue(now, session);
    }

    /// The node has lost the session. Without keys it is opened again.
    fn remake(&mut self, now: Duration, session: SessionId) {
        let Some(wish) = self.wishes.get_mut(&session) else { return };
        match wish.take_newest() {
            // A sealer that begins again under its key protects two packets alike (RFC 3711 section 9.1), and an opener
            // would have forgotten how often the sequence numbers came round.
            Some(kept) if !kept.has_key => {
                wish.next = Some(kept);
                wish.stage = Stage::Reopening;
                self.enqueue(now, session);
            }
            Some(_) | None => self.lose(session),
        }
    }

    /// The node follows a later wish than we know. Ours is said again under a higher epoch, unless that would bring a
    /// key back that may have been replaced, and begin its indices again.
    fn overtake(&mut self, now: Duration, session: SessionId, state: &SessionState) {
        let Some(wish) = self.wishes.get_mut(&session) else { return };
        let place = wish.node;
        let after = state.epoch.max(wish.last_epoch).0.checked_add(1).map(Epoch);
        let (Some(kept), Some(epoch)) = (wish.take_newest().filter(|kept| !kept.has_key), after) else {
            self.lose(session);
            self.nodes[place].close(session, false);
            return;
        };
        wish.last_epoch = epoch;
        wish.next = Some(kept.renumbered(epoch));
        let before = core::mem::replace(&mut wish.stage, Stage::Open);
        if before == Stage::Adopting {
            self.metrics.adopted.increment();
            self.events.push_back(FleetEvent::Adopted { session, epoch: state.epoch, ports: state.ports });
        }
        self.enqueue(now, session);
    }

    /// The connection is over, or there was none. What is open waits for the next one; what was being opened goes to
    /// another node.
    pub(super) fn end(&mut self, now: Duration, place: usize, reason: &'static str) {
        let node = &mut self.nodes[place];
        let was_up = node.is_up();
        let was_connected = node.link().is_some();
        node.standing = Standing::Away { retry_at: now + node.backoff.wait() };
        if was_connected {
            self.metrics.connections_lost.increment();
        }
        if !was_up {
            return;
        }
        node.away_since = Some(now);
        node.capacity = Capacity::default();
        node.queue.clear();
        node.opens_waiting = 0;
        for closing in node.closings.values_mut() {
            closing.is_asked = false;
        }
        say!(Warn, "media node is down", node = node.name.as_str(), reason = reason);
        self.events.push_back(FleetEvent::NodeDown { node: node.name.clone() });
        self.count_nodes();
        self.move_openings(now, place);
    }

    fn move_openings(&mut self, now: Duration, place: usize) {
        let mut openings = Vec::new();
        for (session, wish) in self.wishes.iter_mut().filter(|(_, wish)| wish.node == place) {
            wish.is_queued = false;
            if wish.stage == Stage::Opening {
                openings.push(*session);
                if wish.asked.is_some() {
                    // It may have been opened all the same. Nobody was told its ports, so that its keys are unused.
                    self.nodes[place].close(*session, false);
                }
            }
        }
        for session in openings {
            if let Some(wish) = self.wishes.get_mut(&session) {
                wish.next = wish.take_newest();
                wish.tried |= bit(place);
            }
            self.place(now, session, Refusal::NoNode);
        }
    }

    /// The node has been away for too long.
    pub(super) fn give_up_all(&mut self, place: usize) {
        let node = &mut self.nodes[place];
        node.is_given_up = true;
        let closings: Vec<SessionId> = node
            .closings
            .iter_mut()
            .filter_map(|(session, closing)| core::mem::take(&mut closing.is_awaited).then_some(*session))
            .collect();
        let sessions: Vec<SessionId> =
            self.wishes.iter().filter(|(_, wish)| wish.node == place).map(|(session, _)| *session).collect();
        if !sessions.is_empty() {
            let name = self.nodes[place].name.as_str();
            say!(
                Error,
                "media node stays away, its sessions are given up",
                node = name,
                sessions = sessions.len()
            );
        }
        for session in closings {
            self.events.push_back(FleetEvent::Closed { session, summary: None });
        }
        for session in sessions {
            self.give_up(place, session);
        }
    }

    /// Gives up a session of a node that stays away: should it come back, it closes it.
    pub(super) fn give_up(&mut self, place: usize, session: SessionId) {
        self.nodes[place].close(session, false);
        self.lose(session);
    }

    fn count_nodes(&mut self) {
        self.metrics.nodes_up.set(self.nodes.iter().filter(|node| node.is_up()).count() as u64);
    }
}
