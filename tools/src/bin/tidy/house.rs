//! Everything that a rule may look at: the files, the packages, and today's date.

pub(crate) mod files;
pub(crate) mod manifest;
pub(crate) mod packages;

use std::path::Path;

use crate::date::Date;
use crate::error::Error;

use files::File;
use packages::{Package, Packages};

/// The workspace, read once. Rules look and do not touch, so their tests build houses without a disk.
pub(crate) struct House {
    /// Sorted by path.
    pub(crate) files: Vec<File>,
    pub(crate) packages: Packages,
    pub(crate) today: Date,
}

impl House {
    pub(crate) fn load(root: &Path, today: Date) -> Result<Self, Error> {
        Ok(Self { files: files::load(root)?, packages: Packages::load(root)?, today })
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(at)
    }

    /// The files below a folder, which ends in `/`.
    pub(crate) fn files_below(&self, folder: &str) -> impl Iterator<Item = &File> {
        let start = self.files.partition_point(|file| file.path.as_str() < folder);
        self.files.iter().skip(start).take_while(move |file| file.path.starts_with(folder))
    }

    /// Whether there is a file or a folder with this path.
    pub(crate) fn exists(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.file(path).is_some() || self.files_below(&folder).next().is_some()
    }

    /// The line of a member's manifest where a dependency is named.
    pub(crate) fn dependency_line(&self, member: &Package, dependency: &str) -> usize {
        let text = self.file(&member.manifest()).map_or("", |file| file.text.as_str());
        let mut guests = manifest::guests(text).into_iter();
        guests.find(|guest| guest.name == dependency).map_or(1, |guest| guest.line)
    }

    /// The line of Cargo.lock where a package begins.
    pub(crate) fn lock_line(&self, package: &Package) -> usize {
        let text = self.file("Cargo.lock").map_or("", |file| file.text.as_str());
        let name = format!("name = \"{}\"", package.name);
        let version = format!("version = \"{}\"", package.version);
        let mut pairs = text.lines().zip(text.lines().skip(1)).zip(1..);
        pairs.find(|(pair, _line)| *pair == (&name, &version)).map_or(1, |(_pair, line)| line)
    }
}

/// Follows a relative path from a folder (empty for the root); `None` if it leaves the workspace.
pub(crate) fn join(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The folder that a file stands in; empty for the root.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _name)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, TODAY, TemporaryFolder};

    #[test]
    fn a_house_is_loaded_from_disk() {
        let folder = TemporaryFolder::new();
        folder.write_workspace("wire");
        folder.write("wire/src/lib.rs", "fn main() {}");
        folder.write("target/debug/build.rs", "");

        let house = House::load(folder.path(), TODAY).unwrap();

        assert!(house.file("wire/src/lib.rs").is_some_and(|file| file.code.is_some()));
        assert!(house.file("target/debug/build.rs").is_none());
        let wire = house.packages.ours().next().unwrap();
        assert_eq!((wire.name.as_str(), wire.folder.as_deref()), ("wire", Some("wire")));
        assert_eq!(wire.roots[0].path, "wire/src/lib.rs");
    }

    #[test]
    fn folders_exist_when_they_hold_files() {
        let house = Sample::new().file("a/b.md", "").file("a-b.md", "").house();
        assert!(house.exists("a") && house.exists("a/") && house.exists("a/b.md"));
        assert!(!house.exists("b.md") && !house.exists("a/b"));
    }

    #[test]
    fn relative_paths_are_followed_but_not_out_of_the_workspace() {
        assert_eq!(join("a/b", "../c/./d.rs").as_deref(), Some("a/c/d.rs"));
        assert_eq!(join("a", "../../b"), None);
    }
}
