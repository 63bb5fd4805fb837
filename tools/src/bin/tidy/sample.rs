//! Houses for tests: built in memory for the rules, in a temporary folder for what reads the disk.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use crate::date::Date;
use crate::finding::{Finding, Weight};
use crate::house::House;
use crate::house::files::File;
use crate::house::packages::{Dependency, Edge, Package, Packages, Purpose, Root};

/// The day on which all samples are looked at.
pub(crate) const TODAY: Date = Date { year: 2026, month: 6, day: 15 };

/// A house in the making.
#[derive(Default)]
pub(crate) struct Sample {
    files: Vec<File>,
    packages: Vec<Package>,
}

impl Sample {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push(File::new(path, text.to_string()));
        self
    }

    /// A package of ours in this folder, with a library.
    pub(crate) fn member(self, name: &str, folder: &str) -> Self {
        self.package(name, "0.1.0", Some(folder)).root(name, &format!("{folder}/src/lib.rs"))
    }

    pub(crate) fn guest(self, name: &str, version: &str) -> Self {
        self.package(name, version, None)
    }

    pub(crate) fn procedural_macro(mut self, name: &str) -> Self {
        self = self.guest(name, "1.0.0");
        self.named(name).is_procedural_macro = true;
        self
    }

    pub(crate) fn licence(mut self, name: &str, licence: Option<&str>) -> Self {
        self.named(name).licence = licence.map(str::to_string);
        self
    }

    /// One more crate of a package of ours; those below `tests/` do not ship.
    pub(crate) fn root(mut self, name: &str, path: &str) -> Self {
        self.named(name).roots.push(Root { path: path.to_string(), ships: !path.contains("/tests/") });
        self
    }

    pub(crate) fn uses(self, from: &str, to: &str) -> Self {
        self.uses_for(Purpose::Normal, from, to)
    }

    pub(crate) fn uses_for(mut self, purpose: Purpose, from: &str, to: &str) -> Self {
        let place = self.packages.iter().rposition(|package| package.name == to).unwrap();
        self.named(from).dependencies.push(Dependency { name: to.to_string(), purpose });
        self.named(from).edges.push(Edge { to: place, purposes: vec![purpose] });
        self
    }

    pub(crate) fn house(mut self) -> House {
        self.files.sort_by(|one, other| one.path.cmp(&other.path));
        House { files: self.files, packages: Packages { all: self.packages }, today: TODAY }
    }

    /// What a rule finds here: `path:line: found`, sorted, without notices.
    pub(crate) fn faults(self, check: fn(&House) -> Vec<Finding>) -> Vec<String> {
        let mut findings = check(&self.house());
        findings.sort();
        let faults = findings.into_iter().filter(|finding| finding.weight == Weight::Fault);
        faults.map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.found)).collect()
    }

    fn package(mut self, name: &str, version: &str, folder: Option<&str>) -> Self {
        self.packages.push(Package {
            name: name.to_string(),
            version: version.to_string(),
            folder: folder.map(str::to_string),
            licence: Some("MIT".to_string()),
            is_procedural_macro: false,
            dependencies: Vec::new(),
            edges: Vec::new(),
            roots: Vec::new(),
        });
        self
    }

    /// The latest package of this name: a name may come in several versions.
    fn named(&mut self, name: &str) -> &mut Package {
        self.packages.iter_mut().rfind(|package| package.name == name).unwrap()
    }
}

/// A folder of a test's own, removed when the test ends.
pub(crate) struct TemporaryFolder {
    path: PathBuf,
}

impl TemporaryFolder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("tidy-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self { path: path.canonicalize().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A workspace that cargo accepts, with one member of this name and an empty library.
    pub(crate) fn write_workspace(&self, member: &str) {
        self.write("Cargo.toml", &format!("[workspace]\nresolver = \"3\"\nmembers = [\"{member}\"]\n"));
        self.write(
            &format!("{member}/Cargo.toml"),
            &format!("[package]\nname = \"{member}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        );
        self.write(&format!("{member}/src/lib.rs"), "");
        let lock = format!("version = 4\n\n[[package]]\nname = \"{member}\"\nversion = \"0.1.0\"\n");
        self.write("Cargo.lock", &lock);
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // A folder that cannot be removed is the temporary file system's to clean.
        let _left = fs::remove_dir_all(&self.path);
    }
}
