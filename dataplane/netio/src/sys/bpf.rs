//! The system call bpf(2), one function a command, and the mapping of map memory.
//!
//! The structures are the parts of `union bpf_attr` in Linux 5.13 that this crate uses; the kernel takes a shorter one
//! for one whose other fields are zero.

use core::ffi::CStr;
use core::ptr::NonNull;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::sys::{Errno, memory};

/// What to make of a map whose keys are numbers from zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MapShape {
    pub(crate) kind: u32,
    pub(crate) value_bytes: u32,
    pub(crate) entries: u32,
    pub(crate) flags: u32,
}

/// Makes a map.
pub(crate) fn create_map(shape: MapShape, name: &CStr) -> Result<OwnedFd, Errno> {
    let MapShape { kind, value_bytes, entries, flags } = shape;
    let key_bytes = size_of::<u32>() as u32;
    let name = object_name(name);
    let mut command =
        MapCreate { kind, key_bytes, value_bytes, entries, flags, inner_map: 0, numa_node: 0, name };
    // SAFETY: the command holds no addresses.
    let result = unsafe { bpf(MAP_CREATE, &mut command) };
    descriptor(result?)
}

/// Puts a descriptor into a map of descriptors.
pub(crate) fn update_map(map: BorrowedFd<'_>, key: u32, value: BorrowedFd<'_>) -> Result<(), Errno> {
    let (key, value) = ([key], [value.as_raw_fd()]);
    let mut command =
        MapUpdate { map: map.as_raw_fd(), padding: 0, key: address(&key), value: address(&value), flags: 0 };
    // SAFETY: the kernel reads a key of four bytes and a value of the size the map was made with, which is four bytes
    // for every map of descriptors that this crate makes. Both outlive the call.
    unsafe { bpf(MAP_UPDATE, &mut command) }.map(drop)
}

/// What to load.
pub(crate) struct ProgramText<'a> {
    pub(crate) kind: u32,
    pub(crate) attach_type: u32,
    pub(crate) name: &'a CStr,
    pub(crate) code: &'a [u64],
}

/// Loads a program; if there is room in the log, the verifier writes into it why it refuses one, as a C string.
pub(crate) fn load_program(text: &ProgramText<'_>, log: &mut [u8]) -> Result<OwnedFd, Errno> {
    let mut command = ProgramLoad {
        kind: text.kind,
        instructions: text.code.len() as u32,
        code: address(text.code),
        license: address(LICENSE.to_bytes_with_nul()),
        log_level: u32::from(!log.is_empty()),
        log_bytes: log.len() as u32,
        log: address_mut(log),
        kernel_version: 0,
        flags: 0,
        name: object_name(text.name),
        interface: 0,
        attach_type: text.attach_type,
    };
    // SAFETY: the code is as many instructions of eight bytes as it is said to be, and the licence a C string; the
    // kernel writes at most as many bytes into the log as it has, which the caller lends for writing. All outlive the
    // call.
    let result = unsafe { bpf(PROGRAM_LOAD, &mut command) };
    descriptor(result?)
}

/// Runs a program once over a packet and a context; what it did to the context is written back. Returns its verdict.
pub(crate) fn run_program(program: BorrowedFd<'_>, packet: &[u8], context: &mut [u8]) -> Result<u32, Errno> {
    let mut command = ProgramTestRun {
        program: program.as_raw_fd(),
        verdict: 0,
        packet_bytes: packet.len() as u32,
        packet_out_bytes: 0,
        packet: address(packet),
        packet_out: 0,
        repeat: 0,
        duration: 0,
        context_bytes: context.len() as u32,
        context_out_bytes: context.len() as u32,
        context: address_mut(context),
        context_out: address_mut(context),
    };
    // SAFETY: the kernel copies from packet and context before it runs the program, and afterwards writes at most
    // `context_out_bytes` bytes back to the context, which is lent for writing. Both outlive the call.
    unsafe { bpf(PROGRAM_TEST_RUN, &mut command) }?;
    Ok(command.verdict)
}

