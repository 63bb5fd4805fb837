//! One process has a folder: by a lock on a file in it, which says who.

#![forbid(unsafe_code)]

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

/// The usual name of the file that is locked.
pub const NAME: &str = "lock";

/// Why a folder is not ours.
#[derive(Debug)]
pub enum Refusal {
    /// Somebody has it, who says this of himself.
    Taken(String),
    /// The system does not lock the file.
    System(io::Error),
}

/// Takes the folder of which this is the lock file, open for reading and writing. It is ours as long as the file is open.
///
/// # Errors
///
/// If another process has it, or the file cannot be locked.
pub fn take(mut file: File) -> Result<File, Refusal> {
    match try_for_a_while(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // The lock is what counts; who cannot be read stays unknown.
            let is_named = file.read_to_string(&mut holder).is_ok() && !holder.is_empty();
            return Err(Refusal::Taken(if is_named { holder } else { "another process".into() }));
        }
        Err(TryLockError::Error(cause)) => return Err(Refusal::System(cause)),
    }
    // A full disk keeps nobody from his folder; then the next one is not told who we are.
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

/// Together 200 ms, in which nobody misses what is in the folder.
const TRIES: u32 = 20;
const TRY_WAIT: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};

    use super::*;

    #[test]
    fn one_has_it_the_next_hears_who_and_takes_it_afterwards() {
        let path = std::env::temp_dir().join(format!("tenure-{}", std::process::id()));
        let open = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).open(&path).expect("a file")
        };
        let first = take(open()).expect("nobody has it");
        let Err(Refusal::Taken(holder)) = take(open()) else { panic!("two have it") };
        assert_eq!(holder, format!("process {}", std::process::id()));
        drop(first);
        take(open()).expect("it is free again");
        fs::remove_file(path).expect("it is there");
    }
}
