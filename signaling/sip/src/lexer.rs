//! Where the parts of one message are: start line, headers, body. Nothing is copied but what lines were folded into.
//!
//! The lexer refuses only what cannot be taken apart. What can be, but breaks a rule, is noted as a flaw: whoever
//! validates the message then owes its sender an answer.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::error::Malformed;
use crate::grammar::{is_blank, is_token, trim};
use crate::header::Name;

/// The longest message: 64 KiB, what a datagram can carry.
pub const MESSAGE_LEN_MAX: usize = 64 * 1024;
/// The longest line, with all that is folded into it: 8 KiB.
pub const LINE_LEN_MAX: usize = 8192;
/// The most header fields of a message.
pub const HEADERS_MAX: usize = 128;

/// What is usual: a message with as many headers is read with one allocation, which then has less than a kilobyte: the
/// allocator keeps those at hand.
const HEADERS_USUAL: usize = 20;

/// A message taken apart; it borrows the bytes it was read from.
#[derive(Clone, Debug)]
pub struct Lexed<'a> {
    /// The first line.
    pub start: StartLine<'a>,
    /// The header fields in their order.
    pub fields: Vec<Field<'a>>,
    /// The body, as long as Content-Length says; all that follows in a datagram without one.
    pub body: &'a [u8],
    /// The first rule that was broken, where the message could be taken apart all the same.
    pub flaw: Option<Malformed>,
}

/// The first line of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartLine<'a> {
    /// That of a request.
    Request {
        /// The method; any bytes without a space.
        method: &'a [u8],
        /// What stands between method and version, spaces included.
        uri: &'a [u8],
        /// The version, such as `SIP/2.0`.
        version: &'a [u8],
    },
    /// That of a response.
    Response {
        /// The version, such as `SIP/2.0`.
        version: &'a [u8],
        /// The status code as it is written.
        code: &'a [u8],
        /// The phrase, which may be empty.
        phrase: &'a [u8],
    },
}

/// A header field.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// The name, compact forms read as long ones.
    pub name: Name,
    /// The name as it is written.
    pub spelling: &'a str,
    /// The value without white space at its ends, and without line ends. RFC 3261 section 7.3.1 says UTF-8; what is
    /// not is taken for Latin-1, as peers mean it.
    pub value: Cow<'a, str>,
}

impl<'a> Lexed<'a> {
    /// Returns the first field of a name.
    pub fn field(&self, name: Name) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Goes through the fields of a name.
    pub fn fields(&self, name: Name) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(move |field| field.name == name)
    }
}

/// Takes a datagram apart: one message, and whatever follows its body is ignored (RFC 3261 section 18.3).
///
/// # Errors
/// `Malformed`: why it cannot be taken apart.
pub fn lex(bytes: &[u8]) -> Result<Lexed<'_>, Malformed> {
    if bytes.len() > MESSAGE_LEN_MAX {
        return Err(Malformed::TooLong);
    }
    let (mut lexed, rest) = lex_head(bytes)?;
    match content_length(&lexed.fields) {
        Ok(None) => lexed.body = rest,
        Ok(Some(len)) => match rest.get(..len) {
            Some(body) => lexed.body = body,
            None => lexed.flaw = lexed.flaw.or(Some(Malformed::Truncated)),
        },
        Err(flaw) => lexed.flaw = lexed.flaw.or(Some(flaw)),
    }
    Ok(lexed)
}

/// Takes start line and headers apart, and returns what follows the empty line.
pub(crate) fn lex_head(bytes: &[u8]) -> Result<(Lexed<'_>, &[u8]), Malformed> {
    let source = Source::new(skip_line_ends(bytes));
    let first = source.line(0).ok_or(if source.bytes.is_empty() {
        Malformed::Empty
    } else {
        Malformed::Unterminated
    })?;
    if first.len() > LINE_LEN_MAX {
        return Err(Malformed::LineTooLong);
    }
    let start = start_line(source.bytes.get(first.start..first.end).unwrap_or_default())?;
    let mut fields = Vec::with_capacity(HEADERS_USUAL);
    let mut flaw = first.stray.then_some(Malformed::ControlByte);
    let mut at = first.next;
    loop {
        let line = source.line(at).ok_or(Malformed::Unterminated)?;
        if line.len() == 0 {
            return Ok((
                Lexed { start, fields, body: &[], flaw },
                source.bytes.get(line.next..).unwrap_or_default(),
            ));
        }
        let (line, folded) = source.unfold_ahead(line)?;
        if line.len() > LINE_LEN_MAX {
            return Err(Malformed::LineTooLong);
        }
        if fields.len() >= HEADERS_MAX {
            return Err(Malformed::TooManyHeaders);
        }
        match source.field(line, folded) {
            Ok(field) => fields.push(field),
            Err(error) => flaw = flaw.or(Some(error)),
        }
        at = line.next;
    }
}

/// What is taken apart.
struct Source<'a> {
    bytes: &'a [u8],
    /// As much of it from the beginning as is UTF-8; checked once instead of field by field.
    text: &'a str,
}

/// A line, or several that are folded into one.
#[derive(Clone, Copy)]
struct Line {
    start: usize,
    end: usize,
    next: usize,
    /// It holds a carriage return that ends nothing.
    stray: bool,
}

impl Line {
    const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }
}

