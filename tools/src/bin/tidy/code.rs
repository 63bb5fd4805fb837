//! Rust source as the rules see it: a run of tokens, and the comments beside them.
//!
//! A parser would know more about the grammar, but it drops the comments, which half of the rules are about.
//! Tokens suffice for the other half: Rust's brackets are balanced in every token stream, macros included.

mod scanner;

/// The tokens and comments of one file, in order.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
}

/// A word, a literal, or a single sign.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// As it stands in the file; a string literal without its quotes and prefix.
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// What sort of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A character, a lifetime or a number: nothing that a rule asks for.
    Literal,
    Sign,
    String,
    /// An identifier or a keyword.
    Word,
}

/// One line of a comment; a block comment is one for each of its lines.
#[derive(Debug)]
pub(crate) struct Comment {
    pub(crate) line: usize,
    /// Without the signs that make it a comment, and without white space around it.
    pub(crate) text: String,
    pub(crate) is_doc: bool,
    /// No code stands before it on its line.
    pub(crate) is_alone: bool,
}

impl Code {
    pub(crate) fn scan(text: &str) -> Self {
        scanner::scan(text)
    }

    /// Where the tokens read as the pattern: `["todo", "!"]`. String literals never match.
    pub(crate) fn positions(&self, pattern: &[&str]) -> impl Iterator<Item = usize> {
        (0..self.tokens.len()).filter(|&at| self.reads(at, pattern))
    }

    /// Whether the tokens from here on read as the pattern.
    pub(crate) fn reads(&self, at: usize, pattern: &[&str]) -> bool {
        let tokens = self.tokens.get(at..).unwrap_or_default();
        tokens.len() >= pattern.len() && tokens.iter().zip(pattern).all(|(token, text)| token.is(text))
    }

    /// The position of the bracket that closes the one at `open`; the last token if the file ends before.
    pub(crate) fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate().skip(open) {
            if token.opens() {
                depth += 1;
            } else if token.closes() {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
        }
        self.tokens.len().saturating_sub(1)
    }

    /// The tokens inside of each attribute: `ignore` of `#[ignore]`, `forbid ( unsafe_code )` of `#![forbid(..)]`.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &[Token]> {
        self.positions(&["#"]).filter_map(|at| {
            let open = if self.reads(at + 1, &["!"]) { at + 2 } else { at + 1 };
            self.reads(open, &["["]).then(|| &self.tokens[open + 1..self.closing(open)])
        })
    }
}

impl Token {
    /// Whether it is this word or sign.
    pub(crate) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Sign | Kind::Word) && self.text == text
    }

    pub(crate) fn opens(&self) -> bool {
        self.is("(") || self.is("[") || self.is("{")
    }

    pub(crate) fn closes(&self) -> bool {
        self.is(")") || self.is("]") || self.is("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_paired_over_nesting() {
        let code = Code::scan("fn f() { [(); 3]; { } }");
        let open = code.positions(&["{"]).next().unwrap();
        assert_eq!(code.closing(open), code.tokens.len() - 1);
    }

    #[test]
    fn attributes_are_found_inner_and_outer() {
        let code = Code::scan("#![forbid(unsafe_code)] #[path = \"a.rs\"] mod a; x # y");
        let firsts: Vec<_> = code.attributes().map(|tokens| tokens[0].text.as_str()).collect();
        assert_eq!(firsts, ["forbid", "path"]);
    }

    #[test]
    fn a_pattern_does_not_match_inside_of_strings_and_comments() {
        let code = Code::scan("/* todo!() */ \"todo!()\" todo!()");
        assert_eq!(code.positions(&["todo", "!"]).collect::<Vec<_>>(), [1]);
    }
}
