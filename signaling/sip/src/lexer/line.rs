//! Lines: where they end, and which are folded into one.

use std::borrow::Cow;

use memchr::memchr;

use crate::error::Malformed;
use crate::grammar::is_blank;

/// What is taken apart into lines.
///
/// The first line says what ends all others. RFC 3261 section 7 wants CRLF; where the first line ends with a bare LF,
/// it was written by hand, and LF ends the others as well. Where it ends with CRLF, a bare LF ends nothing: whoever has
/// passed the message on may have taken it for a part of a value, and must not be made to carry two messages as one.
pub(super) struct Lines<'a> {
    pub(super) bytes: &'a [u8],
    /// As much of it from the beginning as is UTF-8; checked once instead of field by field.
    text: &'a str,
    is_bare: bool,
}

/// A line, or several that are folded into one.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) next: usize,
    /// How many of its bytes, up to the next line, end lines.
    pub(super) ends_len: usize,
    /// It was several.
    pub(super) is_folded: bool,
}

impl Line {
    pub(super) const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()),
        };
        Self { bytes, text: text.unwrap_or(""), is_bare: false }
    }

    /// Finds the first line, and learns from it what ends the others.
    pub(super) fn first(&mut self) -> Option<Line> {
        let end = memchr(b'\n', self.bytes)?;
        self.is_bare = is_bare(self.bytes, end);
        self.line(0)
    }

    /// Finds the line that begins there.
    pub(super) fn line(&self, start: usize) -> Option<Line> {
        let mut at = start;
        loop {
            let end = at.saturating_add(memchr(b'\n', self.bytes.get(at..)?)?);
            let next = end.saturating_add(1);
            if end > start && !is_bare(self.bytes, end) {
                return Some(Line { start, end: end.saturating_sub(1), next, ends_len: 2, is_folded: false });
            }
            if self.is_bare {
                return Some(Line { start, end, next, ends_len: 1, is_folded: false });
            }
            at = next;
        }
    }

    /// Widens a line by those that are folded into it: they begin with white space (RFC 3261 section 7.3.1).
    pub(super) fn unfold_ahead(&self, line: Line) -> Result<Line, Malformed> {
        let mut line = line;
        while self.bytes.get(line.next).copied().is_some_and(is_blank) {
            let more = self.line(line.next).ok_or(Malformed::Unterminated)?;
            let ends_len = line.ends_len.saturating_add(more.ends_len);
            line = Line { start: line.start, ends_len, is_folded: true, ..more };
        }
        Ok(line)
    }

    /// Returns a part as text: UTF-8, else Latin-1.
    pub(super) fn text(&self, start: usize, end: usize) -> Cow<'a, str> {
        match self.text.get(start..end) {
            Some(text) => Cow::Borrowed(text),
            None => super::text(self.bytes.get(start..end).unwrap_or_default()),
        }
    }
}

/// Tells whether a line feed has no carriage return before it.
pub(crate) fn is_bare(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| bytes.get(before)) != Some(&b'\r')
}
