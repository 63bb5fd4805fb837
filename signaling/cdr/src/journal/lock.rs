//! One process has the folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::error::Error;

/// Takes the folder, or tells who has it.
pub(super) fn take(folder: &Path) -> Result<File, Error> {
    let path = folder.join(NAME);
    let failed = |cause| Error::Folder { path: path.clone(), cause };
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match try_for_a_while(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // The lock is what counts; who cannot be read stays unknown.
            let is_named = file.read_to_string(&mut holder).is_ok() && !holder.is_empty();
            let holder = if is_named { holder } else { "another process".into() };
            return Err(Error::Taken { folder: folder.to_path_buf(), holder });
        }
        Err(TryLockError::Error(cause)) => return Err(failed(cause)),
    }
    // A full disk does not keep us from the calls that are open; then the next one is not told who we are.
    let _ = file.set_len(0).and_then(|()| write!(file, "process {}", std::process::id()));
    Ok(file)
}

/// A process that the holder is starting shares the lock until it executes its program, even if the holder has ended.
fn try_for_a_while(file: &File) -> Result<(), TryLockError> {
    for _ in 1..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(TRY_WAIT),
            tried => return tried,
        }
    }
    file.try_lock()
}

/// Together 200 ms, in which nobody misses the journal.
const TRIES: u32 = 20;
const TRY_WAIT: Duration = Duration::from_millis(10);

/// The name of the file that is locked.
pub(super) const NAME: &str = "lock";
