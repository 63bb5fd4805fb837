//! Datagrams in and out.

use sip::flow::{Destination, Flow, Protocol};

use crate::arrival::{Arrival, Failure, Guard};
use crate::counters::Count;
use crate::first_line::is_blank;
use crate::gate::Admission;
use crate::listener::is_same_family;
use crate::port::Port;
use crate::transport::{News, Transport};
use crate::turn::Turn;

/// Things that ICMP says of one port in one turn; more are a flood, and wait.
const REFUSALS_PER_TURN: usize = 16;

impl Transport {
    pub(super) fn serve_ports(&mut self, guard: &dyn Guard, arrivals: &mut dyn FnMut(Arrival<'_>)) {
        for _ in 0..self.ready.ports.len() {
            let Some(index) = self.ready.ports.pop_front() else { return };
            self.hear_refusals(index);
            let (mut turn, ports, _) = self.turn(guard, arrivals);
            let Some(port) = ports.get_mut(index) else { continue };
            let is_dry = receive(port, &mut turn);
            self.send_kept(index);
            if !is_dry {
                self.ready.ports.push_back(index);
            }
        }
    }

    /// Tells of those that did not get what was sent to them.
    fn hear_refusals(&mut self, index: usize) {
        let Some(port) = self.ports.get_mut(index) else { return };
        for _ in 0..REFUSALS_PER_TURN {
            let Some((address, why)) = port.refusal() else { return };
            self.counters.add(Count::UdpRefused);
            for destination in self.departures.at(address) {
                self.news.push_back(News::Failed(destination, why));
            }
        }
    }

    /// Sends what the kernel did not take before.
    fn send_kept(&mut self, index: usize) {
        let Some(port) = self.ports.get_mut(index) else { return };
        while port.is_waiting()
            && let Some(result) = port.send_kept()
        {
            match result {
                Ok(()) => self.counters.add(Count::UdpSent),
                Err((destination, why)) => {
                    self.counters.add(Count::UdpUnsent);
                    self.news.push_back(News::Failed(destination, why));
                }
            }
        }
    }

    pub(super) fn send_datagram(&mut self, to: &Destination, bytes: &[u8]) {
        let result = match self.port_for(to) {
            Some(port) => port.send(to, bytes),
            None => Err(Failure::NoListener),
        };
        match result {
            Ok(is_gone) => {
                self.departures.note(to);
                self.counters.add_many(Count::UdpSent, u64::from(is_gone));
            }
            Err(why) => {
                self.counters.add(Count::UdpUnsent);
                self.news.push_back(News::Failed(to.clone(), why));
            }
        }
    }

    /// Finds the port that something is to leave from: the one that it came to, or else one that reaches there.
    fn port_for(&mut self, to: &Destination) -> Option<&mut Port> {
        let (local, remote) = match to {
            Destination::Flow(flow) => (Some(flow.local), flow.remote),
            Destination::Target(target) => (target.local, target.remote),
        };
        let fits = |port: &&mut Port| match local {
            None => is_same_family(port.address.ip(), remote.ip()),
            Some(local) => {
                let is_port = local.port() == 0 || local.port() == port.address.port();
                let ip = port.address.ip();
                let is_wildcard = ip.is_unspecified() && is_same_family(ip, local.ip());
                is_port && (ip == local.ip() || is_wildcard)
            }
        };
        self.ports.iter_mut().find(fits)
    }
}

/// Receives what is a port's share of the turn; tells whether there is no more.
fn receive(port: &mut Port, turn: &mut Turn<'_>) -> bool {
    for _ in 0..turn.limits.datagrams_per_turn {
        let Some(datagram) = port.receive(turn.scratch) else { return true };
        turn.counters.add_many(Count::UdpLost, datagram.lost.into());
        let bytes = turn.scratch.get(..datagram.len).unwrap_or_default();
        let verdict = turn.gate.admit_datagram(turn.guard, datagram.remote.ip(), bytes, turn.now);
        match verdict {
            Err(count) => turn.counters.add(count),
            Ok(_) if is_blank(bytes) => turn.counters.add(Count::UdpEmpty),
            Ok(admission) => {
                turn.counters.add(Count::UdpReceived);
                if admission == Admission::Stranger {
                    turn.counters.add(Count::StrangerInvited);
                }
                let (local, remote) = (datagram.local, datagram.remote);
                let flow = Flow { protocol: Protocol::Udp, local, remote, connection: 0 };
                (turn.arrivals)(Arrival::Message { flow, bytes });
            }
        }
    }
    false
}
