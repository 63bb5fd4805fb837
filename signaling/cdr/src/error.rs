//! Why something was not recorded, or cannot be.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::transaction_id::TransactionId;

/// A reason that somebody can act on.
#[derive(Debug)]
pub enum Error {
    /// Another process has the folder of the journal.
    Taken {
        /// The folder.
        folder: PathBuf,
        /// Who has it, as it says itself.
        holder: String,
    },
    /// A later release has written the journal; this one would not understand which calls are open.
    Newer {
        /// The file that says so.
        file: PathBuf,
        /// The version of its format.
        version: u32,
    },
    /// The folder of the journal cannot be used.
    Folder {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// There is no room on the disk for another call: answer 503, and tell [`Journal::refuse`](crate::Journal::refuse).
    Full,
    /// The disk did not take what was written. It is kept, and written again by the next
    /// [`Journal::flush`](crate::Journal::flush).
    Disk {
        /// What the system says.
        cause: io::Error,
    },
    /// The call is not open: it never began, or it has its record.
    NotOpen {
        /// Its number.
        id: TransactionId,
    },
    /// The call has begun before: numbers are given once.
    AlreadyOpen {
        /// Its number.
        id: TransactionId,
    },
    /// The settings of a destination do not fit each other.
    Destination {
        /// What is wrong with them.
        found: String,
    },
}

impl Error {
    /// The reason in a word, for metrics, logs and interfaces.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Taken { .. } => "taken",
            Self::Newer { .. } => "newer",
            Self::Folder { .. } => "folder",
            Self::Full => "full",
            Self::Disk { .. } => "disk",
            Self::NotOpen { .. } => "not_open",
            Self::AlreadyOpen { .. } => "already_open",
            Self::Destination { .. } => "destination",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { folder, holder } => {
                let folder = folder.display();
                write!(
                    formatter,
                    "the journal in {folder} belongs to {holder}; stop it, or name another folder"
                )
            }
            Self::Newer { file, version } => {
                let file = file.display();
                write!(formatter, "{file} has format {version}, written by a later release; start that one")
            }
            Self::Folder { path, cause } => write!(formatter, "{}: {cause}", path.display()),
            Self::Full => write!(formatter, "no room on the disk for another call"),
            Self::Disk { cause } => write!(formatter, "the disk of the journal: {cause}"),
            Self::NotOpen { id } => write!(formatter, "the call {id} is not open"),
            Self::AlreadyOpen { id } => write!(formatter, "the call {id} has begun before"),
            Self::Destination { found } => write!(formatter, "the destination of records: {found}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder { cause, .. } | Self::Disk { cause } => Some(cause),
            Self::Taken { .. }
            | Self::Newer { .. }
            | Self::Full
            | Self::NotOpen { .. }
            | Self::AlreadyOpen { .. }
            | Self::Destination { .. } => None,
        }
    }
}
