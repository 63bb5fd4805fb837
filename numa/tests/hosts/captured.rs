//! Lays a captured machine out on disk. Each line of a tree is a path, a tab, and what is there: the text of
//! a file (`\n` for a new line), `-> target` for a link, nothing behind a path that ends in `/` for an empty
//! folder.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Holds the root of a machine laid out; removes it when dropped.
pub(crate) struct Host {
    root: PathBuf,
}

impl Host {
    /// Lays out one of the trees beside this file.
    pub(crate) fn captured(name: &str) -> Self {
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees").join(name).with_extension("txt");
        Self::from_text(&fs::read_to_string(&tree).unwrap())
    }

    /// Lays out a tree.
    pub(crate) fn from_text(tree: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // In memory where there is such a folder: a host is hundreds of files, and disks are slow and shared.
        let folders = [Path::new("/dev/shm"), Path::new(env!("CARGO_TARGET_TMPDIR"))];
        let folder = folders.into_iter().find(|folder| folder.is_dir()).unwrap();
        let root = folder.join(format!("numa-host-{}-{number}", process::id()));
        fs::create_dir_all(&root).unwrap();
        let host = Self { root };
        for line in tree.lines().filter(|line| !line.starts_with('#')) {
            let (path, content) = line.split_once('\t').unwrap();
            host.put(path, content);
        }
        host
    }

    /// Lays out one more line, or another in place of it.
    pub(crate) fn put(&self, path: &str, content: &str) {
        let full = self.root.join(path);
        if path.ends_with('/') {
            fs::create_dir_all(full).unwrap();
            return;
        }
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        match content.strip_prefix("-> ") {
            Some(target) => symlink(target, full).unwrap(),
            None => fs::write(full, content.replace("\\n", "\n") + "\n").unwrap(),
        }
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A folder that stays behind harms nobody.
        let _ = fs::remove_dir_all(&self.root);
    }
}
