//! What SQLite says, as reasons that somebody can act on.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::error::Error;

/// The file, and what it is called in sentences.
pub(super) struct Place {
    path: PathBuf,
    name: String,
}

impl Place {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf(), name: path.display().to_string() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn fault(&self, error: rusqlite::Error) -> Error {
        let place = self.name.clone();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Error::Full { place },
            Some(ErrorCode::DatabaseCorrupt) => Error::Corrupt { what: error.to_string(), place },
            Some(ErrorCode::NotADatabase) => self.not_ours("it is no file of SQLite"),
            Some(_other) => Error::Unavailable { cause: format!("{place}: {error}") },
            // Not SQLite has failed, but what it gave was not of the type that was written.
            None => Error::Corrupt { what: error.to_string(), place },
        }
    }

    /// After a failed write to the disk, what was written may be there after a restart.
    pub(super) fn fault_of_commit(&self, error: rusqlite::Error) -> Error {
        if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
            return Error::Undecided { cause: format!("{}: {error}", self.name) };
        }
        self.fault(error)
    }

    pub(super) fn not_ours(&self, found: &str) -> Error {
        let found = format!("{found}; name another folder");
        Error::NotOurs { place: self.name.clone(), found }
    }

    pub(super) fn of_system(&self, cause: &std::io::Error) -> Error {
        let place = self.name.clone();
        if cause.kind() == std::io::ErrorKind::StorageFull {
            return Error::Full { place };
        }
        Error::Unavailable { cause: format!("{place}: {cause}") }
    }
}
