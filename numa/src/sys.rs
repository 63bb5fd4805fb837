//! The system calls of this crate: one wrapper each, errno in, [`Errno`] out. Nothing else here speaks to the
//! kernel except through the standard library.

use std::{
    ffi::CStr,
    mem::MaybeUninit,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
    ptr::{self, NonNull},
};

use libc::{c_int, c_long, c_ulong, c_void};

use crate::{
    cpu_set::{CPUS_MAX, CpuId, CpuSet},
    errno::Errno,
    topology::NodeId,
};

/// How many CPUs a thread can be pinned to by name: core_affinity's mask is glibc's `cpu_set_t` of 128 bytes.
pub(crate) const AFFINITY_BITS: u32 = libc::CPU_SETSIZE as u32;
/// The most nodes Linux can be built for on x86 (`NODES_SHIFT` 10); the mask given to mbind covers them all.
const NODES_MAX: usize = 1024;
const BITS_PER_WORD: usize = c_ulong::BITS as usize;

/// Names a piece of mapped memory: page aligned, and so long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub(crate) start: NonNull<u8>,
    pub(crate) bytes: usize,
}

impl Region {
    fn address(&self) -> *mut c_void {
        self.start.as_ptr().cast()
    }
}

/// What to map.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// The whole of a file, shared with whoever else maps it.
    File(BorrowedFd<'a>),
    /// Private pages of 2 MB, set aside by the operator.
    HugePages,
    /// Private address space nobody may touch yet.
    Reserved,
}

/// Maps new memory where the kernel likes.
pub(crate) fn map(bytes: usize, source: Source<'_>) -> Result<Region, Errno> {
    let anonymous = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let (access, flags, fd) = match source {
        Source::File(fd) => (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, fd.as_raw_fd()),
        Source::HugePages => {
            (libc::PROT_READ | libc::PROT_WRITE, anonymous | libc::MAP_HUGETLB | libc::MAP_HUGE_2MB, -1)
        }
        Source::Reserved => (libc::PROT_NONE, anonymous | libc::MAP_NORESERVE, -1),
    };
    // SAFETY: without MAP_FIXED the kernel only ever chooses addresses that nothing is mapped at, so no
    // memory of this process changes.
    let address = unsafe { libc::mmap(ptr::null_mut(), bytes, access, flags, fd, 0) };
    if address == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    let start = NonNull::new(address.cast()).ok_or(Errno(libc::ENOMEM))?;
    Ok(Region { start, bytes })
}

/// Gives memory back.
///
/// # Safety
/// The region must be one mapping made by [`map`], not given back before, with no reference into it left.
pub(crate) unsafe fn unmap(region: Region) {
    // SAFETY: the caller owns the whole region and nobody refers into it, so nobody can notice that it is
    // gone.
    let result = unsafe { libc::munmap(region.address(), region.bytes) };
    debug_assert_eq!(result, 0, "a mapping of ours can be given back: {}", Errno::last());
}

/// Opens reserved address space for reading and writing.
///
/// # Safety
/// The region must lie within a mapping made by [`map`] that the caller owns.
pub(crate) unsafe fn open(region: Region) -> Result<(), Errno> {
    // SAFETY: the caller owns the region; access only widens, so no reference into it can break.
    let result =
        unsafe { libc::mprotect(region.address(), region.bytes, libc::PROT_READ | libc::PROT_WRITE) };
    checked(result.into()).map(drop)
}

/// What the kernel is told of a piece of memory. None of these changes what the memory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Leave it out of core dumps.
    DontDump,
    /// Back it by huge pages where there are any.
    HugePage,
    /// Give it its pages now, writable, and say so if there are none (Linux 5.14).
    PopulateWrite,
}

/// Advises the kernel.
pub(crate) fn advise(region: Region, advice: Advice) -> Result<(), Errno> {
    let advice = match advice {
        Advice::DontDump => libc::MADV_DONTDUMP,
        Advice::HugePage => libc::MADV_HUGEPAGE,
        Advice::PopulateWrite => libc::MADV_POPULATE_WRITE,
    };
    // SAFETY: the three kinds of advice keep content and access of whatever is mapped; at addresses where
    // nothing is mapped the call fails. So no address can make it unsound.
    let result = unsafe { libc::madvise(region.address(), region.bytes, advice) };
    checked(result.into()).map(drop)
}

/// How strictly pages come from the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// From there, or from elsewhere when it is full.
    Preferred,
    /// From there or not at all.
    Strict,
}

/// Sets from which node a region takes the pages it does not have yet.
pub(crate) fn bind(region: Region, node: NodeId, binding: Binding) -> Result<(), Errno> {
    let node = node.0 as usize;
    let mut mask = [0 as c_ulong; NODES_MAX / BITS_PER_WORD];
    let word = mask.get_mut(node / BITS_PER_WORD).ok_or(Errno(libc::EINVAL))?;
    *word = 1 << (node % BITS_PER_WORD);
    let mode = match binding {
        Binding::Preferred => libc::MPOL_PREFERRED,
        Binding::Strict => libc::MPOL_BIND,
    };
    // The kernel takes one off the count of bits before it reads them.
    let bits = NODES_MAX + 1;
    // SAFETY: the mask outlives the call and holds the bits it is said to hold; the policy of memory changes
    // where pages come from and nothing a reference could see.
    let result = unsafe {
        libc::syscall(libc::SYS_mbind, region.address(), region.bytes, mode, mask.as_ptr(), bits, 0)
    };
    checked(result).map(drop)
}

