//! What nodes say, and what becomes of it.

use core::time::Duration;

use control::{Epoch, Event, Ports, Reason, SessionId, SessionSummary};
use telemetry::say;

use super::Ledger;
use crate::capacity::Capacity;
use crate::event::{FleetEvent, Refusal};
use crate::link::Told;
use crate::wish::Stage;

impl Ledger {
    pub(super) fn hear(&mut self, now: Duration, place: usize, told: Told) {
        match told {
            Told::Ready(sessions, realms) => {
                self.nodes[place].capacity = Capacity::new(&realms);
                self.reunite(now, place, &sessions);
            }
            Told::Realms(realms) => self.nodes[place].capacity = Capacity::new(&realms),
            Told::Applied { session, epoch, ports, waited } => {
                self.metrics.answer.record_duration(waited);
                self.applied(now, place, session, epoch, ports);
            }
            Told::NotApplied { session, epoch, reason } => {
                self.not_applied(now, place, session, epoch, reason)
            }
            Told::Closed { session, summary } => self.closed(place, session, summary),
            Told::NotClosed { session } => {
                if let Some(closing) = self.nodes[place].closings.get_mut(&session) {
                    closing.is_asked = false;
                }
            }
            Told::Event(event) => self.happened(now, place, event),
        }
    }

    /// Whether this is the answer that the session waits for: the wish may have been closed, or be on another node.
    fn is_asked(&self, place: usize, session: SessionId, epoch: Epoch) -> bool {
        let wish = self.wishes.get(&session).filter(|wish| wish.node == place);
        wish.and_then(|wish| wish.asked.as_ref()).is_some_and(|asked| asked.epoch == epoch)
    }

    fn applied(&mut self, now: Duration, place: usize, session: SessionId, epoch: Epoch, ports: Ports) {
        if !self.is_asked(place, session, epoch) {
            return;
        }
        let Some(wish) = self.wishes.get_mut(&session) else { return };
        wish.granted = wish.asked.take();
        let before = core::mem::replace(&mut wish.stage, Stage::Open);
        self.events.push_back(match before {
            Stage::Opening => {
                self.metrics.opened.increment();
                FleetEvent::Opened { session, epoch, ports }
            }
            Stage::Reopening => {
                self.metrics.reopened.increment();
                FleetEvent::Reopened { session, epoch, ports }
            }
            Stage::Open | Stage::Adopting => FleetEvent::Applied { session, epoch },
        });
        self.enqueue(now, session);
    }

    fn not_applied(&mut self, now: Duration, place: usize, session: SessionId, epoch: Epoch, reason: Reason) {
        if !self.is_asked(place, session, epoch) {
            return;
        }
        let Some(wish) = self.wishes.get_mut(&session) else { return };
        let asked = wish.asked.take();
        match wish.stage {
            Stage::Opening => {
                if wish.next.is_none() {
                    wish.next = asked;
                }
                if reason == Reason::Invalid {
                    // Every node would say so.
                    wish.tried = u64::MAX;
                }
                self.place(now, session, Refusal::Media(reason));
            }
            Stage::Reopening => self.lose(session),
            Stage::Open | Stage::Adopting => {
                if wish.granted.is_none() {
                    wish.granted = asked;
                }
                self.refuse_update(session, epoch, reason);
                self.enqueue(now, session);
            }
        }
    }

    pub(super) fn closed(&mut self, place: usize, session: SessionId, summary: Option<SessionSummary>) {
        let closing = self.nodes[place].closings.remove(&session);
        if closing.is_some_and(|closing| closing.is_awaited) {
            self.events.push_back(FleetEvent::Closed { session, summary });
        }
    }

    fn happened(&mut self, now: Duration, place: usize, event: Event) {
        let session = match event {
            Event::FirstMedia { session, .. }
            | Event::MediaTimeout { session }
            | Event::AuthenticationFailures { session, .. }
            | Event::Digit { session, .. }
            | Event::Quality { session, .. } => session,
            Event::Overflow { lost } => {
                // Sessions come and go as we say, so that a new list would tell nothing that we do not know.
                let node = self.nodes[place].name.clone();
                say!(Warn, "events of a media node were lost", node = node.as_str(), lost = lost);
                self.metrics.events_lost.add(lost);
                self.events.push_back(FleetEvent::EventsLost { node, lost });
                return;
            }
        };
        if self.wishes.get(&session).is_some_and(|wish| wish.node == place) {
            self.events.push_back(FleetEvent::Media(event));
            return;
        }
        self.metrics.events_unclaimed.increment();
        let node = &mut self.nodes[place];
        if !node.closings.contains_key(&session) {
            // Nothing follows what was closed. So another client has opened it, or the node has read what we said on a
            // connection before this one only after it had told its list.
            node.note_stray(session, None, now + self.settings.grace);
        }
    }

    pub(super) fn refuse(&mut self, session: SessionId, reason: Refusal) {
        self.metrics.refused.at(reason).increment();
        self.events.push_back(FleetEvent::Refused { session, reason });
    }

    pub(super) fn refuse_update(&mut self, session: SessionId, epoch: Epoch, reason: Reason) {
        self.metrics.updates_refused.at(Refusal::Media(reason)).increment();
        self.events.push_back(FleetEvent::UpdateRefused { session, epoch, reason });
    }

    /// Gives up a session that its node has lost.
    pub(super) fn lose(&mut self, session: SessionId) {
        if self.wishes.remove(&session).is_some() {
            self.count_sessions();
            self.tell_lost(session);
        }
    }

    pub(super) fn tell_lost(&mut self, session: SessionId) {
        self.metrics.lost.increment();
        self.events.push_back(FleetEvent::Lost { session });
    }
}
