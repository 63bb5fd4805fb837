//! Which ports of a realm are free: leased and released in constant time, in an order that nobody can foretell.
//!
//! A side without rtcp-mux takes a pair, an even port for RTP and the odd one above it for RTCP (RFC 3550 section 11);
//! a side with it takes a single port, if possible one whose twin is taken already. A released port rests before it is
//! leased again, so that packets that are still on their way to the old call do not reach a new one.

use std::collections::VecDeque;

/// The ports of one realm on one address.
pub struct Ports {
    first: u16,
    last: u16,
    /// Free pairs, by their even ports.
    pairs: Pool,
    /// Free ports whose twin is not free.
    singles: Pool,
    /// Released ports, the longest rested first.
    resting: VecDeque<Rest>,
    quarantine_ms: u32,
    leased: u32,
}

/// What was leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lease {
    /// An even port and the odd one above it.
    Pair(u16),
    /// One port.
    Single(u16),
}

#[derive(Clone, Copy)]
struct Rest {
    lease: Lease,
    since_ms: u32,
}

impl Lease {
    /// Returns the port for RTP.
    #[must_use]
    pub const fn rtp(self) -> u16 {
        match self {
            Self::Pair(port) | Self::Single(port) => port,
        }
    }

    /// Returns the port for RTCP.
    #[must_use]
    pub const fn rtcp(self) -> u16 {
        match self {
            Self::Pair(port) => port + 1,
            Self::Single(port) => port,
        }
    }

    const fn count(self) -> u32 {
        match self {
            Self::Pair(_) => 2,
            Self::Single(_) => 1,
        }
    }
}

impl Ports {
    /// Makes all ports from `first` to `last` free.
    ///
    /// # Panics
    ///
    /// If there is none, or if port zero is among them.
    #[must_use]
    pub fn new(first: u16, last: u16, quarantine_ms: u32) -> Self {
        assert!(0 < first && first <= last, "a realm has at least one port, and none is port zero");
        let mut ports = Self {
            first,
            last,
            pairs: Pool::new(),
            singles: Pool::new(),
            resting: VecDeque::with_capacity(usize::from(last - first) + 1),
            quarantine_ms,
            leased: 0,
        };
        for port in first..=last {
            ports.free(port);
        }
        ports
    }

    /// Leases a pair, the `random` one of those that are free; none if none is.
    pub fn lease_pair(&mut self, random: u32, now_ms: u32) -> Option<Lease> {
        self.end_rests(now_ms);
        let port = self.pairs.take(random)?;
        self.leased += 2;
        Some(Lease::Pair(port))
    }

    /// Leases a single port, the `random` one of those that are free; none if none is.
    pub fn lease_single(&mut self, random: u32, now_ms: u32) -> Option<Lease> {
        self.end_rests(now_ms);
        let port = match self.singles.take(random) {
            Some(port) => port,
            None => {
                let even = self.pairs.take(random)?;
                // Which of the two is as random as the pair.
                let (taken, left) = if random & 1 == 0 { (even, even + 1) } else { (even + 1, even) };
                self.singles.add(left);
                taken
            }
        };
        self.leased += 1;
        Some(Lease::Single(port))
    }

    /// Ends a lease; its ports rest.
    pub fn release(&mut self, lease: Lease, now_ms: u32) {
        self.leased -= lease.count();
        self.resting.push_back(Rest { lease, since_ms: now_ms });
    }

    /// Returns how many ports are leased.
    #[must_use]
    pub fn leased(&self) -> u32 {
        self.leased
    }

    /// Returns how many ports still rest.
    pub fn resting(&mut self, now_ms: u32) -> u32 {
        self.end_rests(now_ms);
        self.resting.iter().map(|rest| rest.lease.count()).sum()
    }

    /// Returns the first and the last port.
    #[must_use]
    pub fn range(&self) -> (u16, u16) {
        (self.first, self.last)
    }

    fn end_rests(&mut self, now_ms: u32) {
        while let Some(Rest { lease, since_ms }) = self.resting.front().copied() {
            if now_ms.wrapping_sub(since_ms) < self.quarantine_ms {
                return;
            }
            self.resting.pop_front();
            self.free(lease.rtp());
            if lease.rtcp() != lease.rtp() {
                self.free(lease.rtcp());
            }
        }
    }

    /// Makes a port free, and a pair of it if its twin is free as well.
    fn free(&mut self, port: u16) {
        let twin = port ^ 1;
        if self.singles.remove(twin) {
            self.pairs.add(port & !1);
        } else {
            self.singles.add(port);
        }
    }
}

/// A set of ports from which any one can be taken in constant time.
struct Pool {
    ports: Vec<u16>,
    /// For each port, one more than its place in the list; zero if it is not there.
    places: Box<[u32]>,
}

impl Pool {
    fn new() -> Self {
        Self { ports: Vec::new(), places: vec![0; 1 << 16].into_boxed_slice() }
    }

