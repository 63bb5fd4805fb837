//! A folder as a bucket: an object is there as a whole or not at all, and is never replaced.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

#[derive(Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Makes an object that survives a loss of power, and says whether it is new.
    pub(super) fn create(&self, key: &str, json: &[u8]) -> io::Result<bool> {
        let path = self.root.join(key);
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an object without a name"));
        };
        if path.try_exists()? {
            return Ok(false);
        }
        let incomplete = self.root.join(INCOMPLETE);
        fs::create_dir_all(&incomplete)?;
        self.make_folder(parent)?;
        // The name is the record's own: what a kill leaves here is written over by the next attempt.
        let part = incomplete.join(name);
        let mut file = File::create(&part)?;
        file.write_all(json)?;
        file.sync_all()?;
        let is_new = rename(&part, &path)?;
        if is_new {
            File::open(parent)?.sync_all()?;
        } else {
            fs::remove_file(&part)?;
        }
        Ok(is_new)
    }

    pub(super) fn read(&self, key: &str) -> io::Result<Vec<u8>> {
        fs::read(self.root.join(key))
    }

    /// Makes a folder and those above it, down from the root, each of them durable.
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(parent) = folder.parent().filter(|_parent| folder != self.root) {
            self.make_folder(parent)?;
        }
        match fs::create_dir(folder) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(cause),
            Ok(()) | Err(_) => {}
        }
        folder.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
    }
}

/// Gives a file its name unless that is taken, and says whether it did.
fn rename(part: &Path, path: &Path) -> io::Result<bool> {
    match renameat_with(CWD, part, CWD, path, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        // Some file systems of networks know no such flag. Nobody else writes names with our numbers.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if !path.try_exists()? => {
            fs::rename(part, path).map(|()| true)
        }
        Err(cause) => Err(cause.into()),
    }
}

/// Where objects are until they are whole.
const INCOMPLETE: &str = ".incomplete";
