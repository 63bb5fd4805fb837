//! Hosts that do not answer, so that not every call waits for them.

use std::{collections::HashMap, time::Duration};

use crate::peer::Peer;

/// Remembers which hosts have failed. We send no probes to customers, so calls are what tells.
///
/// A host that failed three times in a row rests for 30 s. The next call after that tries it again; each further failure
/// doubles the rest, up to 5 minutes. One answer, of whatever kind, and all is forgotten.
#[derive(Clone, Debug, Default)]
pub struct DeadHosts {
    peers: HashMap<Peer, Health>,
}

#[derive(Clone, Copy, Debug)]
struct Health {
    /// In a row.
    failures: u32,
    rests_until: Duration,
}

impl DeadHosts {
    /// Notes a failure; `retry_after` is what the host itself has said about when to come back (RFC 3261 section 20.33).
    pub fn failed(&mut self, peer: &Peer, now: Duration, retry_after: Option<Duration>) {
        if !self.peers.contains_key(peer) && self.peers.len() >= PEERS_MAX {
            self.forget_one();
        }
        let health = self.peers.entry(peer.clone()).or_insert(Health { failures: 0, rests_until: now });
        health.failures = health.failures.saturating_add(1);
        let asked = retry_after.unwrap_or_default().min(REST_MAX);
        health.rests_until = health.rests_until.max(now.saturating_add(rest(health.failures).max(asked)));
    }

    /// Notes that a host is alive.
    pub fn answered(&mut self, peer: &Peer) {
        self.peers.remove(peer);
    }

    /// Tells whether a host is better left alone.
    pub fn is_resting(&self, peer: &Peer, now: Duration) -> bool {
        self.peers.get(peer).is_some_and(|health| health.rests_until > now)
    }

    /// Gives the hosts at rest and until when, in no order.
    pub fn resting(&self, now: Duration) -> impl Iterator<Item = (&Peer, Duration)> {
        let resting = self.peers.iter().filter(move |(_peer, health)| health.rests_until > now);
        resting.map(|(peer, health)| (peer, health.rests_until))
    }

    /// Counts the hosts that have failed and not answered since.
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Tells whether no host has failed.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// Makes room: the host that may be tried first is the one to know least about.
    fn forget_one(&mut self) {
        let soonest = self.peers.iter().min_by_key(|(peer, health)| (health.rests_until, *peer));
        if let Some(peer) = soonest.map(|(peer, _health)| peer.clone()) {
            self.peers.remove(&peer);
        }
    }
}

fn rest(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(FAILURES_MIN) else { return Duration::ZERO };
    REST.saturating_mul(2_u32.saturating_pow(doublings)).min(REST_MAX)
}

/// How many hosts are remembered: more than any snapshot we have seen names as routes that fail at the same time.
pub const PEERS_MAX: usize = 4_096;

/// One failure is an accident, two are a restart.
const FAILURES_MIN: u32 = 3;

const REST: Duration = Duration::from_secs(30);

const REST_MAX: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::{Host, Transport};

    fn peer(number: usize) -> Peer {
        Peer { host: Host::parse(&format!("pbx{number}")).unwrap(), port: 5060, transport: Transport::Udp }
    }

    fn second(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[test]
    fn a_host_rests_after_the_third_failure_in_a_row() {
        let mut dead = DeadHosts::default();
        dead.failed(&peer(0), second(0), None);
        dead.failed(&peer(0), second(1), None);
        assert!(!dead.is_resting(&peer(0), second(1)));
        dead.failed(&peer(0), second(2), None);
        assert!(dead.is_resting(&peer(0), second(31)) && !dead.is_resting(&peer(0), second(32)));
        assert!(!dead.is_resting(&peer(1), second(3)));
        assert_eq!(dead.resting(second(3)).collect::<Vec<_>>(), [(&peer(0), second(32))]);
    }

    #[test]
    fn an_answer_in_between_starts_the_count_anew() {
        let mut dead = DeadHosts::default();
        for now in 0..10 {
            dead.failed(&peer(0), second(now), None);
            dead.failed(&peer(0), second(now), None);
            dead.answered(&peer(0));
        }
        assert!(dead.is_empty());
    }

    #[test]
    fn further_failures_double_the_rest_up_to_five_minutes() {
        let mut dead = DeadHosts::default();
        let mut now = second(0);
        dead.failed(&peer(0), now, None);
        dead.failed(&peer(0), now, None);
        for rest in [30, 60, 120, 240, 300, 300] {
            dead.failed(&peer(0), now, None);
            assert!(dead.is_resting(&peer(0), now + second(rest) - Duration::from_nanos(1)), "{rest}");
            now += second(rest);
            assert!(!dead.is_resting(&peer(0), now), "{rest}");
        }
    }

    #[test]
    fn a_host_that_says_when_to_come_back_is_believed_up_to_a_bound() {
        let mut dead = DeadHosts::default();
        dead.failed(&peer(0), second(0), Some(second(12)));
        assert!(dead.is_resting(&peer(0), second(11)) && !dead.is_resting(&peer(0), second(12)));
        dead.failed(&peer(0), second(1), Some(second(40)));
        dead.failed(&peer(0), second(2), None);
        assert!(dead.is_resting(&peer(0), second(40)));
        dead.failed(&peer(1), second(0), Some(second(86_400)));
        assert!(dead.is_resting(&peer(1), second(299)) && !dead.is_resting(&peer(1), second(300)));
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_those_that_rest_longest() {
        let mut dead = DeadHosts::default();
        dead.failed(&peer(0), second(0), Some(second(100)));
        for number in 1..=PEERS_MAX {
            dead.failed(&peer(number), second(0), Some(second(1)));
        }
        assert_eq!(dead.len(), PEERS_MAX);
        assert!(dead.is_resting(&peer(0), second(50)));
    }
}