    fn add(&mut self, port: u16) {
        debug_assert_eq!(self.places[usize::from(port)], 0, "port {port} is freed once");
        self.ports.push(port);
        self.places[usize::from(port)] = self.ports.len() as u32;
    }

    fn take(&mut self, random: u32) -> Option<u16> {
        let count = self.ports.len() as u64;
        // Multiplying spreads 32 random bits over any count without a division.
        let port = *self.ports.get(((u64::from(random) * count) >> 32) as usize)?;
        self.remove(port);
        Some(port)
    }

    fn remove(&mut self, port: u16) -> bool {
        let Some(place) = self.places[usize::from(port)].checked_sub(1) else { return false };
        self.places[usize::from(port)] = 0;
        self.ports.swap_remove(place as usize);
        if let Some(moved) = self.ports.get(place as usize) {
            self.places[usize::from(*moved)] = place + 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Numbers that look random, the same ones each time.
    fn random(state: &mut u64) -> u32 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (*state >> 32) as u32
    }

    #[test]
    fn one_address_carries_16_128_calls_with_report_ports_and_32_256_without() {
        for (is_muxed, sides) in [(false, 2 * 16_128), (true, 2 * 32_256)] {
            let mut ports = Ports::new(1024, 65_535, 1000);
            let mut state = 1;
            let mut seen = BTreeSet::new();
            for _ in 0..sides {
                let random = random(&mut state);
                let lease =
                    if is_muxed { ports.lease_single(random, 0) } else { ports.lease_pair(random, 0) }
                        .unwrap();
                assert!(seen.insert(lease.rtp()) && lease.rtp() >= 1024);
                assert!(is_muxed || (lease.rtp() % 2 == 0 && seen.insert(lease.rtcp())));
            }
            assert_eq!(ports.leased(), 64_512);
            assert_eq!(ports.lease_single(0, 0), None, "all are taken");
            assert_eq!(ports.lease_pair(0, 0), None);
        }
    }

    #[test]
    fn a_released_port_rests_before_it_is_leased_again() {
        let mut ports = Ports::new(2000, 2001, 500);
        let lease = ports.lease_pair(7, 0).unwrap();
        ports.release(lease, 100);
        assert_eq!((ports.leased(), ports.resting(100)), (0, 2));
        assert_eq!(ports.lease_pair(7, 599), None);
        assert_eq!(ports.lease_pair(7, 600), Some(lease));
    }

    #[test]
    fn singles_that_are_free_again_make_pairs() {
        let mut ports = Ports::new(2000, 2009, 0);
        let mut leases: Vec<_> =
            (0..10).map(|place| ports.lease_single(place * 1_000_003, 0).unwrap()).collect();
        assert_eq!(ports.lease_pair(0, 0), None);
        leases.drain(..).for_each(|lease| ports.release(lease, 0));
        assert_eq!((0..6).map_while(|_| ports.lease_pair(1, 0)).count(), 5);
    }

    #[test]
    fn ports_without_a_twin_in_the_range_are_singles() {
        let mut ports = Ports::new(1025, 1028, 0);
        assert_eq!(ports.lease_pair(0, 0), Some(Lease::Pair(1026)));
        assert_eq!(ports.lease_pair(0, 0), None);
        let singles: BTreeSet<_> = (0..2).map(|_| ports.lease_single(0, 0).unwrap().rtp()).collect();
        assert_eq!(singles, BTreeSet::from([1025, 1028]));
    }

    /// A million leases and releases against a set: nothing is leased twice, nothing is lost, nothing grows.
    #[test]
    fn agrees_with_a_set_of_what_is_leased() {
        let mut ports = Ports::new(10_001, 10_400, 10);
        let (mut state, mut leases, mut taken) = (42, Vec::new(), BTreeSet::new());
        for now_ms in 0..1_000_000 {
            let number = random(&mut state);
            let lease = match number % 4 {
                0 => ports.lease_pair(random(&mut state), now_ms),
                1 => ports.lease_single(random(&mut state), now_ms),
                _ if leases.is_empty() => None,
                _ => {
                    let lease: Lease = leases.swap_remove(number as usize / 4 % leases.len());
                    taken.remove(&lease.rtp());
                    taken.remove(&lease.rtcp());
                    ports.release(lease, now_ms);
                    None
                }
            };
            if let Some(lease) = lease {
                assert!(taken.insert(lease.rtp()), "{lease:?} at {now_ms}");
                assert!(lease.rtp() == lease.rtcp() || taken.insert(lease.rtcp()), "{lease:?} at {now_ms}");
                leases.push(lease);
            }
            assert_eq!(ports.leased() as usize, taken.len());
        }
        leases.drain(..).for_each(|lease| ports.release(lease, 1_000_000));
        assert_eq!(
            (ports.resting(2_000_000), ports.pairs.ports.len(), ports.singles.ports.len()),
            (0, 199, 2)
        );
    }
}
