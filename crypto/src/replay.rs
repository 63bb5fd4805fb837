//! Which indices of a source were accepted before (RFC 3711 section 3.3.2).

use core::fmt;

use crate::Refusal;
use crate::opener::SOURCES_MAX;

/// How far back a replay window reaches, in packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSize(u16);

impl WindowSize {
    /// The narrowest and the usual: at 50 packets a second it forgives a delay of two and a half seconds.
    pub const MIN: Self = Self(128);
    /// The widest: all the bits that an opener has, for one source at a time.
    pub const MAX: Self = Self(1024);

    /// Takes a number of packets: 128, 256, 512 or 1024.
    ///
    /// # Errors
    ///
    /// If it is any other number.
    pub fn new(packets: u16) -> Result<Self, WindowSizeError> {
        let fits = packets.is_power_of_two() && (Self::MIN.0..=Self::MAX.0).contains(&packets);
        fits.then_some(Self(packets)).ok_or(WindowSizeError { found: packets })
    }

    /// Returns the number of packets.
    #[must_use]
    pub const fn packets(self) -> u16 {
        self.0
    }

    const fn words(self) -> usize {
        self.0 as usize / 64
    }
}

impl Default for WindowSize {
    fn default() -> Self {
        Self::MIN
    }
}

/// The number is not one of the window sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSizeError {
    found: u16,
}

impl fmt::Display for WindowSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrong replay window: wanted 128, 256, 512 or 1024 packets, found {}", self.found)
    }
}

impl core::error::Error for WindowSizeError {}

/// The replay windows of the sources of an opener: a fixed number of bits, shared out in equal parts.
///
/// A window is a ring: the bit of an index is at the index modulo the size, and says whether the index was
/// seen. Indices above the highest one have their bits cleared when the highest one passes them.
///
/// There may be fewer windows than sources. A source that is heard takes one, if need be from another source;
/// whoever lost its window is still heard, but only above the highest index it had reached.
pub(crate) struct Windows {
    bits: [u64; WindowSize::MAX.words()],
    size: WindowSize,
    /// Which window each source has, or [`NO_WINDOW`].
    window_of: [u8; SOURCES_MAX],
}

/// Stands for the window of a source that has none.
const NO_WINDOW: u8 = u8::MAX;

impl Windows {
    pub(crate) fn new(size: WindowSize) -> Self {
        Self { bits: [0; WindowSize::MAX.words()], size, window_of: [NO_WINDOW; SOURCES_MAX] }
    }

    pub(crate) fn size(&self) -> WindowSize {
        self.size
    }

    /// Tells what is known of an index of a source whose next new index would be `next`.
    #[inline]
    pub(crate) fn check(&self, source: usize, next: u64, index: u64) -> Result<(), Refusal> {
        let Some(age) = next.checked_sub(index + 1) else {
            return Ok(());
        };
        if age >= u64::from(self.size.0) {
            return Err(Refusal::TooOld);
        }
        let window = self.window_of[source];
        if window == NO_WINDOW {
            return Err(Refusal::Replayed);
        }
        let (word, bit) = self.place(window, index);
        if self.bits[word] & bit == 0 { Ok(()) } else { Err(Refusal::Replayed) }
    }

    /// Marks an index as seen; returns what the next new index is now.
    #[inline]
    pub(crate) fn mark(&mut self, source: usize, next: u64, index: u64) -> u64 {
        let window = match self.window_of[source] {
            NO_WINDOW => self.take_window(source, next),
            window => window,
        };
        if index >= next {
            self.forget(window, next, index);
        }
        let (word, bit) = self.place(window, index);
        self.bits[word] |= bit;
        next.max(index + 1)
    }

    /// Makes the indices from `next` to `index` unseen: the window moves up over them.
    #[inline]
    fn forget(&mut self, window: u8, next: u64, index: u64) {
        if index - next >= u64::from(self.size.0) {
            return self.fill(window, 0);
        }
        for index in next..=index {
            let (word, bit) = self.place(window, index);
            self.bits[word] &= !bit;
        }
    }

    /// Gives a source a window, taking it from another one if there are fewer windows than sources.
    ///
    /// Sources that are heard at the same time were mostly admitted one after the other, so sharing by place
    /// keeps them apart.
    fn take_window(&mut self, source: usize, next: u64) -> u8 {
        let windows = usize::from(WindowSize::MAX.0 / self.size.0);
        let window = (source % windows) as u8;
        self.window_of.iter_mut().filter(|owned| **owned == window).for_each(|owned| *owned = NO_WINDOW);
        self.window_of[source] = window;
        // What was seen below `next` is not known in detail, if there was anything: all of it counts as seen.
        self.fill(window, if next == 0 { 0 } else { u64::MAX });
        window
    }

    fn fill(&mut self, window: u8, word: u64) {
        let words = self.size.words();
        self.bits[usize::from(window) * words..][..words].fill(word);
    }

    #[inline]
    fn place(&self, window: u8, index: u64) -> (usize, u64) {
        // The sizes are powers of two.
        let position = index as usize & (usize::from(self.size.0) - 1);
        (usize::from(window) * self.size.words() + position / 64, 1 << (position % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_four_sizes_exist() {
        for packets in [128, 256, 512, 1024] {
            assert_eq!(WindowSize::new(packets).unwrap().packets(), packets);
        }
        for packets in [0, 1, 64, 127, 129, 384, 2048, 65535] {
            let error = WindowSize::new(packets).unwrap_err();
            assert!(error.to_string().ends_with(&packets.to_string()));
        }
    }

    /// One source against a set of everything it sent, while a neighbour fills the window beside it.
    #[test]
    fn agrees_with_a_set_of_everything_seen() {
        for size in [128u16, 256, 512, 1024] {
            let mut windows = Windows::new(WindowSize::new(size).unwrap());
            let mut seen = std::collections::BTreeSet::new();
            let (mut next, mut neighbour, mut random) = (0u64, 0u64, 1u64);
            for _ in 0..20_000 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let step = [0, 0, 0, 1, 4, 62, 63, 130, 1500][(random >> 33) as usize % 9];
                let back = (random >> 40) % (u64::from(size) + 10);
                let index = if random >> 63 == 0 { next + step } else { next.saturating_sub(back) };
                let expected = if index < next && next - 1 - index >= u64::from(size) {
                    Err(Refusal::TooOld)
                } else if seen.contains(&index) {
                    Err(Refusal::Replayed)
                } else {
                    Ok(())
                };
                assert_eq!(
                    windows.check(0, next, index),
                    expected,
                    "window {size}, index {index}, next {next}"
                );
                if expected.is_ok() {
                    next = windows.mark(0, next, index);
                    seen.insert(index);
                }
                if size < WindowSize::MAX.0 {
                    neighbour = windows.mark(1, neighbour, neighbour);
                }
            }
        }
    }

    #[test]
    fn a_source_that_lost_its_window_is_heard_above_what_it_reached() {
        let mut windows = Windows::new(WindowSize::MAX);
        let next = windows.mark(0, 0, 50);
        assert_eq!(windows.check(0, next, 49), Ok(()));
        windows.mark(1, 0, 7);
        assert_eq!(windows.check(0, next, 49), Err(Refusal::Replayed));
        assert_eq!(windows.check(0, next, 52), Ok(()));
        let next = windows.mark(0, next, 52);
        assert_eq!(windows.check(0, next, 51), Ok(()), "it has a window again, from there on");
        assert_eq!(windows.check(0, next, 50), Err(Refusal::Replayed));
        assert_eq!(windows.check(1, 8, 6), Err(Refusal::Replayed), "the other one has none now");
    }
}
