//! The telephone number in a URI.

use super::{Scheme, UriParts};

/// E.164 section 6.2: a number has at most fifteen digits.
const DIGITS_MAX: usize = 15;

/// Returns `+` and digits; a number without its plus means something else in every country.
pub(super) fn e164(uri: &UriParts<'_>) -> Option<String> {
    let number = dialled(uri)?;
    let digits = number.strip_prefix('+')?;
    // No country code begins with zero.
    let fits = (1..=DIGITS_MAX).contains(&digits.len()) && !digits.starts_with('0');
    (fits && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(number)
}

/// Returns what was dialled: a plus, digits, `*` and `#`.
pub(super) fn dialled(uri: &UriParts<'_>) -> Option<String> {
    match uri.scheme {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => {}
        Scheme::Other => return None,
    }
    // RFC 3261 section 19.1.6: the user may be a whole telephone subscriber, with parameters of its own.
    let user = uri.user?;
    let subscriber = user.split(';').next().unwrap_or(user);
    let mut number = String::with_capacity(subscriber.len());
    let mut rest = subscriber;
    while let Some(first) = rest.chars().next() {
        // RFC 3261 section 19.1.2: what is escaped means the same.
        let escaped = rest.strip_prefix('%').and_then(|digits| digits.get(..2));
        let (letter, after) = match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => (char::from(byte), rest.get(3..)),
            None => (first, rest.get(first.len_utf8()..)),
        };
        match letter {
            '+' if number.is_empty() => number.push('+'),
            '0'..='9' | '*' | '#' => number.push(letter),
            '-' | '.' | '(' | ')' => {}
            _ => return None,
        }
        rest = after.unwrap_or("");
    }
    number.bytes().any(|byte| byte != b'+').then_some(number)
}
