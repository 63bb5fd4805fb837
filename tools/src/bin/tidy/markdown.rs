//! The little of Markdown that the rules read: code spans and link targets, outside of fenced code.

/// The lines outside of fenced code, numbered from 1.
pub(crate) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_fenced = false;
    text.lines().zip(1..).filter_map(move |(line, number)| {
        let is_fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        is_fenced ^= is_fence;
        (!is_fence && !is_fenced).then_some((number, line))
    })
}

/// What stands between single backticks on a line.
pub(crate) fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The targets of the links and pictures on a line, without titles: `[text](target "title")`, `[name]: target`.
pub(crate) fn link_targets(line: &str) -> Vec<String> {
    let text: String = line.split('`').step_by(2).collect();
    let definition = text.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]: "));
    let inline = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap_or(rest));
    definition.map(|(_name, target)| target).into_iter().chain(inline).filter_map(first_word).collect()
}

fn first_word(target: &str) -> Option<String> {
    let target = target.trim();
    match target.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((bracketed, _title)) => Some(bracketed.to_string()),
        None => target.split_whitespace().next().map(str::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lose_their_titles_and_brackets() {
        let line = "[a](b.md \"title\") ![c](<d e.png>) [f](g.md#h)";
        assert_eq!(link_targets(line), ["b.md", "d e.png", "g.md#h"]);
        assert_eq!(link_targets("[name]: docs/a.md"), ["docs/a.md"]);
    }

    #[test]
    fn code_is_no_link_and_fenced_lines_are_no_prose() {
        assert!(link_targets("`[a](b.md)`").is_empty());
        let text = "one\n```rust\n[a](b.md)\n```\ntwo";
        assert_eq!(prose(text).collect::<Vec<_>>(), [(1, "one"), (5, "two")]);
    }

    #[test]
    fn code_spans_are_what_backticks_enclose() {
        assert_eq!(code_spans("see `a/b.rs` and `c`.").collect::<Vec<_>>(), ["a/b.rs", "c"]);
    }
}
