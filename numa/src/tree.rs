//! Reads the small text files of `/sys` and `/proc` below a root of the caller's choice.

use std::{
    error::Error,
    fmt, fs,
    path::{Path, PathBuf},
};

use crate::cpu_set::{CpuSet, ListError};

/// Reads files below one root: `/` for this host, a folder for a captured one.
pub(crate) struct Tree<'a> {
    root: &'a Path,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(root: &'a Path) -> Self {
        Self { root }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Returns a file's text without the white space around it. A file that is absent, or that the kernel
    /// will not read out (`speed` of a link that is down answers EINVAL), is the same to us: the kernel
    /// does not say.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        Some(fs::read_to_string(self.path(path)).ok()?.trim().to_owned())
    }

    /// Reads a file as a value; one that is there yet says something else is an error.
    pub(crate) fn value<T>(
        &self,
        path: &str,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ReadError> {
        let Some(text) = self.text(path) else { return Ok(None) };
        match parse(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(ReadError::Malformed { path: self.path(path), wanted, found: first_line(&text) }),
        }
    }

    /// Reads a file that holds one decimal number.
    pub(crate) fn number<T: std::str::FromStr>(&self, path: &str) -> Result<Option<T>, ReadError> {
        self.value(path, "a number", |text| text.parse().ok())
    }

    /// Reads a file that holds a list of CPUs.
    pub(crate) fn cpus(&self, path: &str) -> Result<Option<CpuSet>, ReadError> {
        self.text(path).map(|text| self.list(path, text.parse())).transpose()
    }

    /// Reads a file that holds a mask of CPUs.
    pub(crate) fn mask(&self, path: &str) -> Result<Option<CpuSet>, ReadError> {
        self.text(path).map(|text| self.list(path, CpuSet::from_mask(&text))).transpose()
    }

    /// Names the file in which a list is wrong.
    pub(crate) fn list<T>(&self, path: &str, read: Result<T, ListError>) -> Result<T, ReadError> {
        read.map_err(|cause| ReadError::BadList { path: self.path(path), cause })
    }

    /// Returns the names in a folder, sorted; none when it is absent.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(path)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Returns the numbers `N` of the entries `<prefix>N` of a folder, sorted.
    pub(crate) fn numbered(&self, path: &str, prefix: &str) -> Vec<u32> {
        let names = self.names(path);
        let mut numbers: Vec<u32> =
            names.iter().filter_map(|name| name.strip_prefix(prefix)?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(80).collect()
}

/// Says what in `/sys` or `/proc` could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// A file holds something that is not a list of CPUs.
    BadList {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        cause: ListError,
    },
    /// A file holds something else than the kernel writes there.
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was wanted.
        wanted: &'static str,
        /// The first line of what was found.
        found: String,
    },
    /// A file without which nothing can be said is absent.
    Missing {
        /// The file.
        path: PathBuf,
        /// What to type.
        hint: &'static str,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadList { path, cause } => write!(f, "{}: {cause}", path.display()),
            Self::Malformed { path, wanted, found } => {
                write!(f, "{}: wanted {wanted}, found: {found:?}", path.display())
            }
            Self::Missing { path, hint } => {
                write!(f, "{}: wanted to read it, found nothing; type: {hint}", path.display())
            }
        }
    }
}

impl Error for ReadError {}
