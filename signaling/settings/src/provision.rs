//! What is provisioned: connectors, groups, numbers, carriers and credentials, in a file of the data directory that is
//! replaced as a whole.
//!
//! A person writes a file, [`plan`] reads it and tells what would change, [`Plan::commit`] puts its canonical form in place:
//! sorted, with hashes instead of passwords. Processes [`load`] it when they start, and ask now and then whether it has
//! [`changed`].

mod canonical;
mod disk;
mod place;
mod sheet;
mod short;

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use trunk::records::Records;
use zeroize::Zeroizing;

use crate::document::Faults;

pub use canonical::Applied;
pub use disk::{Disk, HostDisk};

/// A change that was checked and not yet made.
#[derive(Debug)]
pub struct Plan {
    /// What it adds, changes and removes.
    pub applied: Applied,
    data_dir: PathBuf,
    text: Zeroizing<String>,
}

impl Plan {
    /// Makes the change: afterwards all of it is there, or nothing, whatever happens in between. If it changes nothing, the
    /// file stays as it is.
    ///
    /// # Errors
    /// Says which step failed; the file is what it was, or what it was to become.
    pub fn commit(self, disk: &mut dyn Disk) -> Result<Applied, Faults> {
        if !self.applied.is_empty() {
            disk::replace(disk, &self.data_dir, FILE, &self.text)?;
        }
        Ok(self.applied)
    }
}

/// Reads files, checks them together, and compares them with what is in the data directory.
///
/// # Errors
/// Tells all that is wrong in the files.
pub fn plan(files: &[PathBuf], data_dir: &Path) -> Result<Plan, Faults> {
    let records = read(files)?;
    let before = canonical::table(&load(data_dir)?);
    let after = canonical::table(&records);
    let applied = Applied::between(&before, &after);
    Ok(Plan { applied, data_dir: data_dir.to_owned(), text: canonical::written(&after) })
}

/// Replaces what is provisioned with what the files say.
///
/// # Errors
/// Tells all that is wrong in the files, or which step failed.
pub fn apply(files: &[PathBuf], data_dir: &Path) -> Result<Applied, Faults> {
    plan(files, data_dir)?.commit(&mut HostDisk)
}

/// Reads files that people wrote, and checks them together.
///
/// # Errors
/// Tells all that is wrong.
pub fn read(files: &[PathBuf]) -> Result<Records, Faults> {
    let texts = files.iter().map(|file| text(file)).collect::<Result<Vec<_>, _>>()?;
    sheet::read(&texts)
}

/// Reads what is provisioned: nothing if nobody has applied anything yet.
///
/// # Errors
/// Tells all that is wrong, if somebody has changed the file by hand.
pub fn load(data_dir: &Path) -> Result<Records, Faults> {
    let path = data_dir.join(FILE);
    if !path.exists() { Ok(Records::default()) } else { sheet::stored(&text(&path)?) }
}

/// The file that was there when somebody looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    inode: u64,
    modified: (i64, i64),
    size: u64,
}

/// Tells what is provisioned if the file is another one than was seen; costs one system call if it is not. A file that is
/// gone changes nothing.
///
/// # Errors
/// Tells once what is wrong, and nothing more until the file is another one again.
pub fn changed(data_dir: &Path, seen: &mut Seen) -> Result<Option<Records>, Faults> {
    let Ok(found) = fs::metadata(data_dir.join(FILE)) else { return Ok(None) };
    // Looked at before it is read: what comes in between is another file the next time.
    let now = Seen { inode: found.ino(), modified: (found.mtime(), found.mtime_nsec()), size: found.size() };
    if now == *seen {
        return Ok(None);
    }
    *seen = now;
    load(data_dir).map(Some)
}

/// Reads a file, and remembers its name.
fn text(path: &Path) -> Result<(String, Zeroizing<String>), Faults> {
    let text = fs::read_to_string(path).map_err(|error| Faults::of_file(path, "a file to read", error))?;
    Ok((path.display().to_string(), Zeroizing::new(text)))
}

/// What is provisioned.
const FILE: &str = "provisioning.toml";
