//! The transactions in their slots, and which of them send to where.

use super::entry::Entry;
use super::secret::{Key, KeyMap};
use crate::flow::Destination;

/// Names a transaction; once that is over, nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Slot {
    generation: u32,
    index: u32,
}

impl Slot {
    pub(super) const fn to_u64(self) -> u64 {
        ((self.generation as u64) << 32) | self.index as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "each half is meant")]
    pub(super) const fn from_u64(number: u64) -> Self {
        Self { generation: (number >> 32) as u32, index: number as u32 }
    }
}

/// A slot, in use or free.
struct Cell {
    /// Which transaction is here; each has its own number.
    generation: u32,
    entry: Option<Entry>,
    links: Links,
}

/// The place of a transaction among those that send to the same destination.
#[derive(Clone, Copy)]
struct Links {
    way: u32,
    before: u32,
    behind: u32,
}

/// A destination, and the first of the transactions that send there.
struct Way {
    destination: Destination,
    key: Key,
    first: u32,
}

const NOBODY: u32 = u32::MAX;
const UNLINKED: Links = Links { way: NOBODY, before: NOBODY, behind: NOBODY };

/// All transactions.
#[derive(Default)]
pub(super) struct Table {
    cells: Vec<Cell>,
    free: Vec<u32>,
    ways: Vec<Option<Way>>,
    free_ways: Vec<u32>,
    ways_by_key: KeyMap<u32>,
}

impl Table {
    /// Counts the transactions.
    pub(super) fn len(&self) -> usize {
        self.cells.len().saturating_sub(self.free.len())
    }

    /// Counts the destinations.
    pub(super) fn ways(&self) -> usize {
        self.ways_by_key.len()
    }

    /// Adds a transaction that sends to a destination.
    pub(super) fn insert(&mut self, entry: Entry, destination: Destination, key: Key) -> Slot {
        let index = self.free.pop().unwrap_or_else(|| {
            let index = u32::try_from(self.cells.len()).expect("fewer than 2^32 transactions fit the memory");
            self.cells.push(Cell { generation: 0, entry: None, links: UNLINKED });
            index
        });
        let cell = self.cells.get_mut(index as usize).expect("free slots are slots");
        debug_assert!(cell.entry.is_none(), "a free slot is empty");
        cell.entry = Some(entry);
        let generation = cell.generation;
        self.link(index, destination, key);
        Slot { generation, index }
    }

    /// Returns a transaction, unless it is over.
    pub(super) fn get(&self, slot: Slot) -> Option<&Entry> {
        let cell = self.cells.get(slot.index as usize).filter(|cell| cell.generation == slot.generation)?;
        cell.entry.as_ref()
    }

    /// Returns a transaction to be changed, unless it is over.
    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        let cell = self.cells.get_mut(slot.index as usize)?;
        if cell.generation == slot.generation { cell.entry.as_mut() } else { None }
    }

    /// Takes a transaction out.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Entry> {
        let cell = self.cells.get_mut(slot.index as usize)?;
        if cell.generation != slot.generation {
            return None;
        }
        let entry = cell.entry.take()?;
        cell.generation = cell.generation.wrapping_add(1);
        self.unlink(slot.index);
        self.free.push(slot.index);
        Some(entry)
    }

    /// Returns where a transaction sends to.
    pub(super) fn destination(&self, slot: Slot) -> Option<&Destination> {
        self.get(slot)?;
        let way = self.cells.get(slot.index as usize)?.links.way;
        self.ways.get(way as usize)?.as_ref().map(|way| &way.destination)
    }

    /// Has a transaction send elsewhere.
    pub(super) fn redirect(&mut self, slot: Slot, destination: Destination, key: Key) {
        if self.get(slot).is_some() {
            self.unlink(slot.index);
            self.link(slot.index, destination, key);
        }
    }

    /// Lists the transactions that send to a destination, the newest first.
    pub(super) fn senders(&self, key: Key) -> Vec<Slot> {
        let mut senders = Vec::new();
        let way = self.ways_by_key.get(&key).and_then(|&way| self.ways.get(way as usize)?.as_ref());
        let mut at = way.map_or(NOBODY, |way| way.first);
        while let Some(cell) = self.cells.get(at as usize) {
            senders.push(Slot { generation: cell.generation, index: at });
            at = cell.links.behind;
        }
        senders
    }

    fn link(&mut self, index: u32, destination: Destination, key: Key) {
        let way_at = match self.ways_by_key.get(&key) {
            Some(&way_at) => way_at,
            None => self.add_way(Way { destination, key, first: NOBODY }),
        };
        let way = self.ways.get_mut(way_at as usize).and_then(Option::as_mut);
        let way = way.expect("whatever the keys lead to is a way");
        let behind = core::mem::replace(&mut way.first, index);
        if let Some(cell) = self.cells.get_mut(behind as usize) {
            cell.links.before = index;
        }
        if let Some(cell) = self.cells.get_mut(index as usize) {
            cell.links = Links { way: way_at, before: NOBODY, behind };
        }
    }

    fn unlink(&mut self, index: u32) {
        let Some(cell) = self.cells.get_mut(index as usize) else { return };
        let Links { way: way_at, before, behind } = core::mem::replace(&mut cell.links, UNLINKED);
        if let Some(cell) = self.cells.get_mut(behind as usize) {
            cell.links.before = before;
        }
        if let Some(cell) = self.cells.get_mut(before as usize) {
            cell.links.behind = behind;
            return;
        }
        let Some(place) = self.ways.get_mut(way_at as usize) else { return };
        let Some(way) = place else { return };
        way.first = behind;
        if behind == NOBODY {
            self.ways_by_key.remove(&way.key);
            *place = None;
            self.free_ways.push(way_at);
        }
    }

    fn add_way(&mut self, way: Way) -> u32 {
        let key = way.key;
        let at = match self.free_ways.pop() {
            Some(at) => at,
            None => {
                let at = u32::try_from(self.ways.len()).expect("there are no more ways than transactions");
                self.ways.push(None);
                at
            }
        };
        if let Some(place) = self.ways.get_mut(at as usize) {
            *place = Some(way);
        }
        self.ways_by_key.insert(key, at);
        at
    }
}
