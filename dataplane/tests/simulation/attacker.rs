//! A stranger who knows the ports: he sends noise, damaged copies and true copies, as himself or in the peer's name.

use std::collections::VecDeque;
use std::net::SocketAddr;

use netem::random::Random;

use crate::call::Side;
use crate::door::Lesson;
use crate::network::Datagram;

/// What he has seen of the packets that one side accepted.
#[derive(Default)]
pub(crate) struct Captures(VecDeque<Datagram>);

/// So many packets he keeps.
const CAPTURES_MAX: usize = 32;

impl Captures {
    pub(crate) fn keep(&mut self, packet: &Datagram) {
        if self.0.len() == CAPTURES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(packet.clone());
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// A copy of something, if there is anything.
    fn draw(&self, random: &mut Random) -> Option<Datagram> {
        self.0.get(random.below(self.0.len() as u64) as usize).cloned()
    }
}

/// Whoever sends from here is a stranger.
pub(crate) fn is_stranger(at: SocketAddr) -> bool {
    stranger(at.is_ipv6(), 0).ip() == at.ip()
}

fn stranger(is_v6: bool, port: u16) -> SocketAddr {
    if is_v6 {
        ([0x2001, 0xdb8, 0xbad, 0, 0, 0, 0, 1], port).into()
    } else {
        ([203, 0, 113, 66], port).into()
    }
}

/// Forges a packet for one side. In the clear nothing tells a forger in the peer's name from the peer, so that he sends
/// in it only where media is protected; and where an address is still to be learned, five packets in a row would
/// convince anybody.
pub(crate) fn forge(side: &Side, captures: &Captures, random: &mut Random) -> Option<Datagram> {
    let is_protected = side.wish.receive.is_some();
    let may_copy = is_protected || !matches!(side.manner.lesson, Lesson::Address { .. });
    let copy = captures.draw(random);
    let mut packet = match random.below(3) {
        0 => noise(random),
        1 => {
            let mut packet = copy?;
            let bit = random.below(packet.bytes.len() as u64 * 8) as usize;
            packet.bytes[bit / 8] ^= 1 << (bit % 8);
            packet
        }
        // A report convinces nobody.
        _ => copy.filter(|copy| may_copy || copy.bytes[1] >= 192)?,
    };
    if !may_copy && packet.bytes.get(1).is_some_and(|second| !(192..=223).contains(second)) {
        // Another source each time, so that no row of them ever forms.
        let fresh = (random.next_u64() as u32).to_be_bytes();
        packet.bytes.get_mut(8..12)?.copy_from_slice(&fresh);
    }
    (packet.is_forged, packet.record, packet.lease) = (true, None, side.port.port);
    if !(is_protected && random.below(2) == 0) {
        packet.from = stranger(side.manner.is_v6, 1 + random.below(60_000) as u16);
    } else {
        packet.from = side.peer.at;
    }
    packet.is_for_reports &= !side.manner.is_muxed;
    Some(packet)
}

fn noise(random: &mut Random) -> Datagram {
    let len = random.below(80) as usize;
    let mut bytes: Vec<u8> = (0..len).map(|_| random.next_u64() as u8).collect();
    if let Some(first) = bytes.first_mut().filter(|_| random.below(3) > 0) {
        // Otherwise most of it is not even RTP.
        *first = 0x80;
    }
    Datagram {
        from: stranger(false, 1),
        is_for_reports: random.below(2) == 0,
        lease: 0,
        bytes,
        record: None,
        seal: None,
        is_damaged: false,
        is_forged: true,
    }
}
