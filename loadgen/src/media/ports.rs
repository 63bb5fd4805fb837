//! Our own ports: which ones to take, and which flow arrives at each.

use core::net::IpAddr;

use netio::LocalPort;

use crate::media::stamp::FlowId;

/// Ports of one address that somebody else uses, such as the range of a realm on the same host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The address.
    pub address: IpAddr,
    /// The first of them.
    pub first: u16,
    /// The last of them.
    pub last: u16,
}

/// Hands out even ports, as RTP has them, past those that are taken.
pub struct Choice<'t> {
    address: u8,
    ip: IpAddr,
    next: Option<u16>,
    taken: &'t [Taken],
}

impl<'t> Choice<'t> {
    /// Chooses from this port on.
    #[must_use]
    pub fn new(address: u8, ip: IpAddr, first: u16, taken: &'t [Taken]) -> Self {
        Self { address, ip, next: Some(first.next_multiple_of(2).max(2)), taken }
    }
}

impl Iterator for Choice<'_> {
    type Item = LocalPort;

    fn next(&mut self) -> Option<LocalPort> {
        loop {
            let port = self.next?;
            self.next = port.checked_add(2);
            let is_in =
                |taken: &&Taken| taken.address == self.ip && (taken.first..=taken.last).contains(&port);
            match self.taken.iter().find(is_in) {
                Some(taken) => {
                    self.next = taken.last.checked_add(1).and_then(|port| port.checked_next_multiple_of(2))
                }
                None => return Some(LocalPort { address: self.address, port }),
            }
        }
    }
}

/// The flow that arrives at each port, found in one step.
pub struct Arrivals {
    /// For each port of each address its flow plus one.
    flows: Vec<Box<[u32]>>,
}

impl Arrivals {
    /// Makes room for the ports of so many addresses.
    #[must_use]
    pub fn new(addresses: usize) -> Self {
        Self { flows: (0..addresses).map(|_| vec![0; 1 << 16].into_boxed_slice()).collect() }
    }

    /// Says what arrives at a port.
    ///
    /// # Panics
    ///
    /// If there is no such address.
    pub fn lead(&mut self, port: LocalPort, flow: FlowId) {
        self.flows[usize::from(port.address)][usize::from(port.port)] = flow.0 + 1;
    }

    /// Finds what arrives at a port.
    #[inline]
    #[must_use]
    pub fn find(&self, port: LocalPort) -> Option<FlowId> {
        self.flows.get(usize::from(port.address))?[usize::from(port.port)].checked_sub(1).map(FlowId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(core::net::Ipv4Addr::LOCALHOST);

    fn chosen(first: u16, taken: &[Taken], count: usize) -> Vec<u16> {
        Choice::new(0, LOOPBACK, first, taken).take(count).map(|local| local.port).collect()
    }

    #[test]
    fn even_ports_are_chosen_around_those_that_are_taken() {
        let taken = |first, last| Taken { address: LOOPBACK, first, last };
        assert_eq!(chosen(4001, &[], 3), [4002, 4004, 4006]);
        assert_eq!(chosen(4000, &[taken(4002, 4005)], 3), [4000, 4006, 4008]);
        assert_eq!(chosen(4000, &[taken(4000, 4100), taken(4101, 4200)], 2), [4202, 4204]);
        let elsewhere = Taken { address: "127.0.0.2".parse().unwrap(), first: 1, last: 65_535 };
        assert_eq!(chosen(4000, &[elsewhere], 1), [4000]);
    }

    #[test]
    fn the_choice_ends_with_the_last_port() {
        assert_eq!(chosen(65_530, &[], 9), [65_530, 65_532, 65_534]);
        assert_eq!(chosen(0, &[], 1), [2], "nobody has port zero");
        assert!(chosen(4000, &[Taken { address: LOOPBACK, first: 1, last: 65_535 }], 1).is_empty());
    }

    #[test]
    fn a_port_leads_to_its_flow_alone() {
        let mut arrivals = Arrivals::new(2);
        arrivals.lead(LocalPort { address: 1, port: 4000 }, FlowId(0));
        assert_eq!(arrivals.find(LocalPort { address: 1, port: 4000 }), Some(FlowId(0)));
        assert_eq!(arrivals.find(LocalPort { address: 0, port: 4000 }), None);
        assert_eq!(arrivals.find(LocalPort { address: 9, port: 4000 }), None);
    }
}
