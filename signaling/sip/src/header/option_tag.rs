//! Lists of tokens: Allow, Supported, Require, Unsupported.

use rsip::Method;

use crate::list;
use crate::method;

/// Tells whether a list of tokens holds one; option tags ignore case (RFC 3261 section 7.3.1).
pub fn contains(value: &str, token: &str) -> bool {
    list::split(value).any(|found| found.eq_ignore_ascii_case(token))
}

/// Goes through the methods of an Allow; those without a name here are passed over.
pub fn methods(value: &str) -> impl Iterator<Item = Method> {
    list::split(value).filter_map(|word| method::parse(word.as_bytes()))
}

/// Writes an Allow.
pub fn write_methods(methods: &[Method]) -> String {
    join(methods.iter().map(|&method| method::word(method)))
}

/// Writes a list of tokens.
pub fn join<'a>(tokens: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for token in tokens {
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(token);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_written() {
        let value = write_methods(&[Method::Invite, Method::PRack]);
        assert_eq!(value, "INVITE, PRACK");
        assert_eq!(methods("INVITE,NEWMETHOD , PRACK").collect::<Vec<_>>(), [Method::Invite, Method::PRack]);
        assert!(contains("Timer, 100rel", "timer"));
        assert!(!contains("timers", "timer"));
    }
}
