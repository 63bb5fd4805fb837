//! Asking for memory before it is needed.

use std::{arch::x86_64, ptr};

/// What a processor brings closer at once.
const LINE_BYTES: usize = 64;

/// Asks the processor to bring the first bytes of a value closer, while other work goes on. Nothing is read, nothing
/// changes, and nothing is promised.
#[inline]
pub fn prefetch<T>(value: &T, bytes: usize) {
    let start = ptr::from_ref(value).cast::<i8>();
    for offset in (0..bytes.min(size_of::<T>())).step_by(LINE_BYTES) {
        let line = start.wrapping_add(offset);
        // SAFETY: a prefetch is a hint: it reads nothing that a program can see, and faults on no address.
        unsafe { x86_64::_mm_prefetch::<{ x86_64::_MM_HINT_T0 }>(line) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_it_was() {
        let value = [7u8; 1000];
        prefetch(&value, 1000);
        prefetch(&value, usize::MAX);
        prefetch(&(), 64);
        assert!(value.iter().all(|byte| *byte == 7));
    }
}
