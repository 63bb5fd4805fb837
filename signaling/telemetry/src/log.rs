//! Lines for those who operate: structured, limited, and never waited for.
//!
//! ```
//! use telemetry::log::{Levels, Log, Format};
//!
//! let log = Log::to_writer(Format::Text, Levels::default(), Vec::new());
//! telemetry::say_to!(log, Warn, "node is down", node = "media-1", sessions = 12);
//! let written = String::from_utf8(log.finish()).expect("lines are text");
//! assert!(written.ends_with("WARN telemetry: node is down node=media-1 sessions=12\n"));
//! ```
//!
//! A program calls [`start`] once, and then says [`say!`](crate::say) wherever it has something to say. What is
//! said before that, as in the tests of a room, goes nowhere.

mod clock;
mod escape;
mod field;
mod journal;
mod level;
mod line;
mod pace;
mod site;

pub use field::{Field, Value};
pub use journal::{Finish, Log, start, started};
pub use level::{Level, Levels, LevelsError};
pub use line::{Format, is_free};
pub use site::Site;
