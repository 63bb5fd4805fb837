//! The atoms that all headers are made of (RFC 3261 section 25.1): tokens, linear white space, quoted strings.

use std::borrow::Cow;

/// Where a byte may stand; one look into a table says it of all places.
#[derive(Clone, Copy)]
pub(crate) struct Place(u8);

impl Place {
    /// In a token.
    pub(crate) const TOKEN: Self = Self(1);
    /// In the user of a URI.
    pub(crate) const USER: Self = Self(2);
    /// In the password of a URI.
    pub(crate) const PASSWORD: Self = Self(4);
    /// In a parameter of a URI.
    pub(crate) const URI_PARAMETER: Self = Self(8);
    /// In the headers of a URI.
    pub(crate) const URI_HEADER: Self = Self(16);
    /// In the name of a host.
    pub(crate) const HOST: Self = Self(32);
    /// In a display name without quotes: tokens, and white space between them. Letters beyond ASCII are let through, as
    /// peers forget the quotes.
    pub(crate) const DISPLAY: Self = Self(64);
    /// In the value of a header parameter without quotes: anything visible that separates nothing.
    pub(crate) const PARAMETER: Self = Self(128);

    /// Tells whether a byte may stand there.
    pub(crate) fn takes(self, byte: u8) -> bool {
        PLACES.get(usize::from(byte)).is_some_and(|places| places & self.0 != 0)
    }

    /// Tells whether all bytes may stand there.
    pub(crate) fn takes_all(self, text: &str) -> bool {
        text.bytes().all(|byte| self.takes(byte))
    }
}

const PLACES: [u8; 256] = places();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn places() -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < table.len() {
        table[at] = places_of(at as u8);
        at += 1;
    }
    table
}

/// RFC 3261 section 25.1. The grammar wants `#` in a user escaped; PBXs that let people dial it send it bare.
const fn places_of(byte: u8) -> u8 {
    let word = byte.is_ascii_alphanumeric();
    let unreserved = word || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')');
    let token = word || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
    let password = unreserved || matches!(byte, b'&' | b'=' | b'+' | b'$' | b',');
    let user = password || matches!(byte, b';' | b'?' | b'/' | b'#');
    // The value of a parameter may hold an equals sign: base64 is seen there.
    let parameter = unreserved || matches!(byte, b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$' | b'=');
    let header = parameter || byte == b'?';
    let host = word || matches!(byte, b'.' | b'-' | b'_');
    let display = token || matches!(byte, b' ' | b'\t') || !byte.is_ascii();
    let value = byte > b' ' && !matches!(byte, b',' | b';' | b'"' | b'<' | b'>' | b'\\' | 0x7f);
    token as u8
        | (user as u8) << 1
        | (password as u8) << 2
        | (parameter as u8) << 3
        | (header as u8) << 4
        | (host as u8) << 5
        | (display as u8) << 6
        | (value as u8) << 7
}

/// Tells whether bytes are a token.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| Place::TOKEN.takes(byte))
}

/// Tells whether a byte is white space within a line.
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Tells a control byte, the tab excepted: RFC 3261 section 25.1 has none in any value but behind a backslash in quotes.
pub(crate) const fn is_control(byte: u8) -> bool {
    ((byte < b' ') & (byte != b'\t')) | (byte == 0x7f)
}

/// As many bytes as counters of eight bits count.
const BLOCK_LEN: usize = 128;

/// Tells whether there are more control bytes than so many, in a way that the compiler does for many bytes at a time.
pub(crate) fn has_more_controls(bytes: &[u8], known: usize) -> bool {
    // One comparison takes tabs and all beyond ASCII for control bytes as well: where that finds no more, there are none.
    let may_be = |byte: u8| byte.wrapping_add(1).cast_signed() <= 0x20;
    count(bytes, may_be) > known && count(bytes, is_control) > known
}

#[inline]
fn count(bytes: &[u8], is_counted: impl Fn(u8) -> bool) -> usize {
    let in_one = |bytes: &[u8]| {
        usize::from(bytes.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(is_counted(byte).into())))
    };
    let (blocks, rest) = bytes.as_chunks::<BLOCK_LEN>();
    let (vectors, rest) = rest.as_chunks::<16>();
    let blocks: usize = blocks.iter().map(|block| in_one(block)).sum();
    let vectors: usize = vectors.iter().map(|vector| in_one(vector)).sum();
    blocks.saturating_add(vectors).saturating_add(in_one(rest))
}

