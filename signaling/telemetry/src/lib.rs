//! What the processes tell about themselves: metrics and log lines.
//!
//! A metric is declared once, with its help, by [`metrics!`], and belongs to one thread: to count is to add to a number
//! of one's own. Once a second that thread publishes a [`Snapshot`](metrics::Snapshot), which others read. A log line is
//! said with [`say!`], goes through a bounded queue to a thread of its own, and is never the reason that a
//! call waits.

#![forbid(unsafe_code)]

mod hidden;
pub mod log;
pub mod metrics;

pub use hidden::{Hidden, Personal};
