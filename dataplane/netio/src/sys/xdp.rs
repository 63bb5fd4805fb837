//! AF_XDP sockets, their memory and rings; and how many queues an interface has.

use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::sys::{Errno, memory, socket};

/// One of the four rings of a socket, by the socket option that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum RingKind {
    Completion = libc::XDP_UMEM_COMPLETION_RING,
    Fill = libc::XDP_UMEM_FILL_RING,
    Receive = libc::XDP_RX_RING,
    Transmit = libc::XDP_TX_RING,
}

/// Opens an AF_XDP socket.
pub(crate) fn socket() -> Result<OwnedFd, Errno> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    // SAFETY: the call takes no memory of ours.
    let fd = unsafe { libc::socket(libc::AF_XDP, kind, 0) };
    if fd < 0 {
        return Err(Errno::last());
    }
    // SAFETY: the kernel has just opened the descriptor for us, so nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Gives memory to the kernel to receive into and to send from, cut into chunks.
///
/// # Safety
///
/// The memory must stay mapped until the process ends, and a chunk must have no reference to it while its address is in
/// the fill ring, the transmit ring, or with the kernel in between.
pub(crate) unsafe fn register_memory(
    socket: BorrowedFd<'_>,
    (start, bytes): (NonNull<u8>, usize),
    chunk_bytes: usize,
) -> Result<(), Errno> {
    let registration = libc::xdp_umem_reg {
        addr: start.as_ptr().expose_provenance() as u64,
        len: bytes as u64,
        chunk_size: chunk_bytes as u32,
        headroom: 0,
        flags: 0,
        tx_metadata_len: 0,
    };
    socket::set_option(socket, libc::SOL_XDP, libc::XDP_UMEM_REG, &registration)
}

/// Makes a ring of so many entries, a power of two.
pub(crate) fn make_ring(socket: BorrowedFd<'_>, kind: RingKind, entries: u32) -> Result<(), Errno> {
    socket::set_option(socket, libc::SOL_XDP, kind as i32, &entries)
}

/// Says where a ring lies in its mapping: the offsets of its cursors, its flags and its entries.
pub(crate) fn ring_offsets(socket: BorrowedFd<'_>, kind: RingKind) -> Result<libc::xdp_ring_offset, Errno> {
    // SAFETY: any bytes are numbers.
    let offsets: libc::xdp_mmap_offsets = unsafe { option(socket, libc::XDP_MMAP_OFFSETS) }?;
    Ok(match kind {
        RingKind::Completion => offsets.cr,
        RingKind::Fill => offsets.fr,
        RingKind::Receive => offsets.rx,
        RingKind::Transmit => offsets.tx,
    })
}

/// Maps a ring.
pub(crate) fn map_ring(socket: BorrowedFd<'_>, kind: RingKind, bytes: usize) -> Result<NonNull<u8>, Errno> {
    let offset = match kind {
        RingKind::Completion => libc::XDP_UMEM_PGOFF_COMPLETION_RING as libc::off_t,
        RingKind::Fill => libc::XDP_UMEM_PGOFF_FILL_RING as libc::off_t,
        RingKind::Receive => libc::XDP_PGOFF_RX_RING,
        RingKind::Transmit => libc::XDP_PGOFF_TX_RING,
    };
    memory::map_shared(socket, bytes, offset, libc::MAP_POPULATE)
}

/// Binds a socket to a queue of an interface; `share` is the socket whose memory it uses.
pub(crate) fn bind(
    socket: BorrowedFd<'_>,
    interface: u32,
    queue: u32,
    flags: u16,
    share: Option<BorrowedFd<'_>>,
) -> Result<(), Errno> {
    let address = libc::sockaddr_xdp {
        sxdp_family: libc::AF_XDP as u16,
        sxdp_flags: flags,
        sxdp_ifindex: interface,
        sxdp_queue_id: queue,
        sxdp_shared_umem_fd: share.map_or(0, |share| share.as_raw_fd().cast_unsigned()),
    };
    let len = size_of_val(&address) as libc::socklen_t;
    // SAFETY: the kernel reads `len` bytes of an address that lives during the call.
    match unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), len) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// Tells whether the driver moves packets to and from the memory itself.
