//! Nothing is left lying about: what is to be done has a date, and what is switched off has a reason.

use crate::code::{Code, Token};
use crate::date::Date;
use crate::finding::Finding;
use crate::house::House;
use crate::house::files::File;

pub(super) fn check(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &house.files {
        for (line, comment) in comments(file) {
            findings.extend(
                marks(comment, house.today)
                    .map(|(found, advice)| Finding::new(&file.path, line, found, advice)),
            );
        }
        let Some(code) = &file.code else { continue };
        let all = commented_out(code).chain(unwritten(code)).chain(switched_off(code));
        findings.extend(all.map(|(line, found, advice)| Finding::new(&file.path, line, found, advice)));
    }
    findings
}

/// The comments of a source, a setting or a script. Documents have none: they may speak of to-do notes.
fn comments(file: &File) -> Vec<(usize, &str)> {
    match &file.code {
        Some(code) => code.comments.iter().map(|comment| (comment.line, comment.text.as_str())).collect(),
        None if file.is_written() && !file.path.ends_with(".md") => {
            let lines = file.text.lines().zip(1..);
            lines.filter_map(|(line, number)| Some((number, line.split_once('#')?.1))).collect()
        }
        None => Vec::new(),
    }
}

/// What is wrong with the marks in a comment, and what to do. A mark in backticks is only spoken of.
fn marks(comment: &str, today: Date) -> impl Iterator<Item = (String, &'static str)> {
    let words = comment.split('`').step_by(2).flat_map(|part| {
        let starts = part.char_indices().filter(|&(at, _)| !part[..at].ends_with(is_word_part));
        starts.map(|(at, _)| &part[at..])
    });
    words.filter_map(move |text| {
        let word = &text[..text.find(|character| !is_word_part(character)).unwrap_or(text.len())];
        match word {
            "TODO" => overdue(&text[word.len()..], today),
            "FIXME" | "XXX" => Some((format!("the mark {word}"), "mend it, or write TODO(YYYY-MM-DD): what")),
            _ => None,
        }
    })
}

