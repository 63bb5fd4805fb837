//! What the control thread knows of sessions: which there are, where they are, and which ports and slots are free.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use control::{
    Epoch, Name, PAGE_MAX, Ports as RtpPorts, RealmState, Reason, Rtcp, SessionId, SessionSpec, SessionState,
    SideSpec,
};
use netio::LocalPort;

use crate::clock::Now;
use crate::port::{Lease, Ports};
use crate::random::Random;
use crate::session::Leases;
use crate::table::Slot;

/// Sessions, ports and slots.
pub(crate) struct Registry {
    realms: Vec<RealmPorts>,
    /// For each worker the slots that are free.
    free_slots: Vec<Vec<Slot>>,
    sessions: BTreeMap<SessionId, Record>,
    random: Random,
}

/// A realm, and the ports that it has left.
struct RealmPorts {
    name: Name,
    ip: IpAddr,
    /// The place of the address among those of the drivers.
    address: u8,
    ports: Ports,
}

/// What is known of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The wish that was passed on last.
    pub(crate) epoch: Epoch,
    /// Who relays it.
    pub(crate) worker: u16,
    /// Where in the worker's table.
    pub(crate) slot: Slot,
    sides: [SideRecord; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SideRecord {
    realm: u8,
    lease: Lease,
}

/// Ports of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// Its name.
    pub name: Name,
    /// Its address.
    pub address: IpAddr,
    /// The first of its ports.
    pub first_port: u16,
    /// The last of its ports.
    pub last_port: u16,
}

/// What is to be done about a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// It is for a new session, which is here now.
    New(Record),
    /// It is for this session.
    Known(Record),
}

impl Registry {
    /// Begins with all ports and slots free. The addresses are those of the drivers, in their order.
    pub(crate) fn new(realms: &[Realm], addresses: &[IpAddr], slots: &[u32], quarantine_ms: u32) -> Self {
        let place_of = |ip| addresses.iter().position(|address| *address == ip);
        let realms = realms.iter().map(|realm| RealmPorts {
            name: realm.name.clone(),
            ip: realm.address,
            address: place_of(realm.address).expect("drivers have the addresses of all realms") as u8,
            ports: Ports::new(realm.first_port, realm.last_port, quarantine_ms),
        });
        Self {
            realms: realms.collect(),
            free_slots: slots.iter().map(|count| (0..*count).rev().map(Slot).collect()).collect(),
            sessions: BTreeMap::new(),
            random: Random::new(),
        }
    }

    /// Finds the session of a wish, or a place for it.
    pub(crate) fn place(&mut self, spec: &SessionSpec, now: Now) -> Result<Placement, Reason> {
        let realms = [self.realm(&spec.sides[0])?, self.realm(&spec.sides[1])?];
        if let Some(record) = self.sessions.get_mut(&spec.id) {
            record.check(spec, realms)?;
            record.epoch = spec.epoch;
            return Ok(Placement::Known(*record));
        }
        let worker = self.roomiest_worker().ok_or(Reason::SessionsFull)?;
        let [a, b] = &spec.sides;
        let sides = self.lease_both([(realms[0], needs_pair(a)), (realms[1], needs_pair(b))], now)?;
        let slot = self.free_slots[worker].pop().expect("the worker has a free slot");
        let record = Record { epoch: spec.epoch, worker: worker as u16, slot, sides };
        self.sessions.insert(spec.id, record);
        Ok(Placement::New(record))
    }

    /// Gives a session other ports, those that it has being of no use.
    pub(crate) fn place_elsewhere(&mut self, id: SessionId, now: Now) -> Result<Record, Reason> {
        let record = self.record(id).ok_or(Reason::SessionUnknown)?;
        let wants = record.sides.map(|side| (side.realm, matches!(side.lease, Lease::Pair(_))));
        let placed = Record { sides: self.lease_both(wants, now)?, ..record };
        self.release_ports(&record, now);
        self.sessions.insert(id, placed);
        Ok(placed)
    }

    /// Forgets a session. Its ports and its slot are in use until they are released.
    pub(crate) fn remove(&mut self, id: SessionId) -> Option<Record> {
        self.sessions.remove(&id)
    }

    /// Makes slot and ports free that no worker uses any more.
    pub(crate) fn release(&mut self, record: Record, now: Now) {
        self.release_ports(&record, now);
        self.free_slots[usize::from(record.worker)].push(record.slot);
    }

    fn release_ports(&mut self, record: &Record, now: Now) {
        for side in record.sides {
            self.realms[usize::from(side.realm)].ports.release(side.lease, now.ms());
        }
    }

    /// Returns what is known of a session.
    pub(crate) fn record(&self, id: SessionId) -> Option<Record> {
        self.sessions.get(&id).copied()
    }

    /// Returns a page of sessions behind this one.
    pub(crate) fn page(&self, after: Option<SessionId>) -> Vec<SessionState> {
        let first = after.map_or(SessionId(0), |after| SessionId(after.0.saturating_add(1)));
        let is_end = after == Some(SessionId(u64::MAX));
        let page = self.sessions.range(first..).take(if is_end { 0 } else { PAGE_MAX });
        page.map(|(id, record)| self.state(*id, record)).collect()
    }

