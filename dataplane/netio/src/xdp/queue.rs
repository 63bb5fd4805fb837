//! One AF_XDP socket: a queue of the NIC, with the four rings that it moves frames through.

use core::ptr::NonNull;
use core::time::Duration;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread;

use crate::frame::{BATCH_MAX, FRAME_BYTES};
use crate::pool::Pool;
use crate::sys::xdp::{self as sys, RingKind};
use crate::sys::{Errno, memory, socket};
use crate::xdp::ring::{Consumer, Producer};

/// How many descriptors the kernel sends for one call, in copy mode and unless told otherwise (`TX_BATCH_SIZE`).
const SENT_PER_KICK: usize = 32;
/// Calls to send one batch: one per 32 frames, and one for what was left over. More would be waiting.
const KICKS_MAX: usize = BATCH_MAX / SENT_PER_KICK + 1;
/// `XDP_MAX_TX_SKB_BUDGET`: since Linux 6.17 one call can send a whole batch.
const OPTION_SENT_PER_KICK: libc::c_int = 9;
/// How long the kernel looks for packets when it is asked to poll, and how many it takes.
const BUSY_POLL_MICROSECONDS: libc::c_int = 20;
const BUSY_POLL_PACKETS: libc::c_int = BATCH_MAX as libc::c_int;
/// The kernel gives a queue back some time after the socket before was closed, as when a process is started anew: a
/// second is plenty.
const BUSY_ATTEMPTS_MAX: usize = 100;
const BUSY_WAIT: Duration = Duration::from_millis(10);
/// Copies of frames on their way through the kernel count against this; the transmit ring is the bound, not this.
const SEND_BUFFER_BYTES: libc::c_int = 8 << 20;

/// What a queue is opened with.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueSetup {
    pub(super) interface: u32,
    /// The number of the queue.
    pub(super) id: u32,
    /// The most frames that the receiving side holds; a power of two.
    pub(super) rx_frames: u32,
    /// The most frames that the sending side holds; a power of two.
    pub(super) tx_frames: u32,
    pub(super) busy_poll: bool,
    /// Copies even where the driver could do without.
    pub(super) copy: bool,
}

/// What the kernel refused, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) operation: &'static str,
    pub(super) errno: Errno,
}

/// A queue of the NIC.
pub(super) struct Queue {
    // The rings before the socket, and both before the mappings: fields are dropped in this order.
    fill: Producer<u64>,
    completion: Consumer<u64>,
    rx: Consumer<Descriptor>,
    tx: Producer<Descriptor>,
    socket: OwnedFd,
    _mappings: [Mapping; 4],
    /// How many frames the receiving side holds, and may hold.
    rx_held: u32,
    rx_frames: u32,
    zero_copy: bool,
}

/// `struct xdp_desc`: a packet in the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Descriptor {
    address: u64,
    len: u32,
    options: u32,
}

const _: () = assert!(size_of::<Descriptor>() == size_of::<libc::xdp_desc>());

