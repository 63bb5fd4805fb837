//! Numbers that one thread counts and others read.
//!
//! ```
//! use std::time::Duration;
//! use telemetry::metrics::{Board, Counter, Histogram, Publisher};
//!
//! telemetry::metrics! {
//!     /// What the kitchen counts.
//!     pub struct Kitchen {
//!         /// Eggs that were boiled.
//!         eggs: Counter = "trunkline_kitchen_eggs_total", Count;
//!         /// From the order to the table.
//!         wait: Histogram = "trunkline_kitchen_wait_seconds", Microseconds, [1_000, 1_000_000];
//!     }
//! }
//!
//! let mut kitchen = Kitchen::new();
//! kitchen.eggs.add(2);
//! kitchen.wait.record_duration(Duration::from_millis(20));
//!
//! let (mut publisher, reader) = Publisher::new();
//! publisher.publish(Duration::ZERO, |snapshot| kitchen.tell(snapshot));
//! let text = Board::new(vec![reader]).exposition();
//! assert!(text.contains("trunkline_kitchen_eggs_total 2\n"));
//! ```

mod board;
mod catalogue;
mod declare;
mod description;
mod exposition;
mod label;
mod measure;
mod snapshot;

pub use board::{Board, Publisher, Reader};
pub use catalogue::{Catalogue, DeclaredTwice};
pub use description::{Description, Kind, Unit};
pub use label::{Label, Labels};
pub use measure::{Counter, Gauge, Histogram, Labelled, Measure, Metric};
pub use snapshot::{Family, Sample, Snapshot, Value};