    /// Returns what others are told of a session.
    pub(crate) fn state(&self, session: SessionId, record: &Record) -> SessionState {
        SessionState { session, epoch: record.epoch, ports: self.rtp_ports(record), worker: record.worker }
    }

    /// Returns how the realms stand.
    pub(crate) fn realms(&mut self, now: Now) -> Vec<RealmState> {
        let state = |realm: &mut RealmPorts| {
            let (first_port, last_port) = realm.ports.range();
            RealmState {
                realm: realm.name.clone(),
                address: realm.ip,
                first_port,
                last_port,
                leased: realm.ports.leased(),
                quarantined: realm.ports.resting(now.ms()),
            }
        };
        self.realms.iter_mut().map(state).collect()
    }

    /// Returns where the sides of a session send media to.
    pub(crate) fn rtp_ports(&self, record: &Record) -> RtpPorts {
        let [a, b] = record
            .sides
            .map(|side| SocketAddr::new(self.realms[usize::from(side.realm)].ip, side.lease.rtp()));
        RtpPorts { a, b }
    }

    /// Returns the ports of a session as its worker knows them.
    pub(crate) fn leases(&self, record: &Record) -> Leases {
        Leases(record.sides.map(|SideRecord { realm, lease }| {
            let address = self.realms[usize::from(realm)].address;
            (LocalPort { address, port: lease.rtp() }, matches!(lease, Lease::Pair(_)))
        }))
    }

    fn realm(&self, side: &SideSpec) -> Result<u8, Reason> {
        let place = self.realms.iter().position(|realm| realm.name == side.realm);
        place.map(|place| place as u8).ok_or(Reason::RealmUnknown)
    }

    fn roomiest_worker(&self) -> Option<usize> {
        let workers = self.free_slots.iter().enumerate().filter(|(_, free)| !free.is_empty());
        workers.max_by_key(|(_, free)| free.len()).map(|(worker, _)| worker)
    }

    /// Leases for both sides, each wanting a pair or a single port of a realm, or for none.
    fn lease_both(&mut self, wants: [(u8, bool); 2], now: Now) -> Result<[SideRecord; 2], Reason> {
        let [a, b] = wants;
        let a = SideRecord { realm: a.0, lease: self.lease(a.0, a.1, now)? };
        match self.lease(b.0, b.1, now) {
            Ok(lease) => Ok([a, SideRecord { realm: b.0, lease }]),
            Err(reason) => {
                self.realms[usize::from(a.realm)].ports.release(a.lease, now.ms());
                Err(reason)
            }
        }
    }

    fn lease(&mut self, realm: u8, is_pair: bool, now: Now) -> Result<Lease, Reason> {
        let random = self.random.next();
        let ports = &mut self.realms[usize::from(realm)].ports;
        let lease =
            if is_pair { ports.lease_pair(random, now.ms()) } else { ports.lease_single(random, now.ms()) };
        lease.ok_or(Reason::PortsExhausted)
    }
}

fn needs_pair(side: &SideSpec) -> bool {
    side.rtcp != Rtcp::Muxed
}

