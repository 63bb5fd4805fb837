//! Memory for one packet, and batches of it.

use core::ptr::NonNull;

use crate::address::{Endpoint, LocalPort};

/// The most frames that one batch holds.
pub const BATCH_MAX: usize = 64;

/// Bytes that every frame keeps free before its payload: Ethernet with two VLAN tags, IPv6 and UDP (22 + 40 + 8),
/// rounded up to a cache line boundary.
pub const HEADROOM: usize = 128;

/// Bytes of memory per frame: two in a 4 KB page, the size that AF_XDP asks for, and room for the largest packet of an
/// Ethernet with its headroom.
pub const FRAME_BYTES: usize = 2048;

/// The traffic class octet of voice: expedited forwarding (RFC 3246) without ECN. Packets may have any; those with this
/// one cost the least to send.
pub const VOICE_TRAFFIC_CLASS: u8 = 46 << 2;

/// One packet in memory of the driver that received it, and what is to become of it.
///
/// A frame is the only way to its memory, so it is neither `Clone` nor made by anybody but a driver. Whoever takes one
/// hands it back with [`Driver::transmit`](crate::Driver::transmit); a frame that is merely dropped costs its driver one
/// buffer until the process ends.
pub struct Frame {
    memory: NonNull<u8>,
    start: u16,
    len: u16,
    /// Which buffer of its driver this is.
    pub(crate) token: u32,
    /// Where the packet arrived, or should have been sent from.
    pub local: LocalPort,
    /// The traffic class octet that the packet came with: DSCP and ECN. Drivers that cannot tell say zero.
    pub traffic_class: u8,
    /// Who sent the packet.
    pub source: Endpoint,
    /// Where the packet goes; a frame without a route goes back to its driver.
    pub route: Option<Route>,
}

/// Where a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The port that it is sent from. It must be leased from the driver that sends.
    pub from: LocalPort,
    /// Who gets it.
    pub to: Endpoint,
    /// The traffic class octet that it is sent with.
    pub traffic_class: u8,
}

// SAFETY: a frame is the only way to its memory, which no thread owns; sending the frame sends the memory.
unsafe impl Send for Frame {}

impl Frame {
    /// Takes a buffer of [`FRAME_BYTES`] into use.
    ///
    /// # Safety
    ///
    /// `memory` must be valid for reads and writes of [`FRAME_BYTES`] bytes until the process ends, initialised, and
    /// reachable by nobody else as long as the frame exists.
    pub(crate) unsafe fn new(memory: NonNull<u8>, token: u32, start: usize, len: usize) -> Self {
        assert!(start + len <= FRAME_BYTES, "a payload lies within its frame");
        Self {
            memory,
            start: start as u16,
            len: len as u16,
            token,
            local: LocalPort { address: 0, port: 0 },
            traffic_class: 0,
            source: Endpoint::NONE,
            route: None,
        }
    }

    /// Returns the packet: what UDP carries.
    #[inline]
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.memory()[usize::from(self.start)..][..usize::from(self.len)]
    }

    /// Returns the packet for writing, together with the free bytes behind it.
    #[inline]
    pub fn payload_and_room(&mut self) -> &mut [u8] {
        let start = usize::from(self.start);
        &mut self.memory_mut()[start..]
    }

    /// Returns how long the packet is.
    #[inline]
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an empty packet is nothing special")]
    pub fn len(&self) -> usize {
        self.len.into()
    }

    /// Sets how long the packet is.
    ///
    /// # Panics
    ///
    /// If the frame has no such room.
    #[inline]
    pub fn set_len(&mut self, len: usize) {
        assert!(usize::from(self.start) + len <= FRAME_BYTES, "a payload lies within its frame");
        self.len = len as u16;
    }

    /// Returns the whole buffer, with the place of the payload in it: where a driver writes headers.
    pub(crate) fn whole(&mut self) -> (&mut [u8; FRAME_BYTES], usize) {
        let start = self.start.into();
        (self.memory_mut(), start)
    }

    fn memory(&self) -> &[u8; FRAME_BYTES] {
        // SAFETY: `new` was promised initialised memory of this size, reachable by nobody else and never unmapped;
        // `&self` keeps `memory_mut` away.
        unsafe { self.memory.cast().as_ref() }
    }

    fn memory_mut(&mut self) -> &mut [u8; FRAME_BYTES] {
        // SAFETY: as in `memory`; `&mut self` makes this the only reference.
        unsafe { self.memory.cast().as_mut() }
    }
}

/// Up to [`BATCH_MAX`] frames: what a driver receives at once, and sends at once.
#[derive(Default)]
pub struct Batch {
    frames: Vec<Frame>,
}

impl Batch {
    /// Makes an empty batch; it never grows past its capacity.
    #[must_use]
    pub fn new() -> Self {
        Self { frames: Vec::with_capacity(BATCH_MAX) }
    }

    /// Adds a frame.
    ///
    /// # Errors
    ///
    /// Gives the frame back if the batch is full.
    #[inline]
    pub fn push(&mut self, frame: Frame) -> Result<(), Frame> {
        if self.frames.len() == BATCH_MAX {
            return Err(frame);
        }
        self.frames.push(frame);
        Ok(())
    }

    /// Returns the frames.
    #[inline]
    pub fn frames(&mut self) -> &mut [Frame] {
        &mut self.frames
    }

    /// Returns how many frames there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Takes all frames out.
    #[inline]
    pub fn drain(&mut self) -> impl Iterator<Item = Frame> + '_ {
        self.frames.drain(..)
    }
}
