//! The rings that AF_XDP sockets share with the kernel: one side produces entries, the other consumes them.
//!
//! Each side owns one cursor, which only it writes, and reads the other's. A side keeps what it last read of the other's
//! cursor and reads again only when that does not suffice, so that the cache line travels once per batch.

use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};

/// The places in the memory of one ring.
struct Places<T> {
    producer: NonNull<AtomicU32>,
    consumer: NonNull<AtomicU32>,
    flags: NonNull<AtomicU32>,
    entries: NonNull<T>,
    mask: u32,
    /// Entries move from one side to the other.
    _moves: PhantomData<T>,
}

impl<T: Copy> Places<T> {
    /// # Safety
    ///
    /// As [`Producer::new`].
    unsafe fn new(start: NonNull<u8>, offsets: &libc::xdp_ring_offset, entries: u32) -> Self {
        assert!(entries.is_power_of_two(), "the length of a ring is a power of two");
        let at = |offset: u64| {
            // SAFETY: the caller says that the offset lies within the memory.
            unsafe { start.add(offset as usize) }
        };
        Self {
            producer: at(offsets.producer).cast(),
            consumer: at(offsets.consumer).cast(),
            flags: at(offsets.flags).cast(),
            entries: at(offsets.desc).cast(),
            mask: entries - 1,
            _moves: PhantomData,
        }
    }

    fn producer(&self) -> &AtomicU32 {
        // SAFETY: `new` was promised memory that outlives this, aligned, and written by atomics alone.
        unsafe { self.producer.as_ref() }
    }

    fn consumer(&self) -> &AtomicU32 {
        // SAFETY: as in `producer`.
        unsafe { self.consumer.as_ref() }
    }

    fn flags(&self) -> &AtomicU32 {
        // SAFETY: as in `producer`.
        unsafe { self.flags.as_ref() }
    }

    fn entry(&self, cursor: u32) -> NonNull<T> {
        // SAFETY: the masked cursor is below the number of entries, for which `new` was promised memory.
        unsafe { self.entries.add((cursor & self.mask) as usize) }
    }
}

/// The side that writes entries.
pub(super) struct Producer<T> {
    places: Places<T>,
    /// Where the next entry goes.
    next: u32,
    /// What the other side is known to see.
    published: u32,
    /// What the other side is known to have taken, and how many entries there are: the end of what can be written.
    end: u32,
}

// SAFETY: the memory of a ring is of no thread, and this is the only owner of its side.
unsafe impl<T: Send> Send for Producer<T> {}

impl<T: Copy> Producer<T> {
    /// Takes the producing side of a ring into use.
    ///
    /// # Safety
    ///
    /// `start` must be memory with the three words and the `entries` entries of a ring at the `offsets`, aligned for them,
    /// that lives longer than this; nobody else may be its producer, and what its consumer does is what [`Consumer`]
    /// does.
    pub(super) unsafe fn new(start: NonNull<u8>, offsets: &libc::xdp_ring_offset, entries: u32) -> Self {
        // SAFETY: the caller makes the same promise.
        let places = unsafe { Places::new(start, offsets, entries) };
        let next = places.producer().load(Ordering::Relaxed);
        let end = places.consumer().load(Ordering::Acquire).wrapping_add(entries);
        Self { places, next, published: next, end }
    }

    /// Writes an entry; the other side sees it after [`Producer::publish`]. Returns whether there was room.
    #[inline]
    pub(super) fn push(&mut self, entry: T) -> bool {
        if self.next == self.end {
            // Acquire: the other side has read an entry before it gives its place back.
            let consumed = self.places.consumer().load(Ordering::Acquire);
            self.end = consumed.wrapping_add(self.places.mask).wrapping_add(1);
            if self.next == self.end {
                return false;
            }
        }
        // SAFETY: the other side has given this place back, and does not look at it before it is published.
        unsafe { self.places.entry(self.next).write(entry) };
        self.next = self.next.wrapping_add(1);
        true
    }

    /// Shows the other side what was written. Returns how many entries are new to it.
    #[inline]
    pub(super) fn publish(&mut self) -> u32 {
        let count = self.next.wrapping_sub(self.published);
        if count > 0 {
            // Release: whoever sees the cursor sees the entries before it.
            self.places.producer().store(self.next, Ordering::Release);
            self.published = self.next;
        }
        count
    }

    /// Returns how many published entries the other side has not taken yet.
    #[inline]
    pub(super) fn pending(&self) -> u32 {
        self.published.wrapping_sub(self.places.consumer().load(Ordering::Relaxed))
    }

    /// Tells whether the kernel must be called to look at this ring.
    #[inline]
    pub(super) fn needs_wakeup(&self) -> bool {
        self.places.flags().load(Ordering::Relaxed) & libc::XDP_RING_NEED_WAKEUP != 0
    }
}

/// The side that reads entries.
pub(super) struct Consumer<T> {
    places: Places<T>,
    /// Where the next entry is.
    next: u32,
    /// What the other side is known to have written.
    end: u32,
}

