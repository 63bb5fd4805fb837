//! What the crate does on the machine the tests run on. Where that machine lacks something, the test says
//! what, and checks that the crate says so too.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "what helps a test speaks and fails as a test does"
)]

use std::{fs::File, io::Write, os::fd::OwnedFd, slice, thread};

use numa::{
    arena::{
        Arena, Backing, HUGE_PAGE_BYTES, PAGE_BYTES, Request, Shared,
        note::{ArenaError, Note},
    },
    cpu_set::{CpuId, CpuSet},
    nic::Nic,
    pin::{PinError, Seats},
    plan::{Wishes, plan},
    topology::{NodeId, Topology},
};

const FOUR_MB: usize = 4 << 20;

fn request(node: Option<NodeId>) -> Request {
    Request { bytes: FOUR_MB, lock: false, node }
}

/// Reads one value in bytes of the mapping that holds the address; written apart from the code it checks.
fn smaps(address: usize, field: &str) -> usize {
    let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let holds = |line: &str| {
        let (start, end) = line.split(' ').next().unwrap().split_once('-')?;
        let parse = |hex| usize::from_str_radix(hex, 16).ok();
        Some(parse(start)? <= address && address < parse(end)?)
    };
    let lines = smaps.lines().skip_while(|line| holds(line) != Some(true));
    let line = lines.into_iter().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// Checks what an arena says of its pages against the kernel's word.
fn assert_truthful<S>(arena: &Arena<S>) {
    let address = arena.as_ptr().addr().get();
    assert_eq!(smaps(address, "Size:"), arena.len(), "the mapping is the arena and nothing else");
    let huge = smaps(address, "AnonHugePages:") + smaps(address, "ShmemPmdMapped:");
    match arena.backing() {
        Backing::HugePages => assert_eq!(smaps(address, "KernelPageSize:"), HUGE_PAGE_BYTES),
        Backing::SmallPages => {
            assert_eq!((smaps(address, "KernelPageSize:"), huge), (PAGE_BYTES, 0));
            assert_eq!(smaps(address, "Rss:"), arena.len(), "every page is there before the first use");
        }
        Backing::Transparent { huge_bytes } => {
            assert_eq!((smaps(address, "KernelPageSize:"), huge), (PAGE_BYTES, huge_bytes));
            assert_eq!(smaps(address, "Rss:"), arena.len(), "every page is there before the first use");
        }
    }
    let is_unknown = arena.notes().iter().any(|note| matches!(note, Note::NodesUnknown { .. }));
    assert_eq!(arena.bytes_by_node().values().sum::<usize>(), if is_unknown { 0 } else { arena.len() });
    for note in arena.notes() {
        println!("this machine: {note}");
    }
    println!("this machine: backed by {:?} on node {:?}", arena.backing(), arena.node());
}

#[test]
fn a_thread_is_pinned_to_each_cpu_it_may_use() {
    let topology = Topology::host().unwrap();
    let mut seats = Seats::new(&topology);
    for cpu in topology.allowed.iter() {
        let seat = seats.claim(cpu).unwrap();
        let status = thread::spawn(move || {
            seat.pin().unwrap();
            std::fs::read_to_string("/proc/thread-self/status").unwrap()
        });
        let status = status.join().unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
        assert_eq!(mask.parse::<CpuSet>().unwrap(), CpuSet::from_iter([cpu]));
    }
}

#[test]
fn a_cpu_this_machine_does_not_have_is_refused_by_the_kernel_too() {
    let mut topology = Topology::host().unwrap();
    // The last the mask can name; no machine that runs these tests has as many.
    let absent = CpuId(1023);
    let mut cpu = topology.cpus[0].clone();
    cpu.id = absent;
    topology.cpus.push(cpu);
    topology.allowed.insert(absent);
    let seat = Seats::new(&topology).claim(absent).unwrap();
    let error = thread::spawn(|| seat.pin()).join().unwrap().unwrap_err();
    assert!(matches!(error, PinError::Refused { .. }), "{error:?}");
    let text = error.to_string();
    let refused =
        "cpu 1023: wanted to pin a thread to it, the kernel refused: Invalid argument (os error 22); type: ";
    assert!(text.starts_with(refused), "{text}");
}

#[test]
fn this_machine_has_a_topology_a_loopback_and_a_plan() {
    let topology = Topology::host().unwrap();
    assert!(topology.allowed.is_subset(&topology.online()));
    assert!(!topology.nodes.is_empty());
    let nic = Nic::host("lo").unwrap();
    let plan = plan(&topology, &[nic], &Wishes::default()).unwrap();
    println!("{}", plan.explain());
    assert_eq!(plan.workers.iter().map(|worker| worker.queues.len()).sum::<usize>(), 1);
}

#[test]
fn an_arena_is_zeroed_aligned_writable_and_tells_the_truth_about_its_pages() {
    let mut arena = Arena::private(&request(None)).unwrap();
    assert_eq!(arena.len(), FOUR_MB);
    assert_eq!(arena.as_ptr().addr().get() % HUGE_PAGE_BYTES, 0);
    assert!(arena.as_slice().iter().all(|byte| *byte == 0));
    arena.as_mut_slice().fill(0xa5);
    assert_eq!(arena.as_slice().iter().filter(|byte| **byte == 0xa5).count(), FOUR_MB);
    assert_truthful(&arena);
}

#[test]
fn an_arena_without_huge_pages_says_that_it_was_refused_them() {
    let private = Arena::private(&request(None)).unwrap();
    let shared = Arena::shared(c"trunkline-test", &request(None)).unwrap();
    for (backing, notes) in [(private.backing(), private.notes()), (shared.backing(), shared.notes())] {
        let refused = notes.iter().any(|note| matches!(note, Note::HugePagesRefused { .. }));
        assert_eq!(refused, backing != Backing::HugePages);
    }
}

#[test]
fn the_kernel_knows_the_binding_strict_for_huge_pages_and_preferred_for_others() {
    let node = Topology::host().unwrap().nodes[0].id;
    let arena = Arena::private(&request(Some(node))).unwrap();
    let head = format!("{:x} ", arena.as_ptr().addr());
    let Ok(maps) = std::fs::read_to_string("/proc/self/numa_maps") else {
        println!("skipped: this kernel has no /proc/self/numa_maps to compare with");
        return;
    };
    let policy = maps.lines().find_map(|line| line.strip_prefix(&head)?.split(' ').next()).unwrap();
    let expected = match arena.backing() {
        _ if arena.notes().iter().any(|note| matches!(note, Note::BindRefused { .. })) => {
            "default".to_owned()
        }
        Backing::HugePages => format!("bind:{node}"),
        Backing::SmallPages | Backing::Transparent { .. } => format!("prefer:{node}"),
    };
    assert_eq!(policy, expected);
}

#[test]
fn an_arena_lies_on_the_node_it_was_bound_to() {
    for node in Topology::host().unwrap().nodes.iter().filter(|node| node.memory.free_bytes > 64 << 20) {
        let arena = Arena::private(&request(Some(node.id))).unwrap();
        let told = arena.notes().iter().any(|note| {
            matches!(note, Note::BindRefused { .. } | Note::OtherNode { .. } | Note::NodesUnknown { .. })
        });
        assert!(arena.node() == Some(node.id) || told, "on {:?}: {:?}", arena.bytes_by_node(), arena.notes());
        assert_truthful(&arena);
    }
}

#[test]
fn a_small_request_is_rounded_up_to_a_huge_page() {
    let arena = Arena::private(&Request { bytes: 1, ..Request::default() }).unwrap();
    assert_eq!(arena.len(), HUGE_PAGE_BYTES);
}

#[test]
fn a_locked_arena_is_locked_or_says_that_it_is_not() {
    let arena = Arena::private(&Request { lock: true, ..request(None) }).unwrap();
    let refused = arena.notes().iter().any(|note| matches!(note, Note::LockRefused { .. }));
    let locked = smaps(arena.as_ptr().addr().get(), "Locked:");
    if arena.backing() == Backing::HugePages {
        println!("skipped: huge pages are never paged out, and smaps counts none of them as locked");
        return;
    }
    assert_eq!(locked, if refused { 0 } else { arena.len() });
}

#[test]
fn an_arena_stays_out_of_core_dumps() {
    let arena = Arena::private(&request(None)).unwrap();
    let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let head = format!("{:x}-", arena.as_ptr().addr().get());
    let mut lines = smaps.lines().skip_while(|line| !line.starts_with(&head));
    let flags = lines.find(|line| line.starts_with("VmFlags:")).unwrap();
    assert!(flags.split_whitespace().any(|flag| flag == "dd"), "{flags}");
}

#[test]
fn an_arena_gives_its_memory_back() {
    let arena = Arena::private(&request(None)).unwrap();
    let head = format!("{:x}-", arena.as_ptr().addr().get());
    let mapped =
        || std::fs::read_to_string("/proc/self/maps").unwrap().lines().any(|line| line.starts_with(&head));
    assert!(mapped());
    drop(arena);
    assert!(!mapped());
}

#[test]
fn shared_memory_is_seen_through_the_descriptor_that_was_handed_over() {
    let here = Arena::shared(c"trunkline-test", &request(None)).unwrap();
    assert_truthful(&here);
    let there = Arena::adopt(here.descriptor().try_clone_to_owned().unwrap()).unwrap();
    assert_eq!(there.len(), here.len());
    assert_ne!(there.as_ptr(), here.as_ptr());
    let last = here.len() - 1;
    let byte = |arena: &Arena<Shared>| arena.as_ptr().as_ptr().wrapping_add(last);
    // SAFETY: the offset is within the arena, which lives; nobody else writes.
    unsafe { byte(&here).write_volatile(0x5a) };
    // SAFETY: the offset is within the share, which lives; the write above is done.
    let read = unsafe { byte(&there).read_volatile() };
    assert_eq!(read, 0x5a);
    drop(here);
    // SAFETY: the share lives on without its maker, and nobody writes.
    let bytes = unsafe { slice::from_raw_parts(there.as_ptr().as_ptr(), there.len()) };
    assert_eq!(bytes.iter().filter(|byte| **byte != 0).count(), 1);
    assert_truthful(&there);
}

#[test]
fn the_length_of_shared_memory_cannot_be_changed_by_whoever_holds_it() {
    let arena = Arena::shared(c"trunkline-test", &request(None)).unwrap();
    let file = File::from(arena.descriptor().try_clone_to_owned().unwrap());
    assert!(file.set_len(0).is_err());
    assert!(file.set_len(2 * FOUR_MB as u64).is_err());
}

#[test]
fn what_is_not_sealed_memory_is_not_adopted() {
    let file = || File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/not-memory")).unwrap();
    file().write_all(b"a file on disk").unwrap();
    let error = Arena::adopt(OwnedFd::from(file())).unwrap_err();
    assert_eq!(error, ArenaError::NotSealed);
    assert_eq!(
        error.to_string(),
        "arena: wanted a memfd whose length is sealed (F_SEAL_SHRINK, F_SEAL_GROW), found one that is not"
    );
}

#[test]
fn arenas_may_be_made_by_many_threads_at_once() {
    let threads: Vec<_> = (0..8_u8)
        .map(|mark| {
            thread::spawn(move || {
                for _ in 0..8 {
                    let mut arena = Arena::private(&Request { bytes: 1, ..Request::default() }).unwrap();
                    arena.as_mut_slice().fill(mark);
                    assert!(arena.as_slice().iter().all(|byte| *byte == mark));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}
