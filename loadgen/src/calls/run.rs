//! Calls in real time: begin what is due, take what has come, and wait for the last ones at the end.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;

use crate::calls::plan::{Hold, Plan};
use crate::calls::process::Usage;
use crate::calls::sockets::Sockets;
use crate::calls::talk::{Heard, Talk};
use crate::calls::traffic::Traffic;
use crate::media::clock::Clock;

/// What a run needs besides its plan.
pub struct Course<'r> {
    /// The calls.
    pub traffic: &'r mut Traffic,
    /// Their sockets.
    pub sockets: &'r mut Sockets,
    /// What times both ends.
    pub clock: Clock,
    /// Set when somebody wants an early end.
    pub stop: &'r AtomicBool,
    /// The process of the device, if it is on this host.
    pub subject: Option<u32>,
    /// How long to wait for the end of the last calls.
    pub patience: Duration,
    /// How long calls stay when all are up, if they stay until they are released.
    pub rest: Duration,
    /// The media of the calls that talk.
    pub talk: Option<Talk>,
}

/// What the run was, beside its counts.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// From the first INVITE to when the last one was due.
    pub sending: Duration,
    /// What the device used in that time.
    pub while_sending: Option<Usage>,
    /// What it used until the last call was over.
    pub in_all: Option<Usage>,
    /// What the generator used of a processor in all, in nanoseconds.
    pub own_ns: u64,
    /// Memory of the device before the first call.
    pub bytes_before: u64,
    /// Calls that were up together, memory then, and what it used in a second while they were.
    pub up: Option<Up>,
    /// What was said and heard in calls that talked.
    pub talk: Option<Heard>,
    /// Messages that our own sockets did not take, and datagrams that they dropped.
    pub losses: (u64, u64),
}

/// What was seen while all calls were up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Up {
    /// How many.
    pub calls: u32,
    /// Memory of the device when the last one was up.
    pub resident_bytes: u64,
    /// Memory after the rest, when nothing is kept any more but the calls.
    pub rested_bytes: u64,
    /// The share of a processor that it used meanwhile.
    pub share: f64,
}

/// From now to the first call, so that everything is in place.
const LEAD_NS: u64 = 10_000_000;
/// A sleep ends some 50 microseconds late on Linux (timerslack_ns): what is due sooner is awaited without one.
const SLEEP_MIN_NS: u64 = 100_000;
const SLEEP_MAX_NS: u64 = 20_000_000;

impl Course<'_> {
    /// Runs the calls of a plan to their end.
    ///
    /// # Errors
    ///
    /// If a connection is gone, or a socket is of no more use.
    pub fn run(&mut self, plan: Plan) -> io::Result<Observed> {
        let losses_before = self.sockets.losses()?;
        let own_before = own_ns();
        let before = self.usage();
        let bytes_before = before.as_ref().map_or(0, |usage| usage.resident_bytes);
        let start_ns = self.clock.now_ns() + LEAD_NS;
        self.traffic.begin(plan, start_ns);
        while !self.traffic.is_begun() {
            if self.stop.load(Ordering::Relaxed) {
                self.traffic.stop();
            }
            self.turn()?;
        }
        let sending = Duration::from_nanos(self.clock.now_ns().saturating_sub(start_ns));
        let since = |now: Option<Usage>| Some(now?.since(before.as_ref()?));
        let while_sending = since(self.usage());
        let up = match plan.hold {
            Hold::For(_) => None,
            Hold::UntilReleased => Some(self.stay()?),
        };
        let hold_ns = match plan.hold {
            Hold::For(ns) => ns + plan.ring_ns,
            Hold::UntilReleased => plan.offset_ns(plan.calls),
        };
        let most_ns = hold_ns + self.patience.as_nanos() as u64;
        self.until(most_ns, Traffic::is_done)?;
        let talk = self.fall_silent()?;
        self.until(most_ns, |traffic| traffic.open() == 0)?;
        self.traffic.give_up();
        let in_all = since(self.usage());
        let losses = self.sockets.losses()?;
        let losses = (losses.0 - losses_before.0, losses.1 - losses_before.1);
        let own_ns = own_ns().saturating_sub(own_before);
        Ok(Observed { sending, while_sending, in_all, own_ns, bytes_before, up, talk, losses })
    }

    /// Waits until all calls are up, looks at the device while they are, and has them end.
    fn stay(&mut self) -> io::Result<Up> {
        self.until(self.patience.as_nanos() as u64, Traffic::is_settled)?;
        let first = self.usage();
        let mut up = Up { calls: self.traffic.open(), ..Up::default() };
        let started = self.clock.now_ns();
        let stop = self.stop;
        self.until(self.rest.as_nanos() as u64, |_| stop.load(Ordering::Relaxed))?;
        let seconds = (self.clock.now_ns() - started) as f64 / 1e9;
        if let (Some(first), Some(last)) = (first, self.usage()) {
            up.resident_bytes = first.resident_bytes;
            up.rested_bytes = last.resident_bytes;
            up.share = last.since(&first).processor_ns() as f64 / 1e9 / seconds.max(1e-9);
        }
        self.traffic.release(self.clock.now_ns());
        Ok(up)
    }

    /// Ends the calls that talk, and returns what was heard in them.
    fn fall_silent(&mut self) -> io::Result<Option<Heard>> {
        let Some(talk) = self.talk.take() else { return Ok(None) };
        self.traffic.fall_silent();
        let heard = talk.stop()?;
        self.traffic.release(self.clock.now_ns());
        Ok(Some(heard))
    }

    fn until(&mut self, most_ns: u64, is_done: impl Fn(&Traffic) -> bool) -> io::Result<()> {
        let end_ns = self.clock.now_ns() + most_ns;
        let mut look_ns = 0;
        loop {
            let now_ns = self.clock.now_ns();
            // Looking at all calls is dear where there are many.
            if now_ns >= look_ns {
                if is_done(self.traffic) || now_ns >= end_ns {
                    return Ok(());
                }
                look_ns = now_ns + SLEEP_MAX_NS;
            }
            self.turn()?;
        }
    }

    fn turn(&mut self) -> io::Result<()> {
        let now_ns = self.clock.now_ns();
        self.traffic.turn(now_ns);
        self.sockets.send(&mut self.traffic.outbox)?;
        let due_ns = self.traffic.next_due_ns().unwrap_or(u64::MAX);
        let wait_ns = due_ns.saturating_sub(self.clock.now_ns()).min(SLEEP_MAX_NS);
        let wait_ns = if wait_ns < SLEEP_MIN_NS { 0 } else { wait_ns };
        self.sockets.wait(Duration::from_nanos(wait_ns))?;
        let Self { traffic, sockets, clock, .. } = self;
        sockets.receive(&mut |end, message| traffic.hear(end, message, clock.now_ns()))?;
        self.sockets.send(&mut self.traffic.outbox)
    }

    fn usage(&self) -> Option<Usage> {
        self.subject.and_then(Usage::of)
    }
}

fn own_ns() -> u64 {
    Usage::of(std::process::id()).map_or(0, |usage| usage.processor_ns())
}
