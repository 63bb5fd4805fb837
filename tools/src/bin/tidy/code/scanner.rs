//! From text to tokens: knows where strings, characters and comments begin and end, and nothing else of Rust.

use super::{Code, Comment, Kind, Token};

/// Scans a whole file. Text that is no Rust still gives tokens; what is open at its end is closed there.
pub(super) fn scan(text: &str) -> Code {
    let mut scanner = Scanner {
        rest: text,
        line: 1,
        last_code_line: 0,
        code: Code { tokens: Vec::new(), comments: Vec::new() },
    };
    while let Some(next) = scanner.rest.chars().next() {
        if next.is_whitespace() {
            scanner.take(next.len_utf8());
        } else if scanner.rest.starts_with("//") {
            scanner.line_comment();
        } else if scanner.rest.starts_with("/*") {
            scanner.block_comment();
        } else if let Some(literal) = StringStart::parse(scanner.rest) {
            scanner.string(&literal);
        } else if next == '\'' {
            scanner.character_or_lifetime();
        } else if next.is_ascii_digit() {
            scanner.number();
        } else if is_word(next) {
            scanner.word();
        } else {
            scanner.token(Kind::Sign, next.len_utf8());
        }
    }
    scanner.code
}

struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    /// Where the latest token ends, which is not where it begins if it is a long string.
    last_code_line: usize,
    code: Code,
}

impl<'a> Scanner<'a> {
    /// Moves over the next bytes and counts their lines.
    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(len);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn token(&mut self, kind: Kind, len: usize) {
        let line = self.line;
        let text = self.take(len).to_string();
        self.push(Token { kind, text, line });
    }

    fn push(&mut self, token: Token) {
        self.last_code_line = self.line;
        self.code.tokens.push(token);
    }

    fn line_comment(&mut self) {
        let is_alone = self.stands_alone();
        let line = self.line;
        let text = self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
        let is_doc = text.starts_with("//!") || (text.starts_with("///") && !text.starts_with("////"));
        let text = text.trim_start_matches('/').trim_start_matches('!').trim().to_string();
        self.code.comments.push(Comment { line, text, is_doc, is_alone });
    }

    fn block_comment(&mut self) {
        let is_alone = self.stands_alone();
        let first = self.line;
        let text = self.take(block_comment_len(self.rest));
        let is_doc = text.starts_with("/*!") || (text.starts_with("/**") && !text.starts_with("/***"));
        for (line, text) in (first..).zip(text.lines()) {
            let text = text.trim().trim_start_matches(['/', '*', '!']).trim_end_matches(['*', '/']).trim();
            let is_alone = is_alone || line > first;
            self.code.comments.push(Comment { line, text: text.to_string(), is_doc, is_alone });
        }
    }

    fn stands_alone(&self) -> bool {
        self.last_code_line < self.line
    }

    fn string(&mut self, start: &StringStart) {
        let line = self.line;
        self.take(start.len);
        let text = self.take(start.content_len(self.rest)).to_string();
        self.take(self.rest.len().min(1 + start.hashes));
        self.push(Token { kind: Kind::String, text, line });
    }

    /// `'a'` and `'\n'` are characters, `'a` before anything else is a lifetime.
    fn character_or_lifetime(&mut self) {
        let mut characters = self.rest.char_indices().skip(1);
        let len = match (characters.next(), characters.next()) {
            (Some((_, '\\')), Some((at, escaped))) => {
                let behind = at + escaped.len_utf8();
                self.rest[behind..].find('\'').map_or(self.rest.len(), |quote| behind + quote + 1)
            }
            (Some(_), Some((at, '\''))) => at + 1,
            _ => 1 + word_len(&self.rest[1..]),
        };
        self.token(Kind::Literal, len);
    }

    fn number(&mut self) {
        let mut len = word_len(self.rest);
        // `1.5` is one number, `0..9` and `1.max(2)` are not.
        let mut behind = self.rest[len..].chars();
        if behind.next() == Some('.') && behind.next().is_some_and(|digit| digit.is_ascii_digit()) {
            len += 1 + word_len(&self.rest[len + 1..]);
        }
        self.token(Kind::Literal, len);
    }

