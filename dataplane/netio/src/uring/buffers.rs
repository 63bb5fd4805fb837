//! The frames that wait in the kernel for packets.

use io_uring::IoUring;

use crate::address::Endpoint;
use crate::frame::{FRAME_BYTES, Frame, HEADROOM};
use crate::pool::Pool;
use crate::sys::Errno;
use crate::sys::message::{self, NAME_BYTES, Notes, parse_control};
use crate::sys::uring::BufferRing;

/// The group of buffers from which a receiving request takes; there is one per ring.
pub(crate) const GROUP: u16 = 0;

/// A packet lies in its buffer behind a header, the address of its sender and control messages. Their sizes are chosen
/// so that it begins where a frame wants its payload, and that control messages are aligned.
const HEADER_BYTES: usize = 16;
/// Room for the address of a sender, rounded up to 8.
pub(crate) const NAME_ROOM: usize = NAME_BYTES.next_multiple_of(8);
/// Room for control messages: all the rest.
pub(crate) const CONTROL_ROOM: usize = HEADROOM - HEADER_BYTES - NAME_ROOM;
const _: () = assert!(CONTROL_ROOM >= message::CONTROL_BYTES);

/// Keeps as many frames in the kernel as it can, and takes them out as packets arrive.
pub(crate) struct Buffers {
    queue: BufferRing,
    /// How many frames the kernel has, or has filled without our having looked.
    queued: u32,
    /// How many it is to have at most. A quarter of all stays here: batches and [`allocate`](crate::Driver::allocate)
    /// live on it.
    queued_max: u32,
}

/// What the kernel has written before a packet.
pub(crate) struct Arrived {
    /// Who sent it, if that is an IP address.
    pub(crate) source: Option<Endpoint>,
    /// What else is known.
    pub(crate) notes: Notes,
    /// Whether there was more of it than the buffer has room for.
    pub(crate) is_truncated: bool,
}

impl Buffers {
    /// Tells the ring of an empty queue for `frames` buffers.
    pub(crate) fn new(ring: &IoUring, frames: u32) -> Result<Self, Errno> {
        let queue = BufferRing::new(ring, GROUP, frames)?;
        Ok(Self { queue, queued: 0, queued_max: frames - frames / 4 })
    }

    /// Hands free frames to the kernel.
    pub(crate) fn fill(&mut self, pool: &mut Pool) {
        if self.queued == self.queued_max {
            return;
        }
        while self.queued < self.queued_max {
            let Some(token) = pool.take_token() else { break };
            let memory = pool.buffer(token);
            // SAFETY: the pool's memory is never unmapped; a token stands for the only way to its buffer, and it is in
            // the kernel's hands from here until `take`; no more are queued than there are frames.
            unsafe { self.queue.push(token as u16, memory, FRAME_BYTES as u32) };
            self.queued += 1;
        }
        self.queue.publish();
    }

    /// Returns how many frames the kernel may have left.
    pub(crate) fn queued(&self) -> u32 {
        self.queued
    }

    /// Takes the buffer that a completion names out of the kernel's hands; `len` bytes of it are filled.
    pub(crate) fn take(&mut self, pool: &mut Pool, id: u16, len: usize) -> Frame {
        self.queued -= 1;
        pool.received(id.into(), HEADROOM, len.saturating_sub(HEADROOM))
    }
}

/// Reads what the kernel has written before a packet.
pub(crate) fn arrived(frame: &mut Frame) -> Arrived {
    let (bytes, _) = frame.whole();
    let (header, rest) = bytes.split_at(HEADER_BYTES);
    let (name, rest) = rest.split_at(NAME_ROOM);
    let word = |at: usize| u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    // The header is that of `io_uring_recvmsg_out`: lengths of name, control and payload, then flags.
    let control_len = (word(4) as usize).min(CONTROL_ROOM);
    Arrived {
        source: message::endpoint(&name[..NAME_ROOM.min(word(0) as usize)]),
        notes: parse_control(&rest[..control_len]),
        is_truncated: word(12) & libc::MSG_TRUNC as u32 != 0,
    }
}