// SAFETY: as for `Producer`.
unsafe impl<T: Send> Send for Consumer<T> {}

impl<T: Copy> Consumer<T> {
    /// Takes the consuming side of a ring into use.
    ///
    /// # Safety
    ///
    /// As [`Producer::new`], with the sides exchanged; and whatever the producer writes must be a valid `T`.
    pub(super) unsafe fn new(start: NonNull<u8>, offsets: &libc::xdp_ring_offset, entries: u32) -> Self {
        // SAFETY: the caller makes the same promise.
        let places = unsafe { Places::new(start, offsets, entries) };
        let next = places.consumer().load(Ordering::Relaxed);
        Self { places, next, end: next }
    }

    /// Takes an entry; its place goes back to the other side with [`Consumer::release`].
    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        if self.next == self.end {
            // Acquire: the entries before the cursor are written.
            self.end = self.places.producer().load(Ordering::Acquire);
            if self.next == self.end {
                return None;
            }
        }
        // SAFETY: the other side has published this entry, and does not write it before the place is given back.
        let entry = unsafe { self.places.entry(self.next).read() };
        self.next = self.next.wrapping_add(1);
        Some(entry)
    }

    /// Gives the places of the entries taken back to the other side.
    #[inline]
    pub(super) fn release(&mut self) {
        // Release: the entries have been read before the other side may write again.
        self.places.consumer().store(self.next, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    const ENTRIES: u32 = 8;
    const OFFSETS: libc::xdp_ring_offset =
        libc::xdp_ring_offset { producer: 0, consumer: 64, flags: 128, desc: 192 };
    const BYTES: usize = 192 + ENTRIES as usize * size_of::<u64>();

    /// Memory as the kernel would map it, with both cursors at `start`.
    fn memory(start: u32) -> Vec<u64> {
        let mut memory = vec![0u64; BYTES / 8];
        memory[0] = start.into();
        memory[8] = start.into();
        memory
    }

    fn sides(memory: &mut [u64]) -> (Producer<u64>, Consumer<u64>) {
        assert_eq!(size_of_val(memory), BYTES);
        let start = NonNull::new(memory.as_mut_ptr().cast()).unwrap();
        // SAFETY: the memory is as long as the offsets say, aligned to eight bytes, and the tests keep it longer than
        // the two sides; there is one of each.
        let producer = unsafe { Producer::new(start, &OFFSETS, ENTRIES) };
        // SAFETY: as above; all numbers are valid.
        let consumer = unsafe { Consumer::new(start, &OFFSETS, ENTRIES) };
        (producer, consumer)
    }

    #[test]
    fn a_ring_behaves_like_a_bounded_queue_also_where_its_cursors_wrap() {
        for start in [0, u32::MAX - 20] {
            let mut memory = memory(start);
            let (mut producer, mut consumer) = sides(&mut memory);
            // The oracle: entries written but not shown, shown, and taken but not given back.
            let (mut hidden, mut shown, mut taken) = (VecDeque::new(), VecDeque::new(), 0);
            let mut seed = 42u64;
            for value in 0..5000u64 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                match seed >> 62 {
                    0 => {
                        let room = hidden.len() + shown.len() + taken < ENTRIES as usize;
                        assert_eq!(producer.push(value), room, "start {start} step {value}");
                        if room {
                            hidden.push_back(value);
                        }
                    }
                    1 => {
                        assert_eq!(producer.publish() as usize, hidden.len());
                        shown.append(&mut hidden);
                    }
                    2 => {
                        let expected = shown.pop_front();
                        assert_eq!(consumer.pop(), expected, "start {start} step {value}");
                        taken += usize::from(expected.is_some());
                    }
                    _ => {
                        consumer.release();
                        taken = 0;
                        assert_eq!(producer.pending() as usize, shown.len());
                    }
                }
            }
        }
    }

    #[test]
    fn entries_cross_threads_whole_and_in_order() {
        const COUNT: u64 = if cfg!(miri) { 200 } else { 100_000 };
        let mut memory = memory(0);
        let (mut producer, mut consumer) = sides(&mut memory);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for value in 0..COUNT {
                    while !producer.push(value) {
                        producer.publish();
                        std::thread::yield_now();
                    }
                }
                producer.publish();
            });
            for expected in 0..COUNT {
                loop {
                    if let Some(value) = consumer.pop() {
                        assert_eq!(value, expected);
                        break;
                    }
                    consumer.release();
                    std::thread::yield_now();
                }
            }
        });
    }

    #[test]
    fn the_kernels_wish_to_be_called_is_seen() {
        let mut memory = memory(0);
        let (producer, _) = sides(&mut memory);
        assert!(!producer.needs_wakeup());
        producer.places.flags().store(libc::XDP_RING_NEED_WAKEUP, Ordering::Relaxed);
        assert!(producer.needs_wakeup());
    }
}
