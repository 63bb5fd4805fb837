//! Parameters behind semicolons, of headers and of URIs: read in place, in their order, unknown ones kept.

use std::borrow::Cow;

use crate::error::Malformed;
use crate::grammar::{Place, is_token, split_quoted, trim, trim_start, unquote};

/// A view of `;name=value;flag`, with the first semicolon; empty when there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parameters<'a>(&'a str);

impl<'a> Parameters<'a> {
    /// Reads the parameters of a header value.
    ///
    /// # Errors
    /// `Malformed::Parameters` when a name is missing or no token, a quote is not closed, or a value holds what would
    /// have to be quoted. Values may be wider than the grammar of tokens: tags that end in `=` are common.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let text = trim(text);
        let mut rest = text;
        while !rest.is_empty() {
            rest = rest.strip_prefix(';').and_then(skip_parameter).ok_or(Malformed::Parameters)?;
        }
        Ok(Self(text))
    }

    /// Takes text that was checked by whoever knows its grammar.
    pub(crate) const fn from_checked(text: &'a str) -> Self {
        Self(text)
    }

    /// Returns the text, with its first semicolon.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Goes through names and values; a parameter without a value has `None`.
    pub const fn iter(self) -> Pairs<'a> {
        Pairs(self.0)
    }

    /// Returns the value of a parameter as it is written, empty when it has none; names ignore case.
    pub fn get(self, name: &str) -> Option<&'a str> {
        let (_, value) = self.iter().find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value.unwrap_or(""))
    }

    /// Returns what the value of a parameter says, without its quotes.
    pub fn unquoted(self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).map(unquote)
    }

    /// Tells whether a parameter is there.
    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// Names and values in their order.
#[derive(Clone, Debug)]
pub struct Pairs<'a>(&'a str);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, Option<&'a str>);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0.strip_prefix(';')?;
        let name_len = text.bytes().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(name_len)?;
        let Some(value) = rest.strip_prefix('=') else {
            self.0 = rest;
            return Some((trim(name), None));
        };
        let value = trim_start(value);
        let (value, rest) = match split_quoted(value) {
            Some((quoted, rest)) => (quoted, trim_start(rest)),
            None => {
                let value_len = value.bytes().position(|byte| byte == b';').unwrap_or(value.len());
                value.split_at_checked(value_len)?
            }
        };
        self.0 = rest;
        Some((trim(name), Some(trim(value))))
    }
}

/// Returns what follows one parameter, if that is one.
fn skip_parameter(text: &str) -> Option<&str> {
    let name_len = text.bytes().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(name_len)?;
    if !is_token(trim(name).as_bytes()) {
        return None;
    }
    let Some(value) = rest.strip_prefix('=') else { return Some(rest) };
    let value = trim_start(value);
    if value.starts_with('"') {
        let (_, rest) = split_quoted(value)?;
        let rest = trim_start(rest);
        return (rest.is_empty() || rest.starts_with(';')).then_some(rest);
    }
    let value_len = value.bytes().position(|byte| byte == b';').unwrap_or(value.len());
    let (value, rest) = value.split_at_checked(value_len)?;
    Place::PARAMETER.takes_all(trim(value)).then_some(rest)
}

/// Sets a parameter in text of parameters: in its place when it is there, else at the end.
pub(crate) fn set(text: &mut String, name: &str, value: Option<&str>) {
    let mut changed = String::with_capacity(text.len().saturating_add(name.len()).saturating_add(16));
    let mut placed = false;
    for (found, kept) in Parameters(text).iter() {
        let same = found.eq_ignore_ascii_case(name);
        if !same {
            push(&mut changed, found, kept);
        } else if !placed {
            push(&mut changed, name, value);
            placed = true;
        }
    }
    if !placed {
        push(&mut changed, name, value);
    }
    *text = changed;
}

/// Removes a parameter from text of parameters.
pub(crate) fn remove(text: &mut String, name: &str) {
    let mut changed = String::with_capacity(text.len());
    for (found, value) in Parameters(text).iter().filter(|(found, _)| !found.eq_ignore_ascii_case(name)) {
        push(&mut changed, found, value);
    }
    *text = changed;
}

fn push(out: &mut String, name: &str, value: Option<&str>) {
    out.push(';');
    out.push_str(name);
    if let Some(value) = value {
        out.push('=');
        out.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_values_and_flags_are_found_in_their_order() {
        let parameters = Parameters::parse(r#" ; tag = 19 ;lr;x="a;b\"" ; y=[::1]"#).unwrap();
        let pairs: Vec<_> = parameters.iter().collect();
        assert_eq!(
            pairs,
            [("tag", Some("19")), ("lr", None), ("x", Some(r#""a;b\"""#)), ("y", Some("[::1]"))]
        );
        assert_eq!(parameters.get("TAG"), Some("19"));
        assert_eq!(parameters.get("lr"), Some(""));
        assert_eq!(parameters.unquoted("x").unwrap(), "a;b\"");
        assert_eq!(parameters.get("z"), None);
    }

    #[test]
    fn what_is_no_parameter_is_refused() {
        for text in [";", ";;a", "a", ";=b", ";a=\"b", ";a=\"b\"c", ";a=b c", ";a=<b>", ";a b=c"] {
            assert_eq!(Parameters::parse(text), Err(Malformed::Parameters), "{text}");
        }
    }

    #[test]
    fn a_parameter_is_set_in_its_place_and_removed() {
        let mut text = ";a=1;B=2;c".to_owned();
        set(&mut text, "b", Some("3"));
        assert_eq!(text, ";a=1;b=3;c");
        set(&mut text, "d", None);
        assert_eq!(text, ";a=1;b=3;c;d");
        remove(&mut text, "A");
        assert_eq!(text, ";b=3;c;d");
    }
}
