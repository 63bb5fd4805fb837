//! The law, one rule a file. A rule is one function from the house to what it finds there.

mod dead_files;
mod file_size;
mod function_size;
mod licences;
mod links;
mod names;
mod readme;
mod safety;
mod todo;
mod versions;
mod walls;
mod wiring;
mod words;

use crate::finding::Finding;
use crate::house::House;

/// A rule: what it is called, what it says, and how it is checked.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) law: &'static str,
    pub(crate) check: fn(&House) -> Vec<Finding>,
}

/// From the shape of the house down to its words.
pub(crate) const RULES: [Rule; 13] = [
    Rule {
        name: "walls",
        law: "crates use each other only as ARCHITECTURE.md says, and async runtimes stay where they may be",
        check: walls::check,
    },
    Rule {
        name: "names",
        law: "a file, folder, module or crate has a noun of its own: never util, common, manager or mod.rs",
        check: names::check,
    },
    Rule {
        name: "readme",
        law: "a package has its folder's name, a README.md of at most 80 lines, and a place in ARCHITECTURE.md",
        check: readme::check,
    },
    Rule { name: "file_size", law: "no Rust file has more than 800 lines", check: file_size::check },
    Rule {
        name: "function_size",
        law: "no function body has more than 70 lines, from brace to brace",
        check: function_size::check,
    },
    Rule {
        name: "wiring",
        law: "signaling/src has at most 1,500 lines, and dataplane/src/worker.rs at most 300",
        check: wiring::check,
    },
    Rule {
        name: "dead_files",
        law: "every Rust file below src/ is reached from a crate root by `mod` or `include!`",
        check: dead_files::check,
    },
    Rule {
        name: "safety",
        law: "unsafe code is forbidden outside of three crates, and inside each use is proven in a comment",
        check: safety::check,
    },
    Rule {
        name: "todo",
        law: "to-do notes have a date to come; nothing is commented out, `#[ignore]`d bare, or `#[allow]`ed",
        check: todo::check,
    },
    Rule {
        name: "words",
        law: "no file names a path of a build machine, a registry's host, or a folder beside the repository",
        check: words::check,
    },
    Rule {
        name: "links",
        law: "a link or path in a document leads to a file that exists",
        check: links::check,
    },
    Rule {
        name: "licences",
        law: "every guest's licence can be met with the licences that are welcome here",
        check: licences::check,
    },
    Rule {
        name: "versions",
        law: "no guest ships in two versions, and each is invited with a reason on the line above",
        check: versions::check,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rules_have_one_name() {
        let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
    }
}
