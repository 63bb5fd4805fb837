//! A file that no crate includes is not compiled, not tested, and rots.

use std::collections::BTreeSet;

use crate::code::{Code, Kind};
use crate::finding::Finding;
use crate::house::{self, House};

pub(super) fn check(house: &House) -> Vec<Finding> {
    let alive = reached(house);
    let mut findings = Vec::new();
    for package in house.packages.ours() {
        // Files below tests/, benches/ and examples/ are crates by themselves.
        let sources = format!("{}/src/", package.folder.as_deref().unwrap_or_default());
        let files = house.files_below(&sources).filter(|file| file.code.is_some());
        for file in files.filter(|file| !alive.contains(file.path.as_str())) {
            findings.push(Finding::new(
                &file.path,
                1,
                "no crate reaches this file",
                "declare it with `mod`, or delete it",
            ));
        }
    }
    findings
}

/// Every file that the roots of our crates lead to.
fn reached(house: &House) -> BTreeSet<&str> {
    let roots = house.packages.ours().flat_map(|package| &package.roots);
    let mut waiting: Vec<(String, Owner)> = roots.map(|root| (root.path.clone(), Owner::Folder)).collect();
    let mut seen = BTreeSet::new();
    while let Some((path, owner)) = waiting.pop() {
        let Some(file) = house.file(&path) else { continue };
        let Some(code) = &file.code else { continue };
        if seen.insert(file.path.as_str()) {
            waiting.extend(declared(&file.path, owner, code));
        }
    }
    seen
}

/// Where the modules of a file are looked for.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    /// Beside it: it is a crate root, or was named by `#[path]`.
    Folder,
    /// In the folder that has its name: `room.rs` owns `room/`.
    Module,
}

/// The files that a file may declare: for `mod a;` in `room.rs` that is `room/a.rs`. All candidates are named; those
/// that do not exist lead nowhere.
fn declared(path: &str, owner: Owner, code: &Code) -> Vec<(String, Owner)> {
    let folder = house::folder_of(path);
    let own = match owner {
        Owner::Folder => folder,
        Owner::Module => path.trim_end_matches(".rs"),
    };
    let string = |at: usize| code.tokens.get(at).filter(|token| token.kind == Kind::String);
    let mut files = Vec::new();
    // The modules in braces around the current token: their names and where they close.
    let mut around: Vec<(&str, usize)> = Vec::new();
    // What the last `path = ".."` named; it belongs to the next `mod`.
    let mut named = None;
    for at in 0..code.tokens.len() {
        if code.reads(at, &["path", "="]) {
            named = string(at + 2);
        } else if code.reads(at, &["include", "!", "("]) {
            let file = string(at + 3).and_then(|name| house::join(folder, &name.text));
            files.extend(file.map(|file| (file, Owner::Folder)));
        } else if code.reads(at, &["mod"])
            && let Some(name) = code.tokens.get(at + 1)
        {
            let named = named.take();
            around.retain(|&(_name, close)| at < close);
            if code.reads(at + 2, &["{"]) {
                around.push((&name.text, code.closing(at + 2)));
                continue;
            }
            let inner: String = around.iter().map(|(name, _close)| format!("/{name}")).collect();
            files.push((format!("{own}{inner}/{}.rs", name.text), Owner::Module));
            // A named file is looked for beside this one, or in the folder of the modules in braces.
            let base = if inner.is_empty() { folder.to_string() } else { format!("{own}{inner}") };
            let file = named.and_then(|name| house::join(&base, &name.text));
            files.extend(file.map(|file| (file, Owner::Folder)));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn files_that_are_declared_in_any_way_pass() {
        let lib =
            "mod a; #[cfg(test)] mod b { mod c; } #[path = \"odd/name.rs\"] mod d; include!(\"table.rs\");";
        let sample = Sample::new().member("x", "x").file("x/src/lib.rs", lib);
        let sample = sample.file("x/src/a.rs", "pub mod deep;").file("x/src/a/deep.rs", "");
        let sample = sample.file("x/src/b/c.rs", "").file("x/src/odd/name.rs", "mod beside;");
        let sample = sample.file("x/src/odd/beside.rs", "").file("x/src/table.rs", "[1, 2]");
        let sample = sample.root("x", "x/src/bin/tool/main.rs").file("x/src/bin/tool/main.rs", "mod part;");
        let sample = sample.file("x/src/bin/tool/part.rs", "").file("x/tests/any.rs", "");
        assert!(sample.faults(check).is_empty());
    }

    #[test]
    fn files_that_nobody_declares_are_found() {
        let sample = Sample::new().member("x", "x").file("x/src/lib.rs", "// mod a;\nmod b { mod c; }");
        let sample = sample.file("x/src/a.rs", "mod d;").file("x/src/d.rs", "").file("x/src/c.rs", "");
        let found = ["a", "c", "d"].map(|name| format!("x/src/{name}.rs:1: no crate reaches this file"));
        assert_eq!(sample.faults(check), found);
    }
}
