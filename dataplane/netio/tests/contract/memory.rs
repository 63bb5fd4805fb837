//! The driver without a kernel, and peers that are numbers.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

use netio::{Endpoint, LocalPort, Memory, Setup};

use crate::contract::harness::{Harness, Packet, Peer, Skip, Version};

/// Peers with a queue each, as the driver has one for all.
pub(crate) struct Queues {
    next_port: u16,
    received: Vec<VecDeque<Packet>>,
}

// RFC 5737: addresses for documentation. The driver, its peers, and nobody.
const DRIVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const PEERS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 3));

impl Harness for Queues {
    type Driver = Memory;
    const SYSTEM_CALLS_MAX: Option<f64> = Some(0.0);

    fn open(_: Version, frames: u32) -> Result<(Self, Memory), Skip> {
        let addresses = vec![DRIVER];
        let setup = Setup { addresses, interface: None, nodes: vec![None], frames, busy_poll: false };
        let driver = Memory::open(&setup).map_err(|error| Skip(error.to_string()))?.remove(0);
        Ok((Self { next_port: 10_000, received: Vec::new() }, driver))
    }

    fn ports(&mut self, count: usize) -> Vec<LocalPort> {
        let first = self.next_port;
        self.next_port += count as u16;
        (first..self.next_port).map(|port| LocalPort { address: 0, port }).collect()
    }

    fn endpoint(&self, port: LocalPort) -> Endpoint {
        Endpoint::new(DRIVER, port.port)
    }

    fn peer(&mut self) -> Peer {
        let number = self.received.len();
        self.received.push(VecDeque::new());
        Peer { number, endpoint: Endpoint::new(PEERS, 1 + number as u16) }
    }

    fn send(&mut self, driver: &mut Memory, peer: Peer, to: LocalPort, traffic_class: u8, bytes: &[u8]) {
        driver.inject(to, peer.endpoint, traffic_class, bytes);
    }

    fn receive(&mut self, driver: &mut Memory, peer: Peer) -> Option<Packet> {
        let mut bytes = Vec::new();
        while let Some(route) = driver.take_sent(&mut bytes) {
            // The number of a peer is its port less one; nobody has port 0.
            let Some(number) = usize::from(route.to.port()).checked_sub(1) else { continue };
            let source = self.endpoint(route.from);
            let packet = Packet { source, traffic_class: route.traffic_class, bytes: bytes.clone() };
            self.received[number].push_back(packet);
        }
        self.received[peer.number].pop_front()
    }

    fn nobody(&self) -> Endpoint {
        Endpoint::new(NOBODY, 0)
    }

    fn payload_max(&self) -> Option<usize> {
        None
    }

    fn occupy(&mut self, _: LocalPort) -> bool {
        false
    }
}
