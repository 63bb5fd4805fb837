//! What the worker tells, held against what happened.

use control::{Event, SessionId};

use crate::call::Call;
use crate::verdict::{Checked, Invariant};

/// A key that somebody pressed.
#[derive(Debug)]
pub(crate) struct Digit {
    pub(crate) session: u64,
    pub(crate) side: usize,
    pub(crate) event: u8,
    /// Whether a packet that ends it was accepted; `perhaps` if that is not certain.
    pub(crate) is_heard: bool,
    pub(crate) is_perhaps_heard: bool,
    /// It was told as the so many-th of all.
    pub(crate) told: Option<usize>,
}

/// How long a press is, as its last packets say: four steps of 160.
const DURATION: u16 = 640;

/// A round of the sweep takes a second; two, and what turns are late, may pass before a silence is told.
const TOLD_LATE_US: u64 = 2_600_000;

/// Checks one event.
pub(crate) fn check(event: &Event, calls: &mut [Call], digits: &mut [Digit], now_us: u64) -> Checked {
    let untrue = |why: &str| Invariant::Events.violated(format!("{why}: {event:?}"));
    let stray = || untrue("of no session");
    match event {
        Event::FirstMedia { session, side, from } => {
            let heard = &mut find(calls, session).ok_or_else(stray)?.sides[*side as usize].heard;
            let (first, is_sure) = heard.first.ok_or_else(|| untrue("nothing was heard"))?;
            if heard.is_first_told || (is_sure && first != *from) {
                return Err(untrue("told before, or from elsewhere"));
            }
            heard.is_first_told = true;
        }
        Event::MediaTimeout { session } => {
            let call = find(calls, session).ok_or_else(stray)?;
            let sure_us = call.last_us(|side| side.heard.sure_us);
            let perhaps_us = call.last_us(|side| side.heard.perhaps_us);
            let is_early = now_us + 1000 < sure_us + call.timeout_us();
            if call.timeout_s == 0 || is_early || call.timeout_told_us.is_some_and(|told| told > perhaps_us) {
                return Err(untrue(&format!("last heard {} ms ago", (now_us - sure_us) / 1000)));
            }
            call.timeout_told_us = Some(now_us);
        }
        Event::AuthenticationFailures { session, side, count } => {
            let heard = &mut find(calls, session).ok_or_else(stray)?.sides[*side as usize].heard;
            heard.bad_tags_told += u64::from(*count);
            if heard.bad_tags_told > heard.bad_tags {
                return Err(untrue("so many did not come"));
            }
        }
        Event::Digit { session, side, event: key, duration } => {
            find(calls, session).ok_or_else(stray)?;
            let told = digits.iter().filter_map(|digit| digit.told).max().map_or(0, |last| last + 1);
            let of_side = |digit: &Digit| (digit.session, digit.side) == (session.0, *side as usize);
            let is_it = |digit: &Digit| of_side(digit) && digit.event == *key && digit.is_perhaps_heard;
            let untold = digits.iter().position(|digit| is_it(digit) && digit.told.is_none());
            let place = untold.ok_or_else(|| untrue("nobody pressed it, or it was told"))?;
            digits[place].told = Some(told);
            if *duration != DURATION {
                return Err(untrue("another duration"));
            }
        }
        Event::Quality { session, summary } => {
            let call = find(calls, session).ok_or_else(stray)?;
            for (side, from) in call.sides.iter().zip(&summary.from) {
                if !(side.heard.media..=side.heard.perhaps).contains(&from.packets) {
                    return Err(untrue("another number of packets"));
                }
            }
        }
        Event::Overflow { .. } => return Err(untrue("there was room")),
    }
    Ok(())
}

fn find<'c>(calls: &'c mut [Call], id: &SessionId) -> Option<&'c mut Call> {
    calls.iter_mut().find(|call| call.id == id.0)
}

/// Checks that nothing was kept back.
pub(crate) fn check_told(calls: &[Call], now_us: u64) -> Checked {
    for call in calls.iter().filter(|call| call.is_open) {
        let perhaps_us = call.last_us(|side| side.heard.perhaps_us);
        let is_silent = call.timeout_s != 0 && now_us > perhaps_us + call.timeout_us() + TOLD_LATE_US;
        let is_told = call.timeout_told_us.is_some_and(|told| told >= perhaps_us);
        let late = || format!("silence of session {} since {perhaps_us} is not told at {now_us}", call.id);
        Invariant::Events.holds(!is_silent || is_told, late)?;
        for (number, side) in call.sides.iter().enumerate() {
            let is_owed = side.heard.first.is_some_and(|(_, is_sure)| is_sure) && !side.heard.is_first_told;
            let owed = || format!("first media of session {} side {number} is not told", call.id);
            Invariant::Events.holds(!is_owed, owed)?;
        }
    }
    Ok(())
}

/// Checks that every key that was heard was told.
pub(crate) fn check_digits(digits: &[Digit]) -> Checked {
    let untold = digits.iter().find(|digit| digit.is_heard && digit.told.is_none());
    Invariant::Events.holds(untold.is_none(), || format!("not told: {untold:?}"))
}

impl Call {
    fn last_us(&self, of: impl Fn(&crate::call::Side) -> u64) -> u64 {
        self.sides.iter().map(of).max().unwrap_or(0)
    }

    fn timeout_us(&self) -> u64 {
        u64::from(self.timeout_s) * 1_000_000
    }
}
