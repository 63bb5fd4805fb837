//! The content of an INVITE: what it brings, and what its sender takes (RFC 3261 section 8.2.3).

use super::fields::Seen;
use super::{Fault, Refusal, Rules};
use crate::error::Malformed;
use crate::header::media_type::{MIXED, SDP};
use crate::header::{Disposition, MediaType, Name, option_tag};
use crate::lexer::Lexed;
use crate::list;
use crate::multipart::{self, Unfit};

pub(super) fn check(lexed: &Lexed<'_>, seen: Seen, rules: &Rules<'_>) -> Result<(), Refusal> {
    if !lexed.body.is_empty() && !is_optional(lexed, seen) {
        check_encoding(lexed, seen)?;
        check_type(lexed, seen, rules)?;
    }
    check_accept(lexed, seen)
}

/// RFC 3261 section 20.11: a body may say that it can be passed over.
fn is_optional(lexed: &Lexed<'_>, seen: Seen) -> bool {
    seen.has(Name::ContentDisposition) && says_optional(lexed)
}

fn says_optional(lexed: &Lexed<'_>) -> bool {
    let disposition = lexed.field(Name::ContentDisposition).map(|field| Disposition::parse(&field.value));
    disposition.is_some_and(|disposition| disposition.is_ok_and(|disposition| disposition.is_optional()))
}

/// Returns the description of the session where the body is not just that: of several parts, or of another type and
/// optional. It is empty if there is none. `None` leaves the body as it is.
pub(crate) fn description<'a>(lexed: &Lexed<'a>) -> Option<&'a [u8]> {
    let field = lexed.field(Name::ContentType).filter(|_| !lexed.body.is_empty())?;
    let media_type = MediaType::parse(&field.value).ok()?;
    if media_type.is(SDP) {
        return None;
    }
    let nothing = || says_optional(lexed).then_some::<&'a [u8]>(&[]);
    if !media_type.is(MIXED) {
        return nothing();
    }
    match multipart::description(&media_type, lexed.body) {
        Ok(found) => Some(found.unwrap_or_default()),
        Err(_) => nothing(),
    }
}

fn check_encoding(lexed: &Lexed<'_>, seen: Seen) -> Result<(), Refusal> {
    let is_plain = |encoding: &str| encoding.eq_ignore_ascii_case("identity");
    let plain = !seen.has(Name::ContentEncoding)
        || lexed.fields(Name::ContentEncoding).all(|field| list::split(&field.value).all(is_plain));
    if plain { Ok(()) } else { Err(encoded()) }
}

/// A body without a type is of none that is taken: RFC 3261 section 20.15 wants it said.
fn check_type(lexed: &Lexed<'_>, seen: Seen, rules: &Rules<'_>) -> Result<(), Refusal> {
    let is_taken = |found: &MediaType<'_>| rules.media_types.iter().any(|name| found.is(name));
    let field = lexed.field(Name::ContentType).filter(|_| seen.has(Name::ContentType));
    let media_type = field.and_then(|field| MediaType::parse(&field.value).ok()).filter(is_taken);
    match media_type {
        Some(media_type) if media_type.is(MIXED) => {
            multipart::description(&media_type, lexed.body).map_err(|unfit| refuse(unfit, rules))?;
            Ok(())
        }
        Some(_) => Ok(()),
        None => Err(refuse(Unfit::NotUnderstood, rules)),
    }
}

fn refuse(unfit: Unfit, rules: &Rules<'_>) -> Refusal {
    match unfit {
        Unfit::Broken => Refusal::new(Fault::Flaw(Malformed::Multipart)),
        Unfit::NotUnderstood => {
            let types = option_tag::join(rules.media_types.iter().copied());
            Refusal::advising(Fault::MediaType, Name::Accept, types)
        }
        Unfit::Encoded => encoded(),
    }
}

fn encoded() -> Refusal {
    Refusal::advising(Fault::ContentEncoding, Name::AcceptEncoding, "identity".to_owned())
}

fn check_accept(lexed: &Lexed<'_>, seen: Seen) -> Result<(), Refusal> {
    let takes = |element: &str| MediaType::parse(element).is_ok_and(|range| range.takes(SDP));
    let fits = !seen.has(Name::Accept)
        || lexed.fields(Name::Accept).any(|field| list::split(&field.value).any(takes));
    if fits { Ok(()) } else { Err(Refusal::new(Fault::Accept)) }
}
