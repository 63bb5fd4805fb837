//! Takes memory: tries the kinds of pages in turn, binds, fills, and measures what came of it.

use std::{
    collections::BTreeMap,
    ffi::CStr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use crate::{
    arena::{
        Backing, HUGE_PAGE_BYTES, Request,
        mapping::Mapping,
        measure,
        note::{ArenaError, Note, Pool},
    },
    errno::Errno,
    sys::{self, Advice, Binding, Region},
    topology::NodeId,
};

/// Names a kind of pages to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    HugePages,
    Transparent,
    SmallPages,
}

/// All kinds, in the order in which they are tried.
pub(super) const TIERS: [Tier; 3] = [Tier::HugePages, Tier::Transparent, Tier::SmallPages];

/// Owns memory and remembers what was found out about it.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) backing: Backing,
    pub(super) bytes_by_node: BTreeMap<NodeId, usize>,
    mapping: Mapping,
    pub(super) notes: Vec<Note>,
}

impl Memory {
    pub(super) fn private(request: &Request, tiers: &[Tier]) -> Result<Self, ArenaError> {
        let (tier, (), mapping, notes) = first_of(request, tiers, |bytes, tier| {
            let mapping = match tier {
                Tier::HugePages => Mapping::huge_pages(bytes),
                Tier::SmallPages | Tier::Transparent => Mapping::aligned(bytes),
            };
            Ok(((), mapping?))
        })?;
        Ok(settled(mapping, request, tier, Pool::Private, notes))
    }

    pub(super) fn shared(
        name: &CStr,
        request: &Request,
        tiers: &[Tier],
    ) -> Result<(OwnedFd, Self), ArenaError> {
        let (tier, file, mapping, notes) = first_of(request, tiers, |bytes, tier| {
            let file = sys::memory_file(name, bytes, tier == Tier::HugePages)?;
            let mapping = Mapping::file(bytes, file.as_fd())?;
            Ok((file, mapping))
        })?;
        sys::seal(file.as_fd()).map_err(|errno| ArenaError::NotMemoryFile { errno })?;
        Ok((file, settled(mapping, request, tier, Pool::Shared, notes)))
    }

    pub(super) fn adopted(file: BorrowedFd<'_>) -> Result<Self, ArenaError> {
        if !sys::is_sealed(file) {
            return Err(ArenaError::NotSealed);
        }
        let refused = |errno| ArenaError::NotMemoryFile { errno };
        let bytes = sys::length(file).map_err(refused)?;
        if bytes == 0 || !bytes.is_multiple_of(HUGE_PAGE_BYTES) {
            return Err(ArenaError::NotWhole { bytes });
        }
        let mapping = Mapping::file(bytes, file).map_err(refused)?;
        // The pages are there, made by the sender, and may be in use: this only enters them into our own
        // tables. A kernel before 5.14 has no call for it and enters each at its first use.
        match sys::advise(mapping.region(), Advice::PopulateWrite) {
            Ok(()) | Err(Errno(libc::EINVAL)) => {}
            Err(errno) => return Err(refused(errno)),
        }
        Ok(settled(mapping, &Request::default(), Tier::SmallPages, Pool::Shared, Vec::new()))
    }

    pub(super) fn region(&self) -> Region {
        self.mapping.region()
    }

    pub(super) fn node(&self) -> Option<NodeId> {
        sole_node(&self.bytes_by_node, self.region().bytes)
    }
}

fn sole_node(bytes_by_node: &BTreeMap<NodeId, usize>, bytes: usize) -> Option<NodeId> {
    bytes_by_node.iter().find(|(_, there)| **there == bytes).map(|(node, _)| *node)
}

/// Takes the first kind of pages that the kernel gives in full.
fn first_of<F>(
    request: &Request,
    tiers: &[Tier],
    map: impl Fn(usize, Tier) -> Result<(F, Mapping), Errno>,
) -> Result<(Tier, F, Mapping, Vec<Note>), ArenaError> {
    if request.bytes == 0 {
        return Err(ArenaError::Empty);
    }
    let bytes = request.bytes.checked_next_multiple_of(HUGE_PAGE_BYTES);
    // mmap refuses what exceeds the address space; this refuses what exceeds a pointer.
    let bytes = bytes.filter(|bytes| isize::try_from(*bytes).is_ok()).ok_or(ArenaError::TooLarge)?;
    let mut notes = Vec::new();
    for &tier in tiers {
        let filled = map(bytes, tier).and_then(|(file, mut mapping)| {
            fill(&mut mapping, tier, request.node, &mut notes)?;
            Ok((file, mapping))
        });
        match filled {
            Ok((file, mapping)) => return Ok((tier, file, mapping, notes)),
            Err(errno) => notes.push(match tier {
                Tier::HugePages => {
                    Note::HugePagesRefused { pages: bytes / HUGE_PAGE_BYTES, node: request.node, errno }
                }
                Tier::SmallPages => Note::SmallPagesRefused { bytes, errno },
                Tier::Transparent => Note::TransparentRefused { errno },
            }),
        }
    }
    Err(ArenaError::NoMemory { bytes, notes })
}

