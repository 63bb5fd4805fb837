//! What the fleet counts.

use telemetry::metrics::{Counter, Gauge, Histogram, Labelled};

use crate::event::Refusal;

telemetry::metrics! {
    /// What the fleet counts.
    pub struct Metrics {
        /// Media nodes that sessions can be opened on.
        nodes_up: Gauge = "trunkline_fleet_nodes_up", Count;
        /// Media sessions that are wished.
        sessions: Gauge = "trunkline_fleet_sessions", Count;
        /// Media sessions that were opened.
        opened: Counter = "trunkline_fleet_sessions_opened_total", Count;
        /// Media sessions that could not be opened, by reason.
        refused: Labelled<Counter, Refusal> = "trunkline_fleet_sessions_refused_total", Count;
        /// Changes of media sessions that were not granted, by reason.
        updates_refused: Labelled<Counter, Refusal> = "trunkline_fleet_updates_refused_total", Count;
        /// Media sessions that were found again after a restart of signaling.
        adopted: Counter = "trunkline_fleet_sessions_adopted_total", Count;
        /// Media sessions that were opened again because their node had lost them.
        reopened: Counter = "trunkline_fleet_sessions_reopened_total", Count;
        /// Media sessions that were lost with their node.
        lost: Counter = "trunkline_fleet_sessions_lost_total", Count;
        /// Media sessions that nobody wished, closed after their grace.
        strays_closed: Counter = "trunkline_fleet_strays_closed_total", Count;
        /// Connections to media nodes that ended.
        connections_lost: Counter = "trunkline_fleet_connections_lost_total", Count;
        /// Events of media nodes that nobody has read in time.
        events_lost: Counter = "trunkline_fleet_events_lost_total", Count;
        /// Events of media sessions that nobody wishes, or no more.
        events_unclaimed: Counter = "trunkline_fleet_events_unclaimed_total", Count;
        /// From the wish to the answer of the media node.
        answer: Histogram = "trunkline_fleet_answer_seconds", Microseconds,
            [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 3_000_000];
    }
}
