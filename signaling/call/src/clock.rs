//! What is to happen later.

use std::collections::BTreeSet;
use std::time::Duration;

use trunk::CarrierLinkId;

use crate::fingerprint::Fingerprint;
use crate::summary::CallId;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Something of a call.
    Call(CallId, CallTimer),
    /// A link is asked whether it is there.
    Probe { link: CarrierLinkId },
    /// A name was not found in time.
    Query { query: u64 },
    /// Acceptances of an INVITE do not come any more.
    Accepted,
    /// A call that was asked to log in does not come back any more.
    Challenged { call: Fingerprint },
}

/// What a timer of a call is for; a call has one of each at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CallTimer {
    /// A target has said nothing.
    NoProvisional,
    /// The caller is told again that it rings.
    Ringing,
    /// It has rung for too long.
    Unanswered,
    /// Media has said nothing.
    MediaSilent,
    /// The call has lasted for as long as it may.
    CallMax,
    /// The acceptance of a leg waits for its ACK because the answer of the other one has not come.
    LateAnswer,
}

/// When the timers of a call are due.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CallTimers([Option<Duration>; CallTimer::ALL.len()]);

impl CallTimer {
    const ALL: [Self; 6] = [
        Self::NoProvisional,
        Self::Ringing,
        Self::Unanswered,
        Self::MediaSilent,
        Self::CallMax,
        Self::LateAnswer,
    ];
}

impl CallTimers {
    const fn at(&mut self, timer: CallTimer) -> &mut Option<Duration> {
        let Self([no_provisional, ringing, unanswered, media_silent, call_max, late_answer]) = self;
        match timer {
            CallTimer::NoProvisional => no_provisional,
            CallTimer::Ringing => ringing,
            CallTimer::Unanswered => unanswered,
            CallTimer::MediaSilent => media_silent,
            CallTimer::CallMax => call_max,
            CallTimer::LateAnswer => late_answer,
        }
    }
}

/// All timers, the next one first. Those of a call go with it, so that nothing is kept of a call that is over.
#[derive(Debug, Default)]
pub(crate) struct Clock(BTreeSet<(Duration, Timer)>);

impl Clock {
    pub(crate) fn set(&mut self, at: Duration, timer: Timer) {
        self.0.insert((at, timer));
    }

    /// Takes back a timer that was set.
    pub(crate) fn unset(&mut self, at: Duration, timer: Timer) {
        self.0.remove(&(at, timer));
    }

    /// Sets a timer of a call, in the place of the one before.
    pub(crate) fn set_of(&mut self, call: CallId, timers: &mut CallTimers, at: Duration, timer: CallTimer) {
        self.unset_of(call, timers, timer);
        *timers.at(timer) = Some(at);
        self.set(at, Timer::Call(call, timer));
    }

    /// Takes back a timer of a call, if it was set.
    pub(crate) fn unset_of(&mut self, call: CallId, timers: &mut CallTimers, timer: CallTimer) {
        if let Some(at) = timers.at(timer).take() {
            self.unset(at, Timer::Call(call, timer));
        }
    }

    /// Takes back all timers of a call.
    pub(crate) fn forget(&mut self, call: CallId, timers: &mut CallTimers) {
        for timer in CallTimer::ALL {
            self.unset_of(call, timers, timer);
        }
    }

    pub(crate) fn next(&self) -> Option<Duration> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes out a timer that is due.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.0.pop_first().map(|(_, timer)| timer)
    }

    /// Counts the timers of calls and of names that are looked up.
    pub(crate) fn of_calls(&self) -> usize {
        let is_of_call = |timer: &Timer| matches!(timer, Timer::Call(..) | Timer::Query { .. });
        self.0.iter().filter(|(_, timer)| is_of_call(timer)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: CallId = CallId { generation: 0, index: 7 };

    #[test]
    fn a_timer_takes_the_place_of_the_one_before_and_all_go_with_their_call() {
        let (mut clock, mut timers) = (Clock::default(), CallTimers::default());
        let seconds = Duration::from_secs;
        clock.set_of(CALL, &mut timers, seconds(4), CallTimer::NoProvisional);
        clock.set_of(CALL, &mut timers, seconds(9), CallTimer::NoProvisional);
        clock.set_of(CALL, &mut timers, seconds(600), CallTimer::Unanswered);
        clock.set(seconds(700), Timer::Accepted);
        assert_eq!((clock.next(), clock.of_calls()), (Some(seconds(9)), 2));
        assert_eq!(clock.pop(seconds(8)), None);
        assert_eq!(clock.pop(seconds(9)), Some(Timer::Call(CALL, CallTimer::NoProvisional)));
        clock.forget(CALL, &mut timers);
        assert_eq!((clock.next(), clock.of_calls()), (Some(seconds(700)), 0));
    }
}