/// Binds new memory to its node and gives it its pages.
///
/// Huge pages are bound strictly: when the node has none left the call fails, and the next kind is tried.
/// Other pages are bound by preference: a node without memory would not answer with an error but with the OOM
/// killer, and memory next door is better than none. Where they came to lie is measured and told.
fn fill(mapping: &mut Mapping, tier: Tier, node: Option<NodeId>, notes: &mut Vec<Note>) -> Result<(), Errno> {
    if tier == Tier::Transparent {
        sys::advise(mapping.region(), Advice::HugePage)?;
    }
    let binding = if tier == Tier::HugePages { Binding::Strict } else { Binding::Preferred };
    if let Some(node) = node
        && let Err(errno) = sys::bind(mapping.region(), node, binding)
    {
        let note = Note::BindRefused { node, errno };
        // Each kind of pages is refused alike; once is enough.
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    mapping.populate(tier == Tier::HugePages)
}

/// Finishes memory that has its pages, and finds out what they are.
fn settled(mapping: Mapping, request: &Request, tier: Tier, pool: Pool, mut notes: Vec<Note>) -> Memory {
    let region = mapping.region();
    // Media keys and packets have no place in a core dump.
    if let Err(errno) = sys::advise(region, Advice::DontDump) {
        notes.push(Note::DumpedInCores { errno });
    }
    if request.lock
        && let Err(errno) = sys::lock(region)
    {
        notes.push(Note::LockRefused { bytes: region.bytes, errno });
    }
    let backing = measure::backing(region).unwrap_or_else(|| {
        notes.push(Note::BackingUnknown);
        Backing::SmallPages
    });
    let bytes_by_node = measure::bytes_by_node(region).unwrap_or_else(|errno| {
        notes.push(Note::NodesUnknown { errno });
        BTreeMap::new()
    });
    if tier == Tier::Transparent {
        notes.extend(fewer_huge_pages(backing, region.bytes, pool));
    }
    if let Some(wanted) = request.node {
        notes.extend(another_node(wanted, &bytes_by_node, region.bytes));
    }
    Memory { backing, bytes_by_node, mapping, notes }
}

/// Tells of memory that was to lie on huge pages of the kernel's choice and does not.
fn fewer_huge_pages(backing: Backing, bytes: usize, pool: Pool) -> Option<Note> {
    let huge_bytes = match backing {
        Backing::HugePages => bytes,
        Backing::SmallPages => 0,
        Backing::Transparent { huge_bytes } => huge_bytes,
    };
    (huge_bytes < bytes).then_some(Note::TransparentNotGiven { bytes, huge_bytes, pool })
}

/// Tells of memory that was to lie on a node and lies elsewhere; nothing if nobody knows where it lies.
fn another_node(wanted: NodeId, bytes_by_node: &BTreeMap<NodeId, usize>, bytes: usize) -> Option<Note> {
    let there = bytes_by_node.get(&wanted).copied().unwrap_or(0);
    let is_told = !bytes_by_node.is_empty() && there < bytes;
    is_told.then(|| Note::OtherNode { wanted, bytes_elsewhere: bytes - there })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Request = Request { bytes: 4 << 20, lock: false, node: None };

    #[test]
    fn without_huge_pages_the_kernels_choice_is_tried_and_then_small_pages() {
        let transparent = Memory::private(&REQUEST, &[Tier::Transparent, Tier::SmallPages]).unwrap();
        assert_ne!(transparent.backing, Backing::HugePages);
        let small = Memory::private(&REQUEST, &[Tier::SmallPages]).unwrap();
        assert_ne!(small.backing, Backing::HugePages);
        assert_eq!(small.notes, []);
        assert_eq!(small.region().start.addr().get() % HUGE_PAGE_BYTES, 0);
    }

    #[test]
    fn when_no_kind_of_pages_is_left_the_error_lists_every_refusal() {
        // More than the address space of a process, so no machine has it.
        let bytes = 1 << 60;
        let error = Memory::private(&Request { bytes, ..REQUEST }, &TIERS).unwrap_err();
        let ArenaError::NoMemory { notes, .. } = &error else { panic!("{error}") };
        assert_eq!(notes.len(), 3);
        let pages = bytes / HUGE_PAGE_BYTES;
        assert!(matches!(notes[0], Note::HugePagesRefused { pages: told, .. } if told == pages));
        let text = error.to_string();
        assert!(
            text.starts_with("arena: wanted 1152921504606846976 bytes, found no pages for it: "),
            "{text}"
        );
    }

    #[test]
    fn only_the_middle_kind_asks_the_kernel_to_choose_huge_pages() {
        let is_advised = |tier| {
            let memory = Memory::private(&REQUEST, &[tier, Tier::SmallPages]).unwrap();
            if memory.notes.iter().any(|note| matches!(note, Note::TransparentRefused { .. })) {
                println!("skipped: this kernel has no transparent huge pages to ask for");
                return tier == Tier::Transparent;
            }
            let head = format!("{:x}-", memory.region().start.addr());
            let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let mut lines = smaps.lines().skip_while(|line| !line.starts_with(&head));
            lines.find(|line| line.starts_with("VmFlags:")).unwrap().split(' ').any(|flag| flag == "hg")
        };
        assert!(is_advised(Tier::Transparent));
        assert!(!is_advised(Tier::SmallPages));
    }

    #[test]
    fn fewer_huge_pages_than_bytes_are_told_and_as_many_are_not() {
        let told = |backing| fewer_huge_pages(backing, 4096, Pool::Shared);
        let note = |huge_bytes| Note::TransparentNotGiven { bytes: 4096, huge_bytes, pool: Pool::Shared };
        assert_eq!(told(Backing::SmallPages), Some(note(0)));
        assert_eq!(told(Backing::Transparent { huge_bytes: 4095 }), Some(note(4095)));
        assert_eq!(told(Backing::Transparent { huge_bytes: 4096 }), None);
        assert_eq!(told(Backing::HugePages), None);
    }

    #[test]
    fn memory_on_another_node_is_told_with_how_much_and_memory_nobody_knows_of_is_not() {
        let told = |bytes_by_node: &[(NodeId, usize)]| {
            let bytes_by_node = bytes_by_node.iter().copied().collect();
            (another_node(NodeId(1), &bytes_by_node, 100), sole_node(&bytes_by_node, 100))
        };
        let note = |bytes_elsewhere| Some(Note::OtherNode { wanted: NodeId(1), bytes_elsewhere });
        assert_eq!(told(&[(NodeId(1), 100)]), (None, Some(NodeId(1))));
        assert_eq!(told(&[(NodeId(0), 100)]), (note(100), Some(NodeId(0))));
        assert_eq!(told(&[(NodeId(0), 40), (NodeId(1), 60)]), (note(40), None));
        assert_eq!(told(&[]), (None, None));
    }

    #[test]
    fn nothing_and_more_than_a_pointer_reaches_are_refused() {
        let wanted = |bytes| Memory::private(&Request { bytes, ..REQUEST }, &TIERS).unwrap_err();
        assert_eq!(wanted(0), ArenaError::Empty);
        assert_eq!(wanted(usize::MAX), ArenaError::TooLarge);
        assert_eq!(wanted(isize::MAX as usize), ArenaError::TooLarge);
    }

    #[test]
    fn sealed_memory_that_is_no_whole_arena_is_not_adopted() {
        for bytes in [0, 100, HUGE_PAGE_BYTES + 1] {
            let file = sys::memory_file(c"trunkline-test", bytes, false).unwrap();
            sys::seal(file.as_fd()).unwrap();
            assert_eq!(Memory::adopted(file.as_fd()).unwrap_err(), ArenaError::NotWhole { bytes });
        }
    }

    #[test]
    fn a_node_that_does_not_exist_is_noted_and_the_memory_still_given() {
        let node = NodeId(1023);
        let memory = Memory::private(&Request { node: Some(node), ..REQUEST }, &[Tier::SmallPages]).unwrap();
        let refused = Note::BindRefused { node, errno: Errno(libc::EINVAL) };
        assert!(memory.notes.contains(&refused), "{:?}", memory.notes);
        assert!(memory.notes.iter().any(|note| matches!(note, Note::OtherNode { .. })), "{:?}", memory.notes);
    }

    #[test]
    fn a_node_beyond_the_mask_is_refused_without_asking_the_kernel() {
        let memory = Memory::private(&REQUEST, &[Tier::SmallPages]).unwrap();
        let refused = sys::bind(memory.region(), NodeId(1024), Binding::Strict);
        assert_eq!(refused, Err(Errno(libc::EINVAL)));
    }
}
