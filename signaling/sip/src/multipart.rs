//! Bodies of several parts (RFC 2046 section 5.1, RFC 5621): where each is, and which one describes the session.
//!
//! Carriers that speak SIP-I put what the telephone network has said beside the description, recorders put metadata.

use memchr::memchr;

use crate::error::Malformed;
use crate::grammar::trim_end;
use crate::header::media_type::{MIXED, SDP};
use crate::header::{Disposition, MediaType, Name};
use crate::lexer::{self, Field};

/// The most parts of a body, and of a part that has parts.
pub const PARTS_MAX: usize = 16;
/// RFC 2046 section 5.1.1: a boundary has at most 70 characters.
const BOUNDARY_LEN_MAX: usize = 70;

/// A part of a body.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Its header fields in their order.
    pub fields: Vec<Field<'a>>,
    /// What it says, without the line end before the next boundary.
    pub body: &'a [u8],
}

/// Why a body leads to no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Where its parts are, or what they are, cannot be told.
    Broken,
    /// A part must be understood, and is not.
    NotUnderstood,
    /// The description is encoded.
    Encoded,
}

/// Takes a body apart whose Content-Type is a multipart one.
///
/// What stands before the first boundary and behind the last is ignored. A boundary fills its line, but for white space behind it:
/// so one that begins with another is not taken for it.
///
/// # Errors
/// `Malformed::Multipart` when there is no boundary, no part, no end, or a part with headers that break their grammar.
pub fn split<'a>(media_type: &MediaType<'_>, body: &'a [u8]) -> Result<Vec<Part<'a>>, Malformed> {
    let boundary = media_type.parameters.unquoted("boundary").ok_or(Malformed::Multipart)?;
    let boundary = boundary.as_bytes();
    let is_boundary = |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_boundary(boundary) || !(1..=BOUNDARY_LEN_MAX).contains(&trim_end(boundary).len()) {
        return Err(Malformed::Multipart);
    }
    let mut parts = Vec::new();
    let mut part_start = None;
    let mut at = 0_usize;
    loop {
        let rest = body.get(at..).filter(|rest| !rest.is_empty()).ok_or(Malformed::Multipart)?;
        let line_len = memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
        let next = at.saturating_add(line_len);
        if let Some(delimiter) = delimiter(rest.get(..line_len).unwrap_or_default(), boundary) {
            if let Some(start) = part_start {
                parts.push(Part::parse(without_line_end(body.get(start..at).unwrap_or_default()))?);
            }
            match delimiter {
                Delimiter::Last if parts.is_empty() => return Err(Malformed::Multipart),
                Delimiter::Last => return Ok(parts),
                Delimiter::Next if parts.len() >= PARTS_MAX => return Err(Malformed::Multipart),
                Delimiter::Next => part_start = Some(next),
            }
        }
        at = next;
    }
}

enum Delimiter {
    Next,
    Last,
}

/// Reads a line as a boundary.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<Delimiter> {
    match trim_end(without_line_end(line)).strip_prefix(b"--")?.strip_prefix(trim_end(boundary))? {
        b"" => Some(Delimiter::Next),
        b"--" => Some(Delimiter::Last),
        _ => None,
    }
}

/// The line end before a boundary belongs to the boundary; where lines end with LF, that is the line end.
fn without_line_end(bytes: &[u8]) -> &[u8] {
    match bytes {
        [rest @ .., b'\r', b'\n'] | [rest @ .., b'\n'] => rest,
        _ => bytes,
    }
}

impl<'a> Part<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.is_empty() {
            return Ok(Self { fields: Vec::new(), body: bytes });
        }
        let (fields, body) = lexer::lex_part(bytes).map_err(|_| Malformed::Multipart)?;
        let is_double = |name| fields.iter().filter(|field: &&Field<'_>| field.name == name).count() > 1;
        if [Name::ContentType, Name::ContentDisposition].into_iter().any(is_double) {
            return Err(Malformed::Multipart);
        }
        Ok(Self { fields, body })
    }

    /// Returns what it is; RFC 2046 section 5.1: text, when it does not say.
    ///
    /// # Errors
    /// As [`MediaType::parse`].
    pub fn media_type(&self) -> Result<MediaType<'_>, Malformed> {
        MediaType::parse(self.value(Name::ContentType).unwrap_or("text/plain"))
    }

    /// Returns what it is for, if it says so.
    ///
    /// # Errors
    /// As [`Disposition::parse`].
    pub fn disposition(&self) -> Result<Option<Disposition<'_>>, Malformed> {
        self.value(Name::ContentDisposition).map(Disposition::parse).transpose()
    }

    /// Tells whether the body stands there as it is.
    fn is_plain(&self) -> bool {
        self.fields.iter().all(|field| {
            if field.name == Name::ContentEncoding {
                return is_one_of(&field.value, &["identity"]);
            }
            let is_transfer = field.spelling.eq_ignore_ascii_case("Content-Transfer-Encoding");
            !is_transfer || is_one_of(&field.value, &["binary", "8bit", "7bit"])
        })
    }

    fn value(&self, name: Name) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| &*field.value)
    }
}

fn is_one_of(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// Finds the description of the session: the first part that is SDP and for nothing else, here or in a part that has parts.
///
/// # Errors
/// `Unfit`: the body is broken, or says that something else in it must be understood.
pub fn description<'a>(media_type: &MediaType<'_>, body: &'a [u8]) -> Result<Option<&'a [u8]>, Unfit> {
    find(media_type, body, true)
}

fn find<'a>(media_type: &MediaType<'_>, body: &'a [u8], is_outer: bool) -> Result<Option<&'a [u8]>, Unfit> {
    let mut found = None;
    let mut is_understood = true;
    for part in split(media_type, body).map_err(|_| Unfit::Broken)? {
        let media_type = part.media_type().map_err(|_| Unfit::Broken)?;
        let disposition = part.disposition().map_err(|_| Unfit::Broken)?;
        if media_type.is(SDP) && disposition.is_none_or(|disposition| disposition.is_session()) {
            if found.is_none() && !part.is_plain() {
                return Err(Unfit::Encoded);
            }
            found = found.or(Some(part.body));
        } else if media_type.is(MIXED) && is_outer {
            match find(&media_type, part.body, false) {
                Ok(inner) => found = found.or(inner),
                Err(_) if disposition.is_some_and(|disposition| disposition.is_optional()) => {}
                Err(unfit) => return Err(unfit),
            }
        } else {
            // RFC 3261 section 20.11 has silence mean that it must be understood; recorders and carriers mean the contrary.
            is_understood &= disposition.is_none_or(|disposition| !disposition.is_required());
        }
    }
    if is_understood { Ok(found) } else { Err(Unfit::NotUnderstood) }
}
