//! The system calls of this crate: one wrapper each in the files below, errno in, [`Errno`] out.

use core::fmt;
use std::io;

pub(crate) mod bpf;
pub(crate) mod event;
pub(crate) mod limit;
pub(crate) mod memory;
pub(crate) mod message;
pub(crate) mod netlink;
pub(crate) mod packet;
pub(crate) mod socket;
pub(crate) mod uring;
pub(crate) mod xdp;

/// Names why the kernel refused, by its own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) i32);

impl Errno {
    /// Takes the reason of the last system call of this thread.
    pub(crate) fn last() -> Self {
        io::Error::last_os_error().into()
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        Self(error.raw_os_error().unwrap_or(libc::EIO))
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        io::Error::from_raw_os_error(self.0).fmt(f)
    }
}
