//! Memory that programs share with this process.

use core::net::IpAddr;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::address::LocalPort;
use crate::bpf::asm::Register::{self, R0, R7};
use crate::bpf::asm::{Assembler, Condition, Label, Size};
use crate::bpf::program::refused;
use crate::error::SetupError;
use crate::setup::ADDRESSES_MAX;
use crate::sys::bpf::{self as sys, MapShape};
use crate::sys::memory;

/// Who has which port of the media addresses: what both programs ask of every packet.
///
/// It is one array in the kernel, mapped here, so that a lease is one store and no system call.
pub struct PortMap {
    map: OwnedFd,
    entries: NonNull<AtomicU32>,
    addresses: Vec<IpAddr>,
}

// SAFETY: the mapping is of no thread, and all access to it is atomic.
unsafe impl Send for PortMap {}
// SAFETY: as above.
unsafe impl Sync for PortMap {}

impl PortMap {
    /// Makes a map of these media addresses, in which nobody has any port.
    ///
    /// # Errors
    ///
    /// If the process lacks a capability, or the kernel is too old or out of memory.
    ///
    /// # Panics
    ///
    /// If there is no address, or more than [`ADDRESSES_MAX`].
    pub fn new(driver: &'static str, addresses: &[IpAddr]) -> Result<Self, SetupError> {
        assert!(
            (1..=ADDRESSES_MAX).contains(&addresses.len()),
            "there are media addresses, and not too many"
        );
        let wanted = "a BPF array for the leased ports";
        let shape = MapShape {
            kind: KIND_ARRAY,
            value_bytes: (addresses.len() * ADDRESS_BYTES) as u32,
            entries: 1,
            flags: FLAG_MMAPABLE,
        };
        let map = sys::create_map(shape, c"ports").map_err(|errno| refused(driver, wanted, errno))?;
        let entries = sys::map_memory(map.as_fd(), addresses.len() * ADDRESS_BYTES)
            .map_err(|errno| refused(driver, wanted, errno))?;
        Ok(Self { map, entries: entries.cast(), addresses: addresses.to_vec() })
    }

    /// Gives a free port to a worker. Returns whether it was free, and on one of the addresses.
    #[must_use]
    pub fn lease(&self, port: LocalPort, worker: usize) -> bool {
        let exchanged = self
            .entry(port)
            .map(|entry| entry.compare_exchange(NOBODY, number(worker), Ordering::AcqRel, Ordering::Relaxed));
        matches!(exchanged, Some(Ok(_)))
    }

    /// Takes a port back from a worker. Returns whether the worker had it.
    pub fn release(&self, port: LocalPort, worker: usize) -> bool {
        let exchanged = self
            .entry(port)
            .map(|entry| entry.compare_exchange(number(worker), NOBODY, Ordering::AcqRel, Ordering::Relaxed));
        matches!(exchanged, Some(Ok(_)))
    }

    /// Returns the worker that has a port.
    #[inline]
    #[must_use]
    pub fn worker(&self, port: LocalPort) -> Option<usize> {
        self.entry(port)?.load(Ordering::Relaxed).checked_sub(1).map(|worker| worker as usize)
    }

    /// Tells whether there is a media address of so many octets.
    pub(crate) fn has_addresses_of(&self, octets: usize) -> bool {
        self.addresses.iter().any(|address| address.is_ipv4() == (octets == 4))
    }

    /// Assembles the question whether the address at `pointer + at` is one of the media addresses of so many octets. If
    /// it is, the program jumps to `found` with [`PORTS`] pointing to its 65,536 words: one per port, of which zero
    /// means nobody and `n` means worker `n - 1`. R0 is lost.
    pub(crate) fn jump_if_ours(
        &self,
        asm: &mut Assembler,
        octets: usize,
        pointer: Register,
        at: i16,
        found: Label,
    ) {
        for (slot, address) in self.addresses.iter().enumerate() {
            let address = match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            if address.len() != octets {
                continue;
            }
            let next = asm.label();
            for (offset, word) in (at..).step_by(4).zip(address.as_chunks().0) {
                asm.load(Size::Word, R0, pointer, offset);
                asm.jump_if_word(Condition::NotEqual, R0, u32::from_ne_bytes(*word), next);
            }
            asm.load_map_value(PORTS, self.map.as_fd(), (slot * ADDRESS_BYTES) as u32);
            asm.jump(found);
            asm.place(next);
        }
    }