    fn word(&mut self) {
        let raw = if self.rest.starts_with("r#") { 2 } else { 0 };
        self.token(Kind::Word, raw + word_len(&self.rest[raw..]));
    }
}

/// What opens a string literal: an optional prefix, hashes if it is raw, and the quote.
struct StringStart {
    len: usize,
    is_raw: bool,
    hashes: usize,
}

impl StringStart {
    fn parse(text: &str) -> Option<Self> {
        let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| text.starts_with(prefix))?;
        let is_raw = prefix.ends_with('r');
        let behind = &text[prefix.len()..];
        let hashes = if is_raw { behind.len() - behind.trim_start_matches('#').len() } else { 0 };
        behind[hashes..].starts_with('"').then_some(Self { len: prefix.len() + hashes + 1, is_raw, hashes })
    }

    /// How much of the text stands before the closing quote.
    fn content_len(&self, text: &str) -> usize {
        if self.is_raw {
            let close = format!("\"{}", "#".repeat(self.hashes));
            return text.find(&close).unwrap_or(text.len());
        }
        let mut is_escaped = false;
        for (at, character) in text.char_indices() {
            match character {
                '"' if !is_escaped => return at,
                '\\' => is_escaped = !is_escaped,
                _ => is_escaped = false,
            }
        }
        text.len()
    }
}

fn block_comment_len(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text.as_bytes()[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if text.as_bytes()[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

fn word_len(text: &str) -> usize {
    text.find(|character| !is_word(character)).unwrap_or(text.len())
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let tokens = scan(text).tokens.into_iter();
        tokens.filter(|token| token.kind == Kind::Word).map(|token| token.text).collect()
    }

    #[test]
    fn strings_hide_what_they_hold() {
        let text = r###"a "unsafe { \" // b" c r#"" unsafe"# d b"\\" e br##"x"#"## f c"g" h"###;
        assert_eq!(words(text), ["a", "c", "d", "e", "f", "h"]);
    }

    #[test]
    fn characters_and_lifetimes_are_told_apart() {
        assert_eq!(words(r"a '{' b '\'' c '\u{41}' d &'static e '\\' f b'{' g"), words("a b c d e f b g"));
        assert_eq!(scan("fn f<'a>(x: &'a str) {}").tokens.iter().filter(|token| token.is("{")).count(), 1);
    }

    #[test]
    fn numbers_do_not_swallow_ranges_and_calls() {
        assert_eq!(words("0..len 1.5e3 1.max(x) 0xff_u8 t.0.1"), ["len", "max", "x", "t"]);
    }

    #[test]
    fn raw_words_are_no_keywords() {
        assert_eq!(words("r#mod mod"), ["r#mod", "mod"]);
    }

    #[test]
    fn comments_nest_and_keep_their_lines() {
        let code = scan("a\n/* one /* two */\n * three */ b // four\n/// five\n//! six\n//// seven");
        let lines: Vec<_> =
            code.comments.iter().map(|comment| (comment.line, comment.text.as_str())).collect();
        assert_eq!(
            lines,
            [(2, "one /* two"), (3, "three"), (3, "four"), (4, "five"), (5, "six"), (6, "seven")]
        );
        let alone: Vec<_> = code.comments.iter().map(|comment| comment.is_alone).collect();
        assert_eq!(alone, [true, true, false, true, true, true]);
        let docs: Vec<_> = code.comments.iter().map(|comment| comment.is_doc).collect();
        assert_eq!(docs, [false, false, false, true, true, false]);
        assert_eq!(code.tokens[1].line, 3);
    }

    #[test]
    fn what_is_open_at_the_end_ends_there() {
        for text in ["\"abc", "r#\"abc\"", "/* /* */", "'", "'\\", "b\"", "fn f() {"] {
            scan(text);
        }
    }
}
