//! When two URIs mean the same: RFC 3261 section 19.1.4, RFC 3966 section 4.

use super::{Scheme, UriParts};

pub(super) fn same(left: &UriParts<'_>, right: &UriParts<'_>) -> bool {
    // What is spelled the same means the same, even where a parameter stands twice and nobody knows which one counts.
    if left.text == right.text {
        return true;
    }
    if left.scheme != right.scheme {
        return false;
    }
    match left.scheme {
        Scheme::Sip | Scheme::Sips => same_sip(left, right),
        Scheme::Tel => same_tel(left, right),
        Scheme::Other => false,
    }
}

fn same_sip(left: &UriParts<'_>, right: &UriParts<'_>) -> bool {
    let same_host = match (left.host(), right.host()) {
        (Some(super::Host::Name(left)), Some(super::Host::Name(right))) => left.eq_ignore_ascii_case(right),
        (left, right) => left == right,
    };
    // User and password are compared with case. The omission of a port is not the same as the port by default.
    same_host
        && left.port == right.port
        && same_option(left.user, right.user, true)
        && same_option(left.password, right.password, true)
        && parameters_agree(left, right)
        && parameters_agree(right, left)
        && same_headers(left.headers, right.headers)
}

/// A parameter of both has to agree; of those that only one has, five make a difference.
fn parameters_agree(left: &UriParts<'_>, right: &UriParts<'_>) -> bool {
    const TELLING: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
    left.parameters.iter().all(|(name, value)| match right.parameters.get(name) {
        Some(other) => same_text(value.unwrap_or(""), other, false),
        None => !TELLING.iter().any(|telling| telling.eq_ignore_ascii_case(name)),
    })
}

/// Headers have to be the same ones, in any order.
fn same_headers(left: Option<&str>, right: Option<&str>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return left == right };
    let within = |one: &str, other: &str| {
        one.split('&').all(|header| other.split('&').any(|candidate| same_header(header, candidate)))
    };
    left.split('&').count() == right.split('&').count() && within(left, right) && within(right, left)
}

fn same_header(left: &str, right: &str) -> bool {
    let (left_name, left_value) = left.split_once('=').unwrap_or((left, ""));
    let (right_name, right_value) = right.split_once('=').unwrap_or((right, ""));
    same_text(left_name, right_name, false) && same_text(left_value, right_value, true)
}

fn same_tel(left: &UriParts<'_>, right: &UriParts<'_>) -> bool {
    let digits = |text: Option<&str>| -> Vec<u8> {
        let bytes = text.unwrap_or("").bytes().filter(|byte| !matches!(byte, b'-' | b'.' | b'(' | b')'));
        bytes.map(|byte| byte.to_ascii_lowercase()).collect()
    };
    let within = |one: &UriParts<'_>, other: &UriParts<'_>| {
        one.parameters.iter().all(|(name, value)| {
            other.parameters.get(name).is_some_and(|found| same_text(value.unwrap_or(""), found, false))
        })
    };
    digits(left.user) == digits(right.user) && within(left, right) && within(right, left)
}

fn same_option(left: Option<&str>, right: Option<&str>, with_case: bool) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => same_text(left, right, with_case),
        (left, right) => left == right,
    }
}

/// Compares letter by letter; an escape equals the character that it stands for, unless that one is reserved.
fn same_text(left: &str, right: &str, with_case: bool) -> bool {
    let fold = move |letter: Letter| if with_case { letter } else { letter.lowered() };
    Letters(left).map(fold).eq(Letters(right).map(fold))
}

/// A byte of a text, and whether it is a reserved one in its escape.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Letter {
    byte: u8,
    escaped: bool,
}

impl Letter {
    const fn lowered(self) -> Self {
        Self { byte: self.byte.to_ascii_lowercase(), escaped: self.escaped }
    }
}

struct Letters<'a>(&'a str);

impl Iterator for Letters<'_> {
    type Item = Letter;

    fn next(&mut self) -> Option<Letter> {
        let (&first, rest) = self.0.as_bytes().split_first()?;
        if first == b'%'
            && let Some(digits) = self.0.get(1..3)
            && let Ok(byte) = u8::from_str_radix(digits, 16)
        {
            self.0 = self.0.get(3..).unwrap_or("");
            return Some(Letter { byte, escaped: is_reserved(byte) });
        }
        // What is not ASCII never stands in a URI that was parsed; the bytes behind a cut are then none.
        self.0 = self.0.get(self.0.len().saturating_sub(rest.len())..).unwrap_or("");
        Some(Letter { byte: first, escaped: false })
    }
}

/// The reserved characters of RFC 2396 section 2.2, and the percent sign itself.
const fn is_reserved(byte: u8) -> bool {
    matches!(byte, b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',' | b'%')
}
