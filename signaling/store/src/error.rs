//! Why something was not kept, or cannot be had.

use std::fmt;
use std::path::PathBuf;

use crate::document::Revision;

/// A reason that somebody can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The database does not answer; nothing was done. Tell the customer to try again.
    Unavailable {
        /// What the engine says.
        cause: String,
    },
    /// The connection was lost in the moment of the commit, and nobody could be asked what became of it. Tell the
    /// customer to try again; the feed tells what it is.
    Undecided {
        /// What the engine says.
        cause: String,
    },
    /// There is no room on the disk; nothing was done.
    Full {
        /// Whose disk.
        place: String,
    },
    /// What is kept is not what was written: restore a backup.
    Corrupt {
        /// What is wrong.
        what: String,
        /// Where.
        place: String,
    },
    /// It is not a store that this release can use.
    NotOurs {
        /// Where.
        place: String,
        /// What was found there, and what to do.
        found: String,
    },
    /// Another process has the folder.
    Taken {
        /// The folder.
        folder: PathBuf,
        /// Who has it, as it says itself.
        holder: String,
    },
    /// Somebody else was faster; nothing was done. Take the feed, and decide anew.
    Behind {
        /// The state there is now.
        current: Revision,
    },
    /// The caller wants something kept that does not fit; nothing was done.
    Unfit {
        /// What it is, and what would fit.
        found: String,
    },
    /// The settings say something that cannot be.
    Setting {
        /// What was found, and what to write.
        found: String,
    },
    /// A backup does not replace a file.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file with the keys of the vault cannot be used.
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to type.
        found: String,
    },
    /// A sealed secret does not open.
    Sealed {
        /// Why not.
        found: String,
    },
}

impl Error {
    /// The reason in a word, for metrics, logs and interfaces.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "unavailable",
            Self::Undecided { .. } => "undecided",
            Self::Full { .. } => "full",
            Self::Corrupt { .. } => "corrupt",
            Self::NotOurs { .. } => "not_ours",
            Self::Taken { .. } => "taken",
            Self::Behind { .. } => "behind",
            Self::Unfit { .. } => "unfit",
            Self::Setting { .. } => "setting",
            Self::Exists { .. } => "exists",
            Self::KeyFile { .. } => "key_file",
            Self::Sealed { .. } => "sealed",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { cause } => write!(formatter, "the store does not answer: {cause}"),
            Self::Undecided { cause } => write!(formatter, "the store may have accepted it or not: {cause}"),
            Self::Full { place } => write!(formatter, "no room on the disk of {place}"),
            Self::Corrupt { what, place } => {
                write!(formatter, "{place} is damaged: {what}; restore a backup")
            }
            Self::NotOurs { place, found } => write!(formatter, "{place} is not ours to use: {found}"),
            Self::Taken { folder, holder } => {
                let folder = folder.display();
                write!(
                    formatter,
                    "the store in {folder} belongs to {holder}; stop it, or name another folder"
                )
            }
            Self::Behind { current } => {
                write!(formatter, "somebody was faster: the store is at revision {current}")
            }
            Self::Unfit { found } | Self::Sealed { found } => formatter.write_str(found),
            Self::Setting { found } => write!(formatter, "the store: {found}"),
            Self::Exists { path } => write!(formatter, "{} exists; name another file", path.display()),
            Self::KeyFile { path, found } => {
                write!(formatter, "the keys of the vault in {}: {found}", path.display())
            }
        }
    }
}

impl std::error::Error for Error {}
