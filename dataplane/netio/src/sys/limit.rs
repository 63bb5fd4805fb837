//! How many descriptors this process may open.

use crate::sys::Errno;

/// What the kernel allows a process: now, and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) now: u64,
    pub(crate) max: u64,
}

/// Returns the limit of descriptors.
pub(crate) fn descriptors() -> Limit {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one `rlimit`, which lives on this stack. It cannot fail for a limit that exists.
    let _ = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    Limit { now: limit.rlim_cur, max: limit.rlim_max }
}

/// Sets the limit of descriptors; to raise what is allowed at most takes CAP_SYS_RESOURCE.
pub(crate) fn set_descriptors(limit: Limit) -> Result<(), Errno> {
    let limit = libc::rlimit { rlim_cur: limit.now, rlim_max: limit.max };
    // SAFETY: the kernel reads one `rlimit`, which lives on this stack.
    match unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}
