//! The frames of one driver: an arena cut into equal buffers, and a list of the free ones.

use core::ptr::NonNull;

use numa::arena::note::ArenaError;
use numa::arena::{Arena, Private, Request};

use crate::frame::{Batch, FRAME_BYTES, Frame, HEADROOM};

/// The buffers of one driver. Their memory stays mapped until the process ends, so that no frame can outlive it.
pub(crate) struct Pool {
    start: NonNull<u8>,
    count: u32,
    free: Vec<u32>,
}

// SAFETY: the pool is the only way to its free buffers, and a frame the only way to its own; no thread owns the memory.
unsafe impl Send for Pool {}

impl Pool {
    /// Takes memory for `count` frames, on the node that `request` names.
    pub(crate) fn new(count: u32, request: &Request) -> Result<Self, ArenaError> {
        let bytes = count as usize * FRAME_BYTES;
        let arena: &'static mut Arena<Private> =
            Box::leak(Box::new(Arena::private(&Request { bytes, ..request.clone() })?));
        Ok(Self { start: arena.as_ptr(), count, free: (0..count).rev().collect() })
    }

    /// Returns the whole memory, to register it with the kernel.
    pub(crate) fn memory(&self) -> (NonNull<u8>, usize) {
        (self.start, self.count as usize * FRAME_BYTES)
    }

    /// Takes an empty frame.
    pub(crate) fn take(&mut self) -> Option<Frame> {
        let token = self.free.pop()?;
        Some(self.frame(token, HEADROOM, 0))
    }

    /// Takes a free buffer to hand to the kernel; it comes back through [`Pool::received`] or [`Pool::give_back`].
    pub(crate) fn take_token(&mut self) -> Option<u32> {
        self.free.pop()
    }

    /// Makes a frame of a buffer that the kernel has filled.
    pub(crate) fn received(&mut self, token: u32, start: usize, len: usize) -> Frame {
        self.frame(token, start, len)
    }

    /// Takes a frame back.
    pub(crate) fn give(&mut self, frame: Frame) {
        self.give_back(frame.token);
    }

    /// Takes all frames of a batch back.
    pub(crate) fn give_all(&mut self, batch: &mut Batch) {
        batch.drain().for_each(|frame| self.give(frame));
    }

    /// Takes a buffer back.
    pub(crate) fn give_back(&mut self, token: u32) {
        debug_assert!(self.free.len() < self.count as usize, "no buffer comes back twice");
        self.free.push(token);
    }

    /// Returns where a buffer is.
    pub(crate) fn buffer(&self, token: u32) -> NonNull<u8> {
        assert!(token < self.count, "a token names one of the buffers");
        // SAFETY: the offset is below the size of the arena, as the token is below the count.
        unsafe { self.start.add(token as usize * FRAME_BYTES) }
    }

    fn frame(&self, token: u32, start: usize, len: usize) -> Frame {
        let memory = self.buffer(token);
        // SAFETY: the arena is leaked, so it stays mapped; it is initialised; and a token is in one place only, the
        // free list, the kernel or a frame, so no other frame has the same buffer.
        unsafe { Frame::new(memory, token, start, len) }
    }
}
