//! Roles of this very program, as processes of their own.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Stdio;

pub(crate) use loadgen::role::Role;

/// Starts a role with its words; where its output goes is the caller's choice.
pub(crate) fn start(words: &[OsString], stdout: Stdio, stderr: Stdio) -> io::Result<Role> {
    Role::start(&std::env::current_exe()?, words, stdout, stderr)
}

/// Makes the words of a command line of what is there.
pub(crate) fn words<'w>(
    words: impl IntoIterator<Item = &'w (impl AsRef<OsStr> + ?Sized + 'w)>,
) -> Vec<OsString> {
    words.into_iter().map(|word| word.as_ref().to_owned()).collect()
}
