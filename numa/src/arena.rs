//! Memory taken once, at start, on the node where it will be used.
//!
//! An arena tries the pages that cost the fewest address look-ups first: 2 MB pages the operator set aside,
//! then 2 MB pages of the kernel's choice, then 4 KB pages. All of it is there before the constructor
//! returns, so no packet ever waits for a page. What was asked and not given stands in [`Arena::notes`]; what
//! was given is measured afterwards, not assumed.

use std::{
    collections::BTreeMap,
    ffi::CStr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    ptr::NonNull,
    slice,
};

use crate::{
    arena::{
        memory::{Memory, TIERS},
        note::{ArenaError, Note},
    },
    topology::NodeId,
};

mod mapping;
mod measure;
mod memory;
pub mod note;

/// The small page: every arena starts at a multiple of it.
pub const PAGE_BYTES: usize = 4096;
/// The huge page: every arena is a whole number of them long, whatever backs it, so that no layout depends on
/// luck.
pub const HUGE_PAGE_BYTES: usize = 2 << 20;

/// Says what memory is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// How much; rounded up to a whole number of huge pages.
    pub bytes: usize,
    /// Whether the kernel must never page it out.
    pub lock: bool,
    /// Where; anywhere if none.
    pub node: Option<NodeId>,
}

/// Tells what pages an arena lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// 2 MB pages that the operator set aside.
    HugePages,
    /// 4 KB pages.
    SmallPages,
    /// 2 MB pages of the kernel's choice, for so many of the bytes.
    Transparent {
        /// How many bytes lie on such pages.
        huge_bytes: usize,
    },
}

/// Owns memory; of this process alone, or shared with others.
#[derive(Debug)]
pub struct Arena<S = Private> {
    memory: Memory,
    sharing: S,
}

/// Marks memory nobody else can reach: it can be lent as a slice.
#[derive(Debug)]
pub struct Private;

/// Marks memory that other processes may hold as well, through its descriptor. What lies in it may change at
/// any time, so it is lent as a pointer only.
#[derive(Debug)]
pub struct Shared {
    file: OwnedFd,
}

impl<S> Arena<S> {
    /// Returns what pages it lies on.
    pub fn backing(&self) -> Backing {
        self.memory.backing
    }

    /// Returns the node it lies on, if the kernel tells and all of it lies on one.
    pub fn node(&self) -> Option<NodeId> {
        self.memory.node()
    }

    /// Counts its bytes on each node; nothing if the kernel does not tell.
    pub fn bytes_by_node(&self) -> &BTreeMap<NodeId, usize> {
        &self.memory.bytes_by_node
    }

    /// Lists what was asked and not given.
    pub fn notes(&self) -> &[Note] {
        &self.memory.notes
    }

    /// Returns the start, to register with the kernel or to carve up. It is valid for reads and writes of
    /// [`Arena::len`] bytes until the arena is dropped. Who follows it must hold no slice of the same bytes
    /// meanwhile, and must agree with every other holder of shared memory on who writes what.
    pub fn as_ptr(&self) -> NonNull<u8> {
        self.memory.region().start
    }

    /// Returns how long it is.
    #[expect(clippy::len_without_is_empty, reason = "an arena is never empty")]
    pub fn len(&self) -> usize {
        self.memory.region().bytes
    }
}

impl Arena<Private> {
    /// Takes zeroed memory of this process alone. It starts at a multiple of [`HUGE_PAGE_BYTES`].
    ///
    /// # Errors
    /// Refuses when nothing was asked for, or when the kernel has no such amount in any kind of pages. A
    /// memory limit of the cgroup is not an error the kernel reports: it ends the process instead.
    pub fn private(request: &Request) -> Result<Self, ArenaError> {
        Ok(Self { memory: Memory::private(request, &TIERS)?, sharing: Private })
    }

    /// Returns the memory.
    pub fn as_slice(&self) -> &[u8] {
        let region = self.memory.region();
        // SAFETY: the region is mapped readable and initialised (the kernel zeroes new pages) for as long as
        // the arena lives; nobody but this arena maps it, and `&self` keeps `as_mut_slice` away.
        unsafe { slice::from_raw_parts(region.start.as_ptr(), region.bytes) }
    }

    /// Returns the memory for writing.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        let region = self.memory.region();
        // SAFETY: as in `as_slice`, and mapped writable; `&mut self` makes this the only reference.
        unsafe { slice::from_raw_parts_mut(region.start.as_ptr(), region.bytes) }
    }
}

impl Arena<Shared> {
    /// Takes zeroed memory under a name that shows in `/proc/PID/maps`. It starts at a multiple of
    /// [`PAGE_BYTES`], and of [`HUGE_PAGE_BYTES`] where huge pages back it.
    ///
    /// # Errors
    /// As [`Arena::private`].
    pub fn shared(name: &CStr, request: &Request) -> Result<Self, ArenaError> {
        let (file, memory) = Memory::shared(name, request, &TIERS)?;
        Ok(Self { memory, sharing: Shared { file } })
    }

    /// Takes a share of memory that another process made and handed over.
    ///
    /// # Errors
    /// Refuses what is not a memory file, and one whose length its sender could still change: to touch what
    /// it cut off would end this process.
    pub fn adopt(file: OwnedFd) -> Result<Self, ArenaError> {
        let memory = Memory::adopted(file.as_fd())?;
        Ok(Self { memory, sharing: Shared { file } })
    }

    /// Returns the descriptor to hand to another process.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.sharing.file.as_fd()
    }
}

// SAFETY: the memory belongs to no thread. Of a private arena, `&self` gives reads of plain bytes and `&mut
// self` or ownership obeys the borrow rules as a `Box<[u8]>` does; a shared one is lent as a pointer only,
// and whoever follows it answers for the order of accesses. `S` holds at most a descriptor, which any thread
// may use.
unsafe impl Send for Memory {}
// SAFETY: as for `Send`.
unsafe impl Sync for Memory {}
