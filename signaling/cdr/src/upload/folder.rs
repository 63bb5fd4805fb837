//! A folder as a bucket: an object is there as a whole or not at all, and is never replaced.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, fstatfs, renameat_with, syncfs};
use rustix::io::Errno;

#[derive(Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

/// What is to become a file.
pub(super) struct Object {
    pub(super) key: String,
    pub(super) json: Vec<u8>,
}

/// A file that is written and has not got its name.
struct Part {
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Makes objects that survive a loss of power, and says of each whether it is new.
    ///
    /// Each step is done for all before the next one, so that all can share a sync of their bytes and one of their names.
    pub(super) fn create(&self, objects: &[Object]) -> Vec<io::Result<bool>> {
        // Opened before anything is written: it tells of what has failed since.
        let disk = if objects.len() > 1 { self.disk() } else { None };
        let parts: Vec<_> = objects.iter().map(|object| self.write(object)).collect();
        // Should it fail, each file says for itself whether it is meant.
        let is_synced = disk.is_some_and(|disk| syncfs(disk).is_ok());
        let mut named = Vec::with_capacity(parts.len());
        let mut folders = HashMap::new();
        for part in parts {
            let name = part.and_then(|part| part.map_or(Ok(None), |part| part.finish(is_synced)));
            if let Ok(Some(folder)) = &name {
                folders.insert(folder.clone(), Ok(()));
            }
            named.push(name);
        }
        for (folder, synced) in &mut folders {
            *synced = sync(folder).map_err(|cause| cause.kind());
        }
        let settle = |name: io::Result<Option<PathBuf>>| match name? {
            Some(folder) => {
                folders.get(&folder).copied().unwrap_or(Ok(())).map(|()| true).map_err(Into::into)
            }
            None => Ok(false),
        };
        named.into_iter().map(settle).collect()
    }

    /// Opens the file system, if one sync of it is known to do for many files what theirs would do one by one.
    fn disk(&self) -> Option<File> {
        let disk = File::open(&self.root).ok()?;
        let kind = fstatfs(&disk).ok()?.f_type;
        SYNCED_AS_A_WHOLE.iter().any(|known| i128::from(*known) == i128::from(kind)).then_some(disk)
    }

    pub(super) fn read(&self, key: &str) -> io::Result<Vec<u8>> {
        fs::read(self.root.join(key))
    }

    /// Writes an object under another name, unless there is one of its own.
    fn write(&self, object: &Object) -> io::Result<Option<Part>> {
        let target = self.root.join(&object.key);
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an object without a name"));
        };
        if target.try_exists()? {
            return Ok(None);
        }
        let incomplete = self.root.join(INCOMPLETE);
        fs::create_dir_all(&incomplete)?;
        self.make_folder(parent)?;
        // The name is the record's own: what a kill leaves here is written over by the next attempt.
        let path = incomplete.join(name);
        let mut file = File::create(&path)?;
        file.write_all(&object.json)?;
        Ok(Some(Part { file, path, target }))
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
        folder.parent().map_or(Ok(()), sync)
    }
}

impl Part {
    /// Makes the file durable and gives it its name. Returns the folder that has to be synced, none if the name is taken.
    fn finish(self, is_synced: bool) -> io::Result<Option<PathBuf>> {
        if !is_synced {
            self.file.sync_all()?;
        }
        if rename(&self.path, &self.target)? {
            return Ok(self.target.parent().map(Path::to_path_buf));
        }
        fs::remove_file(&self.path)?;
        Ok(None)
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

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Where objects are until they are whole.
const INCOMPLETE: &str = ".incomplete";
/// ext4, XFS, Btrfs, and memory. Others, above all those of networks and of programs, may take it for less than a sync of
/// each file.
const SYNCED_AS_A_WHOLE: [u32; 4] = [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994];
