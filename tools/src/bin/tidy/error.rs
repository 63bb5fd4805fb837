//! Why tidy could not look at the house at all. What it finds wrong there is a [`Finding`](crate::Finding).

use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::PathBuf;

/// Why a run ended before its rules did.
#[derive(Debug)]
pub(crate) enum Error {
    /// `cargo metadata` refused.
    Cargo { message: String },
    /// `cargo metadata` answered in words that are not understood here.
    Metadata { message: String },
    /// No manifest with `[workspace]` stands above the folder.
    NoWorkspace { folder: PathBuf },
    /// A file of the tree cannot be read.
    Read { path: PathBuf, cause: io::Error },
    /// The system refused: the current folder, a process, or the output.
    System { cause: io::Error },
    /// No rule has this name.
    UnknownRule { name: String },
}

impl Display for Error {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cargo { message } => write!(
                formatter,
                "`cargo metadata --locked` failed (if Cargo.lock is behind the manifests, `cargo check` renews it):\n{message}"
            ),
            Self::Metadata { message } => write!(formatter, "`cargo metadata` is not as expected: {message}"),
            Self::NoWorkspace { folder } => {
                write!(formatter, "no Cargo.toml with [workspace] in or above: {}", folder.display())
            }
            Self::Read { path, cause } => write!(formatter, "cannot read {}: {cause}", path.display()),
            Self::System { cause } => write!(formatter, "{cause}"),
            Self::UnknownRule { name } => {
                write!(formatter, "no such rule: {name} (`cargo tidy --list` lists them)")
            }
        }
    }
}

impl From<io::Error> for Error {
    fn from(cause: io::Error) -> Self {
        Self::System { cause }
    }
}
