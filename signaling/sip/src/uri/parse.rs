//! The grammar of URIs: RFC 3261 section 25.1, RFC 3966 section 3.

use super::{Host, Scheme, URI_LEN_MAX, UriParts};
use crate::error::Malformed;
use crate::grammar::Place;
use crate::parameters::Parameters;

/// The most parameters, and the most headers, of a URI: each of one is compared with each of the other.
const PARTS_MAX: usize = 64;

pub(super) fn uri(text: &str) -> Result<UriParts<'_>, Malformed> {
    if text.len() > URI_LEN_MAX {
        return Err(Malformed::UriTooLong);
    }
    let colon = text.bytes().position(|byte| byte == b':').ok_or(Malformed::Uri)?;
    let (name, rest) = text.split_at_checked(colon).ok_or(Malformed::Uri)?;
    let rest = rest.get(1..).unwrap_or("");
    if name.eq_ignore_ascii_case("sip") {
        sip(text, Scheme::Sip, rest)
    } else if name.eq_ignore_ascii_case("tel") {
        tel(text, rest)
    } else if name.eq_ignore_ascii_case("sips") {
        sip(text, Scheme::Sips, rest)
    } else {
        other(text, name, rest)
    }
}

fn sip<'a>(text: &'a str, scheme: Scheme, rest: &'a str) -> Result<UriParts<'a>, Malformed> {
    // An @ may stand nowhere but behind the user, whose own characters include those that separate what follows.
    let (user, password, rest) =
        match memchr::memchr(b'@', rest.as_bytes()).and_then(|at| rest.split_at_checked(at)) {
            Some((userinfo, rest)) => {
                let (user, password) = split_user(userinfo)?;
                (Some(user), password, rest.get(1..).unwrap_or(""))
            }
            None => (None, None, rest),
        };
    let (host, port, rest) = split_place(rest)?;
    let (parameters, headers) = split_parameters(rest)?;
    let headers = match headers.strip_prefix('?') {
        Some(headers) if is_headers(headers) => Some(headers),
        None if headers.is_empty() => None,
        _ => return Err(Malformed::Uri),
    };
    let parameters = Parameters::from_checked(parameters);
    Ok(UriParts { text, scheme, user, password, host, port, parameters, headers })
}

fn is_headers(text: &str) -> bool {
    let few = memchr::memchr_iter(b'&', text.as_bytes()).count() < PARTS_MAX;
    few && !text.is_empty() && is_all(text, Place::URI_HEADER)
}

fn split_user(userinfo: &str) -> Result<(&str, Option<&str>), Malformed> {
    let (user, rest) = split_run(userinfo, Place::USER);
    let password = rest.strip_prefix(':');
    let fits = password.map_or(rest.is_empty(), |password| is_all(password, Place::PASSWORD));
    if fits && !user.is_empty() { Ok((user, password)) } else { Err(Malformed::Uri) }
}

/// Splits host and port from what follows them. An IPv4 address has the characters of a name, so that what it is is
/// asked only by whoever wants to know.
fn split_place(text: &str) -> Result<(&str, Option<u16>, &str), Malformed> {
    let host_len = if text.starts_with('[') {
        let end = memchr::memchr(b']', text.as_bytes()).ok_or(Malformed::Uri)?.saturating_add(1);
        Host::parse(text.get(..end).unwrap_or(""))?;
        end
    } else {
        text.bytes().position(|byte| !Place::HOST.takes(byte)).unwrap_or(text.len())
    };
    let (host, rest) =
        text.split_at_checked(host_len).filter(|(host, _)| !host.is_empty()).ok_or(Malformed::Uri)?;
    let Some(port) = rest.strip_prefix(':') else { return Ok((host, None, rest)) };
    let digits = port.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(port.len());
    let (digits, rest) = port.split_at_checked(digits).ok_or(Malformed::Uri)?;
    Ok((host, Some(digits.parse().map_err(|_| Malformed::Uri)?), rest))
}

