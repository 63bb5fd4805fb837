//! One mapping and the part of it that is used.

use std::{os::fd::BorrowedFd, ptr::NonNull};

use crate::{
    arena::{HUGE_PAGE_BYTES, PAGE_BYTES},
    errno::Errno,
    sys::{self, Region, Source},
};

/// Owns a mapping; gives it back when dropped.
#[derive(Debug)]
pub(super) struct Mapping {
    /// All that was mapped.
    whole: Region,
    /// What is used of it.
    used: Region,
}

impl Mapping {
    /// Maps private huge pages. The kernel places them at a multiple of their size.
    pub(super) fn huge_pages(bytes: usize) -> Result<Self, Errno> {
        let whole = sys::map(bytes, Source::HugePages)?;
        Ok(Self { whole, used: whole })
    }

    /// Maps private small pages at a multiple of the huge page, so that the kernel may give huge ones. On
    /// both sides at least one page stays closed: a run past the end faults at once, and the kernel never
    /// merges the mapping with a neighbour, which is what makes its line in `smaps` speak of this memory
    /// alone.
    pub(super) fn aligned(bytes: usize) -> Result<Self, Errno> {
        let whole = sys::map(bytes.checked_add(SLACK_BYTES).ok_or(Errno(libc::ENOMEM))?, Source::Reserved)?;
        let base = whole.start.as_ptr();
        let skip = skip_to_huge_page(base.addr());
        let start = NonNull::new(base.wrapping_add(skip)).ok_or(Errno(libc::ENOMEM))?;
        // Made before the call that may fail, so that the address space is given back then.
        let mapping = Self { whole, used: Region { start, bytes } };
        // SAFETY: the used part lies within the whole: `skip` is at most the slack less one page.
        unsafe { sys::open(mapping.used) }?;
        Ok(mapping)
    }

    /// Maps a memory file.
    pub(super) fn file(bytes: usize, file: BorrowedFd<'_>) -> Result<Self, Errno> {
        let whole = sys::map(bytes, Source::File(file))?;
        Ok(Self { whole, used: whole })
    }

    pub(super) fn region(&self) -> Region {
        self.used
    }

    /// Gives every page its memory now. The memory must be new: this may write zeros.
    ///
    /// A kernel before 5.14 has no call for it, so each page is touched, except huge ones: when those run out
    /// on the wanted node, a touch is answered by SIGBUS rather than by an error.
    pub(super) fn populate(&mut self, huge: bool) -> Result<(), Errno> {
        match sys::advise(self.used, sys::Advice::PopulateWrite) {
            Err(Errno(libc::EINVAL)) if !huge => self.touch(),
            result => return result,
        }
        Ok(())
    }

    fn touch(&mut self) {
        for at in (0..self.used.bytes).step_by(PAGE_BYTES) {
            // SAFETY: `at` is below the length of the used part, which is one mapping.
            let page = unsafe { self.used.start.add(at) };
            // SAFETY: the used part is mapped writable, and `&mut self` before anyone was lent a pointer
            // makes this the only access.
            unsafe { page.write_volatile(0) };
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `whole` came from `map`, this is the only drop, and whoever was lent the memory borrowed
        // the arena that owns this mapping.
        unsafe { sys::unmap(self.whole) }
    }
}

/// What an aligned mapping needs beside what is used of it: up to a huge page before, and the closed page
/// behind.
const SLACK_BYTES: usize = HUGE_PAGE_BYTES + PAGE_BYTES;

/// Returns how far the first huge page is that leaves at least one small page before it.
fn skip_to_huge_page(address: usize) -> usize {
    let after_guard = address.wrapping_add(PAGE_BYTES);
    PAGE_BYTES + after_guard.wrapping_neg() % HUGE_PAGE_BYTES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_used_part_is_aligned_with_a_guard_on_both_sides(page in 1_usize..1 << 35) {
            let address = page * PAGE_BYTES;
            let skip = skip_to_huge_page(address);
            prop_assert_eq!((address + skip) % HUGE_PAGE_BYTES, 0);
            prop_assert!(skip >= PAGE_BYTES);
            prop_assert!(skip + PAGE_BYTES <= SLACK_BYTES);
        }
    }

    #[test]
    fn touching_each_page_populates_as_the_call_does() {
        let resident = |mapping: &Mapping| {
            sys::nodes_of(mapping.region(), PAGE_BYTES).unwrap().iter().filter(|node| node.is_ok()).count()
        };
        let mut mapping = Mapping::aligned(HUGE_PAGE_BYTES).unwrap();
        assert_eq!(resident(&mapping), 0);
        mapping.touch();
        assert_eq!(resident(&mapping), HUGE_PAGE_BYTES / PAGE_BYTES);
    }
}
