//! What the node tells about itself: its own counts, and those of its rooms.

use books::Books;
use call::{Engine, Status};
use fleet::Fleet;
use telemetry::metrics::{
    Counter, Description, Gauge, Histogram, Kind, Label, Labelled, Sample, Snapshot, Unit, Value,
};
use transport::Transport;

telemetry::metrics! {
    /// What the node itself counts.
    pub(super) struct Metrics {
        /// Calls that are not over.
        calls: Gauge = "trunkline_calls", Count;
        /// Connections over TCP and TLS.
        connections: Gauge = "trunkline_sip_connections", Count;
        /// Attempts that were answered.
        answered: Counter = "trunkline_attempts_answered_total", Count;
        /// Attempts that have ended, by how their record says it.
        ended: Labelled<Counter, How> = "trunkline_attempts_ended_total", Count;
        /// How long one turn of the loop works, without its waiting.
        turn: Histogram = "trunkline_turn_seconds", Microseconds,
            [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000];
        /// Records that are not yet where they belong.
        records_waiting: Gauge = "trunkline_records_waiting", Count;
        /// What the journal takes on the disk.
        journal: Gauge = "trunkline_journal_bytes", Bytes;
        /// Records that have arrived where they belong.
        records_stored: Counter = "trunkline_records_stored_total", Count;
        /// Attempts to store a record that did not succeed, and are repeated.
        records_failed: Counter = "trunkline_records_failed_total", Count;
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Completed,
    Rejected,
    RateLimited,
}

impl Label for How {
    const NAME: &'static str = "status";
    const ALL: &'static [Self] = &[Self::Completed, Self::Rejected, Self::RateLimited];

    fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::RateLimited => "rate_limited",
        }
    }
}

impl From<Status> for How {
    fn from(status: Status) -> Self {
        match status {
            Status::Completed => Self::Completed,
            Status::Rejected => Self::Rejected,
            Status::RateLimited => Self::RateLimited,
        }
    }
}

/// What rooms count by words of their own.
const fn counted(name: &'static str, help: &'static str) -> Description {
    Description { name, help, kind: Kind::Counter, unit: Unit::Count, labels: &["what"], bounds: &[] }
        .checked()
}

static TRANSPORT: Description =
    counted("trunkline_sip_transport_total", "What sockets of SIP received, sent and dropped.");
static TRANSACTIONS: Description =
    counted("trunkline_sip_transactions_dropped_total", "Messages that went no further than transactions.");
static MESSAGES: Description =
    counted("trunkline_sip_messages_refused_total", "Messages that led to no call, or changed none.");
static REFUSALS: Description =
    counted("trunkline_calls_refused_total", "Calls that the trunk refused, by reason.");

impl Metrics {
    /// Adds all that there is to tell to a snapshot.
    pub(super) fn tell_all(
        &mut self,
        snapshot: &mut Snapshot,
        (engine, transport, fleet, books): (&Engine, &Transport, &Fleet, &Books),
    ) {
        let records = books.figures();
        self.calls.set(engine.calls() as u64);
        self.connections.set(transport.connections() as u64);
        self.records_waiting.set(records.waiting);
        self.journal.set(records.bytes);
        self.records_stored.add(records.uploaded.saturating_sub(self.records_stored.count()));
        self.records_failed.add(records.failed.saturating_sub(self.records_failed.count()));
        self.tell(snapshot);
        fleet.metrics().tell(snapshot);
        snapshot.add(&TRANSPORT, samples(transport.counters().iter()));
        let dropped = engine.transaction_counters().iter();
        snapshot.add(&TRANSACTIONS, samples(dropped.map(|(reason, count)| (reason.word(), count))));
        snapshot.add(&MESSAGES, samples(engine.counters().iter()));
        snapshot.add(&REFUSALS, samples(engine.counters().reasons()));
    }
}

fn samples(counts: impl Iterator<Item = (&'static str, u64)>) -> Vec<Sample> {
    counts.map(|(word, count)| Sample { words: [word, ""], value: Value::Number(count) }).collect()
}
