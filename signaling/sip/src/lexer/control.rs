//! Control bytes in heads: which of them RFC 3261 section 25.1 lets stand, and what becomes of all.

use std::borrow::Cow;

use super::{Lexed, StartLine};
use crate::error::Malformed;
use crate::grammar::{has_control, is_control, trim};

/// Removes the control bytes from the values of a message that has some, and notes those that may not stand there.
///
/// One may only stand behind a backslash within quotes. A space takes the place of each, so that no value has one from here on:
/// whatever is written with it cannot begin a line of its own, nor end early for those who end text with a zero byte.
pub(super) fn remove(lexed: &mut Lexed<'_>) {
    let mut is_flawed = match lexed.start {
        StartLine::Request { method, uri, version } => [method, uri, version],
        StartLine::Response { version, code, phrase } => [version, code, phrase],
    }
    .iter()
    .any(|part| has_control(part));
    for field in &mut lexed.fields {
        if has_control(field.value.as_bytes()) {
            is_flawed |= !are_escaped(&field.value);
            let plain = |letter: char| if u8::try_from(letter).is_ok_and(is_control) { ' ' } else { letter };
            let value: String = field.value.chars().map(plain).collect();
            field.value = Cow::Owned(trim(&value).to_owned());
        }
    }
    if is_flawed {
        lexed.flaw = lexed.flaw.or(Some(Malformed::ControlByte));
    }
}

/// RFC 3261 section 25.1, `quoted-pair`: any of them but line ends may be quoted.
fn are_escaped(value: &str) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for byte in value.bytes() {
        let may_stand = !is_control(byte) || (is_escaped && !matches!(byte, b'\r' | b'\n'));
        if !may_stand {
            return false;
        }
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_quotes_a_backslash_lets_one_stand() {
        for value in ["\"\\\0\\\u{7f}\\\u{1}\"", "\"\\\"\\\u{7}\" <sip:a@b>", "\"a\" \"\\\0\""] {
            assert!(are_escaped(value), "{value:?}");
        }
        for value in
            ["\0", "\"\0\"", "\\\0", "\"\\\\\0\"", "\"a\" \\\0", "\"\\\r\"", "\"\\\n\"", "\"\\\0\0\""]
        {
            assert!(!are_escaped(value), "{value:?}");
        }
    }
}
