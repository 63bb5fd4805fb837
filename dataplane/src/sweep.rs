//! What time does to sessions: every one is visited about once a second, a few in each turn.

use control::{Event, SideName};
use netio::Endpoint;

use crate::clock::Now;
use crate::event::Events;
use crate::retired::Retired;
use crate::session::{Learn, PROOFS_MAX, Session, Side};
use crate::table::{Slot, Table};

/// Where the visits stand.
pub(crate) struct Sweep {
    next: u32,
    swept_us: u64,
    /// How often the quality of a session is told; never if zero.
    quality_interval_ms: u32,
}

/// A round takes a second.
const ROUND_US: u64 = 1_000_000;

/// At most so many slots in one turn, however long the last one was: packets wait no more than a millisecond.
const VISITS_MAX: u64 = 1024;

/// Tries that an opener is granted each second to find a packet of another rollover.
const RECOVERIES: u8 = 2;

impl Sweep {
    pub(crate) fn new(quality_interval_s: u32) -> Self {
        Self { next: 0, swept_us: 0, quality_interval_ms: quality_interval_s.saturating_mul(1000) }
    }

    /// Visits as many slots as the time that has passed asks for.
    pub(crate) fn run(&mut self, table: &mut Table, retired: &mut Retired, now: Now, events: &mut Events) {
        let passed_us = now.us.saturating_sub(self.swept_us).min(ROUND_US);
        let slots = u64::from(table.capacity());
        let visits = (passed_us * slots / ROUND_US).min(VISITS_MAX);
        if visits == 0 {
            return;
        }
        // What is left of the time is part of the next visit's: a round takes a second however long turns are.
        self.swept_us = now.us - passed_us * slots % ROUND_US / slots;
        for _ in 0..visits {
            let slot = Slot(self.next);
            self.next = (self.next + 1) % table.capacity();
            if let Some(session) = table.session_mut(slot) {
                self.visit(session, retired, now, events);
            }
        }
    }

    fn visit(&self, session: &mut Session, retired: &mut Retired, now: Now, events: &mut Events) {
        for (side, name) in session.sides.iter_mut().zip(SideName::BOTH) {
            side.sweep(retired, now);
            let told = &mut side.told_bad_tags;
            let count = side.reception.bad_tags.wrapping_sub(*told);
            let event = Event::AuthenticationFailures { session: session.id, side: name, count };
            if count > 0 && events.push(event) {
                *told = side.reception.bad_tags;
            }
        }
        session.tell_timeout(now, events);
        if self.is_quality_due(session, now) {
            events.push(Event::Quality { session: session.id, summary: session.summary() });
        }
        session.swept_ms = now.ms();
    }

    /// Sessions take their turns by their names, so that not all are told at once.
    fn is_quality_due(&self, session: &Session, now: Now) -> bool {
        if self.quality_interval_ms == 0 {
            return false;
        }
        let offset = (session.id.0 as u32).wrapping_mul(0x9e37_79b9) % self.quality_interval_ms;
        let interval_of = |ms: u32| ms.wrapping_add(offset) / self.quality_interval_ms;
        interval_of(now.ms()) != interval_of(session.swept_ms)
    }
}

impl Session {
    fn tell_timeout(&mut self, now: Now, events: &mut Events) {
        let silent_ms = self.sides.iter().map(|side| now.since(side.reception.heard_ms)).min().unwrap_or(0);
        let is_over = self.media_timeout_s != 0 && silent_ms / 1000 >= self.media_timeout_s;
        if is_over && !self.timeout_told {
            self.timeout_told = events.push(Event::MediaTimeout { session: self.id });
        } else if !is_over {
            self.timeout_told = false;
        }
    }
}

impl Side {
    fn sweep(&mut self, retired: &mut Retired, now: Now) {
        let peer = &mut self.peer;
        peer.proofs_left = PROOFS_MAX;
        if peer.former != Endpoint::NONE {
            peer.former_sweeps -= 1;
            if peer.former_sweeps == 0 {
                peer.former = Endpoint::NONE;
            }
        }
        if let Learn::Address { until_ms } = &mut peer.learn
            && !now.is_before(*until_ms)
        {
            // It stays in the past, however long the call lasts.
            *until_ms = now.ms();
        }
        if let Some(opener) = &mut self.opener {
            opener.grant_recoveries(RECOVERIES);
        }
        if self.retiree.is_some_and(|retiree| retired.sweep(retiree)) {
            retired.end(self.retiree.take());
        }
    }
}
