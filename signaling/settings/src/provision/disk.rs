//! Replaces a file so that a crash leaves the old one or the new one, and nothing else.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use crate::document::Faults;

/// The steps of replacing a file; a test lets each of them fail.
pub trait Disk {
    /// Writes a file that only this user may read, down to the disk.
    ///
    /// # Errors
    /// What the kernel says.
    fn write(&mut self, path: &Path, text: &str) -> io::Result<()>;

    /// Gives a file the name of another, which is gone by that.
    ///
    /// # Errors
    /// What the kernel says.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;

    /// Writes the names of a folder down to the disk.
    ///
    /// # Errors
    /// What the kernel says.
    fn sync_folder(&mut self, folder: &Path) -> io::Result<()>;
}

/// The disk of this host.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostDisk;

impl Disk for HostDisk {
    fn write(&mut self, path: &Path, text: &str) -> io::Result<()> {
        let mut file =
            OpenOptions::new().create(true).write(true).truncate(true).mode(OWNER_ONLY).open(path)?;
        // One that a crash left behind may have been made by somebody else.
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

/// Replaces a file of a folder, which is made if need be. One process at a time may.
pub(super) fn replace(disk: &mut dyn Disk, folder: &Path, name: &str, text: &str) -> Result<(), Faults> {
    let failed = |wanted: &'static str| move |error: io::Error| Faults::of_file(folder, wanted, error);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed("a folder to write to"))?;
    let lock = folder.join(format!("{name}.lock"));
    let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(OWNER_ONLY).open(lock);
    let lock = lock.map_err(failed("to make a lock there"))?;
    lock.lock().map_err(failed("to be the only one who writes there"))?;
    let (new, path) = (folder.join(format!("{name}.new")), folder.join(name));
    disk.write(&new, text).map_err(failed("to write a file there"))?;
    disk.rename(&new, &path).map_err(failed("to rename a file there"))?;
    disk.sync_folder(folder).map_err(failed("to write its names to the disk"))
}

const OWNER_ONLY: u32 = 0o600;
