//! A live call between two peers, and what is left of it in the end.

use std::net::SocketAddr;

use control::{Rtcp, SessionSpec, SideName};
use crypto::{OpenerSnapshot, Reserve, SealerSnapshot, Suite};
use dataplane::drop::{Drop, Drops};
use dataplane::session::{self, Session};
use dataplane::{Continuity, Reception};

use crate::peer::Peer;
use crate::world::{Sent, World, a_at, b_at, spec};

/// A world with one session in slot 0, and the peers of both sides: A at port 4000, B at port 5000.
pub(crate) struct Call {
    pub(crate) world: World,
    pub(crate) peers: [Peer; 2],
    pub(crate) spec: SessionSpec,
}

/// The usual suites of both sides of a protected call.
pub(crate) const SUITES: [Suite; 2] = [Suite::AesCm128HmacSha1_80, Suite::AeadAes256Gcm];

/// The numbers of the keys that the peers of a call send under.
pub(crate) const KEYS: [u8; 2] = [11, 21];

impl Call {
    /// Opens a call in the clear.
    pub(crate) fn clear() -> Self {
        Self::between(clear_peers(), |_| ())
    }

    /// Opens a call that is protected on both sides.
    pub(crate) fn srtp() -> Self {
        Self::between(srtp_peers(SUITES), |_| ())
    }

    /// Opens a call whose side A is in the clear, and side B protected.
    pub(crate) fn mixed() -> Self {
        Self::between(mixed_peers(), |_| ())
    }

    /// Opens a call between peers, with a wish that is the usual one but for what `shape` does to it.
    pub(crate) fn between(peers: [Peer; 2], shape: impl FnOnce(&mut SessionSpec)) -> Self {
        Self::in_world(World::new(4), peers, shape)
    }

    /// Opens a call in a world of its own kind.
    pub(crate) fn in_world(mut world: World, peers: [Peer; 2], shape: impl FnOnce(&mut SessionSpec)) -> Self {
        let mut spec = spec(1);
        peers.iter().zip(&mut spec.sides).for_each(|(peer, side)| peer.describe(side));
        shape(&mut spec);
        world.open(0, &spec, peers[0].port, peers[1].port);
        Self { world, peers, spec }
    }

    /// Passes the wish on again, with what was changed in it.
    pub(crate) fn update(&mut self) {
        self.world.update(0, &self.spec, self.peers[0].port, self.peers[1].port);
    }

    pub(crate) fn peer(&mut self, side: SideName) -> &mut Peer {
        &mut self.peers[side as usize]
    }

    /// Lets a packet arrive from the peer of a side.
    pub(crate) fn relay(&mut self, from: SideName, bytes: &[u8]) -> Option<Sent> {
        let (at, port) = (self.peer(from).at, self.peer(from).port);
        self.world.relay(port, at, bytes)
    }

    /// The peer of a side says something; returns what the other peer hears, opened.
    pub(crate) fn say(&mut self, from: SideName, plain: &[u8]) -> Option<Vec<u8>> {
        let packet = self.peer(from).seal(plain);
        let sent = self.relay(from, &packet)?;
        self.hear(from.other(), &sent)
    }

    /// The peer of a side hears something.
    pub(crate) fn hear(&mut self, side: SideName, sent: &Sent) -> Option<Vec<u8>> {
        assert_eq!(sent.to, self.peer(side).at, "media goes to its peer");
        self.peer(side).open(&sent.bytes).ok()
    }

    /// The peer of a side sends a report; returns what the other one gets, opened.
    pub(crate) fn report(&mut self, from: SideName, plain: &[u8]) -> Option<Vec<u8>> {
        let packet = self.peer(from).seal_report(plain);
        let sent = self.relay_report(from, &packet)?;
        self.peer(from.other()).open_report(&sent.bytes).ok()
    }

    /// Lets a packet arrive from where the peer of a side sends its reports from, and to.
    pub(crate) fn relay_report(&mut self, from: SideName, bytes: &[u8]) -> Option<Sent> {
        let [near, far] = [from, from.other()].map(|side| {
            let distance = if self.spec.sides[side as usize].rtcp == Rtcp::Muxed { 0 } else { 1 };
            let Peer { at, port, .. } = *self.peer(side);
            (SocketAddr::new(at.ip(), at.port() + distance), port + distance)
        });
        let sent = self.world.relay(near.1, near.0, bytes)?;
        assert_eq!((sent.to, sent.from), far, "reports go to their own ports");
        Some(sent)
    }

