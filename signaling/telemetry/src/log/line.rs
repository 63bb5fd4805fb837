//! A line: from a site and its fields to bytes.

use core::fmt::{self, Write};

use super::clock::Moment;
use super::escape::{write_quoted, write_word};
use super::field::Value;
use super::site::Site;

/// For whom lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: time, level, room, message, and fields as `key=value`.
    Text,
    /// For programs: one JSON object a line, whose first keys are `time`, `level`, `room` and `message`.
    Json,
}

/// The keys that every object has already.
const KEYS_TAKEN: [&str; 5] = ["time", "level", "room", "message", "suppressed"];

/// Tells whether a field may have this name; [`say!`](crate::say) asks while it is compiled.
#[doc(hidden)]
#[must_use]
pub const fn is_free(key: &str) -> bool {
    let mut at = 0;
    while at < KEYS_TAKEN.len() {
        let (key, taken) = (key.as_bytes(), KEYS_TAKEN[at].as_bytes());
        let mut same = 0;
        while same < key.len() && same < taken.len() && key[same] == taken[same] {
            same += 1;
        }
        if same == key.len() && same == taken.len() {
            return false;
        }
        at += 1;
    }
    true
}

/// All that a line says.
pub(super) struct Line<'a> {
    pub(super) moment: Moment,
    pub(super) site: &'a Site,
    pub(super) fields: &'a [(&'static str, Value)],
    /// How many lines of the site were not written before this one.
    pub(super) suppressed: u64,
}

impl Line<'_> {
    /// Returns the line with its end.
    pub(super) fn written(&self, format: Format) -> String {
        let mut text = String::with_capacity(256);
        // Writing into a String cannot fail.
        let _ = match format {
            Format::Text => self.write_text(&mut text),
            Format::Json => self.write_json(&mut text),
        };
        text
    }

    fn write_text(&self, text: &mut String) -> fmt::Result {
        self.moment.write(text)?;
        write!(text, " {} {}: {}", self.site.level.word(), self.site.room, self.site.message)?;
        for (key, value) in self.fields {
            write!(text, " {key}=")?;
            write_value(text, value, write_word)?;
        }
        if self.suppressed > 0 {
            write!(text, " (suppressed {})", self.suppressed)?;
        }
        text.write_char('\n')
    }

    fn write_json(&self, text: &mut String) -> fmt::Result {
        text.write_str("{\"time\":\"")?;
        self.moment.write(text)?;
        let Site { level, room, message, .. } = self.site;
        write!(text, "\",\"level\":\"{}\",\"room\":\"{room}\",\"message\":", level.word())?;
        write_quoted(text, message);
        for (key, value) in self.fields {
            write!(text, ",\"{key}\":")?;
            write_value(text, value, write_quoted)?;
        }
        if self.suppressed > 0 {
            write!(text, ",\"suppressed\":{}", self.suppressed)?;
        }
        text.write_str("}\n")
    }
}

fn write_value(line: &mut String, value: &Value, write_text: fn(&mut String, &str)) -> fmt::Result {
    match value {
        Value::Number(number) => write!(line, "{number}"),
        Value::Truth(truth) => write!(line, "{truth}"),
        Value::Text(text) => {
            write_text(line, text);
            Ok(())
        }
    }
}
