//! The stand-in's media: what comes to one socket of a session leaves the other, opened and sealed.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::Ordering;
use std::thread;

use control::{DirectionSummary, Ports, Protection, SessionSpec, SessionSummary, SideName};
use crypto::{Opener, Parts, Sealer};
use wire::demux::{self, Kind};
use wire::rtp::Header;

use super::{Fault, NAP, Shared};

/// A session of the stand-in.
pub(super) struct Session {
    sides: [Side; 2],
}

struct Side {
    socket: UdpSocket,
    remote: Option<SocketAddr>,
    opener: Option<Opener>,
    sealer: Option<Sealer>,
    packets: u64,
}

/// What came to a port.
enum Taken {
    /// It goes on.
    Good(Leaving),
    /// It is not the peer's; this is how it would go on.
    Refused(Leaving),
}

/// A packet that waits to leave.
struct Leaving {
    payload: Vec<u8>,
    from: UdpSocket,
    to: SocketAddr,
}

impl Session {
    pub(super) fn open(spec: SessionSpec, address: IpAddr) -> Self {
        let sides = spec.sides.map(|side| {
            let socket = UdpSocket::bind((address, 0)).expect("the kernel has a free port");
            socket.set_nonblocking(true).expect("a socket of ours");
            let opener =
                if let Protection::Srtp(key) = &side.receive { Some(Opener::new(key)) } else { None };
            let sealer = if let Protection::Srtp(key) = &side.send { Some(Sealer::new(key)) } else { None };
            Side { socket, remote: side.remote, opener, sealer, packets: 0 }
        });
        Self { sides }
    }

    pub(super) fn ports(&self) -> Ports {
        let [a, b] =
            [&self.sides[0], &self.sides[1]].map(|side| side.socket.local_addr().expect("it is bound"));
        Ports { a, b }
    }

    pub(super) fn summary(&self) -> SessionSummary {
        let from = [&self.sides[0], &self.sides[1]]
            .map(|side| DirectionSummary { packets: side.packets, ..DirectionSummary::default() });
        SessionSummary { from }
    }

    /// Takes a packet from one side, ready to leave at the other.
    fn take(&mut self, near: SideName) -> Option<Taken> {
        let mut payload = vec![0; 2048];
        let side = &mut self.sides[near as usize];
        let (len, source) = side.socket.recv_from(&mut payload).ok()?;
        let is_from_peer = Some(source) == side.remote;
        let opened = if is_from_peer { side.open(&mut payload, len) } else { None };
        let far = &mut self.sides[near.other() as usize];
        let from = far.socket.try_clone().expect("a descriptor is left");
        let to = far.remote?;
        let Some((mut len, parts)) = opened else {
            payload.truncate(len);
            return Some(Taken::Refused(Leaving { payload, from, to }));
        };
        if let Some(sealer) = &mut far.sealer {
            len = sealer.seal_rtp(&mut payload, len, parts).expect("packets come in order");
        }
        payload.truncate(len);
        self.sides[near as usize].packets += 1;
        Some(Taken::Good(Leaving { payload, from, to }))
    }
}

impl Side {
    /// Opens a packet; nothing if it is no media under the key of the peer.
    fn open(&mut self, packet: &mut [u8], len: usize) -> Option<(usize, Parts)> {
        let is_media = demux::classify(&packet[..len]) == Kind::Rtp;
        let header = Header::parse(&packet[..len]).ok().filter(|_| is_media)?;
        let parts =
            Parts { header_len: header.header_len(), ssrc: header.ssrc.0, sequence: header.sequence.0 };
        let Some(opener) = &mut self.opener else { return Some((len, parts)) };
        Some((opener.open_rtp(&mut packet[..len], parts).ok()?, parts))
    }
}

/// Relays until all is over.
pub(super) fn run(shared: &Shared) {
    let mut swap = Swap::Ahead;
    while !shared.is_over.load(Ordering::Relaxed) {
        let mut is_idle = true;
        for session in shared.sessions.lock().expect("no thread has failed").values_mut() {
            for side in SideName::BOTH {
                let Some(taken) = session.take(side) else { continue };
                is_idle = false;
                match taken {
                    Taken::Good(packet) => {
                        let number = shared.relayed.fetch_add(1, Ordering::Relaxed);
                        relay(shared.fault, number, packet, &mut swap);
                    }
                    Taken::Refused(packet) => {
                        let number = shared.dropped.fetch_add(1, Ordering::Relaxed);
                        if shared.fault == Fault::PassForged && number == 5 {
                            packet.send();
                        }
                    }
                }
            }
        }
        if is_idle {
            thread::sleep(NAP);
        }
    }
}

/// How far the exchange of two packets has come.
enum Swap {
    Ahead,
    Holding(Leaving),
    Done,
}

fn relay(fault: Fault, number: u64, mut packet: Leaving, swap: &mut Swap) {
    if fault == Fault::SwapFlows && number >= 5 {
        return exchange(packet, swap);
    }
    if number == 5 {
        match fault {
            Fault::DropOne => return,
            Fault::FlipOne => packet.payload[100] ^= 0x40,
            Fault::RepeatOne => packet.send(),
            Fault::None
            | Fault::SwapFlows
            | Fault::NoPorts
            | Fault::HangUp
            | Fault::PassForged
            | Fault::Forget => {}
        }
    }
    packet.send();
}

/// Holds a packet until one for somebody else comes, and exchanges the two.
fn exchange(mut packet: Leaving, swap: &mut Swap) {
    match swap {
        Swap::Ahead => {
            *swap = Swap::Holding(packet);
            return;
        }
        Swap::Holding(held) if held.to != packet.to => {
            core::mem::swap(&mut held.payload, &mut packet.payload);
            held.send();
            *swap = Swap::Done;
        }
        Swap::Holding(_) | Swap::Done => {}
    }
    packet.send();
}

impl Leaving {
    fn send(&self) {
        // The other end may have gone in the meantime.
        let _ = self.from.send_to(&self.payload, self.to);
    }
}
