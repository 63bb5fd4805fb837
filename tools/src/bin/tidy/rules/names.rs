//! Every room has a noun of its own; what fits everywhere says nothing.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::house::{self, House};

pub(super) fn check(house: &House) -> Vec<Finding> {
    let mut findings = paths(house);
    findings.extend(modules(house));
    for package in house.packages.ours().filter(|package| is_shelf(&package.name)) {
        let found = format!("the package is called `{}`", package.name);
        findings.push(Finding::new(&package.manifest(), 1, found, ADVICE));
    }
    findings
}

fn paths(house: &House) -> Vec<Finding> {
    // Every file and folder, with the first file that shows it: a folder is found once, however much it holds.
    let mut places: BTreeMap<&str, &str> = BTreeMap::new();
    for file in &house.files {
        let mut place = file.path.as_str();
        while !place.is_empty() {
            places.entry(place).or_insert(&file.path);
            place = house::folder_of(place);
        }
    }
    let mut findings = Vec::new();
    for (place, file) in places {
        let name = place.rsplit('/').next().unwrap_or(place);
        let stem = name.split('.').next().unwrap_or(name);
        if is_shelf(stem) {
            findings.push(Finding::new(file, 1, format!("the path has `{stem}` in it"), ADVICE));
        }
        if name == "mod.rs" {
            let advice =
                "name it after its module and put it beside the module's folder: `room.rs` and `room/`";
            findings.push(Finding::new(file, 1, "the file is called mod.rs", advice));
        }
    }
    findings
}

fn modules(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &house.files {
        let Some(code) = &file.code else { continue };
        for at in code.positions(&["mod"]) {
            let Some(name) = code.tokens.get(at + 1).filter(|token| is_shelf(&token.text)) else { continue };
            let found = format!("the module is called `{}`", name.text);
            findings.push(Finding::new(&file.path, name.line, found, ADVICE));
        }
    }
    findings
}

fn is_shelf(name: &str) -> bool {
    SHELVES.contains(&name)
}

const ADVICE: &str = "find the noun for what it holds; if there is none, it holds several things";

/// Shelves, not rooms: anything could be put there.
const SHELVES: [&str; 11] = [
    "base",
    "common",
    "core",
    "dispatcher",
    "handler",
    "helpers",
    "manager",
    "misc",
    "types",
    "util",
    "utils",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn nouns_pass_even_when_they_hold_a_shelf() {
        let sample =
            Sample::new().file("a/database.rs", "mod handlers { use core::fmt; }").member("wire", "wire");
        assert!(sample.faults(check).is_empty());
    }

    #[test]
    fn files_folders_modules_and_crates_on_a_shelf_are_found() {
        let sample = Sample::new().member("core", "core");
        let sample =
            sample.file("a/common/b.rs", "").file("a/common/c.rs", "").file("a/d.rs", "mod utils {}");
        let sample = sample.file("a/misc.md", "").file("b/mod.rs", "");
        let found = [
            "a/common/b.rs:1: the path has `common` in it",
            "a/d.rs:1: the module is called `utils`",
            "a/misc.md:1: the path has `misc` in it",
            "b/mod.rs:1: the file is called mod.rs",
            "core/Cargo.toml:1: the package is called `core`",
        ];
        assert_eq!(sample.faults(check), found);
    }
}