pub(crate) fn is_zero_copy(socket: BorrowedFd<'_>) -> Result<bool, Errno> {
    // SAFETY: any bytes are a number.
    let options: libc::xdp_options = unsafe { option(socket, libc::XDP_OPTIONS) }?;
    Ok(options.flags & libc::XDP_OPTIONS_ZEROCOPY != 0)
}

/// Returns what the kernel has counted.
pub(crate) fn statistics(socket: BorrowedFd<'_>) -> Result<libc::xdp_statistics, Errno> {
    // SAFETY: any bytes are numbers.
    unsafe { option(socket, libc::XDP_STATISTICS) }
}

/// Makes the kernel look at the transmit ring.
#[inline]
pub(crate) fn kick_transmit(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = libc::MSG_DONTWAIT;
    // SAFETY: no bytes and no address are given.
    match unsafe { libc::sendto(socket.as_raw_fd(), ptr::null(), 0, flags, ptr::null(), 0) } {
        0.. => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// Makes the kernel look at the fill ring and, when the socket prefers to poll, at the NIC.
#[inline]
pub(crate) fn kick_receive(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    let (none, flags) = (ptr::null_mut(), libc::MSG_DONTWAIT);
    // SAFETY: room for no bytes and no address is given.
    match unsafe { libc::recvfrom(socket.as_raw_fd(), none, 0, flags, none.cast(), none.cast()) } {
        0.. => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// Reads an option of an AF_XDP socket.
///
/// # Safety
///
/// Any bytes must be a valid `T`.
unsafe fn option<T>(socket: BorrowedFd<'_>, name: libc::c_int) -> Result<T, Errno> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut len = size_of::<T>() as libc::socklen_t;
    let fd = socket.as_raw_fd();
    // SAFETY: the kernel writes at most `len` bytes to `value`, and the number of them to `len`; both live during the
    // call.
    let result =
        unsafe { libc::getsockopt(fd, libc::SOL_XDP, name, value.as_mut_ptr().cast(), &raw mut len) };
    if result < 0 {
        return Err(Errno::last());
    }
    // SAFETY: all bytes were zero before the kernel wrote some, and the caller says that any bytes are valid.
    Ok(unsafe { value.assume_init() })
}

/// Asks a driver how many receive queues an interface has now (`ETHTOOL_GCHANNELS`).
pub(crate) fn receive_queues(socket: BorrowedFd<'_>, interface: &CStr) -> Result<u32, Errno> {
    let mut channels = Channels { command: ETHTOOL_GCHANNELS, ..Channels::default() };
    let mut request = Request { name: [0; libc::IFNAMSIZ], channels: &raw mut channels, rest: [0; 16] };
    let name = interface.to_bytes();
    if name.len() >= request.name.len() {
        return Err(Errno(libc::ENODEV));
    }
    request.name[..name.len()].copy_from_slice(name);
    // SAFETY: the request is as long as `struct ifreq`, of which the kernel uses the name, which ends with a zero, and
    // the pointer; it writes to `channels`, which has the layout that belongs to the command. Both live during the call.
    match unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCETHTOOL, &raw mut request) } {
        0 => Ok(channels.rx + channels.combined),
        _ => Err(Errno::last()),
    }
}

/// `struct ethtool_channels`: the most there can be, and then the numbers of now.
#[derive(Default)]
#[repr(C)]
struct Channels {
    command: u32,
    max: [u32; 4],
    rx: u32,
    tx: u32,
    other: u32,
    combined: u32,
}

/// `struct ifreq` with the pointer that `SIOCETHTOOL` takes.
#[repr(C)]
struct Request {
    name: [u8; libc::IFNAMSIZ],
    channels: *mut Channels,
    rest: [u8; 16],
}

const _: () = assert!(size_of::<Request>() == size_of::<libc::ifreq>());

const ETHTOOL_GCHANNELS: u32 = 0x3c;
