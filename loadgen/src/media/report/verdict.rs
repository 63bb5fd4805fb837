//! Whether the device did what it should, and if not, what it did instead.

use crate::media::report::{DirectionReport, Report};

/// What a packet may not be, and how many were.
type Fault = (&'static str, fn(&DirectionReport) -> u64);

const FAULTS: [Fault; 4] = [
    ("duplicates", |report| report.duplicates),
    ("corrupt", |report| report.corrupt),
    ("misdelivered", |report| report.misdelivered),
    ("overdue", |report| report.overdue),
];

/// The outcome of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What went wrong; the run has passed if nothing did.
    pub reasons: Vec<String>,
    /// What one should know to read the numbers.
    pub notes: Vec<String>,
}

impl Verdict {
    /// Judges a run: every packet that left has arrived once, intact and at the right place, but for so much loss, and
    /// of those that were forged none.
    #[must_use]
    pub fn new(report: &Report, loss_max_percent: f64) -> Self {
        let mut verdict = Self::default();
        if report.sent() == 0 {
            verdict.reasons.push("nothing was sent".to_owned());
        }
        if report.loss_percent() > loss_max_percent {
            let (lost, percent) = (report.lost(), report.loss_percent());
            verdict.reasons.push(format!("lost {lost} ({percent:.4} %, {loss_max_percent} % allowed)"));
        }
        for (word, count) in FAULTS {
            match report.total(count) {
                0 => {}
                count => verdict.reasons.push(format!("{word} {count}")),
            }
        }
        if let Some(forgery) = &report.forgery {
            verdict.reasons.extend(forgery.reasons(report));
            verdict.notes.extend(forgery.note(report));
        }
        verdict.take_notes(report);
        verdict
    }

    fn take_notes(&mut self, report: &Report) {
        if report.is_generator_late() {
            let late_ms = report.lateness.p99 as f64 / 1e6;
            self.notes.push(format!(
                "generator late: one packet in a hundred left {late_ms:.1} ms too late or more, so latency is ours in part"
            ));
        }
        if report.losses.unsent > 0 {
            let unsent = report.losses.unsent;
            self.notes.push(format!("generator too fast for its own queue: {unsent} packets never left"));
        }
        if report.losses.unreceived > 0 {
            let unreceived = report.losses.unreceived;
            self.notes.push(format!(
                "generator too slow to receive: {unreceived} packets came and were dropped here; those count as lost"
            ));
        }
        if report.due < report.pace.packets() {
            self.notes.push(format!("stopped after {} of {} packets", report.due, report.pace.packets()));
        }
    }

    /// Tells whether the run has passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Returns the outcome in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.passed() { "PASS" } else { "FAIL" }
    }

    /// Returns the exit code of the command.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.passed())
    }
}
