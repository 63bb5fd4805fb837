//! The way from the worker to the peers: whom it may lead to, and what they make of what they get.

use std::net::SocketAddr;
use std::time::Duration;

use crate::attacker;
use crate::call::Side;
use crate::door::Door;
use crate::network::Datagram;
use crate::plant::Output;
use crate::record::at_port;
use crate::run::Simulation;
use crate::tap::Found;
use crate::verdict::{Checked, Invariant};

impl Simulation {
    /// Sends an output to its peer, if that is where it goes; `before` is where the peer was known to be before the
    /// batch.
    pub(crate) fn send_on(
        &mut self,
        (slot, number): (usize, usize),
        found: Found,
        output: Output,
        before: &Door,
    ) -> Checked {
        let side = &mut self.calls[slot].sides[number];
        let Output { from, to, bytes } = output;
        let is_right = side.may_be_at(to, found.is_report, before) && !attacker::is_stranger(to);
        let strayed = || format!("{found:?} to {to}, the peer being at {:?}", side.door);
        Invariant::Addresses.holds(is_right, strayed)?;
        let is_report = found.is_report;
        let home = if is_report { at_port(side.peer.at, side.peer.rtcp_port) } else { side.peer.at };
        if to == home {
            let packet = Datagram {
                from: to,
                is_for_reports: is_report,
                lease: from.port,
                bytes,
                record: found.record,
                seal: found.seal,
                is_damaged: false,
                is_forged: false,
            };
            side.path.down.send(Duration::from_micros(self.plant.now_us), packet);
        }
        Ok(())
    }

    /// Every peer opens what it has got.
    pub(crate) fn hear(&mut self) -> Checked {
        let now = Duration::from_micros(self.plant.now_us);
        for side in self.calls.iter_mut().flat_map(|call| &mut call.sides) {
            while let Some(packet) = side.path.down.poll(now) {
                let is_report = packet.is_for_reports;
                side.peer.hear(packet, is_report)?;
            }
        }
        Ok(())
    }
}

impl Side {
    /// Whether a packet may go there. Media goes where the peer is after the batch; a report goes where it was when the
    /// report came, between any two packets of the batch.
    fn may_be_at(&self, to: SocketAddr, is_report: bool, before: &Door) -> bool {
        let after = &self.door;
        let is_place = |door: &Door, at: &SocketAddr| {
            door.remote == Some(*at) || (door.is_unsure && self.peer.places.contains(at))
        };
        if !is_report {
            return is_place(after, &to);
        }
        let is_port = |door: &Door| {
            // The port of media may be new already, and the port of reports not learned yet.
            let distance = before.rtcp_port.wrapping_sub(before.remote.map_or(0, |at| at.port()));
            let moved = door.remote.map_or(0, |at| at.port()).wrapping_add(distance);
            door.is_unsure || door.is_port_unsure || [door.rtcp_port, moved].contains(&to.port())
        };
        let is_host = |door: &Door| {
            let hosts = door.remote.iter().chain(&self.peer.places);
            hosts.filter(|at| at.ip() == to.ip()).any(|at| is_place(door, at))
        };
        [before, after].into_iter().any(|door| is_host(door) && is_port(door))
    }
}