impl Record {
    /// Tells whether a session can become what a wish says.
    fn check(&self, spec: &SessionSpec, realms: [u8; 2]) -> Result<(), Reason> {
        if spec.epoch < self.epoch {
            return Err(Reason::EpochOld);
        }
        for ((side, spec), realm) in self.sides.iter().zip(&spec.sides).zip(realms) {
            // A pair may be shared later; a port without its twin cannot get it any more.
            let lacks_port = needs_pair(spec) && matches!(side.lease, Lease::Single(_));
            if realm != side.realm || lacks_port {
                return Err(Reason::Immutable);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const NOW: Now = Now { us: 0 };

    fn registry(quarantine_ms: u32) -> Registry {
        let realm = |name: &str, address: &str, first_port, last_port| Realm {
            name: Name::new(name).unwrap(),
            address: address.parse().unwrap(),
            first_port,
            last_port,
        };
        let realms = [realm("one", "192.0.2.1", 2000, 2039), realm("two", "2001:db8::1", 3000, 3009)];
        let addresses = [realms[0].address, realms[1].address];
        Registry::new(&realms, &addresses, &[5, 3], quarantine_ms)
    }

    fn spec(id: u64, epoch: u32, realms: [&str; 2], rtcp: Rtcp) -> SessionSpec {
        let sides = realms.map(|realm| {
            let mut side = SideSpec::new(Name::new(realm).unwrap(), None);
            side.rtcp = rtcp;
            side
        });
        SessionSpec { id: SessionId(id), epoch: Epoch(epoch), media_timeout_s: 0, sides }
    }

    fn opened(registry: &mut Registry, spec: &SessionSpec) -> Record {
        match registry.place(spec, NOW) {
            Ok(Placement::New(record)) => record,
            other => panic!("a new session was expected: {other:?}"),
        }
    }

    #[test]
    fn sessions_are_spread_over_the_workers_that_have_room() {
        let mut registry = registry(0);
        let workers: Vec<u16> = (0..8)
            .map(|id| opened(&mut registry, &spec(id, 1, ["one", "one"], Rtcp::Muxed)).worker)
            .collect();
        assert_eq!(workers.iter().filter(|worker| **worker == 0).count(), 5);
        let ninth = registry.place(&spec(9, 1, ["one", "one"], Rtcp::Muxed), NOW);
        assert_eq!(ninth, Err(Reason::SessionsFull));
    }

    #[test]
    fn a_side_for_which_there_is_no_port_costs_the_other_one_nothing() {
        let mut registry = registry(0);
        for id in 0..5 {
            opened(&mut registry, &spec(id, 1, ["one", "two"], Rtcp::NextPort(None)));
        }
        let refused = registry.place(&spec(6, 1, ["one", "two"], Rtcp::NextPort(None)), NOW);
        assert_eq!(refused, Err(Reason::PortsExhausted));
        assert_eq!(registry.realms(NOW)[0].leased, 10);
        assert_eq!(registry.page(None).len(), 5);
    }

    #[test]
    fn a_wish_may_share_a_pair_but_not_ask_for_another_port_or_an_older_epoch() {
        let mut registry = registry(0);
        let pair = opened(&mut registry, &spec(1, 5, ["one", "one"], Rtcp::NextPort(None)));
        let known = registry.place(&spec(1, 6, ["one", "one"], Rtcp::Muxed), NOW);
        assert_eq!(known, Ok(Placement::Known(Record { epoch: Epoch(6), ..pair })));
        assert_eq!(registry.place(&spec(1, 5, ["one", "one"], Rtcp::Muxed), NOW), Err(Reason::EpochOld));
        assert_eq!(registry.place(&spec(1, 7, ["one", "two"], Rtcp::Muxed), NOW), Err(Reason::Immutable));
        opened(&mut registry, &spec(2, 1, ["one", "one"], Rtcp::Muxed));
        let needs_more = registry.place(&spec(2, 2, ["one", "one"], Rtcp::NextPort(None)), NOW);
        assert_eq!(needs_more, Err(Reason::Immutable));
        let nowhere = registry.place(&spec(3, 1, ["one", "three"], Rtcp::Muxed), NOW);
        assert_eq!(nowhere, Err(Reason::RealmUnknown));
    }

    #[test]
    fn other_ports_come_from_those_that_are_free() {
        let mut registry = registry(1000);
        let first = opened(&mut registry, &spec(1, 1, ["two", "two"], Rtcp::NextPort(None)));
        let mut seen: BTreeSet<u16> = first.sides.iter().map(|side| side.lease.rtp()).collect();
        let second = registry.place_elsewhere(SessionId(1), NOW).unwrap();
        assert!(second.sides.iter().all(|side| seen.insert(side.lease.rtp())), "those of before rest");
        assert_eq!(registry.place_elsewhere(SessionId(1), NOW), Err(Reason::PortsExhausted));
        assert_eq!(registry.record(SessionId(1)), Some(second), "nothing has changed then");
    }

    #[test]
    fn pages_end_where_the_sessions_do() {
        let mut registry = registry(0);
        for id in [3, 1, u64::MAX, 7] {
            opened(&mut registry, &spec(id, 1, ["one", "one"], Rtcp::Muxed));
        }
        let ids = |after: Option<u64>| -> Vec<u64> {
            registry.page(after.map(SessionId)).iter().map(|state| state.session.0).collect()
        };
        assert_eq!(ids(None), [1, 3, 7, u64::MAX]);
        assert_eq!(ids(Some(3)), [7, u64::MAX]);
        assert_eq!(ids(Some(u64::MAX)), [0u64; 0]);
    }

    #[test]
    fn after_any_order_of_wishes_and_ends_everything_is_back_at_its_base() {
        let mut registry = registry(0);
        let mut random = 7u64;
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let id = (random >> 40) % 12;
            if random >> 63 == 0 {
                let rtcp = if random & 1 << 50 == 0 { Rtcp::Muxed } else { Rtcp::NextPort(None) };
                let realms = [["one", "one"], ["one", "two"], ["two", "two"]][(random >> 56) as usize % 3];
                let _: Result<Placement, Reason> = registry.place(&spec(id, 1, realms, rtcp), NOW);
            } else if let Some(record) = registry.remove(SessionId(id)) {
                registry.release(record, NOW);
            }
            let places: BTreeSet<_> =
                registry.sessions.values().map(|record| (record.worker, record.slot)).collect();
            assert_eq!(places.len(), registry.sessions.len(), "every session has a slot of its own");
        }
        for id in 0..12 {
            if let Some(record) = registry.remove(SessionId(id)) {
                registry.release(record, NOW);
            }
        }
        assert!(registry.realms(NOW).iter().all(|realm| (realm.leased, realm.quarantined) == (0, 0)));
        assert_eq!(registry.free_slots.iter().map(Vec::len).collect::<Vec<_>>(), [5, 3]);
    }
}
