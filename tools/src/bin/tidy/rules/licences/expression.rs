//! SPDX licence expressions: `(MIT OR Apache-2.0 WITH LLVM-exception) AND Unicode-3.0`, and `MIT/Apache-2.0` of old.

use std::iter::Peekable;
use std::vec;

/// Whether the expression can be met with the welcome licences alone; `None` if it is no expression.
pub(super) fn is_met(expression: &str, welcome: &[&str]) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: words.into_iter().peekable(), welcome };
    let is_met = reader.any()?;
    reader.words.next().is_none().then_some(is_met)
}

/// Reads by descent: OR binds least, then AND, then WITH.
struct Reader<'a> {
    words: Peekable<vec::IntoIter<&'a str>>,
    welcome: &'a [&'a str],
}

impl Reader<'_> {
    fn any(&mut self) -> Option<bool> {
        let mut is_met = self.every()?;
        while self.words.next_if_eq(&"OR").is_some() {
            is_met |= self.every()?;
        }
        Some(is_met)
    }

    fn every(&mut self) -> Option<bool> {
        let mut is_met = self.one()?;
        while self.words.next_if_eq(&"AND").is_some() {
            is_met &= self.one()?;
        }
        Some(is_met)
    }

    fn one(&mut self) -> Option<bool> {
        match self.words.next()? {
            "(" => {
                let is_met = self.any()?;
                self.words.next_if_eq(&")").map(|_close| is_met)
            }
            ")" | "AND" | "OR" | "WITH" => None,
            licence => {
                // An exception only ever permits more, and so does "or later", the plus sign.
                if self.words.next_if_eq(&"WITH").is_some() {
                    self.words.next().filter(|exception| !matches!(*exception, "(" | ")" | "AND" | "OR"))?;
                }
                let licence = licence.strip_suffix('+').unwrap_or(licence);
                Some(self.welcome.contains(&licence))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(expression: &str) -> Option<bool> {
        is_met(expression, &["MIT", "Apache-2.0", "Unicode-3.0"])
    }

    #[test]
    fn expressions_that_leave_a_welcome_choice_are_met() {
        for expression in [
            "MIT",
            "MIT/GPL-2.0",
            "GPL-2.0 OR MIT AND Unicode-3.0",
            "(MIT OR GPL-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
            "((Apache-2.0+))",
        ] {
            assert_eq!(met(expression), Some(true), "{expression}");
        }
    }

    #[test]
    fn expressions_that_leave_none_are_not() {
        for expression in
            ["GPL-2.0", "MIT AND GPL-2.0", "(MIT OR Unicode-3.0) AND GPL-2.0", "GPL-2.0/LGPL-2.1", "mit"]
        {
            assert_eq!(met(expression), Some(false), "{expression}");
        }
    }

    #[test]
    fn what_is_no_expression_is_told() {
        for expression in
            ["", "MIT OR", "AND MIT", "(MIT", "MIT)", "MIT MIT", "MIT WITH", "MIT WITH AND", "()"]
        {
            assert_eq!(met(expression), None, "{expression}");
        }
    }
}
