//! The content of an INVITE: what it brings, and what its sender takes (RFC 3261 section 8.2.3).

use super::fields::Seen;
use super::{Fault, Refusal, Rules};
use crate::header::{MediaType, Name, option_tag};
use crate::lexer::Lexed;
use crate::list;

pub(super) fn check(lexed: &Lexed<'_>, seen: Seen, rules: &Rules<'_>) -> Result<(), Refusal> {
    if !lexed.body.is_empty() && !is_optional(lexed, seen) {
        check_encoding(lexed, seen)?;
        check_type(lexed, seen, rules)?;
    }
    check_accept(lexed, seen, rules)
}

/// RFC 3261 section 20.11: a body may say that it can be passed over.
fn is_optional(lexed: &Lexed<'_>, seen: Seen) -> bool {
    let Some(field) = lexed.field(Name::ContentDisposition).filter(|_| seen.has(Name::ContentDisposition))
    else {
        return false;
    };
    let text = &*field.value;
    text.split(';').skip(1).filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("handling") && value.trim().eq_ignore_ascii_case("optional")
    })
}

fn check_encoding(lexed: &Lexed<'_>, seen: Seen) -> Result<(), Refusal> {
    let is_plain = |encoding: &str| encoding.eq_ignore_ascii_case("identity");
    let plain = !seen.has(Name::ContentEncoding)
        || lexed.fields(Name::ContentEncoding).all(|field| list::split(&field.value).all(is_plain));
    if plain {
        return Ok(());
    }
    Err(Refusal::advising(Fault::ContentEncoding, Name::AcceptEncoding, "identity".to_owned()))
}

/// A body without a type is of none that is taken: RFC 3261 section 20.15 wants it said.
fn check_type(lexed: &Lexed<'_>, seen: Seen, rules: &Rules<'_>) -> Result<(), Refusal> {
    let is_taken = |text: &str| {
        MediaType::parse(text).is_ok_and(|found| rules.media_types.iter().any(|name| found.is(name)))
    };
    let field = lexed.field(Name::ContentType).filter(|_| seen.has(Name::ContentType));
    if field.is_some_and(|field| is_taken(&field.value)) {
        return Ok(());
    }
    let types = option_tag::join(rules.media_types.iter().copied());
    Err(Refusal::advising(Fault::MediaType, Name::Accept, types))
}

fn check_accept(lexed: &Lexed<'_>, seen: Seen, rules: &Rules<'_>) -> Result<(), Refusal> {
    let takes = |element: &str| {
        MediaType::parse(element).is_ok_and(|range| rules.media_types.iter().any(|name| range.takes(name)))
    };
    let fits = !seen.has(Name::Accept)
        || lexed.fields(Name::Accept).any(|field| list::split(&field.value).any(takes));
    if fits { Ok(()) } else { Err(Refusal::new(Fault::Accept)) }
}