/// Attaches a program to a target, an interface by its index or a network namespace by its descriptor, for as long as
/// the link is open.
pub(crate) fn create_link(
    program: BorrowedFd<'_>,
    target: u32,
    attach_type: u32,
    flags: u32,
) -> Result<OwnedFd, Errno> {
    let mut command = LinkCreate { program: program.as_raw_fd(), target, attach_type, flags };
    // SAFETY: the command holds no addresses.
    let result = unsafe { bpf(LINK_CREATE, &mut command) };
    descriptor(result?)
}

/// Maps the memory of an array that was made with `BPF_F_MMAPABLE`.
pub(crate) fn map_memory(map: BorrowedFd<'_>, bytes: usize) -> Result<NonNull<u8>, Errno> {
    memory::map_shared(map, bytes, 0, 0)
}

/// Makes the system call, and again if the verifier was interrupted.
///
/// # Safety
///
/// `Command` must be the structure that the kernel expects for this number, and addresses in it valid for what the
/// kernel does with them.
unsafe fn bpf<Command>(number: libc::c_int, command: &mut Command) -> Result<libc::c_long, Errno> {
    let mut errno = Errno(libc::EAGAIN);
    for _ in 0..ATTEMPTS_MAX {
        // SAFETY: the kernel reads, and for some commands writes, as many bytes as the command is long; for what the
        // command refers to the caller answers.
        let result = unsafe { libc::syscall(libc::SYS_bpf, number, &raw mut *command, size_of::<Command>()) };
        if result >= 0 {
            return Ok(result);
        }
        errno = Errno::last();
        if errno != Errno(libc::EAGAIN) {
            break;
        }
    }
    Err(errno)
}

/// Returns the address of memory that the kernel reads during a call; zero for none.
fn address<T>(memory: &[T]) -> u64 {
    if memory.is_empty() { 0 } else { memory.as_ptr().expose_provenance() as u64 }
}

/// Returns the address of memory that the kernel writes during a call; zero for none.
fn address_mut(memory: &mut [u8]) -> u64 {
    if memory.is_empty() { 0 } else { memory.as_mut_ptr().expose_provenance() as u64 }
}

fn descriptor(result: libc::c_long) -> Result<OwnedFd, Errno> {
    let number = i32::try_from(result).map_err(|_| Errno(libc::EBADF))?;
    // SAFETY: the kernel just made this descriptor for us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Names are for people who list objects with `bpftool`; the kernel takes 15 bytes and a zero.
fn object_name(name: &CStr) -> [u8; 16] {
    let mut target = [0; 16];
    let bytes = name.to_bytes();
    assert!(bytes.len() < target.len(), "the name of a BPF object is at most 15 bytes long");
    target[..bytes.len()].copy_from_slice(bytes);
    target
}

#[repr(C)]
struct MapCreate {
    kind: u32,
    key_bytes: u32,
    value_bytes: u32,
    entries: u32,
    flags: u32,
    inner_map: u32,
    numa_node: u32,
    name: [u8; 16],
}

#[repr(C)]
struct MapUpdate {
    map: i32,
    padding: u32,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
struct ProgramLoad {
    kind: u32,
    instructions: u32,
    code: u64,
    license: u64,
    log_level: u32,
    log_bytes: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
    interface: u32,
    attach_type: u32,
}

#[repr(C)]
struct ProgramTestRun {
    program: i32,
    verdict: u32,
    packet_bytes: u32,
    packet_out_bytes: u32,
    packet: u64,
    packet_out: u64,
    repeat: u32,
    duration: u32,
    context_bytes: u32,
    context_out_bytes: u32,
    context: u64,
    context_out: u64,
}

#[repr(C)]
struct LinkCreate {
    program: i32,
    target: u32,
    attach_type: u32,
    flags: u32,
}

// `enum bpf_cmd`.
const MAP_CREATE: libc::c_int = 0;
const MAP_UPDATE: libc::c_int = 2;
const PROGRAM_LOAD: libc::c_int = 5;
const PROGRAM_TEST_RUN: libc::c_int = 10;
const LINK_CREATE: libc::c_int = 28;

/// A signal can be pending when the verifier looks, but hardly so often.
const ATTEMPTS_MAX: u32 = 5;

/// The licence of the programs; none of the kernel's functions that they call asks for another.
const LICENSE: &CStr = c"Apache-2.0 OR MIT";
