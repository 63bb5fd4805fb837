//! What is sent when, and what becomes of every message that arrives: an open loop that never waits for the device.
//!
//! Both ends of a call live in one record, so that what left here and came there is compared without a table. What is to
//! be sent goes into the outbox; sockets and the clock are the caller's.

mod alarm;
mod callee;
mod caller;

use core::cmp::Reverse;
use core::net::SocketAddr;
use std::collections::BinaryHeap;
use std::sync::mpsc::Sender;

use crate::calls::call::{Call, Callee, Caller};
use crate::calls::figures::Figures;
use crate::calls::glance::{Glance, Start};
use crate::calls::letter::Letters;
use crate::calls::number::Serial;
use crate::calls::plan::{Hold, Plan};
use crate::calls::sockets::{End, Outbox};
use crate::calls::talk::{self, Place, Side};

use alarm::Alarm;

/// The calls of a run.
pub struct Traffic {
    letters: Letters,
    /// The own ends of the PBX's lines, and that of the carrier.
    lines: Vec<SocketAddr>,
    carrier: SocketAddr,
    plan: Plan,
    start_ns: u64,
    /// The first call of this run: those of runs before are over.
    first: u32,
    calls: Vec<Call>,
    alarms: BinaryHeap<Reverse<(u64, Alarm)>>,
    figures: Figures,
    /// Calls that were begun and are not over.
    open: u32,
    /// Who is told where calls that talk are to send.
    places: Option<Sender<Place>>,
    /// What is to be sent.
    pub outbox: Outbox,
}

/// Calls that one turn begins at most, so that what comes is not kept waiting.
const BEGUN_MAX: usize = 32;

impl Traffic {
    /// Makes traffic without calls.
    #[must_use]
    pub fn new(letters: Letters, lines: Vec<SocketAddr>, carrier: SocketAddr) -> Self {
        let plan = Plan { calls: 0, rate: 1, ring_ns: 0, hold: Hold::For(0), talking: 0 };
        Self {
            letters,
            lines,
            carrier,
            plan,
            start_ns: 0,
            first: 0,
            calls: Vec::new(),
            alarms: BinaryHeap::new(),
            figures: Figures::default(),
            open: 0,
            places: None,
            outbox: Outbox::default(),
        }
    }

    /// Has it told where the calls that talk are to send.
    #[must_use]
    pub fn with_places(mut self, places: Sender<Place>) -> Self {
        self.places = Some(places);
        self
    }

    /// Tells of no more places: nobody is to talk any longer.
    pub fn fall_silent(&mut self) {
        self.places = None;
    }