    #[inline]
    fn entry(&self, port: LocalPort) -> Option<&AtomicU32> {
        if usize::from(port.address) >= self.addresses.len() {
            return None;
        }
        let index = usize::from(port.address) * PORT_COUNT + usize::from(port.port);
        // SAFETY: the mapping holds `PORT_COUNT` entries for each address. The address was checked to be one of them,
        // and a port is below `PORT_COUNT`, so the index is within.
        let entry = unsafe { self.entries.add(index) };
        // SAFETY: the mapping lasts as long as `self`; it is aligned, as it starts with a page; the kernel has zeroed
        // it; and this process reaches it only through these atomics.
        Some(unsafe { entry.as_ref() })
    }
}

impl AsFd for PortMap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.map.as_fd()
    }
}

impl Drop for PortMap {
    fn drop(&mut self) {
        // SAFETY: `new` mapped it with this size, only `drop` gives it back, and references to entries borrow `self`.
        unsafe { memory::unmap(self.entries.cast(), self.addresses.len() * ADDRESS_BYTES) };
    }
}

/// What a [`DescriptorMap`] holds, by its number in `enum bpf_map_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Descriptors {
    /// UDP sockets that `bpf_sk_assign` can give packets to.
    Sockets = 15,
    /// AF_XDP sockets that `bpf_redirect_map` can give frames to.
    XdpSockets = 17,
}

/// A list of sockets that programs choose from. A socket leaves the list when it is closed.
pub struct DescriptorMap {
    driver: &'static str,
    map: OwnedFd,
}

impl DescriptorMap {
    /// Makes a list of empty places.
    ///
    /// # Errors
    ///
    /// If the process lacks a capability, or the kernel lacks the feature or memory.
    pub fn new(driver: &'static str, holds: Descriptors, places: u32) -> Result<Self, SetupError> {
        let (name, wanted) = match holds {
            Descriptors::Sockets => (c"sockets", "a BPF map of sockets"),
            Descriptors::XdpSockets => (c"xdp_sockets", "a BPF map of AF_XDP sockets"),
        };
        let value_bytes = size_of::<i32>() as u32;
        let shape = MapShape { kind: holds as u32, value_bytes, entries: places, flags: 0 };
        let map = sys::create_map(shape, name).map_err(|errno| refused(driver, wanted, errno))?;
        Ok(Self { driver, map })
    }

    /// Puts a socket into a place, in the stead of the one that is there.
    ///
    /// # Errors
    ///
    /// If there is no such place, or the socket is of the wrong kind.
    pub fn put(&self, place: u32, socket: BorrowedFd<'_>) -> Result<(), SetupError> {
        sys::update_map(self.map.as_fd(), place, socket)
            .map_err(|errno| refused(self.driver, "a place for a socket in a BPF map", errno))
    }
}

impl AsFd for DescriptorMap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.map.as_fd()
    }
}

fn number(worker: usize) -> u32 {
    u32::try_from(worker + 1).expect("there are fewer workers than a number can count")
}

/// The register in which programs keep where the ports of an address are.
pub(crate) const PORTS: Register = R7;

const NOBODY: u32 = 0;
const PORT_COUNT: usize = 1 << 16;
const ADDRESS_BYTES: usize = PORT_COUNT * size_of::<u32>();
// The kernel allows an array value of 4 MB (`KMALLOC_MAX_SIZE`): 16 addresses of 256 KB. One large value is reached
// without a call in the program, and lies denser than many small ones, which the kernel rounds up to 8 bytes each.
const _: () = assert!(ADDRESSES_MAX * ADDRESS_BYTES <= 4 << 20);

/// `BPF_MAP_TYPE_ARRAY`.
const KIND_ARRAY: u32 = 2;
/// `BPF_F_MMAPABLE`.
const FLAG_MMAPABLE: u32 = 1 << 10;