impl<'a> Source<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()),
        };
        Self { bytes, text: text.unwrap_or("") }
    }

    /// Finds the line that begins there; it ends with LF or CRLF.
    fn line(&self, start: usize) -> Option<Line> {
        let mut at = start;
        let mut stray = false;
        loop {
            let rest = self.bytes.get(at..)?;
            let end = memchr2(b'\r', b'\n', rest)?;
            let len = match rest.get(end..)? {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => 0,
            };
            let end = at.saturating_add(end);
            if len > 0 {
                return Some(Line { start, end, next: end.saturating_add(len), stray });
            }
            stray = true;
            at = end.saturating_add(1);
        }
    }

    /// Widens a line by those that are folded into it: they begin with white space (RFC 3261 section 7.3.1).
    fn unfold_ahead(&self, line: Line) -> Result<(Line, bool), Malformed> {
        let (mut line, mut folded) = (line, false);
        while self.bytes.get(line.next).copied().is_some_and(is_blank) {
            let more = self.line(line.next).ok_or(Malformed::Unterminated)?;
            line = Line { start: line.start, stray: line.stray || more.stray, ..more };
            folded = true;
            if line.len() > LINE_LEN_MAX {
                return Err(Malformed::LineTooLong);
            }
        }
        Ok((line, folded))
    }

    fn field(&self, line: Line, folded: bool) -> Result<Field<'a>, Malformed> {
        if line.stray {
            return Err(Malformed::ControlByte);
        }
        let bytes = self.bytes.get(line.start..line.end).unwrap_or_default();
        let colon = bytes.iter().position(|&byte| byte == b':').ok_or(Malformed::HeaderLine)?;
        // White space before the colon is part of neither (RFC 3261 section 7.3.1).
        let name = bytes.get(..colon).unwrap_or_default().trim_ascii_end();
        let known = Name::parse(name);
        if known == Name::Other && !is_token(name) {
            return Err(Malformed::HeaderLine);
        }
        // A token is ASCII, so that it is text even behind what is not.
        let spelling = match self.text.get(line.start..line.start.saturating_add(name.len())) {
            Some(spelling) => spelling,
            None => std::str::from_utf8(name).map_err(|_| Malformed::HeaderLine)?,
        };
        let value = match self.text(line.start.saturating_add(colon).saturating_add(1), line.end) {
            text if folded => Cow::Owned(unfold(&text)),
            Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
            Cow::Owned(text) => Cow::Owned(trim(&text).to_owned()),
        };
        Ok(Field { name: known, spelling, value })
    }

    fn text(&self, start: usize, end: usize) -> Cow<'a, str> {
        match self.text.get(start..end) {
            Some(text) => Cow::Borrowed(text),
            None => text(self.bytes.get(start..end).unwrap_or_default()),
        }
    }
}

/// Returns bytes as text: UTF-8, else Latin-1.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Skips the line ends before a start line (RFC 3261 section 7.5).
pub(crate) fn skip_line_ends(mut bytes: &[u8]) -> &[u8] {
    while let [b'\r' | b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn start_line(line: &[u8]) -> Result<StartLine<'_>, Malformed> {
    let first = memchr(b' ', line).ok_or(Malformed::StartLine)?;
    let (word, rest) = line.split_at_checked(first).ok_or(Malformed::StartLine)?;
    let rest = rest.get(1..).unwrap_or_default();
    if is_version(word) {
        let end = memchr(b' ', rest).unwrap_or(rest.len());
        let (code, phrase) = rest.split_at_checked(end).ok_or(Malformed::StartLine)?;
        return Ok(StartLine::Response { version: word, code, phrase: phrase.get(1..).unwrap_or_default() });
    }
    // The version is the last word, whatever stands before it. White space at the end leaves the version where it
    // is, and in what then counts as the URI.
    let version_end = rest.trim_ascii();
    let last = version_end.iter().rposition(|&byte| byte == b' ').ok_or(Malformed::StartLine)?;
    let version = version_end.get(last.saturating_add(1)..).unwrap_or_default();
    if word.is_empty() || !is_version(version) {
        return Err(Malformed::StartLine);
    }
    let trailing = rest.last().copied().is_some_and(|byte| byte.is_ascii_whitespace());
    let lead = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let uri_end = if trailing { rest.len() } else { last.saturating_add(lead) };
    Ok(StartLine::Request { method: word, uri: rest.get(..uri_end).unwrap_or_default(), version })
}

/// Tells SIP of any version from other protocols, HTTP probes among them.
fn is_version(word: &[u8]) -> bool {
    word.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"SIP/"))
}

/// Joins folded lines: each line end with the white space around it becomes one space.
fn unfold(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for line in value.split('\n') {
        let line = trim(line.strip_suffix('\r').unwrap_or(line));
        if !line.is_empty() && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

/// Reads how long the body is.
pub(crate) fn content_length(fields: &[Field<'_>]) -> Result<Option<usize>, Malformed> {
    let mut known = None;
    for field in fields.iter().filter(|field| field.name == Name::ContentLength) {
        let digits = crate::grammar::parse_u32(&field.value);
        let len = digits.and_then(|len| usize::try_from(len).ok()).ok_or(Malformed::LengthInvalid)?;
        if known.is_some_and(|known| known != len) {
            return Err(Malformed::LengthConflict);
        }
        known = Some(len);
    }
    Ok(known)
}
