//! A place in the program that says something.

use std::sync::{Mutex, PoisonError};

use super::level::Level;
use super::pace::{Pace, Verdict};

/// A place in the program that says something: made by [`say!`](crate::say), once for each.
#[derive(Debug)]
pub struct Site {
    pub(super) level: Level,
    pub(super) room: &'static str,
    pub(super) message: &'static str,
    pace: Mutex<Pace>,
}

impl Site {
    /// Makes a site of a room. A message is a constant, so that lines can be counted by it.
    #[must_use]
    pub const fn new(level: Level, room: &'static str, message: &'static str) -> Self {
        Self { level, room, message, pace: Mutex::new(Pace::new()) }
    }

    pub(super) fn judge(&self, second: u64) -> Verdict {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).judge(second)
    }

    pub(super) fn take_suppressed(&self, second: u64) -> Option<u64> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).take_suppressed(second)
    }
}

/// Says a line in the log that was [started](crate::log::start): `say!(Warn, "node is down", node = name)`.
///
/// It has a level, a message that is a constant, and fields.
#[macro_export]
macro_rules! say {
    ($level:ident, $message:literal $(, $key:ident = $value:expr)* $(,)?) => {
        if let Some(log) = $crate::log::started() {
            $crate::say_to!(log, $level, $message $(, $key = $value)*);
        }
    };
}

/// Says a line in this log: [`say!`](crate::say) with a [`Log`](crate::log::Log) in front.
#[macro_export]
macro_rules! say_to {
    ($log:expr, $level:ident, $message:literal $(, $key:ident = $value:expr)* $(,)?) => {{
        $(const { assert!($crate::log::is_free(stringify!($key)), "every line has a field of this name already") };)*
        static SITE: $crate::log::Site =
            $crate::log::Site::new($crate::log::Level::$level, env!("CARGO_PKG_NAME"), $message);
        $log.say(&SITE, |level| {
            let _ = level;
            vec![$((stringify!($key), $crate::log::Field::value(&$value, level))),*]
        });
    }};
}
