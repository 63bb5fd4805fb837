//! What a run has shown, and whether that is as it should be.

mod text;
mod verdict;

use serde_json::{Value, json};

use crate::calls::figures::Figures;
use crate::calls::plan::Plan;
use crate::calls::process::Usage;
use crate::calls::run::Observed;
use crate::media::latency::{Latency, Quantiles};
use crate::media::search::Trial;

pub use verdict::{Bounds, Outcome, Verdict};

/// What a run has shown.
#[derive(Clone, Debug)]
pub struct Report {
    /// How the PBX speaks.
    pub protocol: &'static str,
    /// What was wanted.
    pub plan: Plan,
    /// What became of the calls.
    pub figures: Figures,
    /// What was seen beside them.
    pub observed: Observed,
}

impl Report {
    /// Returns how many calls a second were answered, over the time in which calls were begun.
    #[must_use]
    pub fn answered_per_second(&self) -> f64 {
        self.figures.answered as f64 / self.observed.sending.as_secs_f64().max(1e-9)
    }

    /// Returns the share of a processor that the device used while calls were begun.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let used = self.observed.while_sending.as_ref()?.processor_ns();
        Some(used as f64 / self.observed.sending.as_nanos().max(1) as f64)
    }

    /// Returns what the device used in all for each call that was answered, in microseconds.
    #[must_use]
    pub fn call_us(&self) -> Option<f64> {
        let used = self.observed.in_all.as_ref()?.processor_ns();
        (self.figures.answered > 0).then(|| used as f64 / 1e3 / self.figures.answered as f64)
    }

    /// Returns what the generator itself used for a call that it began, in microseconds.
    #[must_use]
    pub fn own_us(&self) -> f64 {
        self.observed.own_ns as f64 / 1e3 / self.figures.attempts.max(1) as f64
    }

    /// Returns what a call that is up takes of the memory of the device.
    #[must_use]
    pub fn call_bytes(&self) -> Option<u64> {
        let up = self.observed.up?;
        let calls = u64::from(up.calls);
        up.resident_bytes.saturating_sub(self.observed.bytes_before).checked_div(calls)
    }

    /// Returns how many calls did not go as they should, in percent.
    #[must_use]
    pub fn faulty_percent(&self) -> f64 {
        percent(self.figures.faulty() + self.figures.shed, self.figures.attempts)
    }

    /// Returns what the run says to a search.
    #[must_use]
    pub fn trial(&self, bounds: &Bounds) -> Trial {
        let transit = self.figures.transit.quantiles().p99;
        let is_slow = transit > bounds.transit_max_ns;
        Trial {
            loss_percent: if is_slow { 100.0 } else { self.faulty_percent() },
            is_generator_late: bounds.is_generator_limit(self),
        }
    }

    /// Returns all of it as one JSON object.
    #[must_use]
    pub fn as_json(&self, verdict: &Verdict) -> Value {
        let Self { figures, observed, plan, .. } = self;
        json!({
            "verdict": verdict.outcome.word(),
            "reasons": verdict.reasons,
            "notes": verdict.notes,
            "pbx": self.protocol,
            "calls_per_second": plan.rate,
            "answered_per_second": self.answered_per_second(),
            "attempts": figures.attempts,
            "answered": figures.answered,
            "completed": figures.completed,
            "shed": figures.shed,
            "refused": figures.refused.iter().map(|(code, count)| (code.to_string(), json!(count)))
                .collect::<serde_json::Map<_, _>>(),
            "lost": figures.lost,
            "resent": figures.resent,
            "repeated_by_device": figures.repeated,
            "strays": figures.strays,
            "talk": observed.talk.map(|heard| json!({
                "calls": heard.calls,
                "sent": heard.sent,
                "received": heard.received,
            })),
            "transit_ns": quantiles(&figures.transit),
            "dial_ns": quantiles(&figures.dial),
            "ack_ns": quantiles(&figures.ack),
            "bye_ns": quantiles(&figures.bye),
            "shedding_ns": quantiles(&figures.shedding),
            "generator": {
                "late_ns": quantiles(&figures.lateness),
                "us_per_call": self.own_us(),
                "unsent": observed.losses.0,
                "unreceived": observed.losses.1,
            },
            "device": {
                "processor_share": self.share(),
                "us_per_call": self.call_us(),
                "threads_us_per_call": self.threads_us().into_iter().collect::<serde_json::Map<_, _>>(),
                "resident_bytes": observed.in_all.as_ref().map(|usage| usage.resident_bytes),
                "resident_bytes_before": observed.bytes_before,
                "concurrent": observed.up.map(|up| json!({
                    "calls": up.calls,
                    "bytes_per_call": self.call_bytes(),
                    "resident_bytes": up.resident_bytes,
                    "rested_bytes": up.rested_bytes,
                    "processor_share": up.share,
                })),
            },
        })
    }

    /// Returns what each thread of the device used for a call.
    fn threads_us(&self) -> Vec<(String, Value)> {
        let answered = self.figures.answered.max(1) as f64;
        let threads = self.observed.in_all.iter().flat_map(|usage: &Usage| &usage.threads_ns);
        threads.map(|(name, ns)| (name.clone(), json!(*ns as f64 / 1e3 / answered))).collect()
    }
}

fn quantiles(latency: &Latency) -> Value {
    let Quantiles { count, p50, p90, p99, p999, max } = latency.quantiles();
    json!({ "count": count, "p50": p50, "p90": p90, "p99": p99, "p99.9": p999, "max": max })
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
