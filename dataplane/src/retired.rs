//! Openers that were replaced, kept for the packets that were on their way when the key changed.
//!
//! A peer that changes its key goes on with the new one at once, but the network still holds packets under the old one.
//! They are few and the time is short, so that a worker keeps the old openers in a small pool instead of every session
//! having room for two.

use core::num::NonZeroU16;

use crypto::Opener;

/// The place of a retired opener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retiree(NonZeroU16);

/// The retired openers of a worker.
pub(crate) struct Retired {
    places: Vec<Option<(Opener, u8)>>,
    free: Vec<Retiree>,
}

/// So many sweeps, one a second, an opener stays.
const SWEEPS: u8 = 5;

/// So many keys may change on a worker within the time that retired openers stay: a hundred a second.
const RETIRED_MAX: u16 = 512;

impl Retired {
    /// Makes an empty pool.
    pub(crate) fn new() -> Self {
        let free = (1..=RETIRED_MAX).rev().filter_map(NonZeroU16::new).map(Retiree).collect();
        Self { places: (0..RETIRED_MAX).map(|_| None).collect(), free }
    }

    /// Takes an opener in. If there is none or no room, packets under its key are refused from now on.
    pub(crate) fn begin(&mut self, opener: &mut Option<Opener>) -> Option<Retiree> {
        if opener.is_none() {
            return None;
        }
        let retiree = self.free.pop()?;
        self.places[retiree.place()] = opener.take().map(|opener| (opener, SWEEPS));
        Some(retiree)
    }

    /// Ends the time of an opener.
    pub(crate) fn end(&mut self, retiree: Option<Retiree>) {
        let Some(retiree) = retiree else { return };
        self.places[retiree.place()] = None;
        self.free.push(retiree);
    }

    /// Tells that a sweep has passed; true if the time of the opener is over.
    pub(crate) fn sweep(&mut self, retiree: Retiree) -> bool {
        let Some((_, sweeps)) = &mut self.places[retiree.place()] else { return true };
        *sweeps -= 1;
        *sweeps == 0
    }

    /// Returns an opener.
    pub(crate) fn opener(&mut self, retiree: Retiree) -> Option<&mut Opener> {
        self.places[retiree.place()].as_mut().map(|(opener, _)| opener)
    }
}

impl Default for Retired {
    fn default() -> Self {
        Self::new()
    }
}

impl Retiree {
    fn place(self) -> usize {
        usize::from(self.0.get()) - 1
    }
}