impl Queue {
    /// Opens a queue whose frames come from `pool`; `first` is the queue of the same worker that was opened before.
    pub(super) fn open(setup: &QueueSetup, pool: &Pool, first: Option<&Self>) -> Result<Self, Refusal> {
        let refused = |operation: &'static str| move |errno: Errno| Refusal { operation, errno };
        let socket = sys::socket().map_err(refused("an AF_XDP socket"))?;
        let fd = socket.as_fd();
        if first.is_none() {
            // SAFETY: the pool's memory stays mapped until the process ends. A buffer's address goes into a ring only
            // when the pool or its frame has given its token away, and a frame is made of the token only when the
            // kernel has given it back.
            unsafe { sys::register_memory(fd, pool.memory(), FRAME_BYTES) }
                .map_err(refused("memory for packets"))?;
        }
        // What the kernel does not know or allow costs speed alone.
        let _ = socket::set_option(fd, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, &SEND_BUFFER_BYTES);
        if setup.busy_poll {
            prefer_busy_poll(fd).map_err(refused("busy polling"))?;
        }
        let ring = |kind, entries| open_ring(fd, kind, entries).map_err(refused("a ring"));
        let (fill, completion) =
            (ring(RingKind::Fill, setup.rx_frames)?, ring(RingKind::Completion, setup.tx_frames)?);
        let (rx, tx) =
            (ring(RingKind::Receive, setup.rx_frames)?, ring(RingKind::Transmit, setup.tx_frames)?);
        let _ = socket::set_option(
            fd,
            libc::SOL_XDP,
            OPTION_SENT_PER_KICK,
            &(BATCH_MAX as u32).min(setup.tx_frames),
        );
        let (flags, share) = match first {
            Some(first) => (libc::XDP_SHARED_UMEM, Some(first.socket.as_fd())),
            None if setup.copy => (libc::XDP_USE_NEED_WAKEUP | libc::XDP_COPY, None),
            // Without a wish the kernel takes zero-copy where the driver has it.
            None => (libc::XDP_USE_NEED_WAKEUP, None),
        };
        let mut bound = sys::bind(fd, setup.interface, setup.id, flags, share);
        for _ in 0..BUSY_ATTEMPTS_MAX {
            let Err(Errno(libc::EBUSY)) = bound else { break };
            thread::sleep(BUSY_WAIT);
            bound = sys::bind(fd, setup.interface, setup.id, flags, share);
        }
        bound.map_err(refused("to bind to the queue"))?;
        let zero_copy = sys::is_zero_copy(fd).map_err(refused("to ask for the mode"))?;
        Ok(Self {
            // SAFETY: each mapping is a ring of this many entries with these offsets and lives as long as the queue;
            // this is the only user of its side, as the ring was just made, and the kernel keeps to the other.
            fill: unsafe { Producer::new(fill.0.start, &fill.1, setup.rx_frames) },
            // SAFETY: as above; any bytes are a number.
            completion: unsafe { Consumer::new(completion.0.start, &completion.1, setup.tx_frames) },
            // SAFETY: as above; any bytes are a descriptor.
            rx: unsafe { Consumer::new(rx.0.start, &rx.1, setup.rx_frames) },
            // SAFETY: as above.
            tx: unsafe { Producer::new(tx.0.start, &tx.1, setup.tx_frames) },
            _mappings: [fill.0, completion.0, rx.0, tx.0],
            socket,
            rx_held: 0,
            rx_frames: setup.rx_frames,
            zero_copy,
        })
    }

    /// Tells whether the driver moves packets to and from the frames itself.
    pub(super) fn is_zero_copy(&self) -> bool {
        self.zero_copy
    }

    /// Takes back what was sent, and gives free frames to receive into. Returns how many calls it made.
    #[inline]
    pub(super) fn replenish(&mut self, pool: &mut Pool) -> u64 {
        while let Some(address) = self.completion.pop() {
            pool.give_back(token(address));
        }
        self.completion.release();
        while self.rx_held < self.rx_frames {
            let Some(token) = pool.take_token() else { break };
            let fits = self.fill.push(u64::from(token) * FRAME_BYTES as u64);
            assert!(fits, "the fill ring has a place for every frame that the receiving side may hold");
            self.rx_held += 1;
        }
        if self.fill.publish() == 0 || !self.fill.needs_wakeup() {
            return 0;
        }
        // A refusal is told by the next call that sends or waits.
        let _ = sys::kick_receive(self.socket.as_fd());
        1
    }

    /// Takes a received frame: its token, and where in its buffer it is.
    #[inline]
    pub(super) fn receive(&mut self) -> Option<(u32, usize, usize)> {
        let Descriptor { address, len, .. } = self.rx.pop()?;
        self.rx_held -= 1;
        Some((token(address), (address % FRAME_BYTES as u64) as usize, len as usize))
    }

