//! Memory of the kernel that this process shares by a descriptor.

use core::ptr::{self, NonNull};
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::sys::Errno;

/// Maps so many bytes for reading and writing.
pub(crate) fn map_shared(
    fd: BorrowedFd<'_>,
    bytes: usize,
    offset: libc::off_t,
    flags: libc::c_int,
) -> Result<NonNull<u8>, Errno> {
    assert!(flags & !libc::MAP_POPULATE == 0, "a flag could overwrite other mappings");
    let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | flags);
    // SAFETY: without MAP_FIXED the kernel only ever chooses addresses that nothing is mapped at, so no memory of this
    // process changes.
    let start = unsafe { libc::mmap(ptr::null_mut(), bytes, access, flags, fd.as_raw_fd(), offset) };
    if start == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    NonNull::new(start.cast()).ok_or(Errno(libc::ENOMEM))
}

/// Gives back what [`map_shared`] mapped.
///
/// # Safety
///
/// The memory must be one whole mapping made by [`map_shared`], not given back before, and no reference into it left.
pub(crate) unsafe fn unmap(start: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller owns the whole mapping and nobody refers into it, so nobody can notice that it is gone.
    let result = unsafe { libc::munmap(start.as_ptr().cast(), bytes) };
    debug_assert_eq!(result, 0, "a mapping of ours can be given back");
}
