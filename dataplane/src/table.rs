//! The sessions of one worker, and the way from a port to its session.

use core::ops::{Index, IndexMut};

use control::SideName;
use crypto::{Opener, Sealer};
use netio::{ADDRESSES_MAX, LocalPort};
use numa::arena::note::ArenaError;
use numa::prefetch::prefetch;
use numa::slots::Slots;
use numa::topology::NodeId;

use crate::session::{Flow, Session, Side};

/// The place of a session in its worker's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

/// One side of the session in a slot: what a port leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u32);

impl Place {
    /// Of a packet for no session.
    pub(crate) const NOWHERE: Self = Self(u32::MAX);

    pub(crate) fn new(slot: Slot, side: SideName) -> Self {
        Self(slot.0 << 1 | side as u32)
    }

    pub(crate) fn slot(self) -> Slot {
        Slot(self.0 >> 1)
    }

    pub(crate) fn side(self) -> SideName {
        if self.0 & 1 == 0 { SideName::A } else { SideName::B }
    }

    /// The other side of the same session.
    #[inline]
    pub(crate) fn across(self) -> Self {
        Self(self.0 ^ 1)
    }

    /// The number under which the ciphers know the side.
    #[inline]
    pub(crate) fn number(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn from_number(number: usize) -> Self {
        Self(number as u32)
    }
}

/// The sessions of one worker: as many slots as it was made with, and never more.
///
/// Who puts sessions in chooses the slots: the control thread, so that it knows where a session is before the worker
/// has heard of it.
pub struct Table {
    slots: Slots<Option<Session>>,
    len: u32,
    /// For each media address, what each of its ports leads to; zero is nothing.
    ports: Vec<Box<[u32]>>,
}

impl Table {
    /// Makes an empty table.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    ///
    /// # Panics
    ///
    /// If there are more addresses than [`ADDRESSES_MAX`], or more slots than a port entry can name.
    pub fn new(slots: u32, addresses: usize, node: Option<NodeId>) -> Result<Self, ArenaError> {
        assert!(addresses <= ADDRESSES_MAX, "a local port names one of {ADDRESSES_MAX} addresses");
        assert!(slots < 1 << 29, "a port entry has 29 bits for the slot");
        Ok(Self {
            slots: Slots::new(slots as usize, node, || None)?,
            len: 0,
            ports: (0..addresses).map(|_| vec![0; 1 << 16].into_boxed_slice()).collect(),
        })
    }

    /// Returns how many sessions there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns how many sessions there can be.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Exchanges an empty slot for a session; its ports lead to it from now on. Nothing changes if the slot is in use, or
    /// if there is no session.
    ///
    /// Sessions are exchanged, not moved, so that no second copy of their keys stays behind.
    pub fn insert(&mut self, slot: Slot, session: &mut Option<Session>) -> bool {
        let place = &mut self.slots[slot.0 as usize];
        if place.is_some() || session.is_none() {
            return false;
        }
        core::mem::swap(place, session);
        self.len += 1;
        for (side, name) in place.iter().flat_map(|session| &session.sides).zip(SideName::BOTH) {
            for (port, flow) in side.ports() {
                let entry = entry(Place::new(slot, name), flow);
                self.ports[usize::from(port.address)][usize::from(port.port)] = entry;
            }
        }
        true
    }

    /// Exchanges a session for an empty slot; its ports lead nowhere from now on. Nothing changes if there is none.
    pub fn remove(&mut self, slot: Slot, session: &mut Option<Session>) -> bool {
        let Some(place) = self.slots.get_mut(slot.0 as usize).filter(|place| place.is_some()) else {
            return false;
        };
        debug_assert!(session.is_none(), "there is room for it");
        core::mem::swap(place, session);
        self.len -= 1;
        for (port, _) in session.iter().flat_map(|session| &session.sides).flat_map(Side::ports) {
            self.ports[usize::from(port.address)][usize::from(port.port)] = 0;
        }
        true
    }

    /// Returns a session.
    pub fn session_mut(&mut self, slot: Slot) -> Option<&mut Session> {
        self.slots.get_mut(slot.0 as usize)?.as_mut()
    }

    /// Finds what a port leads to.
    #[inline]
    pub(crate) fn find(&self, port: LocalPort) -> Option<(Place, Flow)> {
        let entry = *self.ports.get(usize::from(port.address))?.get(usize::from(port.port))?;
        let value = entry.checked_sub(1)?;
        Some((Place(value >> 1), if value & 1 == 0 { Flow::Rtp } else { Flow::Rtcp }))
    }

    /// Asks for the memory that the next steps read of both sides. Without it each step would wait for its own lines.
    #[inline]
    pub(crate) fn prefetch(&self, place: Place) {
        prefetch(self.side(place), FRONT_BYTES);
        prefetch(self.side(place.across()), FRONT_BYTES);
    }

    /// Asks for what a packet is opened and sealed with.
    #[inline]
    pub(crate) fn prefetch_keys(&self, place: Place) {
        if let Some(opener) = &self.side(place).opener {
            prefetch(opener, size_of::<Opener>());
        }
        if let Some(sealer) = &self.side(place.across()).sealer {
            prefetch(sealer, size_of::<Sealer>());
        }
    }

    /// Returns the side that a port entry named. A port leads to a slot only while the slot is in use.
    #[inline]
    pub(crate) fn side(&self, place: Place) -> &Side {
        let session = self.slots[place.slot().0 as usize].as_ref();
        &session.expect("ports lead to slots in use").sides[place.side() as usize]
    }

    /// Returns the session that a port entry named, for writing.
    #[inline]
    pub(crate) fn session(&mut self, place: Place) -> &mut Session {
        self.slots[place.slot().0 as usize].as_mut().expect("ports lead to slots in use")
    }

    /// Returns the side that a port entry named, for writing.
    #[inline]
    pub(crate) fn side_mut(&mut self, place: Place) -> &mut Side {
        &mut self.session(place).sides[place.side() as usize]
    }
}

/// What every packet reads of a side stands in so many bytes; `tests/layout.rs` holds it there.
const FRONT_BYTES: usize = 3 * 64;

/// The value under a port: one more than place and flow side by side, so that zero is nothing.
fn entry(place: Place, flow: Flow) -> u32 {
    (place.0 << 1 | u32::from(flow == Flow::Rtcp)) + 1
}

/// The openers of all sides, under their numbers: what a batch of arriving packets works on.
pub(crate) struct Openers<'t>(pub(crate) &'t mut Table);

impl Index<usize> for Openers<'_> {
    type Output = Opener;

    #[inline]
    fn index(&self, number: usize) -> &Opener {
        self.0.side(Place::from_number(number)).opener.as_ref().expect("only protected sides have jobs")
    }
}

impl IndexMut<usize> for Openers<'_> {
    #[inline]
    fn index_mut(&mut self, number: usize) -> &mut Opener {
        self.0.side_mut(Place::from_number(number)).opener.as_mut().expect("only protected sides have jobs")
    }
}

/// The sealers of all sides, under their numbers: what a batch of leaving packets works on.
pub(crate) struct Sealers<'t>(pub(crate) &'t mut Table);

impl Index<usize> for Sealers<'_> {
    type Output = Sealer;

    #[inline]
    fn index(&self, number: usize) -> &Sealer {
        self.0.side(Place::from_number(number)).sealer.as_ref().expect("only protected sides have jobs")
    }
}

impl IndexMut<usize> for Sealers<'_> {
    #[inline]
    fn index_mut(&mut self, number: usize) -> &mut Sealer {
        self.0.side_mut(Place::from_number(number)).sealer.as_mut().expect("only protected sides have jobs")
    }
}