/// Tells whether there are control bytes.
pub(crate) fn has_control(bytes: &[u8]) -> bool {
    has_more_controls(bytes, 0)
}

/// Removes white space at both ends. Most text has none there.
#[inline]
pub(crate) fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if !is_blank(*first) && !is_blank(*last) => text,
        [] => text,
        _ => trim_blanks(text),
    }
}

fn trim_blanks(text: &str) -> &str {
    let text = trim_start(text);
    let len = trim_end(text.as_bytes()).len();
    text.get(..len).unwrap_or(text)
}

/// Splits at the first of a byte, which is one of ASCII and belongs to neither part.
#[inline]
pub(crate) fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == separator)?;
    Some((text.get(..at)?, text.get(at.saturating_add(1)..)?))
}

/// Removes white space at the beginning.
pub(crate) fn trim_start(text: &str) -> &str {
    let blank = text.bytes().take_while(|&byte| is_blank(byte)).count();
    text.get(blank..).unwrap_or(text)
}

/// Removes white space at the end.
pub(crate) fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Splits a quoted string from what follows it; the first part keeps its quotes.
///
/// Returns `None` when the text does not begin with a quote, or the string does not end.
pub(crate) fn split_quoted(text: &str) -> Option<(&str, &str)> {
    let (b'"', mut rest) = text.as_bytes().split_first()? else { return None };
    loop {
        let at = memchr::memchr2(b'"', b'\\', rest)?;
        let after = rest.get(at.saturating_add(1)..)?;
        if rest.get(at) == Some(&b'"') {
            return text.split_at_checked(text.len().saturating_sub(after.len()));
        }
        // What a backslash stands before is nothing but itself; a letter of several bytes has no quote in it.
        rest = after.get(1..)?;
    }
}

/// Returns what a quoted string says; text without quotes says itself.
pub(crate) fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            _ => plain.push(character),
        }
    }
    Cow::Owned(plain)
}

/// Appends a quoted string that says the text; a control byte becomes a space.
pub(crate) fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            _ if u8::try_from(character).is_ok_and(is_control) => out.push(' '),
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// Reads a number of decimal digits only: no sign, no white space; leading zeros are nothing special.
pub(crate) fn parse_u32(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Appends the decimal digits of a number.
pub(crate) fn push_number(out: &mut String, number: impl Into<u64>) {
    use std::fmt::Write as _;
    write!(out, "{}", number.into()).expect("a string takes whatever is written");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_string_ends_at_the_first_quote_that_is_not_escaped() {
        assert_eq!(split_quoted(r#""a\"b\\" <x>"#), Some((r#""a\"b\\""#, " <x>")));
        assert_eq!(split_quoted(r#""a\""#), None);
        assert_eq!(split_quoted("a"), None);
    }

    #[test]
    fn every_control_byte_is_counted_wherever_it_stands() {
        for byte in 0..=255 {
            let expected = (byte < b' ' && byte != b'\t') || byte == 0x7f;
            for at in [0, 15, BLOCK_LEN - 1, BLOCK_LEN, 2 * BLOCK_LEN + 7, 2 * BLOCK_LEN + 40] {
                let mut bytes = vec![b'a'; 2 * BLOCK_LEN + 41];
                bytes[at] = byte;
                assert_eq!(has_more_controls(&bytes, 0), expected, "{byte} at {at}");
                bytes.extend_from_slice("\t\u{80}\r\n".as_bytes());
                assert_eq!(has_more_controls(&bytes, 2), expected, "{byte} at {at}");
            }
        }
        let zeros = [0; 5 * BLOCK_LEN + 17];
        assert!(has_more_controls(&zeros, zeros.len() - 1) && !has_more_controls(&zeros, zeros.len()));
    }

    #[test]
    fn white_space_is_removed_at_the_ends_alone() {
        for (text, expected) in
            [(" \t a b\t ", "a b"), ("é ", "é"), ("", ""), (" \t", ""), ("\u{a0}", "\u{a0}")]
        {
            assert_eq!(trim(text), expected);
        }
    }

    #[test]
    fn quoting_and_unquoting_are_inverse() {
        let mut quoted = String::new();
        push_quoted(&mut quoted, r#"a"b\c é"#);
        assert_eq!(unquote(&quoted), r#"a"b\c é"#);
        assert_eq!(unquote("plain"), "plain");
    }

    #[test]
    fn a_number_has_digits_only() {
        assert_eq!(parse_u32("0009"), Some(9));
        for text in ["", "+1", "-1", " 1", "4294967296"] {
            assert_eq!(parse_u32(text), None, "{text}");
        }
    }
}
