//! When which transaction is to be woken: one heap for all, of which what was stopped falls out by itself.

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::BinaryHeap;

use super::step::{T2, Timer};
use super::table::{Slot, Table};

/// The timers of one transaction: one that repeats, one that ends a state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timers {
    repeating: Option<Repeating>,
    ending: Option<(Duration, Timer)>,
    /// When the heap wakes the transaction; what else it holds of it counts no more.
    woken_at: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Repeating {
    /// `None` once it has fired, until it starts again.
    at: Option<Duration>,
    timer: Timer,
    waited: Duration,
}

impl Timers {
    /// Starts a timer that repeats, or ends a state; tells whether it fires at once.
    pub(super) fn start(&mut self, now: Duration, timer: Timer, reliable: bool) -> bool {
        let Some(wait) = timer.first(reliable) else { return false };
        if timer.repeats() {
            self.wait(now, timer, wait);
        } else {
            self.ending = (!wait.is_zero()).then(|| (now.saturating_add(wait), timer));
        }
        wait.is_zero()
    }

    /// Starts a timer again that has fired, to wait twice as long.
    pub(super) fn double(&mut self, now: Duration, timer: Timer) {
        let waited = self.repeating.map_or(T2, |repeating| repeating.waited);
        self.wait(now, timer, timer.again(waited));
    }

    /// Starts a timer again that has fired, to wait for T2.
    pub(super) fn slow(&mut self, now: Duration, timer: Timer) {
        self.wait(now, timer, T2);
    }

    pub(super) const fn stop_repeating(&mut self) {
        self.repeating = None;
    }

    pub(super) const fn stop_ending(&mut self) {
        self.ending = None;
    }

    /// Takes the timer that has fired, the earlier one first.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<Timer> {
        let ending = self.ending.filter(|&(at, _)| at <= now);
        let repeating = self.repeating.as_mut().filter(|repeating| repeating.at.is_some_and(|at| at <= now));
        if let Some(repeating) = repeating
            && ending.is_none_or(|(end, _)| repeating.at < Some(end))
        {
            repeating.at = None;
            return Some(repeating.timer);
        }
        self.ending.take_if(|_| ending.is_some()).map(|(_, timer)| timer)
    }

    fn wait(&mut self, now: Duration, timer: Timer, wait: Duration) {
        self.repeating = Some(Repeating { at: Some(now.saturating_add(wait)), timer, waited: wait });
    }

    fn next(&self) -> Option<Duration> {
        let repeating = self.repeating.and_then(|repeating| repeating.at);
        let ending = self.ending.map(|(at, _)| at);
        repeating.into_iter().chain(ending).min()
    }
}

/// The heap.
#[derive(Default)]
pub(super) struct Clock {
    heap: BinaryHeap<Reverse<(Duration, Slot)>>,
}

/// So many wakings more than twice the transactions make it worth while to look for those that are void.
const SLACK: usize = 1024;

impl Clock {
    /// Sees to it that a transaction is woken when its next timer fires.
    pub(super) fn arm(&mut self, table: &mut Table, slot: Slot) {
        let Some(entry) = table.get_mut(slot) else { return };
        let timers = &mut entry.timers;
        let next = timers.next();
        match (next, timers.woken_at) {
            // Woken too early, it is armed again: most timers are stopped before they fire.
            (Some(next), Some(woken)) if woken <= next => {}
            (Some(next), _) => {
                timers.woken_at = Some(next);
                self.heap.push(Reverse((next, slot)));
            }
            (None, _) => timers.woken_at = None,
        }
    }

    /// Takes out the next transaction with a timer that has fired.
    pub(super) fn pop(&mut self, table: &mut Table, now: Duration) -> Option<Slot> {
        self.settle(table);
        let Reverse((_, slot)) = *self.heap.peek().filter(|Reverse((at, _))| *at <= now)?;
        self.heap.pop();
        if let Some(entry) = table.get_mut(slot) {
            entry.timers.woken_at = None;
        }
        Some(slot)
    }

    /// Returns when the next timer fires: exactly, once it is settled.
    pub(super) fn next(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Counts what the heap holds.
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Takes out what is void or too early at the top.
    pub(super) fn settle(&mut self, table: &mut Table) {
        while let Some(&Reverse((at, slot))) = self.heap.peek() {
            let Some(entry) = table.get_mut(slot).filter(|entry| entry.timers.woken_at == Some(at)) else {
                self.heap.pop();
                continue;
            };
            if entry.timers.next() == Some(at) {
                break;
            }
            entry.timers.woken_at = None;
            self.heap.pop();
            self.arm(table, slot);
        }
        if self.heap.len() > table.len().saturating_mul(2).saturating_add(SLACK) {
            let counts = |&Reverse((at, slot)): &Reverse<(Duration, Slot)>| {
                table.get(slot).is_some_and(|entry| entry.timers.woken_at == Some(at))
            };
            self.heap.retain(counts);
        }
    }
}
