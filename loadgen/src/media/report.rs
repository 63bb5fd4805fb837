//! What a run has shown: our counts, the device's own, and a verdict.

mod forgery;
mod text;
mod verdict;

use control::{DirectionSummary, SessionSummary};
use serde_json::{Value, json};

use crate::media::books::Books;
use crate::media::flow::Direction;
use crate::media::latency::Quantiles;
use crate::media::schedule::Pace;
use crate::media::search::Trial;
use crate::media::side::Losses;
use crate::media::traffic::Traffic;

pub use forgery::ForgeryReport;
pub use verdict::Verdict;

/// What a run has shown.
#[derive(Clone, Debug)]
pub struct Report {
    /// The name of our side of the network.
    pub side: &'static str,
    /// What was wanted.
    pub pace: Pace,
    /// How many packets of it were due before somebody said stop.
    pub due: u64,
    /// By how much they left too late.
    pub lateness: Quantiles,
    /// How late one packet in a hundred may leave before the generator is said to be late.
    pub late_max_ns: u64,
    /// What our side lost.
    pub losses: Losses,
    /// Packets that are none of this run.
    pub strays: u64,
    /// RTCP packets that came.
    pub reports: u64,
    /// What was forged, if anything was.
    pub forgery: Option<ForgeryReport>,
    /// One part for each direction that was sent in.
    pub directions: Vec<DirectionReport>,
}

/// What became of the packets of one direction.
#[derive(Clone, Debug)]
pub struct DirectionReport {
    /// The direction.
    pub direction: Direction,
    /// Packets handed to our side of the network.
    pub offered: u64,
    /// Packets that arrived intact at the right place.
    pub received: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that came after a later one.
    pub reordered: u64,
    /// Packets that something was changed in.
    pub corrupt: u64,
    /// Packets that arrived somewhere else.
    pub misdelivered: u64,
    /// Packets that were too late to be told from their copies.
    pub overdue: u64,
    /// The jitter of the flows, on average, in nanoseconds.
    pub jitter_mean_ns: f64,
    /// The jitter of the worst of them.
    pub jitter_max_ns: f64,
    /// From when they should have left to their arrival.
    pub latency: Quantiles,
    /// From when they left to their arrival.
    pub transit: Quantiles,
    /// What the device says of the direction, over all sessions and all runs since they were opened.
    pub device: Option<DirectionSummary>,
}

/// A generator that is late by a quarter of the 20 ms of voice packets, one time in a hundred, measures itself.
pub const LATE_MAX_NS: u64 = 5_000_000;

impl Report {
    /// Collects what the traffic has counted.
    #[must_use]
    pub fn new(traffic: &Traffic, side: &'static str, losses: Losses) -> Self {
        let schedule = traffic.schedule();
        let is_used = |direction: &Direction| traffic.flows().iter().any(|flow| flow.direction == *direction);
        Self {
            side,
            pace: schedule.pace(),
            due: schedule.taken(),
            lateness: schedule.lateness(),
            late_max_ns: LATE_MAX_NS,
            losses,
            strays: traffic.strays(),
            reports: traffic.reports(),
            forgery: traffic.forger().map(ForgeryReport::new),
            directions: Direction::BOTH
                .into_iter()
                .filter(is_used)
                .map(|direction| DirectionReport::new(traffic, direction))
                .collect(),
        }
    }

    /// Adds what the device says of its sessions.
    #[must_use]
    pub fn with_device(mut self, sessions: &[SessionSummary]) -> Self {
        for report in &mut self.directions {
            report.device =
                Some(sum(sessions.iter().map(|session| &session.from[report.direction as usize])));
        }
        self
    }

    /// Adds what the device counted during the run, which tells what it made of forged packets.
    #[must_use]
    pub fn with_books(mut self, books: Books) -> Self {
        if let Some(forgery) = &mut self.forgery {
            forgery.books = Some(books);
        }
        self
    }

    /// Adds up a count over the directions.
    #[must_use]
    pub fn total(&self, count: impl Fn(&DirectionReport) -> u64) -> u64 {
        self.directions.iter().map(count).sum()
    }

