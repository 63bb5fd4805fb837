//! What the journal asks of a disk. A trait, because disks fail in tests before they fail at a customer's.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};

/// The ways in which the journal changes a disk.
pub trait Disk: Send + Sync {
    /// Makes a file that holds `head`, followed by zeros up to `len`, with all its space set aside.
    ///
    /// # Errors
    ///
    /// What the system says, above all that there is no space. Then there is no file either.
    fn create(&self, path: &Path, head: &[u8], len: u64) -> io::Result<File>;

    /// Writes into space that was set aside.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Returns when what was written to the file survives a loss of power.
    ///
    /// # Errors
    ///
    /// What the system says. What was written may then be lost, although it can still be read.
    fn sync(&self, file: &File) -> io::Result<()>;

    /// Adds to the end of a file, which is made if there is none.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
}

/// The disk of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn create(&self, path: &Path, head: &[u8], len: u64) -> io::Result<File> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        let made = fallocate(&file, FallocateFlags::empty(), 0, len)
            .map_err(io::Error::from)
            .and_then(|()| file.write_all_at(head, 0))
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_folder(path));
        if made.is_err() {
            // The first error is the one to tell; a file without a head is removed by the next start.
            let _ = std::fs::remove_file(path);
        }
        made.map(|()| file)
    }

    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes)
    }
}

/// Returns when the name of a file survives a loss of power.
fn sync_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    File::open(folder)?.sync_all()
}