fn tel<'a>(text: &'a str, rest: &'a str) -> Result<UriParts<'a>, Malformed> {
    let (number, parameters) = split_before(rest, |byte| byte == b';');
    // RFC 3966 section 3: a global number has a plus and digits; a local one may have hexadecimal letters, * and #.
    let (digits, global) = match number.strip_prefix('+') {
        Some(digits) => (digits, true),
        None => (number, false),
    };
    let is_digit = |byte: u8| {
        byte.is_ascii_digit() || (!global && (byte.is_ascii_hexdigit() || matches!(byte, b'*' | b'#')))
    };
    let is_separator = |byte: u8| matches!(byte, b'-' | b'.' | b'(' | b')');
    if !digits.bytes().any(is_digit) || !digits.bytes().all(|byte| is_digit(byte) || is_separator(byte)) {
        return Err(Malformed::Uri);
    }
    let (parameters, rest) = split_parameters(parameters)?;
    if !rest.is_empty() {
        return Err(Malformed::Uri);
    }
    let parameters = Parameters::from_checked(parameters);
    Ok(UriParts {
        text,
        scheme: Scheme::Tel,
        user: Some(number),
        password: None,
        host: "",
        port: None,
        parameters,
        headers: None,
    })
}

/// RFC 3986 section 3.1: a scheme begins with a letter. What follows it is kept, as long as it is visible.
fn other<'a>(text: &'a str, name: &str, rest: &str) -> Result<UriParts<'a>, Malformed> {
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let named = name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(is_scheme);
    let visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"');
    if !named || rest.is_empty() || !rest.bytes().all(visible) {
        return Err(Malformed::Uri);
    }
    Ok(UriParts {
        text,
        scheme: Scheme::Other,
        user: None,
        password: None,
        host: "",
        port: None,
        parameters: Parameters::default(),
        headers: None,
    })
}

/// Splits parameters, each with its semicolon, from what follows them.
fn split_parameters(text: &str) -> Result<(&str, &str), Malformed> {
    let mut rest = text;
    let mut count = 0_usize;
    while let Some(parameter) = rest.strip_prefix(';') {
        // The equals sign between name and value may stand in both, and nothing may stand before the first.
        let (parameter, after) = split_run(parameter, Place::URI_PARAMETER);
        count = count.saturating_add(1);
        if parameter.is_empty() || parameter.starts_with('=') || count > PARTS_MAX {
            return Err(Malformed::Uri);
        }
        rest = after;
    }
    text.split_at_checked(text.len().saturating_sub(rest.len())).ok_or(Malformed::Uri)
}

/// Splits before the first byte that fits.
fn split_before(text: &str, fits: impl Fn(u8) -> bool) -> (&str, &str) {
    let at = text.bytes().position(fits).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Splits behind the bytes that may stand in a place, or are an escape of a percent sign and two hexadecimal digits.
fn split_run(text: &str, place: Place) -> (&str, &str) {
    // Most have no escape.
    let plain = text.bytes().position(|byte| !place.takes(byte)).unwrap_or(text.len());
    if text.as_bytes().get(plain) != Some(&b'%') {
        return text.split_at_checked(plain).unwrap_or((text, ""));
    }
    let mut bytes = text.bytes();
    let mut left = text.len();
    while let Some(byte) = bytes.next() {
        let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
        let fits = place.takes(byte) || (byte == b'%' && is_digit(bytes.next()) && is_digit(bytes.next()));
        if !fits {
            break;
        }
        left = bytes.len();
    }
    text.split_at_checked(text.len().saturating_sub(left)).unwrap_or((text, ""))
}

fn is_all(text: &str, place: Place) -> bool {
    split_run(text, place).1.is_empty()
}

/// Appends a user, its bytes escaped where the grammar does not let them stand.
pub(super) fn push_escaped(out: &mut String, user: &str) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied();
    for byte in user.bytes() {
        if Place::USER.takes(byte) && byte != b'#' {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend(digit(byte >> 4));
            out.extend(digit(byte & 15));
        }
    }
}
