//! What ships with Trunkline may be shipped with it.

mod expression;

use crate::finding::{Exception, Finding};
use crate::house::House;

pub(super) fn check(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for guest in house.packages.guests() {
        let (found, advice) = match guest
            .licence
            .as_deref()
            .map(|text| (text, expression::is_met(text, &WELCOME)))
        {
            Some((_, Some(true))) => continue,
            Some((text, Some(false))) => {
                (format!("`{}` is licensed as {text}", guest.name), "do without it, or welcome the licence")
            }
            Some((text, None)) => (
                format!("`{}` has no licence expression: {text}", guest.name),
                "read it, then except it by name",
            ),
            None => (format!("`{}` names no licence", guest.name), "read its files, then except it by name"),
        };
        let finding = Finding::new("Cargo.lock", house.lock_line(guest), found, advice);
        findings.push(finding.unless_excepted(&guest.name, &EXCEPTED));
    }
    findings
}

/// Licences that ask for no more than their text, or for the changed files of the guest itself.
const WELCOME: [&str; 11] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Guests by name, with what their licence says.
const EXCEPTED: [Exception; 2] = [
    Exception { name: "rsip", reason: "its LICENSE file is the MIT licence" },
    Exception { name: "rsip-derives", reason: "a part of rsip, from the same repository" },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn faults(licence: Option<&str>) -> Vec<String> {
        let lock = "version = 4\n\n[[package]]\nname = \"syn\"\nversion = \"2.0.0\"\n";
        let sample = Sample::new().member("wire", "wire").licence("wire", None).file("Cargo.lock", lock);
        sample.guest("syn", "2.0.0").licence("syn", licence).faults(check)
    }

    #[test]
    fn a_welcome_choice_passes() {
        assert!(faults(Some("GPL-3.0-only OR (MIT AND Unicode-3.0)")).is_empty());
    }

    #[test]
    fn unwelcome_unclear_and_missing_licences_are_found() {
        assert_eq!(faults(Some("GPL-3.0-only")), ["Cargo.lock:4: `syn` is licensed as GPL-3.0-only"]);
        assert_eq!(faults(Some("MIT OR")), ["Cargo.lock:4: `syn` has no licence expression: MIT OR"]);
        assert_eq!(faults(None), ["Cargo.lock:4: `syn` names no licence"]);
    }
}
