//! Memory that is asked for before it is needed.

use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

/// Asks for the cache lines of a value that is needed soon.
#[inline]
pub(crate) fn prefetch<T>(value: &T) {
    let start = core::ptr::from_ref(value).cast::<i8>();
    for offset in (0..size_of::<T>()).step_by(64) {
        // SAFETY: a prefetch is a hint that reads nothing, and every x86-64 processor takes it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(offset)) };
    }
}
