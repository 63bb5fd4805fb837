//! How workers ask the mirror.

use core::net::{IpAddr, Ipv6Addr};
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use super::link::Link;
use super::table::{Path, Table};
use crate::address::Endpoint;

/// How many destinations a reader remembers: more than the peers that one worker serves at a time, and 64 KB.
const CACHE_ENTRIES: usize = 1024;

/// What the mirror's thread and the readers share: the newest table.
pub(super) struct Shared {
    generation: AtomicU64,
    table: Mutex<Arc<Table>>,
}

impl Shared {
    pub(super) fn new(table: Table) -> Self {
        // Zero stands for entries of a cache that were never filled.
        Self { generation: AtomicU64::new(1), table: Mutex::new(Arc::new(table)) }
    }

    /// Replaces the table, and returns the old one: the caller frees it when no reader has it any more.
    pub(super) fn publish(&self, table: Table) -> Arc<Table> {
        let mut newest = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let old = core::mem::replace(&mut *newest, Arc::new(table));
        self.generation.fetch_add(1, Ordering::Release);
        old
    }
}

/// Answers how packets get to their destinations. It belongs to one worker.
pub struct Reader {
    shared: Arc<Shared>,
    table: Arc<Table>,
    generation: u64,
    cache: Box<[Entry]>,
}

/// One remembered answer; it holds for one generation of the table.
#[derive(Clone, Copy)]
struct Entry {
    to: [u8; 16],
    generation: u64,
    path: Path,
}

// Two entries share no more than one cache line; with 1,024 of them the cache stays in L2.
const _: () = assert!(size_of::<Entry>() <= 64);

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let (generation, table) = {
            let newest = shared.table.lock().unwrap_or_else(PoisonError::into_inner);
            (shared.generation.load(Ordering::Acquire), Arc::clone(&newest))
        };
        let nothing = Entry { to: [0; 16], generation: 0, path: Path::Unreachable };
        Self { shared, table, generation, cache: vec![nothing; CACHE_ENTRIES].into() }
    }

    /// Looks for a newer table; call it once a turn. Returns whether there was one.
    ///
    /// It never waits: while the mirror is just putting a new table in place, the old one holds for another turn.
    #[inline]
    pub fn refresh(&mut self) -> bool {
        if self.shared.generation.load(Ordering::Acquire) == self.generation {
            return false;
        }
        self.replace()
    }

    #[cold]
    fn replace(&mut self) -> bool {
        let newest = match self.shared.table.try_lock() {
            Ok(newest) => newest,
            Err(TryLockError::Poisoned(newest)) => newest.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        self.table = Arc::clone(&newest);
        self.generation = self.shared.generation.load(Ordering::Acquire);
        true
    }

    /// Returns how packets get to a destination.
    ///
    /// If the neighbour that they go to has not been confirmed for a while, the first packet is sent through the kernel,
    /// which then asks; the next ones go directly.
    #[inline]
    pub fn path(&mut self, to: &Endpoint) -> Path {
        let octets = to.octets();
        let place = place(octets);
        let entry = &self.cache[place];
        if entry.generation == self.generation && entry.to == octets {
            return entry.path;
        }
        self.look_up(octets, place)
    }

    #[cold]
    fn look_up(&mut self, to: [u8; 16], place: usize) -> Path {
        let (path, unconfirmed) = self.table.path(Ipv6Addr::from(to).to_canonical());
        self.cache[place] = Entry { to, generation: self.generation, path };
        if unconfirmed { Path::Kernel } else { path }
    }

    /// Returns the address of this host that its kernel would send from, if the route to a destination names one.
    #[must_use]
    pub fn preferred_source(&self, to: IpAddr) -> Option<IpAddr> {
        self.table.route(to)?.source
    }

    /// Returns a link by its index; none if it is gone.
    pub(crate) fn link(&self, index: u32) -> Option<&Link> {
        self.table.facts.links.get(&index)
    }

    /// Returns all links.
    pub(crate) fn links(&self) -> impl Iterator<Item = &Link> {
        self.table.facts.links.values()
    }
}

/// Spreads destinations over the cache. Whoever makes destinations collide makes their packets slower, not others wrong.
#[inline]
fn place(octets: [u8; 16]) -> usize {
    // The golden ratio's bits: the usual multiplier to spread numbers that differ little.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let bits = u128::from_ne_bytes(octets);
    let folded = bits as u64 ^ (bits >> 64) as u64;
    (folded.wrapping_mul(SPREAD) >> (64 - CACHE_ENTRIES.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::link::Tag;
    use super::super::neighbour::Neighbour;
    use super::super::route::{Route, RouteHop};
    use super::super::table::Facts;
    use super::*;

    const PEER: &str = "10.0.0.2";

    fn table(stale: bool) -> Table {
        let mac = Some([2; 6]);
        let name = String::from("eth0");
        let link =
            Link { index: 1, name, mac, mtu: 1500, up: true, rx_queues_max: 1, kind: None, tag: Tag::None };
        let hop = Some(RouteHop { link: 1, gateway: None });
        let prefix = IpAddr::from([10, 0, 0, 0]);
        let route = Route { prefix, prefix_len: 8, metric: 0, hop, mtu: None, source: None };
        let neighbour = ((1, PEER.parse().unwrap()), Neighbour { mac: [4; 6], stale });
        Table::new(Facts {
            links: BTreeMap::from([(1, link)]),
            neighbours: BTreeMap::from([neighbour]),
            routes: vec![route],
            ..Facts::default()
        })
    }

    fn to() -> Endpoint {
        Endpoint::new(PEER.parse().unwrap(), 9)
    }

    #[test]
    fn a_new_table_is_seen_after_a_refresh_and_not_before() {
        let shared = Arc::new(Shared::new(Table::default()));
        let mut reader = Reader::new(Arc::clone(&shared));
        assert_eq!(reader.path(&to()), Path::Unreachable);

        shared.publish(table(false));

        assert_eq!(reader.path(&to()), Path::Unreachable);
        assert!(reader.refresh());
        assert!(matches!(reader.path(&to()), Path::Direct(_)));
        assert!(!reader.refresh());
    }

    #[test]
    fn an_unconfirmed_neighbour_costs_one_packet_through_the_kernel() {
        let mut reader = Reader::new(Arc::new(Shared::new(table(true))));
        assert_eq!(reader.path(&to()), Path::Kernel);
        assert!(matches!(reader.path(&to()), Path::Direct(_)));
    }

    #[test]
    fn colliding_destinations_get_their_own_answers() {
        let mut reader = Reader::new(Arc::new(Shared::new(table(false))));
        for number in 0..2 * CACHE_ENTRIES as u32 {
            let other = Endpoint::new(IpAddr::from((0x0b00_0000 + number).to_be_bytes()), 9);
            assert_eq!(reader.path(&other), Path::Unreachable);
            assert!(matches!(reader.path(&to()), Path::Direct(_)));
        }
    }

    #[test]
    fn a_worker_can_refresh_while_a_table_is_being_put_in_place() {
        let shared = Arc::new(Shared::new(Table::default()));
        let mut reader = Reader::new(Arc::clone(&shared));
        shared.publish(table(false));
        let guard = shared.table.lock().unwrap();
        assert!(!reader.refresh());
        drop(guard);
        assert!(reader.refresh());
    }
}
