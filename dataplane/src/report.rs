//! What workers have counted, in the words of metrics.

use control::{Count, WorkerState};

use crate::command::Report;
use crate::drop::Drop;

/// What one worker has counted, and who it is.
pub(crate) struct WorkerReport {
    pub(crate) cpu: Option<u16>,
    pub(crate) driver: &'static str,
    pub(crate) report: Report,
}

/// Adds up what all workers have counted.
pub(crate) fn statistics(workers: &[WorkerReport]) -> Vec<Count> {
    let total = |count: &dyn Fn(&Report) -> u64| workers.iter().map(|worker| count(&worker.report)).sum();
    let mut counts = vec![
        count("sessions", total(&|report| report.sessions.into())),
        count("packets_received", total(&|report| report.counters.received)),
        count("packets_forwarded", total(&|report| report.counters.forwarded)),
        count("packets_dropped", total(&|report| report.counters.drops.total())),
        count("packets_miscounted", total(&|report| report.miscounted)),
        count("turns", total(&|report| report.turns)),
    ];
    for reason in Drop::ALL {
        let name = format!("dropped_{}", reason.word());
        counts.push(Count { name, value: total(&|report| report.counters.drops.of(*reason)) });
    }
    let Some(first) = workers.first() else { return counts };
    for (place, (name, _)) in first.report.driver.iter().enumerate() {
        let value = total(&|report| report.driver.iter().nth(place).map_or(0, |(_, value)| value));
        counts.push(Count { name: format!("driver_{name}"), value });
    }
    counts.sort_by(|a, b| a.name.cmp(&b.name));
    counts
}

fn count(name: &str, value: u64) -> Count {
    Count { name: name.to_owned(), value }
}

/// Returns what each worker does.
pub(crate) fn worker_states(workers: &[WorkerReport]) -> Vec<WorkerState> {
    let state = |worker: &WorkerReport| WorkerState {
        cpu: worker.cpu,
        driver: worker.driver.to_owned(),
        sessions: worker.report.sessions,
        received: worker.report.counters.received,
        forwarded: worker.report.counters.forwarded,
        dropped: worker.report.counters.drops.total(),
        system_calls: worker.report.driver.system_calls,
        turns: worker.report.turns,
    };
    workers.iter().map(state).collect()
}
