//! Where datagrams went lately.

use std::collections::VecDeque;
use std::net::SocketAddr;

use sip::flow::Destination;

/// Destinations of datagrams, the most recent last. Two in a row that are the same count once.
#[derive(Default)]
pub(super) struct Departures(VecDeque<Destination>);

/// ICMP comes back within a second or never; in that time a busy node sends to a few hundred different places.
const DESTINATIONS_MAX: usize = 1024;

impl Departures {
    /// Notes where something is sent.
    pub(super) fn note(&mut self, destination: &Destination) {
        if self.0.back() == Some(destination) {
            return;
        }
        if self.0.len() >= DESTINATIONS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(destination.clone());
    }

    /// Returns, each once, the destinations at an address.
    pub(super) fn at(&self, address: SocketAddr) -> Vec<Destination> {
        let mut found: Vec<Destination> = Vec::new();
        for destination in self.0.iter().filter(|destination| remote(destination) == address) {
            if !found.contains(destination) {
                found.push(destination.clone());
            }
        }
        found
    }
}

/// Returns to whom something goes.
pub(super) const fn remote(destination: &Destination) -> SocketAddr {
    match destination {
        Destination::Flow(flow) => flow.remote,
        Destination::Target(target) => target.remote,
    }
}