    /// Returns how many packets left.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.total(|report| report.offered).saturating_sub(self.losses.unsent)
    }

    /// Returns how many of the packets that left never came.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.total(|report| report.lost).saturating_sub(self.losses.unsent)
    }

    /// Returns how many packets did not do as they should, in percent of those that left.
    #[must_use]
    pub fn loss_percent(&self) -> f64 {
        percent(self.lost(), self.sent())
    }

    /// Tells whether the generator was late so often that its own limits were measured.
    #[must_use]
    pub fn is_generator_late(&self) -> bool {
        self.lateness.p99 > self.late_max_ns
    }

    /// Returns what the run says to a search.
    #[must_use]
    pub fn trial(&self) -> Trial {
        let wrong = self.total(|report| report.corrupt + report.misdelivered);
        Trial {
            loss_percent: percent(self.lost() + wrong, self.sent()),
            is_generator_late: self.is_generator_late() || self.losses != Losses::default(),
        }
    }

    /// Returns all of it as one JSON object.
    #[must_use]
    pub fn as_json(&self, verdict: &Verdict) -> Value {
        json!({
            "verdict": verdict.word(),
            "reasons": verdict.reasons,
            "notes": verdict.notes,
            "side": self.side,
            "flows": self.pace.flows,
            "packets_per_second": self.pace.packets_per_second(),
            "due": self.due,
            "sent": self.sent(),
            "received": self.total(|report| report.received),
            "lost": self.lost(),
            "loss_percent": self.loss_percent(),
            "strays": self.strays,
            "rtcp": self.reports,
            "generator": {
                "late_ns": quantiles(&self.lateness),
                "unsent": self.losses.unsent,
                "unreceived": self.losses.unreceived,
            },
            "forgery": self.forgery.as_ref().map(ForgeryReport::as_json),
            "directions": self.directions.iter().map(DirectionReport::as_json).collect::<Vec<_>>(),
        })
    }
}

impl DirectionReport {
    fn new(traffic: &Traffic, direction: Direction) -> Self {
        let tally = traffic.tally_of(direction);
        let flows = traffic.flows().iter().filter(|flow| flow.direction == direction);
        let jitters = flows.map(|flow| flow.reception.jitter.ns());
        let (count, sum, max) = jitters.fold((0_u32, 0.0, 0.0_f64), |(count, sum, max), jitter| {
            (count + 1, sum + jitter, max.max(jitter))
        });
        Self {
            direction,
            offered: tally.offered,
            received: tally.received,
            lost: tally.lost(),
            duplicates: tally.duplicates,
            reordered: tally.reordered,
            corrupt: tally.corrupt,
            misdelivered: tally.misdelivered,
            overdue: tally.overdue,
            jitter_mean_ns: sum / f64::from(count.max(1)),
            jitter_max_ns: max,
            latency: tally.latency.quantiles(),
            transit: tally.transit.quantiles(),
            device: None,
        }
    }

    fn as_json(&self) -> Value {
        json!({
            "direction": self.direction.word(),
            "offered": self.offered,
            "received": self.received,
            "lost": self.lost,
            "loss_percent": percent(self.lost, self.offered),
            "duplicates": self.duplicates,
            "reordered": self.reordered,
            "corrupt": self.corrupt,
            "misdelivered": self.misdelivered,
            "overdue": self.overdue,
            "jitter_ns": { "mean": self.jitter_mean_ns, "max": self.jitter_max_ns },
            "latency_ns": quantiles(&self.latency),
            "transit_ns": quantiles(&self.transit),
            "device": self.device.as_ref().map(device),
        })
    }
}

fn quantiles(quantiles: &Quantiles) -> Value {
    let Quantiles { p50, p90, p99, p999, max, .. } = quantiles;
    json!({ "p50": p50, "p90": p90, "p99": p99, "p99.9": p999, "max": max })
}

fn device(summary: &DirectionSummary) -> Value {
    json!({
        "packets": summary.packets,
        "lost": summary.lost,
        "duplicates": summary.duplicates,
        "reordered": summary.reordered,
        "dropped": summary.dropped,
        "bad_tags": summary.bad_tags,
        "jitter_max_us": summary.jitter_us,
    })
}

/// Adds sessions up; of their jitter the worst counts.
fn sum<'s>(summaries: impl Iterator<Item = &'s DirectionSummary>) -> DirectionSummary {
    summaries.fold(DirectionSummary::default(), |sum, one| DirectionSummary {
        packets: sum.packets + one.packets,
        bytes: sum.bytes + one.bytes,
        rtcp_packets: sum.rtcp_packets + one.rtcp_packets,
        lost: sum.lost + one.lost,
        duplicates: sum.duplicates + one.duplicates,
        reordered: sum.reordered + one.reordered,
        dropped: sum.dropped + one.dropped,
        bad_tags: sum.bad_tags + one.bad_tags,
        jitter_us: sum.jitter_us.max(one.jitter_us),
        mos_x100: 0,
    })
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
