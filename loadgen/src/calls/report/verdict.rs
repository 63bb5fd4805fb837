//! Whether the device did what it should, and whether the generator could tell.

use crate::calls::report::{Report, percent};

/// What passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The most calls that may not go as they should, in percent.
    pub loss_max_percent: f64,
    /// The longest that 99 in 100 INVITEs may take through the device.
    pub transit_max_ns: u64,
    /// How late one INVITE in a hundred may leave before the generator measures itself.
    pub late_max_ns: u64,
    /// Calls a second that the device is rated at: of more than that, so many have to be answered, and the others are
    /// to be refused with 503 and Retry-After.
    pub rated: Option<u32>,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// All was as it should be.
    #[default]
    Pass,
    /// It was not.
    Fail,
    /// The generator was the limit: nothing is known of the device.
    Invalid,
}

/// The outcome of a run, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// What went wrong.
    pub reasons: Vec<String>,
    /// What one should know to read the numbers.
    pub notes: Vec<String>,
}

/// Of the rated calls so many have to be answered, whatever comes beside them: 95 %.
const RATED_MIN: f64 = 0.95;
/// How long 99 in 100 refusals may take: well before the copy that a PBX sends after half a second.
const SHEDDING_MAX_NS: u64 = 250_000_000;

impl Outcome {
    /// Returns it in a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Invalid => "INVALID",
        }
    }

    /// Returns the exit code of the command.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Invalid => 2,
        }
    }
}

impl Bounds {
    /// Tells whether the generator itself was late or lost messages.
    #[must_use]
    pub fn is_generator_limit(&self, report: &Report) -> bool {
        let late = report.figures.lateness.quantiles().p99;
        late > self.late_max_ns || report.observed.losses != (0, 0)
    }

    /// Judges a run.
    #[must_use]
    pub fn judge(&self, report: &Report) -> Verdict {
        let mut verdict = Verdict { notes: self.notes(report), ..Verdict::default() };
        let figures = &report.figures;
        if figures.attempts == 0 {
            verdict.reasons.push("no call was begun".to_owned());
        }
        let faulty = figures.faulty();
        let share = percent(faulty, figures.attempts);
        if share > self.loss_max_percent {
            let (refused, lost) = (figures.refused(), figures.lost);
            let unended = faulty.saturating_sub(refused + lost);
            verdict.reasons.push(format!(
                "{share:.3} % of the calls failed ({} % allowed): {refused} refused, {lost} lost, {unended} not ended",
                self.loss_max_percent
            ));
        }
        if let Some(heard) =
            report.observed.talk.filter(|heard| heard.received < heard.sent || heard.sent == 0)
        {
            let lost = heard.sent - heard.received;
            verdict.reasons.push(format!("{lost} packets of {} were lost in calls that were up", heard.sent));
        }
        match self.rated {
            Some(rated) => verdict.reasons.extend(overload(report, rated)),
            None => {
                if percent(figures.shed, figures.attempts) > self.loss_max_percent {
                    verdict.reasons.push(format!("{} calls were refused for load", figures.shed));
                }
                let p99 = figures.transit.quantiles().p99;
                if p99 > self.transit_max_ns {
                    let (p99, max) = (p99 as f64 / 1e6, self.transit_max_ns as f64 / 1e6);
                    verdict
                        .reasons
                        .push(format!("INVITE in to INVITE out: p99 {p99:.1} ms, {max:.1} ms allowed"));
                }
            }
        }
        verdict.outcome = match verdict.reasons.is_empty() {
            // A generator that is late makes a device look worse, and never better.
            true if report.observed.losses == (0, 0) || self.rated.is_some() => Outcome::Pass,
            _ if self.is_generator_limit(report) => Outcome::Invalid,
            true => Outcome::Pass,
            false => Outcome::Fail,
        };
        verdict
    }

    fn notes(&self, report: &Report) -> Vec<String> {
        let mut notes = Vec::new();
        let late = report.figures.lateness.quantiles().p99;
        if late > self.late_max_ns {
            let late_ms = late as f64 / 1e6;
            notes.push(format!(
                "generator late: one INVITE in a hundred left {late_ms:.1} ms too late or more, so times are ours in part"
            ));
        }
        let (unsent, unreceived) = report.observed.losses;
        if unsent > 0 {
            notes.push(format!("generator too fast for its own sockets: {unsent} messages never left"));
        }
        if unreceived > 0 {
            notes.push(format!("generator too slow: {unreceived} datagrams came and were dropped here"));
        }
        let wanted = u64::from(report.plan.calls);
        if report.figures.attempts < wanted {
            notes.push(format!("stopped after {} of {wanted} calls", report.figures.attempts));
        }
        notes
    }
}

