//! Where the sessions of all calls listen, and where each sends to: a ring of them would send one packet round for ever.

use std::collections::HashMap;
use std::net::SocketAddr;

use control::Ports;

/// All sides of all sessions, by the port that they listen on.
#[derive(Default)]
pub(crate) struct Relays(HashMap<SocketAddr, Side>);

struct Side {
    /// The port of the other side: what comes here leaves there.
    other: SocketAddr,
    /// Where this side sends to.
    remote: Option<SocketAddr>,
}

/// A call that is passed on so often, each time without touching its media, is taken for one that goes round.
const PASSED_ON_MAX: usize = 64;

impl Relays {
    pub(crate) fn open(&mut self, Ports { a, b }: Ports) {
        for (own, other) in [(a, b), (b, a)] {
            self.0.insert(own, Side { other, remote: None });
        }
    }

    pub(crate) fn close(&mut self, Ports { a, b }: Ports) {
        self.0.remove(&a);
        self.0.remove(&b);
    }

    /// Has a side send to a place from now on.
    pub(crate) fn point(&mut self, own: SocketAddr, remote: Option<SocketAddr>) {
        if let Some(side) = self.0.get_mut(&own) {
            side.remote = remote;
        }
    }

    /// Tells whether what a side sends to a place comes back to its session, by way of others or at once. That it ends
    /// at another session is no ring: a proxy may hand on a description of ours that it was offered.
    pub(crate) fn is_ring(&self, own: SocketAddr, remote: SocketAddr) -> bool {
        let Some(side) = self.0.get(&own) else { return false };
        let mut at = remote;
        for _ in 0..PASSED_ON_MAX {
            if at == own || at == side.other {
                return true;
            }
            let leaving = self.0.get(&at).and_then(|reached| self.0.get(&reached.other));
            match leaving.and_then(|leaving| leaving.remote) {
                Some(next) => at = next,
                None => return false,
            }
        }
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(port: u16) -> SocketAddr {
        ([192, 0, 2, 200], port).into()
    }

    /// Sessions whose sides have the ports 2n and 2n + 1, each sending to the next one.
    fn chain(len: u16) -> Relays {
        let mut relays = Relays::default();
        for number in 0..len {
            relays.open(Ports { a: port(2 * number), b: port(2 * number + 1) });
            relays.point(port(2 * number + 1), Some(port(2 * number + 2)));
        }
        relays
    }

    #[test]
    fn a_chain_is_no_ring_until_its_end_leads_to_its_beginning() {
        let relays = chain(3);
        let elsewhere = SocketAddr::from(([198, 51, 100, 1], 6000));
        assert!(!relays.is_ring(port(0), elsewhere) && !relays.is_ring(port(5), elsewhere));
        assert!(!relays.is_ring(port(5), port(9)), "nobody listens there");
        assert!(relays.is_ring(port(5), port(0)) && relays.is_ring(port(5), port(2)));
        assert!(relays.is_ring(port(5), port(4)) && relays.is_ring(port(5), port(5)), "its own ports");
        assert!(!relays.is_ring(port(0), port(3)), "that side sends nowhere yet");
    }

    #[test]
    fn what_is_closed_is_no_part_of_a_ring_and_the_longest_chain_has_an_end() {
        let mut relays = chain(3);
        relays.close(Ports { a: port(2), b: port(3) });
        assert!(!relays.is_ring(port(5), port(0)));
        assert_eq!(relays.len(), 4);
        let relays = chain(100);
        assert!(relays.is_ring(port(0), port(2)) && !relays.is_ring(port(0), port(120)));
    }
}