    /// Gives the places of what was received back to the kernel.
    #[inline]
    pub(super) fn release_received(&mut self) {
        self.rx.release();
    }

    /// Makes the kernel poll the NIC, where that was wished for.
    pub(super) fn poll(&self) {
        // A refusal is told by the next call that sends.
        let _ = sys::kick_receive(self.socket.as_fd());
    }

    /// Puts a frame on the way out; it leaves with [`Queue::flush`]. Returns whether there was room.
    #[inline]
    pub(super) fn send(&mut self, token: u32, start: usize, len: usize) -> bool {
        let address = u64::from(token) * FRAME_BYTES as u64 + start as u64;
        self.tx.push(Descriptor { address, len: len as u32, options: 0 })
    }

    /// Shows the kernel what is to be sent, and calls it as often as that makes sense. Returns how many calls it made.
    pub(super) fn flush(&mut self) -> Result<u64, Errno> {
        self.tx.publish();
        let mut calls = 0;
        for _ in 0..if self.zero_copy { 1 } else { KICKS_MAX } {
            let pending = self.tx.pending();
            if pending == 0 || !self.tx.needs_wakeup() {
                break;
            }
            calls += 1;
            match sys::kick_transmit(self.socket.as_fd()).map_err(|errno| errno.0) {
                // EAGAIN: it sent as many as it does for one call.
                Ok(()) | Err(libc::EAGAIN) if self.tx.pending() < pending => {}
                // It is busy, out of memory or without a carrier: what is left goes with the next call.
                Ok(()) | Err(libc::EAGAIN | libc::EBUSY | libc::EINTR | libc::ENOBUFS | libc::ENETDOWN) => {
                    break;
                }
                Err(errno) => return Err(Errno(errno)),
            }
        }
        Ok(calls)
    }

    /// Tells whether something waits to be sent.
    #[inline]
    pub(super) fn has_unsent(&self) -> bool {
        self.tx.pending() > 0
    }

    /// Returns what the kernel has counted.
    pub(super) fn statistics(&self) -> Option<libc::xdp_statistics> {
        sys::statistics(self.socket.as_fd()).ok()
    }
}

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Chunks are as large as buffers, so an address within one names it.
#[inline]
fn token(address: u64) -> u32 {
    (address / FRAME_BYTES as u64) as u32
}

/// Keeps a ring mapped.
struct Mapping {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: a mapping is of no thread.
unsafe impl Send for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `open_ring` mapped it with this size; the sides of the ring, the only ones that refer to it, are
        // dropped with the queue, and before this.
        unsafe { memory::unmap(self.start, self.bytes) };
    }
}

fn open_ring(
    socket: BorrowedFd<'_>,
    kind: RingKind,
    entries: u32,
) -> Result<(Mapping, libc::xdp_ring_offset), Errno> {
    sys::make_ring(socket, kind, entries)?;
    let offsets = sys::ring_offsets(socket, kind)?;
    let entry_bytes = match kind {
        RingKind::Completion | RingKind::Fill => size_of::<u64>(),
        RingKind::Receive | RingKind::Transmit => size_of::<Descriptor>(),
    };
    let bytes = offsets.desc as usize + entries as usize * entry_bytes;
    let start = sys::map_ring(socket, kind, bytes)?;
    Ok((Mapping { start, bytes }, offsets))
}

/// Lets this thread's calls drive the NIC instead of its interrupts.
fn prefer_busy_poll(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    socket::set_option(socket, libc::SOL_SOCKET, libc::SO_PREFER_BUSY_POLL, &1i32)?;
    socket::set_option(socket, libc::SOL_SOCKET, libc::SO_BUSY_POLL, &BUSY_POLL_MICROSECONDS)?;
    socket::set_option(socket, libc::SOL_SOCKET, libc::SO_BUSY_POLL_BUDGET, &BUSY_POLL_PACKETS)
}
