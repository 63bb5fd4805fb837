//! One version of each guest, and a reason for each invitation.

use std::collections::BTreeMap;

use crate::finding::{Exception, Finding};
use crate::house::packages::{Package, Purpose, trail};
use crate::house::{House, manifest};

pub(super) fn check(house: &House) -> Vec<Finding> {
    let mut findings = doubles(house);
    findings.extend(uninvited(house));
    findings
}

/// Guests that ship, or build what ships, in more than one version. What runs behind procedural macros does neither:
/// two versions of `syn` cost a minute of the compiler, and are the business of those macros.
fn doubles(house: &House) -> Vec<Finding> {
    let mut versions: BTreeMap<&str, BTreeMap<&str, (&Package, String)>> = BTreeMap::new();
    for ours in house.packages.ours() {
        for chain in house.packages.chains(ours, &[Purpose::Normal, Purpose::Build], |_package| true) {
            let Some(guest) = chain.last() else { continue };
            let versions = versions.entry(&guest.name).or_default();
            versions.entry(&guest.version).or_insert_with(|| (guest, trail(ours, &chain)));
        }
    }
    let mut findings = Vec::new();
    for (name, versions) in versions.iter().filter(|(_name, versions)| versions.len() > 1) {
        let trails: Vec<_> =
            versions.iter().map(|(version, (_guest, trail))| format!("{version} by {trail}")).collect();
        let line = versions.values().map(|(guest, _trail)| house.lock_line(guest)).min().unwrap_or(1);
        let found = format!("`{name}` in {} versions: {}", versions.len(), trails.join(", "));
        let advice = "bring those who invite it to one version, or except it by name";
        findings.push(Finding::new("Cargo.lock", line, found, advice).unless_excepted(name, &EXCEPTED));
    }
    findings
}

/// Lines of our manifests that invite a guest without saying why. Our own crates need no reason: the walls have it.
fn uninvited(house: &House) -> Vec<Finding> {
    let is_ours = |name: &str| house.packages.ours().any(|package| package.name == name);
    let mut findings = Vec::new();
    for package in house.packages.ours() {
        let Some(file) = house.file(&package.manifest()) else { continue };
        for guest in
            manifest::guests(&file.text).iter().filter(|guest| !guest.has_reason && !is_ours(&guest.name))
        {
            let found = format!("`{}` is invited without a reason", guest.name);
            let advice = "say what it is for, in a comment on the line above";
            findings.push(Finding::new(&file.path, guest.line, found, advice));
        }
    }
    findings
}

/// Guests that may ship in several versions for now.
const EXCEPTED: [Exception; 9] = [
    Exception { name: "base64", reason: OF_POSTGRES },
    Exception { name: "block-buffer", reason: OF_RSIP },
    Exception { name: "cpufeatures", reason: OF_RSIP },
    Exception {
        name: "crypto-common",
        reason: "crc-fast has a digest of the generation before, for a trait that nobody here uses",
    },
    Exception { name: "digest", reason: OF_RSIP },
    Exception { name: "fallible-iterator", reason: OF_POSTGRES },
    Exception { name: "getrandom", reason: OF_RSIP },
    Exception { name: "md-5", reason: OF_RSIP },
    Exception { name: "sha2", reason: OF_RSIP },
];
const OF_POSTGRES: &str = "tokio-postgres brings the older one, for logins and arrays";
const OF_RSIP: &str = "rsip brings the older one for parts of it that nobody here calls";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn one_version_each_passes() {
        let sample = Sample::new().member("a", "a").member("b", "b").guest("libc", "1.0.0");
        assert!(sample.uses("a", "libc").uses("b", "libc").faults(check).is_empty());
    }

    #[test]
    fn two_versions_are_found_with_those_who_invite_them() {
        let sample = Sample::new().member("a", "a").guest("mio", "1.0.0").guest("libc", "1.0.0");
        let sample = sample.uses("a", "libc").guest("libc", "2.0.0").uses("mio", "libc").uses("a", "mio");
        let found = ["Cargo.lock:1: `libc` in 2 versions: 1.0.0 by a -> libc, 2.0.0 by a -> mio -> libc"];
        assert_eq!(sample.faults(check), found);
    }

    #[test]
    fn versions_that_never_ship_pass() {
        let sample = Sample::new().member("a", "a").procedural_macro("derive").guest("syn", "2.0.0");
        let sample = sample.uses("a", "derive").uses("derive", "syn").guest("syn", "3.0.0");
        assert!(sample.uses_for(Purpose::Test, "a", "syn").faults(check).is_empty());
    }

    #[test]
    fn guests_need_a_reason_and_ours_do_not() {
        let text = "[dependencies]\nwire.workspace = true\n# Why.\nsyn = \"2\"\nlibc = \"1\"\n";
        let sample = Sample::new().member("a", "a").member("wire", "wire").file("a/Cargo.toml", text);
        assert_eq!(sample.faults(check), ["a/Cargo.toml:5: `libc` is invited without a reason"]);
    }
}