fn is_word_part(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Judges what follows the word: `(2027-01-31): what`.
fn overdue(behind: &str, today: Date) -> Option<(String, &'static str)> {
    let parts = behind.strip_prefix('(').and_then(|rest| rest.split_once("): "));
    match parts.and_then(|(date, _what)| Date::parse(date)) {
        None => Some(("a to-do without a date".into(), "write TODO(YYYY-MM-DD): what, or do it")),
        Some(date) if date < today => Some((format!("a to-do of {date}"), "do it, or say why it may wait")),
        Some(_) => None,
    }
}

/// A finding without its path: the line, what was found, and what to do.
type Found = (usize, &'static str, &'static str);

/// Runs of comment lines that end like code. Documentation may show code, and one line may end in anything.
fn commented_out(code: &Code) -> impl Iterator<Item = Found> {
    let plain: Vec<_> = code.comments.iter().filter(|comment| comment.is_alone && !comment.is_doc).collect();
    let runs = plain.chunk_by(|one, next| {
        one.line + 1 == next.line && ends_like_code(&one.text) && ends_like_code(&next.text)
    });
    let lines: Vec<_> = runs.filter(|run| run.len() > 1).map(|run| run[0].line).collect();
    lines.into_iter().map(|line| (line, "code that is commented out", "delete it: git remembers"))
}

fn ends_like_code(comment: &str) -> bool {
    comment.ends_with([';', '{', '}'])
}

fn unwritten(code: &Code) -> impl Iterator<Item = Found> {
    let at = code.positions(&["todo", "!"]).chain(code.positions(&["unimplemented", "!"]));
    at.map(|at| (code.tokens[at].line, "code that is not written yet", "write it, or leave its caller out"))
}

fn switched_off(code: &Code) -> impl Iterator<Item = Found> {
    code.attributes().flat_map(|attribute| {
        leads(attribute).filter_map(|at| {
            let next = attribute.get(at + 1);
            if attribute[at].is("ignore") && !next.is_some_and(|next| next.is("=")) {
                Some((attribute[at].line, "a test ignored without a reason", "write #[ignore = \"reason\"]"))
            } else if attribute[at].is("allow") && next.is_some_and(|next| next.is("(")) {
                let advice = "write #[expect(..., reason = \"...\")]: it tells when it is no longer needed";
                Some((attribute[at].line, "an allowed warning", advice))
            } else {
                None
            }
        })
    })
}

/// Where the attributes in an attribute begin: at its start, and in `cfg_attr(unix, ignore)` behind the commas.
fn leads(attribute: &[Token]) -> impl Iterator<Item = usize> {
    let is_conditional = attribute.first().is_some_and(|token| token.is("cfg_attr"));
    (0..attribute.len()).filter(move |&at| at == 0 || (is_conditional && attribute[at - 1].is(",")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, TODAY};

    fn faults(path: &str, text: &str) -> Vec<String> {
        Sample::new().file(path, text).faults(check)
    }

    #[test]
    fn a_dated_note_passes_until_its_day_is_over() {
        assert!(faults("a.rs", &format!("// TODO({TODAY}): measure")).is_empty());
        assert!(faults("a.rs", "/// No `TODO` without a date.\nlet TODO = \"FIXME\";").is_empty());
        assert!(faults("a.md", "No TODO without a date.").is_empty());
        assert_eq!(faults("a.rs", "// TODO(2026-06-14): measure"), ["a.rs:1: a to-do of 2026-06-14"]);
    }

    #[test]
    fn marks_without_a_date_are_found_in_sources_and_settings() {
        for note in ["TODO: x", "TODO(soon): x", "TODO(2027-02-30): x", "x TODO", "TODO(2027-01-01) x"] {
            assert_eq!(
                faults("a.rs", &format!("f(); // {note}")),
                ["a.rs:1: a to-do without a date"],
                "{note}"
            );
            assert_eq!(faults("a.toml", &format!("\na = 1 # {note}")), ["a.toml:2: a to-do without a date"]);
        }
        assert_eq!(faults("a.sh", "# FIXME XXX"), ["a.sh:1: the mark FIXME", "a.sh:1: the mark XXX"]);
    }

    #[test]
    fn prose_passes_and_code_in_comments_is_found() {
        let prose =
            "// First this;\n// then that.\n\n// One line;\n/// let x = 1;\n/// f();\nf(); // a;\ng(); // b;";
        assert!(faults("a.rs", prose).is_empty());
        let code = "\n// Once:\n// if x {\n//     f();\n// }\n";
        assert_eq!(faults("a.rs", code), ["a.rs:3: code that is commented out"]);
    }

    #[test]
    fn unwritten_code_is_found_and_names_alike_pass() {
        assert!(faults("a.rs", "let todo = \"todo!()\"; // todo!()").is_empty());
        let found = ["a.rs:1: code that is not written yet", "a.rs:2: code that is not written yet"];
        assert_eq!(faults("a.rs", "todo!();\nunimplemented!(\"x\")"), found);
    }

    #[test]
    fn reasons_pass_and_their_absence_is_found() {
        let reasons =
            "#[ignore = \"needs root\"] #[expect(dead_code, reason = \"x\")] #[serde(ignore)] fn allow() {}";
        assert!(faults("a.rs", reasons).is_empty());
        for text in ["#[ignore]", "#[cfg_attr(unix, ignore)]"] {
            assert_eq!(faults("a.rs", text), ["a.rs:1: a test ignored without a reason"]);
        }
        for text in ["#[allow(dead_code)]", "#![allow(x)]", "#[cfg_attr(unix, allow(x))]"] {
            assert_eq!(faults("a.rs", text), ["a.rs:1: an allowed warning"]);
        }
    }
}
