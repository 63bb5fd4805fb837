//! A new file that is whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::error::Error;

/// Has a file filled under another name, forces it to the disk, and gives it its own. It never replaces one.
pub(crate) fn write(to: &Path, fill: impl FnOnce(&Path) -> Result<(), Error>) -> Result<(), Error> {
    if to.exists() {
        return Err(Error::Exists { path: to.to_path_buf() });
    }
    let part = part(to)?;
    let written = begin(&part)
        .map_err(|cause| of_system(&part, &cause))
        .and_then(|()| fill(&part))
        .and_then(|()| end(&part, to));
    if written.is_err() {
        // It may never have been there.
        let _ = fs::remove_file(&part);
    }
    written
}

/// Beside it, so that the rename stays within one file system, under a name that nobody else takes.
fn part(to: &Path) -> Result<PathBuf, Error> {
    let Some(name) = to.file_name() else {
        let found = format!("a backup to {}: wanted is the path of a new file", to.display());
        return Err(Error::Setting { found });
    };
    let mut name = name.to_os_string();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    name.push(format!(".{}-{}.part", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    Ok(to.with_file_name(name))
}

fn begin(part: &Path) -> io::Result<()> {
    // A process of the same number may have been killed over it.
    match fs::remove_file(part) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(part).map(drop)
}

fn end(part: &Path, to: &Path) -> Result<(), Error> {
    let failed = |cause: io::Error| of_system(to, &cause);
    File::open(part).and_then(|file| file.sync_all()).map_err(failed)?;
    match renameat_with(CWD, part, CWD, to, RenameFlags::NOREPLACE).map_err(io::Error::from) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Error::Exists { path: to.to_path_buf() });
        }
        renamed => renamed.map_err(failed)?,
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn of_system(path: &Path, cause: &io::Error) -> Error {
    let place = path.display().to_string();
    if cause.kind() == io::ErrorKind::StorageFull {
        return Error::Full { place };
    }
    Error::Unavailable { cause: format!("{place}: {cause}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_comes_meanwhile_is_not_replaced() {
        let to = std::env::temp_dir().join(format!("store-backup-{}", std::process::id()));
        let written = write(&to, |part| {
            fs::write(part, "ours")
                .and_then(|()| fs::write(&to, "theirs"))
                .map_err(|cause| of_system(&to, &cause))
        });
        assert_eq!(written, Err(Error::Exists { path: to.clone() }));
        assert_eq!(fs::read_to_string(&to).unwrap(), "theirs");
        fs::remove_file(to).unwrap();
    }

    #[test]
    fn what_was_not_filled_leaves_nothing() {
        let folder = std::env::temp_dir().join(format!("store-backup-folder-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let full = || Error::Full { place: "x".into() };
        assert_eq!(write(&folder.join("to"), |_part| Err(full())), Err(full()));
        fs::remove_dir(folder).expect("nothing is left in it");
    }
}