    /// The peer of a side says its next packet, and the other one hears it as it was said.
    pub(crate) fn speak(&mut self, from: SideName) {
        let plain = self.peer(from).next();
        let sequence = self.peer(from).sequence;
        assert_eq!(self.say(from, &plain), Some(plain), "the packet before {sequence} of {from:?} arrives");
    }

    /// Both peers talk for so many packets, 20 ms apart; every one of them arrives as it was said.
    pub(crate) fn go_on(&mut self, packets: u32) {
        for _ in 0..packets {
            SideName::BOTH.into_iter().for_each(|side| self.speak(side));
            self.world.pass_ms(20);
        }
    }

    /// Returns how many packets were dropped for a reason.
    pub(crate) fn dropped(&mut self, reason: Drop) -> u64 {
        self.drops().of(reason)
    }

    /// Returns how many packets were dropped.
    pub(crate) fn drops(&mut self) -> Drops {
        self.world.report().counters.drops
    }

    /// Lets a packet arrive from the peer of a side that must be dropped for a reason.
    pub(crate) fn expect_drop(&mut self, from: SideName, bytes: &[u8], reason: Drop) {
        let (at, port) = (self.peer(from).at, self.peer(from).port);
        self.expect_drop_at(port, at, bytes, reason);
    }

    /// Lets a packet arrive from anywhere that must be dropped for a reason.
    pub(crate) fn expect_drop_at(&mut self, port: u16, from: SocketAddr, bytes: &[u8], reason: Drop) {
        let mut expected = self.drops();
        expected.count(reason);
        assert_eq!(self.world.relay(port, from, bytes), None, "{} is not forwarded", reason.word());
        let found = self.drops();
        assert_eq!(found, expected, "it is dropped as {}", reason.word());
    }

    /// Checks that every packet is accounted for.
    pub(crate) fn check_books(&mut self) {
        let report = self.world.report();
        let counters = report.counters;
        assert_eq!(counters.received, counters.forwarded + counters.drops.total());
        assert_eq!((counters.received, report.miscounted), (report.driver.received, 0));
    }

    /// Ends the call, and returns what forged packets must leave as it was.
    pub(crate) fn end(mut self) -> Traces {
        self.check_books();
        Traces::of(self.world.close(0))
    }
}

/// Peers in the clear.
pub(crate) fn clear_peers() -> [Peer; 2] {
    [Peer::clear(a_at(), 4000), Peer::clear(b_at(), 5000)]
}

/// Peers that speak SRTP.
pub(crate) fn srtp_peers([a, b]: [Suite; 2]) -> [Peer; 2] {
    [Peer::srtp(a_at(), 4000, a, KEYS[0]), Peer::srtp(b_at(), 5000, b, KEYS[1])]
}

/// A in the clear, and B that speaks SRTP.
pub(crate) fn mixed_peers() -> [Peer; 2] {
    let ([a, _], [_, b]) = (clear_peers(), srtp_peers(SUITES));
    [a, b]
}

/// All that a session knows, but for budgets and the counters of what was dropped.
#[derive(Debug, PartialEq)]
pub(crate) struct Traces {
    is_timeout_told: bool,
    sides: [SideTraces; 2],
}

#[derive(Debug, PartialEq)]
struct SideTraces {
    opener: Option<OpenerSnapshot>,
    sealer: Option<SealerSnapshot>,
    peer: session::Peer,
    reception: Reception,
    continuity: Option<Continuity>,
    told_digits: String,
}

impl Traces {
    fn of(session: Session) -> Self {
        let sides = session.sides.map(|mut side| {
            let mut reception = side.reception;
            (reception.dropped, reception.bad_tags) = (0, 0);
            SideTraces {
                opener: side.opener.as_ref().map(|opener| opener.export()),
                sealer: side.sealer.as_mut().map(|sealer| sealer.export(Reserve { rtp: 0, rtcp: 0 })),
                peer: session::Peer { proofs_left: 0, ..side.peer },
                reception,
                continuity: side.continuity,
                told_digits: format!("{:?}", side.told_digits),
            }
        });
        Self { is_timeout_told: session.timeout_told, sides }
    }
}
