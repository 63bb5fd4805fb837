//! A newcomer finds every package by its folder, and at its door a page that says what it is.

use crate::finding::Finding;
use crate::house::House;
use crate::house::packages::Package;

pub(super) fn check(house: &House) -> Vec<Finding> {
    let architecture = house.file("ARCHITECTURE.md").map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    for package in house.packages.ours() {
        findings.extend(folder(package));
        findings.extend(page(house, package));
        if !has_word(architecture, &package.name) {
            findings.push(Finding::new(
                &package.manifest(),
                1,
                format!("ARCHITECTURE.md does not name `{}`", package.name),
                "give it a row in the wall table and a paragraph there",
            ));
        }
    }
    findings
}

fn folder(package: &Package) -> Option<Finding> {
    let folder = package.folder.as_deref()?;
    let name = folder.rsplit('/').next().unwrap_or(folder);
    (name != package.name).then(|| {
        Finding::new(
            &package.manifest(),
            1,
            format!("package `{}` is in a folder called `{name}`", package.name),
            "call both the same",
        )
    })
}

fn page(house: &House, package: &Package) -> Option<Finding> {
    let path = format!("{}/README.md", package.folder.as_deref()?);
    let Some(file) = house.file(&path) else {
        let advice = "write what it owns, what it does not own, and where to start reading";
        return Some(Finding::new(&path, 1, "the file is missing", advice));
    };
    let lines = file.text.lines().count();
    let found = format!("{lines} lines, {LINES_MAX} are the limit");
    (lines > LINES_MAX).then(|| Finding::new(&path, LINES_MAX + 1, found, "keep what a newcomer needs first"))
}

/// Whether the name stands in the text as a word of its own.
fn has_word(text: &str, name: &str) -> bool {
    text.split(|character: char| !character.is_alphanumeric() && character != '_' && character != '-')
        .any(|word| word == name)
}

const LINES_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn a_package_with_its_page_passes() {
        let sample =
            Sample::new().member("wire", "dataplane/wire").file("ARCHITECTURE.md", "- `wire`: formats");
        let sample = sample.file("dataplane/wire/README.md", &"\n".repeat(80));
        assert!(sample.faults(check).is_empty());
    }

    #[test]
    fn a_package_without_page_and_place_is_found() {
        let sample = Sample::new().member("wire", "wire").file("ARCHITECTURE.md", "- `wires` and wire-tap");
        let found = [
            "wire/Cargo.toml:1: ARCHITECTURE.md does not name `wire`",
            "wire/README.md:1: the file is missing",
        ];
        assert_eq!(sample.faults(check), found);
    }

    #[test]
    fn a_long_page_and_a_second_name_are_found() {
        let sample = Sample::new().member("wire", "formats").file("ARCHITECTURE.md", "wire");
        let found = [
            "formats/Cargo.toml:1: package `wire` is in a folder called `formats`",
            "formats/README.md:81: 81 lines, 80 are the limit",
        ];
        assert_eq!(sample.file("formats/README.md", &"\n".repeat(81)).faults(check), found);
    }
}