/// Judges what a device does that is offered more than it is rated at.
fn overload(report: &Report, rated: u32) -> Vec<String> {
    let mut reasons = Vec::new();
    let wanted = f64::from(rated.min(report.plan.rate)) * RATED_MIN;
    let answered = report.answered_per_second();
    if answered < wanted {
        reasons.push(format!(
            "{answered:.1} calls a second were answered, wanted {wanted:.1}: 95 % of the rated {rated}"
        ));
    }
    let shedding = report.figures.shedding.quantiles().p99;
    if shedding > SHEDDING_MAX_NS {
        let (found, max) = (shedding as f64 / 1e6, SHEDDING_MAX_NS as f64 / 1e6);
        reasons.push(format!("refusals took p99 {found:.1} ms, {max:.0} ms allowed"));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::calls::figures::Figures;
    use crate::calls::plan::{Hold, Plan};
    use crate::calls::run::Observed;
    use crate::calls::talk::Heard;

    const BOUNDS: Bounds =
        Bounds { loss_max_percent: 0.0, transit_max_ns: 1_000_000, late_max_ns: 5_000_000, rated: None };

    /// A second with 1,000 calls, of which so many were answered and shed.
    fn report(answered: u64, shed: u64) -> Report {
        let figures = Figures { attempts: 1_000, answered, completed: answered, shed, ..Figures::default() };
        let observed = Observed { sending: Duration::from_secs(1), ..Observed::default() };
        let plan = Plan { calls: 1_000, rate: 1_000, ring_ns: 0, hold: Hold::For(0), talking: 0 };
        Report { protocol: "UDP", plan, figures, observed }
    }

    #[test]
    fn all_calls_have_to_be_answered() {
        assert_eq!(BOUNDS.judge(&report(1_000, 0)).outcome, Outcome::Pass);
        assert_eq!(BOUNDS.judge(&report(999, 0)).outcome, Outcome::Fail);
        assert_eq!(BOUNDS.judge(&report(999, 1)).reasons, ["1 calls were refused for load"]);
        let tolerant = Bounds { loss_max_percent: 0.1, ..BOUNDS };
        assert_eq!(tolerant.judge(&report(999, 0)).outcome, Outcome::Pass);
    }

    #[test]
    fn beyond_the_rated_load_refusals_are_right_and_too_many_are_not() {
        let rated = Bounds { rated: Some(100), ..BOUNDS };
        assert_eq!(rated.judge(&report(95, 905)).outcome, Outcome::Pass);
        assert_eq!(rated.judge(&report(94, 906)).outcome, Outcome::Fail);
        assert_eq!(rated.judge(&report(95, 904)).outcome, Outcome::Fail, "one has heard nothing");
        let mut slow = report(100, 900);
        slow.figures.shedding.record(2 * SHEDDING_MAX_NS);
        assert_eq!(rated.judge(&slow).outcome, Outcome::Fail);
    }

    #[test]
    fn a_slow_way_through_fails_and_is_nobodys_fault_if_the_generator_was_late() {
        let mut slow = report(1_000, 0);
        slow.figures.transit.record(9_000_000);
        assert_eq!(BOUNDS.judge(&slow).outcome, Outcome::Fail);
        assert_eq!(slow.trial(&BOUNDS).loss_percent, 100.0);
        slow.figures.lateness.record(9_000_000);
        let verdict = BOUNDS.judge(&slow);
        assert_eq!((verdict.outcome, verdict.notes.len()), (Outcome::Invalid, 1));
    }

    #[test]
    fn a_packet_that_is_lost_in_a_call_that_is_up_fails() {
        let mut lossy = report(1_000, 0);
        lossy.observed.talk = Some(Heard { calls: 1, sent: 100, received: 100 });
        assert_eq!(BOUNDS.judge(&lossy).outcome, Outcome::Pass);
        lossy.observed.talk = Some(Heard { calls: 1, sent: 100, received: 99 });
        assert_eq!(BOUNDS.judge(&lossy).reasons, ["1 packets of 100 were lost in calls that were up"]);
    }

    #[test]
    fn datagrams_that_our_own_sockets_dropped_prove_nothing() {
        let mut lossy = report(999, 0);
        lossy.observed.losses = (0, 1);
        assert_eq!(BOUNDS.judge(&lossy).outcome, Outcome::Invalid);
    }
}
