//! Which ports a driver holds, found by number in one step.

use crate::address::LocalPort;

const PORTS: usize = 1 << 16;
/// Generations are counted modulo 2^24, so that a key leaves the upper byte of a word to its user.
const GENERATION_BITS: u32 = 24;

/// The leased ports of one driver, each in a slot, with what the driver keeps of it.
///
/// Slots are used again; a key names a slot and its generation, so that what comes late for a lease that has ended is
/// not taken for its successor's. Finding is two loads; there is no hash.
pub(crate) struct Leases<T> {
    /// For each port of each address its slot plus one.
    index: Vec<u32>,
    slots: Vec<Slot<T>>,
    vacant: Vec<u32>,
}

/// A port, and what its driver keeps of it.
pub(crate) struct Lease<T> {
    pub(crate) port: LocalPort,
    pub(crate) content: T,
}

struct Slot<T> {
    generation: u32,
    lease: Option<Lease<T>>,
}

impl<T> Leases<T> {
    /// Makes room for the ports of so many addresses.
    pub(crate) fn new(addresses: usize) -> Self {
        Self { index: vec![0; addresses * PORTS], slots: Vec::new(), vacant: Vec::new() }
    }

    /// Returns how many ports are leased.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// Returns the slot of a port, if it is leased.
    #[inline]
    pub(crate) fn find(&self, port: LocalPort) -> Option<u32> {
        self.index.get(place(port))?.checked_sub(1)
    }

    /// Returns the slot that the next insertion will take.
    pub(crate) fn next_slot(&self) -> u32 {
        self.vacant.last().copied().unwrap_or(self.slots.len() as u32)
    }

    /// Adds a port that is not leased yet; returns its key.
    pub(crate) fn insert(&mut self, port: LocalPort, content: T) -> u64 {
        assert!(self.find(port).is_none(), "a port is leased once");
        let slot = self.next_slot();
        if self.vacant.pop().is_none() {
            self.slots.push(Slot { generation: 0, lease: None });
        }
        self.slots[slot as usize].lease = Some(Lease { port, content });
        self.index[place(port)] = slot + 1;
        self.key(slot)
    }

    /// Ends a lease; returns the key that it had.
    pub(crate) fn remove(&mut self, port: LocalPort) -> Option<(u64, T)> {
        let slot = self.find(port)?;
        let key = self.key(slot);
        self.index[place(port)] = 0;
        let entry = &mut self.slots[slot as usize];
        entry.generation = (entry.generation + 1) % (1 << GENERATION_BITS);
        let lease = entry.lease.take()?;
        self.vacant.push(slot);
        Some((key, lease.content))
    }

    /// Returns what is in a slot.
    #[inline]
    pub(crate) fn at(&mut self, slot: u32) -> Option<&mut Lease<T>> {
        self.slots.get_mut(slot as usize)?.lease.as_mut()
    }

    /// Returns what a key names, unless that lease has ended.
    #[inline]
    pub(crate) fn by_key(&mut self, key: u64) -> Option<&mut Lease<T>> {
        let slot = self.slots.get_mut(slot_of(key) as usize)?;
        if u64::from(slot.generation) != key >> 32 {
            return None;
        }
        slot.lease.as_mut()
    }

    fn key(&self, slot: u32) -> u64 {
        u64::from(self.slots[slot as usize].generation) << 32 | u64::from(slot)
    }
}

/// Returns the slot that a key names.
pub(crate) fn slot_of(key: u64) -> u32 {
    key as u32
}

fn place(port: LocalPort) -> usize {
    usize::from(port.address) * PORTS + usize::from(port.port)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: LocalPort = LocalPort { address: 0, port: 4000 };
    const B: LocalPort = LocalPort { address: 1, port: 4000 };

    #[test]
    fn the_same_port_of_two_addresses_is_two_leases() {
        let mut leases = Leases::new(2);
        leases.insert(A, 'a');
        leases.insert(B, 'b');
        assert_eq!(leases.len(), 2);
        let slot = leases.find(B).unwrap();
        assert_eq!(leases.at(slot).map(|lease| (lease.port, lease.content)), Some((B, 'b')));
    }

    #[test]
    fn a_key_does_not_find_the_successor_of_its_lease() {
        let mut leases = Leases::new(1);
        let old = leases.insert(A, 1);
        assert_eq!(leases.remove(A), Some((old, 1)));
        let new = leases.insert(A, 2);
        assert_eq!(slot_of(old), slot_of(new), "the slot is used again");
        assert!(leases.by_key(old).is_none());
        assert_eq!(leases.by_key(new).map(|lease| lease.content), Some(2));
    }

    #[test]
    fn a_port_of_an_unknown_address_is_not_leased() {
        let mut leases = Leases::<()>::new(1);
        assert_eq!(leases.find(B), None);
        assert_eq!(leases.remove(B), None);
        assert!(leases.by_key(u64::MAX).is_none());
    }
}
