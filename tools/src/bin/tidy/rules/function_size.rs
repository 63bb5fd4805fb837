//! A function fits on a screen: 70 lines from brace to brace, in tests too.

use crate::code::Code;
use crate::finding::Finding;
use crate::house::House;

pub(super) fn check(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &house.files {
        let Some(code) = &file.code else { continue };
        for start in code.positions(&["fn"]) {
            let Some(open) = body(code, start) else { continue };
            let lines = code.tokens[code.closing(open)].line - code.tokens[open].line + 1;
            if lines > LINES_MAX {
                let name = code.tokens.get(start + 1).map_or("", |token| token.text.as_str());
                findings.push(Finding::new(
                    &file.path,
                    code.tokens[open].line,
                    format!("the body of `{name}` has {lines} lines, {LINES_MAX} are the limit"),
                    "split it so that the parent keeps the decisions and the leaves do the work",
                ));
            }
        }
    }
    findings
}

/// The brace that opens the body of the function whose `fn` stands at `start`. A function without a body, and a type
/// such as `fn(u8)`, ends in a `;` or at a bracket that it did not open.
fn body(code: &Code, start: usize) -> Option<usize> {
    // Braces in angle brackets are const arguments: `-> Batch<{ SIZE * 2 }> {`.
    let mut angles = 0_usize;
    let mut at = start + 1;
    if code.reads(at, &["("]) {
        return None;
    }
    loop {
        let token = code.tokens.get(at)?;
        if token.is("{") && angles == 0 {
            return Some(at);
        } else if token.is(";") || token.closes() {
            return None;
        } else if token.opens() {
            at = code.closing(at);
        } else if token.is("<") {
            angles += 1;
        } else if token.is(">") && !code.tokens[at - 1].is("-") {
            angles = angles.saturating_sub(1);
        }
        at += 1;
    }
}

const LINES_MAX: usize = 70;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    /// A function whose braces are this many lines apart, both counted.
    fn function(signature: &str, lines: usize) -> String {
        format!("\n{signature} {{{}}}", "\n".repeat(lines - 1))
    }

    fn faults(text: &str) -> Vec<String> {
        Sample::new().file("a.rs", text).faults(check)
    }

    #[test]
    fn seventy_lines_pass() {
        assert!(faults(&function("fn f()", 70)).is_empty());
    }

    #[test]
    fn one_line_more_is_found_whatever_the_signature() {
        for signature in [
            "fn f()",
            "fn f<const N: usize>() -> [u8; { N }] where Batch<{ N * 2 }>: Copy,",
            "unsafe extern \"C\" fn f(g: fn(u8) -> u8)",
            "fn f(g: impl Fn() -> u8) -> Vec<Vec<u8>>",
            "macro_rules! m { () => { fn f()",
        ] {
            let found = ["a.rs:2: the body of `f` has 71 lines, 70 are the limit"];
            assert_eq!(faults(&function(signature, 71)), found, "{signature}");
        }
    }

    #[test]
    fn what_has_no_body_is_no_long_function() {
        let types =
            format!("struct A {{ f: fn(u8), }} trait T {{ fn g(&self); }} {}", function("impl T for A", 90));
        assert!(faults(&types).is_empty());
    }
}
