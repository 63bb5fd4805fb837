//! io_uring: making a ring, entering it, and the memory that it shares with the kernel.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU16, Ordering};
use core::time::Duration;
use std::os::fd::{AsRawFd, BorrowedFd};

use io_uring::types::{BufRingEntry, SubmitArgs, Timespec};
use io_uring::{IoUring, squeue};

use crate::sys::Errno;

/// Makes a ring that is asleep until [`enable`] is called by the thread that will use it.
///
/// The kernel runs completions only while that thread enters, so they come in batches and never interrupt it; and it
/// says in the ring whether there are any, so that asking costs no call.
pub(crate) fn open(submissions: u32, completions: u32) -> Result<IoUring, Errno> {
    let ring = IoUring::builder()
        .dontfork()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_coop_taskrun()
        .setup_taskrun_flag()
        .setup_submit_all()
        .setup_r_disabled()
        .setup_clamp()
        .setup_cqsize(completions)
        .build(submissions);
    Ok(ring?)
}

/// Starts a ring; from now on it belongs to the calling thread.
pub(crate) fn enable(ring: &IoUring) -> Result<(), Errno> {
    Ok(ring.submitter().register_enable_rings()?)
}

/// Takes room for so many sockets that the ring holds itself.
pub(crate) fn make_slots(ring: &IoUring, slots: u32) -> Result<(), Errno> {
    Ok(ring.submitter().register_files_sparse(slots)?)
}

/// Gives the ring its own hold on a socket, or lets go of the one in this slot.
pub(crate) fn set_slot(ring: &IoUring, slot: u32, socket: Option<BorrowedFd<'_>>) -> Result<(), Errno> {
    let fd = socket.map_or(-1, |socket| socket.as_raw_fd());
    ring.submitter().register_files_update(slot, &[fd])?;
    Ok(())
}

/// Queues a request; returns whether there was room.
///
/// # Safety
///
/// What the request points to must stay valid until it was submitted, and what it reads or writes later until it is
/// complete.
pub(crate) unsafe fn push(ring: &mut IoUring, request: &squeue::Entry) -> bool {
    // SAFETY: exactly what the caller promises.
    unsafe { ring.submission().push(request) }.is_ok()
}

/// Submits what is queued, and does nothing else.
pub(crate) fn submit(ring: &mut IoUring) -> Result<(), Errno> {
    let queued = ring.submission().len() as u32;
    // SAFETY: without flags and arguments, the kernel only takes requests, for each of which `push` was promised that
    // what it points to is valid.
    unsafe { ring.submitter().enter::<libc::sigset_t>(queued, 0, 0, None) }?;
    Ok(())
}

/// Submits what is queued, and waits until there are `completions`, a signal came, or the time is over; no time at all
/// still runs what is pending.
pub(crate) fn enter(ring: &IoUring, completions: u32, wait: Duration) -> Result<(), Errno> {
    let wait = Timespec::from(wait);
    let arguments = SubmitArgs::new().timespec(&wait);
    match ring.submitter().submit_with_args(completions as usize, &arguments) {
        Ok(_) => Ok(()),
        Err(error) => match error.into() {
            Errno(libc::ETIME | libc::EINTR) => Ok(()),
            errno => Err(errno),
        },
    }
}

/// The most buffers of a [`BufferRing`]: the kernel counts them with 16 bits, and wants to tell full from empty.
pub(crate) const BUFFERS_MAX: u32 = 1 << 15;

/// A queue in memory shared with the kernel, from which it takes a buffer for every packet that it receives.
pub(crate) struct BufferRing {
    entries: NonNull<BufRingEntry>,
    count: u16,
    tail: u16,
}

// SAFETY: the memory is reached only through this value and by the kernel; no thread owns it.
unsafe impl Send for BufferRing {}

/// The queue must start at a page.
#[repr(C, align(4096))]
#[derive(Clone)]
struct Page([u8; 4096]);

impl BufferRing {
    /// Makes an empty queue for `count` buffers, a power of two up to [`BUFFERS_MAX`], and tells the ring of it. The
    /// memory of the queue stays mapped until the process ends, so that no ring can outlive it.
    pub(crate) fn new(ring: &IoUring, group: u16, count: u32) -> Result<Self, Errno> {
        assert!(count.is_power_of_two() && count <= BUFFERS_MAX, "the callers have checked this");
        let pages = (count as usize * size_of::<BufRingEntry>()).div_ceil(size_of::<Page>());
        let memory: &'static mut [Page] = vec![Page([0; 4096]); pages].leak();
        let entries = NonNull::from(memory).cast::<BufRingEntry>();
        let address = entries.as_ptr().expose_provenance() as u64;
        let count = count as u16;
        // SAFETY: the memory is page aligned, zeroed, has room for `count` entries and was leaked, so it is valid as
        // long as any ring.
        unsafe { ring.submitter().register_buf_ring_with_flags(address, count, group, 0) }?;
        Ok(Self { entries, count, tail: 0 })
    }

    /// Queues a buffer; the kernel sees it after [`BufferRing::publish`].
    ///
    /// # Safety
    ///
    /// The memory must be valid for writes of `len` bytes, and nobody else may reach it until a completion has named
    /// `id`. At most `count` buffers may be queued at a time.
    pub(crate) unsafe fn push(&mut self, id: u16, memory: NonNull<u8>, len: u32) {
        let place = usize::from(self.tail & (self.count - 1));
        // SAFETY: the place is below the count, for which there is memory.
        let entry = unsafe { self.entries.add(place) };
        // SAFETY: the entry is zeroed or written memory of ours, aligned. The kernel only reads entries between its
        // head and the published tail; this one is behind the tail, as at most `count` are queued. The tail itself
        // lies in a field of the first entry that none of the three calls touches.
        let entry = unsafe { &mut *entry.as_ptr() };
        entry.set_addr(memory.as_ptr().expose_provenance() as u64);
        entry.set_len(len);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Lets the kernel see what was queued.
    pub(crate) fn publish(&mut self) {
        // SAFETY: `entries` is the address of the first entry, which is initialised.
        let tail = unsafe { BufRingEntry::tail(self.entries.as_ptr()) };
        // SAFETY: the tail is an aligned 16-bit field of memory that is never freed; the kernel reads it with acquire
        // order and never writes it, and all our writes go through this atomic.
        let tail = unsafe { AtomicU16::from_ptr(tail.cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }
}