    /// Tells whether only the calls that talk are left.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let talking = self.calls.iter().take(self.plan.talking as usize);
        self.open as usize <= talking.filter(|call| !call.is_over()).count()
    }

    /// Begins a run, at a moment to come. What is left of the one before is forgotten.
    pub fn begin(&mut self, plan: Plan, start_ns: u64) {
        self.first = self.first.wrapping_add(self.calls.len() as u32);
        self.calls.clear();
        self.alarms.clear();
        self.figures = Figures::default();
        self.open = 0;
        (self.plan, self.start_ns) = (plan, start_ns);
    }

    /// Returns what was counted.
    #[must_use]
    pub const fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Returns how many calls are not over.
    #[must_use]
    pub const fn open(&self) -> u32 {
        self.open
    }

    /// Tells whether all calls have begun.
    #[must_use]
    pub const fn is_begun(&self) -> bool {
        self.calls.len() as u32 >= self.plan.calls
    }

    /// Tells whether every call that was begun is up, or over.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let up = |call: &Call| call.caller == Caller::Up && call.callee == Callee::Up;
        self.is_begun() && self.calls.iter().all(|call| call.is_over() || up(call))
    }

    /// Begins no more calls.
    pub const fn stop(&mut self) {
        self.plan.calls = self.calls.len() as u32;
    }

    /// Returns when there is something to do without a message.
    #[must_use]
    pub fn next_due_ns(&self) -> Option<u64> {
        let begins = (!self.is_begun()).then(|| self.due_ns(self.calls.len() as u32));
        let alarm = self.alarms.peek().map(|Reverse((due, _))| *due);
        begins.into_iter().chain(alarm).min()
    }

    /// Begins the calls that are due, and does what it is time for.
    pub fn turn(&mut self, now_ns: u64) {
        for _ in 0..BEGUN_MAX {
            let count = self.calls.len() as u32;
            let due_ns = self.due_ns(count);
            if self.is_begun() || due_ns > now_ns {
                break;
            }
            self.figures.attempts += 1;
            self.figures.lateness.record(now_ns - due_ns);
            self.open += 1;
            self.calls.push(Call { due_ns, invited_ns: now_ns, ..Call::default() });
            self.invite(count, now_ns);
        }
        while let Some(Reverse((due, alarm))) = self.alarms.peek().copied().filter(|next| next.0.0 <= now_ns)
        {
            self.alarms.pop();
            self.ring(alarm, due, now_ns);
        }
    }

    /// Ends the calls that are up, at the rate at which they began.
    pub fn release(&mut self, now_ns: u64) {
        let up = (0..).zip(&self.calls).filter(|(_, call)| call.caller == Caller::Up);
        for (count, (index, _)) in (0..).zip(up) {
            self.alarms.push(Reverse((now_ns + self.plan.offset_ns(count), Alarm::HangUp(index))));
        }
    }

    /// Takes what has come to one of the ends.
    pub fn hear(&mut self, end: End, message: &[u8], now_ns: u64) {
        let is_known = Glance::read(message).and_then(|glance| match (end, glance.start) {
            (End::Pbx(_), Start::Response(status)) => self.hear_response(&glance, status, now_ns),
            (End::Carrier(from), Start::Request(method, user)) => {
                self.hear_request(&glance, (method, user), from, now_ns)
            }
            (End::Pbx(_), Start::Request(..)) | (End::Carrier(_), Start::Response(_)) => None,
        });
        self.figures.strays += u64::from(is_known.is_none());
    }

    /// Calls that have no answer when nobody waits any longer are lost.
    pub fn give_up(&mut self) {
        let waits = |call: &&Call| matches!(call.caller, Caller::Inviting | Caller::Proceeding);
        self.figures.lost += self.calls.iter().filter(waits).count() as u64;
    }

    fn due_ns(&self, count: u32) -> u64 {
        self.start_ns + self.plan.offset_ns(count)
    }

    fn serial(&self, index: u32) -> Serial {
        Serial(self.first.wrapping_add(index))
    }

    fn index(&self, serial: Serial) -> Option<u32> {
        let index = serial.0.wrapping_sub(self.first);
        ((index as usize) < self.calls.len()).then_some(index)
    }

    /// Changes a call, and notices when that was the last of it.
    fn change(&mut self, index: u32, change: impl FnOnce(&mut Self, &mut Call)) {
        let Some(place) = self.calls.get_mut(index as usize) else { return };
        let mut call = core::mem::take(place);
        let was_over = call.is_over();
        change(self, &mut call);
        if call.is_over() && !was_over {
            self.open -= 1;
            self.figures.completed += u64::from(call.caller == Caller::Over);
        }
        self.calls[index as usize] = call;
    }

    /// Tells where the end of a call that talks is to send, as the other one has said.
    fn place(&self, index: u32, side: Side, description: &[u8]) {
        if index < self.plan.talking
            && let (Some(places), Some(place)) = (&self.places, talk::place(description))
        {
            // When nobody listens any more, the run ends with an error of its own.
            let _ = places.send((index, side, place));
        }
    }

    fn line(&self, index: u32) -> (End, SocketAddr) {
        let line = index as usize % self.lines.len();
        (End::Pbx(line as u16), self.lines[line])
    }

    fn is_reliable(&self) -> bool {
        self.letters.protocol != "UDP"
    }
}
