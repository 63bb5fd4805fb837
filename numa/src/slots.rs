//! An arena cut into slots of one type: a table whose size is decided at start.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    ptr::NonNull,
    slice,
};

use crate::{
    arena::{Arena, PAGE_BYTES, Private, Request, note::ArenaError},
    topology::NodeId,
};

/// Owns so many values, one behind the other in an arena of their own.
pub struct Slots<T> {
    arena: Arena<Private>,
    first: NonNull<T>,
    count: usize,
}

impl<T> Slots<T> {
    /// Takes memory for `count` values on a node, and fills it.
    ///
    /// # Errors
    /// As [`Arena::private`].
    ///
    /// # Panics
    /// If a value must be aligned to more than a page, or if more memory is asked for than there are addresses.
    pub fn new(count: usize, node: Option<NodeId>, mut value: impl FnMut() -> T) -> Result<Self, ArenaError> {
        assert!(align_of::<T>() <= PAGE_BYTES, "an arena begins with a page");
        let bytes = size_of::<T>().checked_mul(count).expect("a table fits the address space");
        let arena = Arena::private(&Request { bytes, lock: false, node })?;
        let first = arena.as_ptr().cast::<T>();
        // `count` grows with every value, so that a panic in `value` drops only those that are there.
        let mut slots = Self { arena, first, count: 0 };
        while slots.count < count {
            // SAFETY: the arena has `count` places of this size, and this one is below that.
            let place = unsafe { first.add(slots.count) };
            // SAFETY: the place is in the arena, aligned since the first one is, and holds no value yet.
            unsafe { place.write(value()) };
            slots.count += 1;
        }
        Ok(slots)
    }

    /// Returns the memory, to say what it lies on.
    pub fn arena(&self) -> &Arena<Private> {
        &self.arena
    }
}

impl<T> Deref for Slots<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `count` values were written from `first` on and are never moved; `&self` keeps writers away.
        unsafe { slice::from_raw_parts(self.first.as_ptr(), self.count) }
    }
}

impl<T> DerefMut for Slots<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`; `&mut self` makes this the only reference.
        unsafe { slice::from_raw_parts_mut(self.first.as_ptr(), self.count) }
    }
}

impl<T> Drop for Slots<T> {
    fn drop(&mut self) {
        let values: *mut [T] = &mut **self;
        // SAFETY: the values are initialised, and nobody can reach them after this.
        unsafe { values.drop_in_place() };
    }
}

impl<T> fmt::Debug for Slots<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("arena", &self.arena).field("count", &self.count).finish()
    }
}

// SAFETY: the memory belongs to no thread, and the values go with it.
unsafe impl<T: Send> Send for Slots<T> {}
// SAFETY: a shared reference gives no more than shared references to the values.
unsafe impl<T: Sync> Sync for Slots<T> {}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn every_slot_has_its_own_value() {
        let mut number = 0u64;
        let mut slots = Slots::new(100_000, None, || {
            number += 1;
            number
        })
        .unwrap();
        slots[7] = 0;
        assert_eq!((slots.len(), slots[6], slots[7], slots[99_999]), (100_000, 7, 0, 100_000));
    }

    #[test]
    fn values_are_dropped_with_their_slots() {
        let witness = Rc::new(());
        let mut slots = Slots::new(10, None, || Some(Rc::clone(&witness))).unwrap();
        slots[3] = None;
        assert_eq!(Rc::strong_count(&witness), 10);
        drop(slots);
        assert_eq!(Rc::strong_count(&witness), 1);
    }

    #[test]
    fn nothing_is_no_table() {
        assert!(Slots::new(0, None, || 0u8).is_err());
    }
}
