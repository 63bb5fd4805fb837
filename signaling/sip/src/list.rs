//! Lists in header values: commas separate elements, unless they stand in quotes or angle brackets.

use crate::grammar::trim;

/// Goes through the elements of a list, each without the white space around it; empty elements are passed over.
///
/// RFC 3261 section 7.3.1: a header with several values may stand once with all of them, or several times.
pub fn split(value: &str) -> Elements<'_> {
    Elements { rest: Some(value), separator: b',' }
}

/// Goes through elements between semicolons, as in Privacy (RFC 3323 section 4.2).
pub(crate) fn split_semicolons(value: &str) -> Elements<'_> {
    Elements { rest: Some(value), separator: b';' }
}

/// The elements of a list.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let text = self.rest?;
            let (element, rest) =
                match separator_in(text, self.separator).and_then(|at| text.split_at_checked(at)) {
                    Some((element, rest)) => (element, rest.get(1..)),
                    None => (text, None),
                };
            self.rest = rest;
            let element = trim(element);
            if !element.is_empty() {
                return Some(element);
            }
        }
    }
}

/// Finds the first separator outside of quotes and brackets.
///
/// A bracket counts only where it opens an address; one that is never closed hides the rest, which the reader of the
/// element then refuses.
fn separator_in(text: &str, separator: u8) -> Option<usize> {
    // Most values have no separator at all.
    memchr::memchr(separator, text.as_bytes())?;
    let mut quoted = false;
    let mut escaped = false;
    let mut bracketed = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if !bracketed => quoted = !quoted,
            _ if quoted => {}
            b'<' => bracketed = true,
            b'>' => bracketed = false,
            _ if byte == separator && !bracketed => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(value: &str) -> Vec<&str> {
        split(value).collect()
    }

    #[test]
    fn commas_outside_of_quotes_and_brackets_separate() {
        assert_eq!(elements("a, b ,c"), ["a", "b", "c"]);
        assert_eq!(elements(r#""Bell, A" <sip:a,b@c>, <sip:d>"#), [r#""Bell, A" <sip:a,b@c>"#, "<sip:d>"]);
        assert_eq!(elements(r#""a\",<" <sip:x>;p="," , y"#), [r#""a\",<" <sip:x>;p=",""#, "y"]);
    }

    #[test]
    fn empty_elements_are_passed_over() {
        assert_eq!(elements(" , a,, ,b, "), ["a", "b"]);
        assert_eq!(elements(""), Vec::<&str>::new());
    }

    #[test]
    fn what_is_never_closed_hides_the_rest() {
        assert_eq!(elements(r#""a, b"#), [r#""a, b"#]);
        assert_eq!(elements("<a, b"), ["<a, b"]);
    }
}
