//! Hosts that take no connection: what is too long for a datagram goes there as one all the same.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Hosts, and until when they are not tried.
#[derive(Default)]
pub(crate) struct DatagramHosts(HashMap<SocketAddr, Duration>);

/// As long as somebody may take to open a port in a firewall.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// More hosts than trunks have.
const HOSTS_MAX: usize = 10_000;

impl DatagramHosts {
    pub(crate) fn note(&mut self, now: Duration, host: SocketAddr) {
        if self.0.len() >= HOSTS_MAX {
            self.0.retain(|_, until| *until > now);
        }
        if self.0.len() < HOSTS_MAX || self.0.contains_key(&host) {
            self.0.insert(host, now.saturating_add(REMEMBERED));
        }
    }

    pub(crate) fn contains(&self, now: Duration, host: &SocketAddr) -> bool {
        self.0.get(host).is_some_and(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_left_alone_for_ten_minutes_and_there_are_not_too_many() {
        let mut hosts = DatagramHosts::default();
        let host = |number: u32| SocketAddr::from((number.to_be_bytes(), 5060));
        for number in 0..20_000 {
            hosts.note(Duration::ZERO, host(number));
        }
        assert_eq!(hosts.0.len(), HOSTS_MAX);
        let (before, after) = (Duration::from_secs(599), Duration::from_secs(600));
        assert!(hosts.contains(before, &host(1)) && !hosts.contains(after, &host(1)));
        hosts.note(after, host(30_000));
        assert!(hosts.contains(after, &host(30_000)));
    }
}
