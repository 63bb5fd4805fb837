//! Where the parts of one message are: start line, headers, body. Nothing is copied but what lines were folded into.
//!
//! The lexer refuses only what cannot be taken apart. What can be, but breaks a rule, is noted as a flaw: whoever
//! validates the message then owes its sender an answer.

mod control;
mod line;

use std::borrow::Cow;

use memchr::memchr;

use crate::error::Malformed;
use crate::grammar::{has_more_controls, is_blank, is_token, trim, trim_end};
use crate::header::Name;
use line::{Line, Lines};

pub(crate) use line::is_bare;

/// The longest message: 64 KiB, what a datagram can carry.
pub const MESSAGE_LEN_MAX: usize = 64 * 1024;
/// The longest line, with all that is folded into it: 8 KiB.
pub const LINE_LEN_MAX: usize = 8192;
/// The most header fields of a message.
pub const HEADERS_MAX: usize = 128;
/// So many are read beyond them that an answer needs, and the end of the message.
const NEEDED_MAX: usize = 8;

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
    /// The value without white space at its ends, and without control bytes but tabs. RFC 3261 section 7.3.1 says
    /// UTF-8; what is not is taken for Latin-1, as peers mean it.
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
    let mut lines = Lines::new(skip_line_ends(bytes));
    let first = lines.first().ok_or(if lines.bytes.is_empty() {
        Malformed::Empty
    } else {
        Malformed::Unterminated
    })?;
    if first.len() > LINE_LEN_MAX {
        return Err(Malformed::LineTooLong);
    }
    let start = start_line(lines.bytes.get(first.start..first.end).unwrap_or_default())?;
    let headers = headers(&lines, first.next, first.ends_len)?;
    let mut lexed = Lexed { start, fields: headers.fields, body: &[], flaw: headers.flaw };
    if headers.has_control {
        control::remove(&mut lexed);
    }
    Ok((lexed, headers.rest))
}

/// Takes the headers of a part of a body apart, and returns what follows the empty line. Nobody is owed an answer that names
/// what of it could be read, so that every flaw is an error.
pub(crate) fn lex_part(bytes: &[u8]) -> Result<(Vec<Field<'_>>, &[u8]), Malformed> {
    let mut lines = Lines::new(bytes);
    lines.first().ok_or(Malformed::Unterminated)?;
    let headers = headers(&lines, 0, 0)?;
    match headers.flaw.or(headers.has_control.then_some(Malformed::ControlByte)) {
        Some(flaw) => Err(flaw),
        None => Ok((headers.fields, headers.rest)),
    }
}

/// Headers up to their empty line.
struct Headers<'a> {
    fields: Vec<Field<'a>>,
    flaw: Option<Malformed>,
    /// There are control bytes before the empty line that end no line.
    has_control: bool,
    /// What follows the empty line.
    rest: &'a [u8],
}

fn headers<'a>(lines: &Lines<'a>, start: usize, ends_len: usize) -> Result<Headers<'a>, Malformed> {
    let mut fields = Vec::with_capacity(HEADERS_USUAL);
    let mut flaw = None;
    let (mut at, mut ends_len) = (start, ends_len);
    loop {
        let line = lines.line(at).ok_or(Malformed::Unterminated)?;
        if line.len() == 0 {
            let (head, rest) = lines.bytes.split_at_checked(at).unwrap_or_default();
            let has_control = has_more_controls(head, ends_len);
            return Ok(Headers {
                fields,
                flaw,
                has_control,
                rest: rest.get(line.ends_len..).unwrap_or_default(),
            });
        }
        let line = lines.unfold_ahead(line)?;
        match field(lines, line) {
            Ok(field) if fields.len() < HEADERS_MAX => fields.push(field),
            Ok(field) => {
                flaw = flaw.or(Some(Malformed::TooManyHeaders));
                if is_needed(field.name) && fields.len() < HEADERS_MAX + NEEDED_MAX {
                    fields.push(field);
                }
            }
            Err(error) => flaw = flaw.or(Some(error)),
        }
        at = line.next;
        ends_len = ends_len.saturating_add(line.ends_len);
    }
}

/// Tells whether a message with too many headers cannot be answered without this one, or nobody knows where it ends.
fn is_needed(name: Name) -> bool {
    name == Name::ContentLength || Name::NEEDED.contains(&name)
}

fn field<'a>(lines: &Lines<'a>, line: Line) -> Result<Field<'a>, Malformed> {
    if line.len() > LINE_LEN_MAX {
        return Err(Malformed::LineTooLong);
    }
    let bytes = lines.bytes.get(line.start..line.end).unwrap_or_default();
    let colon = memchr(b':', bytes).ok_or(Malformed::HeaderLine)?;
    // White space before the colon is part of neither (RFC 3261 section 7.3.1).
    let name = bytes.get(..colon).unwrap_or_default();
    let name = trim_end(name);
    let known = Name::parse(name);
    if known == Name::Other && !is_token(name) {
        return Err(Malformed::HeaderLine);
    }
    // A token is ASCII, so that it is text even behind what is not.
    let Cow::Borrowed(spelling) = lines.text(line.start, line.start.saturating_add(name.len())) else {
        return Err(Malformed::HeaderLine);
    };
    let value = bytes.get(colon.saturating_add(1)..).unwrap_or_default();
    let value = if line.is_folded { value } else { trim_end(value) };
    let blank = value.iter().take_while(|&&byte| is_blank(byte)).count();
    let end = line.start.saturating_add(colon).saturating_add(1).saturating_add(value.len());
    let value = match lines.text(end.saturating_sub(value.len()).saturating_add(blank), end) {
        text if line.is_folded => Cow::Owned(unfold(&text)),
        text => text,
    };
    Ok(Field { name: known, spelling, value })
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
