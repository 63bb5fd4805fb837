//! The files of the workspace: what git knows or would take in, so that build products are never looked at.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::code::Code;
use crate::error::Error;

/// A file, with what is in it if a rule may want to read it.
pub(crate) struct File {
    /// From the root of the workspace, with `/`.
    pub(crate) path: String,
    /// Empty for files that no rule reads, such as pictures.
    pub(crate) text: String,
    /// For `.rs` files alone.
    pub(crate) code: Option<Code>,
}

impl File {
    pub(crate) fn new(path: &str, text: String) -> Self {
        let code = path.ends_with(".rs").then(|| Code::scan(&text));
        Self { path: path.to_string(), text, code }
    }

    /// Whether people write it and read it: sources, documents, settings and scripts.
    pub(crate) fn is_written(&self) -> bool {
        is_written(&self.path)
    }
}

/// Reads the files of the workspace, sorted by path.
pub(crate) fn load(root: &Path) -> Result<Vec<File>, Error> {
    let mut paths = match tracked(root)? {
        Some(paths) => paths,
        None => walked(root)?,
    };
    paths.sort();
    paths.dedup();
    paths.iter().filter_map(|path| read(root, path).transpose()).collect()
}

/// The paths that git knows, or would with `git add`; `None` when this is not a git checkout.
fn tracked(root: &Path) -> Result<Option<Vec<String>>, Error> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = match git(root).args(list).output() {
        Ok(output) => output,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(Error::System { cause }),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let paths = text.split('\0').filter(|path| !path.is_empty()).map(str::to_string).collect();
    Ok(output.status.success().then_some(paths))
}

/// Git as seen from this folder, even when it runs for a hook of another repository.
fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder).env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
    git
}

fn walked(root: &Path) -> Result<Vec<String>, Error> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let failed = |cause| Error::Read { path: folder.clone(), cause };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if entry.file_type().map_err(failed)?.is_dir() {
                if name != ".git" && name != "target" {
                    folders.push(entry.path());
                }
            } else if let Ok(path) = entry.path().strip_prefix(root) {
                paths.push(path.to_string_lossy().into_owned());
            }
        }
    }
    Ok(paths)
}

/// A file that git lists but that is gone from the disk, or is no file, is passed over.
fn read(root: &Path, path: &str) -> Result<Option<File>, Error> {
    let full = root.join(path);
    if !full.is_file() {
        return Ok(None);
    }
    if !is_written(path) && path != "Cargo.lock" {
        return Ok(Some(File::new(path, String::new())));
    }
    let bytes = fs::read(&full).map_err(|cause| Error::Read { path: full, cause })?;
    Ok(Some(File::new(path, String::from_utf8_lossy(&bytes).into_owned())))
}

fn is_written(path: &str) -> bool {
    const ENDINGS: [&str; 6] = [".rs", ".md", ".toml", ".sh", ".py", ".yml"];
    ENDINGS.iter().any(|ending| path.ends_with(ending)) || path == ".ci/run"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::TemporaryFolder;

    fn paths(folder: &TemporaryFolder) -> Vec<String> {
        load(folder.path()).unwrap().into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn a_checkout_is_listed_without_what_git_ignores() {
        let folder = TemporaryFolder::new();
        let made = git(folder.path()).args(["init", "-q"]).status().unwrap();
        assert!(made.success());
        folder.write(".gitignore", "ignored.rs");
        folder.write("ignored.rs", "");
        folder.write("new.rs", "");

        assert_eq!(paths(&folder), [".gitignore", "new.rs"]);
    }

    #[test]
    fn a_bare_folder_is_walked_without_build_products() {
        let folder = TemporaryFolder::new();
        folder.write("a/b.rs", "");
        folder.write("target/c.rs", "");

        assert_eq!(paths(&folder), ["a/b.rs"]);
    }

    #[test]
    fn only_what_people_write_is_read() {
        let folder = TemporaryFolder::new();
        folder.write("a.md", "text");
        folder.write("b.bin", "bytes");

        let texts: Vec<_> = load(folder.path()).unwrap().into_iter().map(|file| file.text).collect();
        assert_eq!(texts, ["text", ""]);
    }
}
