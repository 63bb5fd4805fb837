//! The header fields of a message, checked in one go: which are there, how often, and whether they can be read.

use super::Fault;
use crate::error::Malformed;
use crate::header::number::{parse_max_forwards, parse_seconds, split_cseq};
use crate::header::{Date, MediaType, Name, SessionExpires, Via};
use crate::lexer::{Field, HEADERS_MAX, Lexed};
use crate::list;
use crate::name_addr::AddressParts;

/// What was found on the way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// A bit for each name.
    names: u128,
    /// The number in Max-Forwards.
    pub(super) hops: Option<u8>,
    /// To has a tag.
    pub(super) in_dialog: bool,
}

impl Seen {
    pub(super) const fn has(self, name: Name) -> bool {
        self.names & bit(name) != 0
    }
}

/// Fewer than 128 names have a number of their own, which a test of the names pins.
const fn bit(name: Name) -> u128 {
    1 << (name as u8 & 127)
}

/// Checks a request; whatever breaks a rule is answered.
#[expect(clippy::wildcard_enum_match_arm, reason = "of most headers nothing is checked here")]
pub(super) fn check_request(lexed: &Lexed<'_>, method: &[u8]) -> Result<Seen, Fault> {
    let mut seen = present(lexed)?;
    for field in &lexed.fields {
        let name = field.name;
        let read = match name {
            Name::Via => vias(field),
            Name::From => AddressParts::parse(&field.value).map(drop),
            Name::To => AddressParts::parse(&field.value).map(|to| seen.in_dialog = to.tag().is_some()),
            Name::CSeq => check_cseq(field, method)?,
            Name::CallId => call_id(field),
            Name::MaxForwards => parse_max_forwards(&field.value).map(|hops| seen.hops = Some(hops)),
            Name::Contact if field.value == "*" => Ok(()),
            Name::Contact | Name::Route | Name::RecordRoute => addresses(field),
            Name::ContentType => MediaType::parse(&field.value).map(drop),
            Name::Expires => parse_seconds(&field.value).map(drop),
            Name::SessionExpires => SessionExpires::parse(&field.value).map(drop),
            Name::Date => Date::parse(&field.value).map(drop),
            _ => Ok(()),
        };
        read.map_err(|_| Fault::Broken(name))?;
    }
    Ok(seen)
}

/// Checks what a response has to have to be matched; the rest is looked at by whoever needs it.
#[expect(clippy::wildcard_enum_match_arm, reason = "of most headers nothing is checked here")]
pub(super) fn check_response(lexed: &Lexed<'_>) -> Result<(), Fault> {
    present(lexed)?;
    for field in &lexed.fields {
        let name = field.name;
        let read = match name {
            Name::Via => vias(field),
            Name::From | Name::To => AddressParts::parse(&field.value).map(drop),
            // Nobody here has sent a request with a method that nobody here knows.
            Name::CSeq => crate::header::parse_cseq(&field.value).map(drop),
            Name::CallId => call_id(field),
            _ => Ok(()),
        };
        read.map_err(|_| Fault::Broken(name))?;
    }
    Ok(())
}

/// Tells which names are there; each that is needed has to be, and each single one only once.
fn present(lexed: &Lexed<'_>) -> Result<Seen, Fault> {
    let mut names = 0;
    let mut elements = 0_usize;
    for field in &lexed.fields {
        let bit = bit(field.name);
        if names & bit != 0 && field.name.is_single() {
            return Err(Fault::Repeated(field.name));
        }
        names |= bit;
        // Every element becomes a field of its own. What counts in quotes counts too much, and nobody quotes so much.
        if field.name.is_address_list() {
            let commas = memchr::memchr_iter(b',', field.value.as_bytes()).count();
            elements = elements.saturating_add(commas);
        }
    }
    if elements.saturating_add(lexed.fields.len()) > HEADERS_MAX {
        return Err(Fault::Flaw(Malformed::TooManyHeaders));
    }
    if let Some(flaw) = lexed.flaw {
        return Err(Fault::Flaw(flaw));
    }
    match Name::NEEDED.into_iter().find(|&name| names & bit(name) == 0) {
        Some(name) => Err(Fault::Missing(name)),
        None => Ok(Seen { names, ..Seen::default() }),
    }
}

fn vias(field: &Field<'_>) -> Result<(), Malformed> {
    let text = &*field.value;
    let mut elements = list::split(text).peekable();
    elements.peek().ok_or(Malformed::Via)?;
    elements.try_for_each(|element| Via::parse(element).map(drop))
}

fn addresses(field: &Field<'_>) -> Result<(), Malformed> {
    list::split(&field.value).try_for_each(|element| AddressParts::parse(element).map(drop))
}

/// The grammar wants a word, or two around an `@`; peers put more into it, and nothing but white space would change it.
fn call_id(field: &Field<'_>) -> Result<(), Malformed> {
    let fits = |byte: u8| byte > b' ' && byte != 0x7f;
    if !field.value.is_empty() && field.value.bytes().all(fits) { Ok(()) } else { Err(Malformed::Value) }
}

/// RFC 3261 section 20.16: the number fits, and the method is the one of the request.
fn check_cseq(field: &Field<'_>, method: &[u8]) -> Result<Result<(), Malformed>, Fault> {
    match split_cseq(&field.value) {
        Ok((_, word)) if word.as_bytes() != method => Err(Fault::MethodMismatch),
        Ok(_) => Ok(Ok(())),
        Err(error) => Ok(Err(error)),
    }
}
