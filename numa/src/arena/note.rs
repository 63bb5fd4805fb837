//! What was asked of the kernel and not given.

use std::{error::Error, fmt};

use crate::{errno::Errno, topology::NodeId};

/// Tells what an arena wanted and did not get, though it works without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// `/proc/self/smaps` cannot be read; the arena counts as backed by small pages.
    BackingUnknown,
    /// Its pages may come from any node.
    BindRefused {
        /// The node that was wanted.
        node: NodeId,
        /// The kernel's reason.
        errno: Errno,
    },
    /// Its content shows in core dumps.
    DumpedInCores {
        /// The kernel's reason.
        errno: Errno,
    },
    /// No 2 MB pages that the operator set aside.
    HugePagesRefused {
        /// How many were wanted.
        pages: usize,
        /// The node that was wanted.
        node: Option<NodeId>,
        /// The kernel's reason.
        errno: Errno,
    },
    /// The kernel may page it out.
    LockRefused {
        /// How much was to be locked.
        bytes: usize,
        /// The kernel's reason.
        errno: Errno,
    },
    /// The kernel does not say where it lies.
    NodesUnknown {
        /// The kernel's reason.
        errno: Errno,
    },
    /// Some of it lies elsewhere.
    OtherNode {
        /// The node that was wanted.
        wanted: NodeId,
        /// How much lies on other nodes.
        bytes_elsewhere: usize,
    },
    /// Not even 4 KB pages.
    SmallPagesRefused {
        /// How much was wanted.
        bytes: usize,
        /// The kernel's reason.
        errno: Errno,
    },
    /// The kernel did not choose 2 MB pages for all of it.
    TransparentNotGiven {
        /// How much was wanted.
        bytes: usize,
        /// How much lies on such pages.
        huge_bytes: usize,
        /// The kind of memory, which decides the switch to turn.
        pool: Pool,
    },
    /// The kernel knows no 2 MB pages of its own choice, or has none.
    TransparentRefused {
        /// The kernel's reason.
        errno: Errno,
    },
}

/// Tells two kinds of memory apart, for which the kernel has different switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Memory of one process.
    Private,
    /// Memory of a file in memory.
    Shared,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BackingUnknown => f.write_str(
                "kind of pages: wanted /proc/self/smaps to tell, found nothing; taken for 4 KB pages",
            ),
            Self::BindRefused { node, errno } => write!(
                f,
                "node {node}: wanted its memory, the kernel refused: {errno}; type: cat \
                 /sys/devices/system/node/has_memory, and in a container allow mbind (CAP_SYS_NICE)"
            ),
            Self::DumpedInCores { errno } => {
                write!(
                    f,
                    "core dumps: wanted the arena left out, the kernel refused: {errno}; type: ulimit -c 0"
                )
            }
            Self::HugePagesRefused { pages, node, errno } => {
                let folder = match node {
                    Some(node) => format!("/sys/devices/system/node/node{node}"),
                    None => "/sys/kernel/mm".to_owned(),
                };
                write!(
                    f,
                    "2 MB pages: wanted {pages}, the kernel refused: {errno}; type: cat \
                     {folder}/hugepages/hugepages-2048kB/free_hugepages, and raise nr_hugepages beside it \
                     to have {pages} free"
                )
            }
            Self::LockRefused { bytes, errno } => write!(
                f,
                "locked memory: wanted {bytes} bytes, the kernel refused: {errno}; type: ulimit -l \
                 unlimited, or LimitMEMLOCK=infinity in the unit"
            ),
            Self::NodesUnknown { errno } => write!(
                f,
                "node of the pages: wanted the kernel to tell, it refused: {errno}; in a container allow \
                 move_pages (CAP_SYS_NICE)"
            ),
            Self::OtherNode { wanted, bytes_elsewhere } => write!(
                f,
                "node {wanted}: wanted all memory there, found {bytes_elsewhere} bytes elsewhere; type: \
                 numastat -m, and free memory on node {wanted}"
            ),
            Self::SmallPagesRefused { bytes, errno } => {
                write!(f, "4 KB pages: wanted {bytes} bytes, the kernel refused: {errno}; type: free -m")
            }
            Self::TransparentNotGiven { bytes, huge_bytes, pool } => {
                let switch = match pool {
                    Pool::Private => "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
                    Pool::Shared => "echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled",
                };
                write!(
                    f,
                    "transparent 2 MB pages: wanted {bytes} bytes on them, found {huge_bytes}; type: \
                     {switch}, and free memory if it is on"
                )
            }
            Self::TransparentRefused { errno } => {
                write!(f, "transparent 2 MB pages: wanted them, the kernel refused: {errno}")
            }
        }
    }
}

/// Says why there is no arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArenaError {
    /// Nothing was asked for.
    Empty,
    /// The kernel gave no kind of pages.
    NoMemory {
        /// How much was wanted.
        bytes: usize,
        /// The refusal for each kind.
        notes: Vec<Note>,
    },
    /// What was handed over is not a file in memory.
    NotMemoryFile {
        /// The kernel's reason.
        errno: Errno,
    },
    /// What was handed over may change its length.
    NotSealed,
    /// What was handed over is not as long as any arena.
    NotWhole {
        /// Its length.
        bytes: usize,
    },
    /// More was asked for than a pointer can reach.
    TooLarge,
}

impl fmt::Display for ArenaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("arena: wanted at least one byte, found: 0"),
            Self::NoMemory { bytes, notes } => {
                write!(f, "arena: wanted {bytes} bytes, found no pages for it: ")?;
                let notes: Vec<String> = notes.iter().map(Note::to_string).collect();
                f.write_str(&notes.join("; "))
            }
            Self::NotMemoryFile { errno } => {
                write!(f, "arena: wanted a file in memory (memfd), the kernel refused: {errno}")
            }
            Self::NotSealed => f.write_str(
                "arena: wanted a memfd whose length is sealed (F_SEAL_SHRINK, F_SEAL_GROW), found one that \
                 is not",
            ),
            Self::NotWhole { bytes } => {
                write!(f, "arena: wanted a memfd of a whole number of 2 MB pages, found {bytes} bytes")
            }
            Self::TooLarge => write!(f, "arena: wanted at most {} bytes, found more", isize::MAX),
        }
    }
}

impl Error for ArenaError {}
