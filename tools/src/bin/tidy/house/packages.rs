//! What `cargo metadata` tells: our packages, their guests, and who depends on whom.

mod metadata;

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::process::Command;

use crate::error::Error;

/// Our packages and all that they need on the platform we ship on.
#[derive(Debug, Default)]
pub(crate) struct Packages {
    pub(crate) all: Vec<Package>,
}

/// One package in one version.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// For members of the workspace alone: from its root, with `/`.
    pub(crate) folder: Option<String>,
    pub(crate) licence: Option<String>,
    /// It runs in the compiler and never ships, and so does all it depends on.
    pub(crate) is_procedural_macro: bool,
    /// What its manifest names, for every platform and feature.
    pub(crate) dependencies: Vec<Dependency>,
    /// What cargo resolved, for the platform.
    pub(crate) edges: Vec<Edge>,
    /// The files where its crates begin; for members of the workspace alone.
    pub(crate) roots: Vec<Root>,
}

/// A dependency as declared.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) purpose: Purpose,
}

/// A dependency as resolved.
#[derive(Debug)]
pub(crate) struct Edge {
    /// Its place in [`Packages::all`].
    pub(crate) to: usize,
    pub(crate) purposes: Vec<Purpose>,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The build script.
    Build,
    /// The code itself.
    Normal,
    /// Tests, benches and examples.
    Test,
}

/// The file where a crate begins.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) path: String,
    /// A library or a binary, rather than a test, a bench, an example or a build script.
    pub(crate) ships: bool,
}

impl Packages {
    pub(crate) fn load(root: &Path) -> Result<Self, Error> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .current_dir(root)
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", PLATFORM])
            .output()?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::Cargo { message });
        }
        metadata::parse(&output.stdout)
    }

    /// The members of the workspace.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &Package> {
        self.all.iter().filter(|package| package.folder.is_some())
    }

    /// The packages of others.
    pub(crate) fn guests(&self) -> impl Iterator<Item = &Package> {
        self.all.iter().filter(|package| package.folder.is_none())
    }

    /// A shortest chain to every package that can be reached from `start`, over edges with one of the purposes and
    /// through packages that `enter` lets pass. A chain begins behind `start`; its last package is the one reached.
    /// What a procedural macro depends on is not reached: it never ships.
    pub(crate) fn chains<'a>(
        &'a self,
        start: &'a Package,
        purposes: &[Purpose],
        enter: impl Fn(&Package) -> bool,
    ) -> Vec<Vec<&'a Package>> {
        let mut seen = BTreeSet::new();
        let mut chains: Vec<Vec<&Package>> = Vec::new();
        let mut waiting = VecDeque::from([Vec::new()]);
        while let Some(chain) = waiting.pop_front() {
            let package = chain.last().copied().unwrap_or(start);
            if package.is_procedural_macro {
                continue;
            }
            for edge in &package.edges {
                let is_followed = edge.purposes.iter().any(|purpose| purposes.contains(purpose));
                if is_followed && enter(&self.all[edge.to]) && seen.insert(edge.to) {
                    let longer: Vec<_> = chain.iter().copied().chain([&self.all[edge.to]]).collect();
                    chains.push(longer.clone());
                    waiting.push_back(longer);
                }
            }
        }
        chains
    }
}

impl Package {
    /// The path of its manifest, for members of the workspace.
    pub(crate) fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder.as_deref().unwrap_or_default())
    }
}

/// `call -> sip -> rsip`: how a package comes in.
pub(crate) fn trail(start: &Package, chain: &[&Package]) -> String {
    let names: Vec<_> = std::iter::once(&start).chain(chain).map(|package| package.name.as_str()).collect();
    names.join(" -> ")
}

/// Trunkline ships for this platform; what others would need on top is not looked at.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn reached(sample: Sample, purposes: &[Purpose]) -> Vec<String> {
        let house = sample.house();
        let start = house.packages.ours().next().unwrap();
        let chains = house.packages.chains(start, purposes, |_package| true);
        chains.iter().map(|chain| trail(start, chain)).collect()
    }

    #[test]
    fn the_shortest_chain_is_told() {
        let sample = Sample::new().member("a", "a").guest("b", "1.0.0").guest("c", "1.0.0");
        let sample = sample.uses("a", "b").uses("b", "c").uses("a", "c").uses("c", "a");
        assert_eq!(reached(sample, &[Purpose::Normal]), ["a -> b", "a -> c", "a -> c -> a"]);
    }

    #[test]
    fn other_purposes_and_what_is_behind_procedural_macros_are_not_reached() {
        let sample = Sample::new().member("a", "a").guest("tests", "1.0.0").procedural_macro("derive");
        let sample = sample.guest("syn", "2.0.0").uses("a", "derive").uses("derive", "syn");
        let sample = sample.uses_for(Purpose::Test, "a", "tests");
        assert_eq!(reached(sample, &[Purpose::Normal, Purpose::Build]), ["a -> derive"]);
    }
}