/// Returns the node of each page of 4 KB, or why there is none.
pub(crate) fn nodes_of(region: Region, page_bytes: usize) -> Result<Vec<Result<NodeId, Errno>>, Errno> {
    let pages: Vec<*mut u8> =
        (0..region.bytes).step_by(page_bytes).map(|at| region.start.as_ptr().wrapping_add(at)).collect();
    let mut status = vec![0 as c_int; pages.len()];
    let this_process = 0;
    let nowhere = ptr::null::<c_int>();
    // SAFETY: both lists hold as many entries as the count says and outlive the call. Without a list of
    // target nodes it moves nothing, and only reports.
    let result = unsafe {
        libc::syscall(
            libc::SYS_move_pages,
            this_process,
            pages.len(),
            pages.as_ptr(),
            nowhere,
            status.as_mut_ptr(),
            0,
        )
    };
    checked(result)?;
    Ok(status.into_iter().map(|node| u32::try_from(node).map(NodeId).map_err(|_| Errno(-node))).collect())
}

/// Keeps a region in memory.
pub(crate) fn lock(region: Region) -> Result<(), Errno> {
    // SAFETY: locking changes neither content nor access; where nothing is mapped the call fails.
    let result = unsafe { libc::mlock(region.address(), region.bytes) };
    checked(result.into()).map(drop)
}

/// Makes a file that lives in memory and has no path; with pages of 2 MB if asked.
pub(crate) fn memory_file(name: &CStr, bytes: usize, huge: bool) -> Result<OwnedFd, Errno> {
    let huge = if huge { libc::MFD_HUGETLB | libc::MFD_HUGE_2MB } else { 0 };
    // SAFETY: the name is a C string that outlives the call.
    let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING | huge) };
    checked(fd.into())?;
    // SAFETY: the kernel just made this descriptor for us, and nobody else knows it.
    let file = unsafe { OwnedFd::from_raw_fd(fd) };
    let length = libc::off_t::try_from(bytes).map_err(|_| Errno(libc::EFBIG))?;
    // SAFETY: the file is new and mapped nowhere, so no memory of anyone depends on its length.
    let result = unsafe { libc::ftruncate(file.as_raw_fd(), length) };
    checked(result.into())?;
    Ok(file)
}

/// What makes the length of a memory file final, for us and for everyone we hand it to.
const FIXED_LENGTH: c_int = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW;

/// Makes the length of a memory file final.
pub(crate) fn seal(file: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: seals only forbid later changes of the length; the descriptor is borrowed, hence open.
    let result =
        unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, FIXED_LENGTH | libc::F_SEAL_SEAL) };
    checked(result.into()).map(drop)
}

/// Tells whether the length of a file is final.
pub(crate) fn is_sealed(file: BorrowedFd<'_>) -> bool {
    // SAFETY: the call only reads; the descriptor is borrowed, hence open.
    let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
    seals >= 0 && seals & FIXED_LENGTH == FIXED_LENGTH
}

/// Returns the length of a file.
pub(crate) fn length(file: BorrowedFd<'_>) -> Result<usize, Errno> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the kernel writes one `stat` into room for one.
    let result = unsafe { libc::fstat(file.as_raw_fd(), stat.as_mut_ptr()) };
    checked(result.into())?;
    // SAFETY: the call succeeded, so the kernel filled it in.
    let stat = unsafe { stat.assume_init() };
    usize::try_from(stat.st_size).map_err(|_| Errno(libc::EFBIG))
}

/// Returns the CPUs the calling thread may run on.
pub(crate) fn affinity_of_this_thread() -> Result<CpuSet, Errno> {
    // The kernel refuses a mask shorter than its own, so this one holds all that any kernel can count.
    let mut mask = [0_u64; CPUS_MAX as usize / 64];
    let this_thread = 0;
    let room = mask.as_mut_ptr().cast::<libc::cpu_set_t>();
    // SAFETY: the kernel writes at most as many bytes as the mask has, which outlives the call; a longer
    // `cpu_set_t` is made of the same words as a short one.
    let result = unsafe { libc::sched_getaffinity(this_thread, size_of_val(&mask), room) };
    checked(result.into())?;
    let set = (0..CPUS_MAX).filter(|bit| mask[(bit / 64) as usize] & (1 << (bit % 64)) != 0);
    Ok(set.map(CpuId).collect())
}

/// The convention of most calls: below zero is a refusal, whose reason is in errno.
fn checked(result: c_long) -> Result<c_long, Errno> {
    match result < 0 {
        true => Err(Errno::last()),
        false => Ok(result),
    }
}
