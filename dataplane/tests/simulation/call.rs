//! One call: what signaling wishes, and what follows from it for either side.

use std::net::{IpAddr, SocketAddr};

use control::{Epoch, Learn, Name, PayloadMap, Permit, Protection, Rtcp, SessionId, SessionSpec, SideSpec};
use dataplane::clock::Now;
use dataplane::session::{Leases, Session};
use netem::random::Random;
use netio::LocalPort;

use crate::attacker::Captures;
use crate::door::{Door, Lesson};
use crate::hearing::Hearing;
use crate::network::Path;
use crate::peer::{Peer, master};
use crate::stream::Stream;
use crate::tap::Tap;

/// One call of a simulation.
pub(crate) struct Call {
    pub(crate) slot: usize,
    pub(crate) id: u64,
    /// Whether the worker has it.
    pub(crate) is_open: bool,
    /// Whether signaling has it.
    pub(crate) is_ringing: bool,
    pub(crate) epoch: u32,
    pub(crate) timeout_s: u32,
    /// Strangers send to its ports.
    pub(crate) is_loud: bool,
    pub(crate) timeout_told_us: Option<u64>,
    /// What signaling has said last; the worker may not have heard of it yet.
    pub(crate) intended: [Wish; 2],
    pub(crate) sides: [Side; 2],
}

/// One side of a call.
pub(crate) struct Side {
    pub(crate) manner: Manner,
    pub(crate) port: LocalPort,
    pub(crate) wish: Wish,
    pub(crate) door: Door,
    pub(crate) hearing: Option<Hearing>,
    /// What was heard under the key before, and when that changed.
    pub(crate) former: Option<(Hearing, u64)>,
    pub(crate) stream: Option<Stream>,
    pub(crate) tap: Tap,
    pub(crate) peer: Peer,
    pub(crate) path: Path,
    pub(crate) heard: Heard,
    /// Which of its places the peer is at.
    pub(crate) place: u8,
    /// What a stranger has seen of it.
    pub(crate) captures: Captures,
}

/// What a side is, for as long as the call lasts.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub is_v6: bool,
    pub(crate) is_muxed: bool,
    pub(crate) is_continuous: bool,
    pub(crate) lesson: Lesson,
    /// Whether the peer is behind a network address translator.
    pub(crate) is_natted: bool,
    /// And the translator gives its reports another port than the next one.
    pub(crate) has_far_reports: bool,
    pub(crate) has_permit: bool,
    pub(crate) map: Option<PayloadMap>,
}

/// What signaling may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) signalled: Option<SocketAddr>,
    pub(crate) accepts: bool,
    pub(crate) sends: bool,
    pub(crate) receive: Option<u32>,
    pub(crate) send: Option<u32>,
}

/// When a side was heard, and what was told of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    /// When it was certainly heard last.
    pub(crate) sure_us: u64,
    /// When it may have been.
    pub(crate) perhaps_us: u64,
    /// Where its first packet came from, and whether that is certain.
    pub(crate) first: Option<(SocketAddr, bool)>,
    pub(crate) is_first_told: bool,
    /// Packets of it that were accepted for certain.
    pub(crate) media: u64,
    /// Packets that were perhaps.
    pub(crate) perhaps: u64,
    /// Packets whose tags may have been found bad, and those that were told.
    pub(crate) bad_tags: u64,
    pub(crate) bad_tags_told: u64,
}

impl Manner {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let lesson = match random.below(4) {
            0 | 1 => Lesson::Never,
            2 => Lesson::Port,
            _ => Lesson::Address { window_ms: 500 + random.below(5_000) as u16 },
        };
        Self {
            is_v6: random.below(4) == 0,
            is_muxed: random.below(2) == 0,
            is_continuous: random.below(3) == 0,
            lesson,
            is_natted: lesson != Lesson::Never && random.below(2) == 0,
            has_far_reports: random.below(2) == 0,
            has_permit: random.below(4) == 0,
            map: (random.below(3) == 0).then_some(PayloadMap { from: 96, to: 97 }),
        }
    }

    /// Where the peer of a side is told to be, and where it really is, at each of its places.
    pub(crate) fn place(&self, (slot, side): (usize, usize), number: u8) -> (SocketAddr, SocketAddr) {
        let ip = |host: u8| -> IpAddr {
            if self.is_v6 {
                [0x2001, 0xdb8, 1, slot as u16, side as u16, 0, 0, host.into()].into()
            } else {
                [198, 18, 10 * slot as u8 + side as u8, host].into()
            }
        };
        let port = 20_000 + 10 * u16::from(number);
        // Places 0 and 1 are of one host.
        let host = 1 + number / 2;
        let signalled = SocketAddr::new(ip(host), port);
        let real = match self.lesson {
            Lesson::Address { .. } if self.is_natted => SocketAddr::new(ip(host + 100), port + 10_000),
            Lesson::Port if self.is_natted => SocketAddr::new(signalled.ip(), port + 10_000),
            Lesson::Never | Lesson::Port | Lesson::Address { .. } => signalled,
        };
        (signalled, real)
    }

    /// Where the reports of a peer at this place come from.
    pub(crate) fn rtcp_port(&self, real: SocketAddr) -> u16 {
        match (self.is_muxed, self.has_far_reports && self.is_natted) {
            (true, _) => real.port(),
            (false, true) => real.port() + 5,
            (false, false) => real.port() + 1,
        }
    }

    fn permits(&self, slot: usize, side: usize) -> Vec<Permit> {
        let v4 = Permit { address: [198, 18, 10 * slot as u8 + side as u8, 0].into(), prefix_len: 24 };
        let v6 =
            Permit { address: [0x2001, 0xdb8, 1, slot as u16, side as u16, 0, 0, 0].into(), prefix_len: 80 };
        if self.has_permit { vec![v4, v6] } else { Vec::new() }
    }
}

impl Side {
    /// Begins to follow a wish.
    pub(crate) fn follow(&mut self, wish: Wish, now_us: u64) {
        self.door.follow(wish.signalled, self.manner.is_muxed, now_us);
        if self.wish.receive != wish.receive {
            let before = self.hearing.take();
            self.hearing = wish.receive.map(Hearing::new);
            self.former = before.filter(|_| self.hearing.is_some()).map(|hearing| (hearing, now_us));
        }
        if let Some(stream) = self.stream.as_mut().filter(|_| self.wish.send != wish.send) {
            stream.change_key();
        }
        self.wish = wish;
        self.note_stream();
        (self.heard.sure_us, self.heard.perhaps_us) = (now_us, now_us);
    }

    fn note_stream(&mut self) {
        let is_sealed = self.wish.send.is_some();
        if is_sealed || self.manner.is_continuous {
            self.stream.get_or_insert_default().is_sealed = is_sealed;
        }
    }

    /// Begins the call.
    pub(crate) fn open(&mut self, wish: Wish, now_us: u64) {
        self.wish = wish;
        self.door = Door::new(wish.signalled, self.manner.is_muxed, self.manner.lesson, now_us);
        (self.hearing, self.former, self.stream) = (wish.receive.map(Hearing::new), None, None);
        self.tap = Tap::default();
        self.heard = Heard { sure_us: now_us, perhaps_us: now_us, ..Heard::default() };
        self.note_stream();
        self.captures.clear();
    }

    /// Our port for what is sent here.
    pub(crate) fn local(&self, is_for_reports: bool) -> LocalPort {
        LocalPort { port: self.port.port + u16::from(is_for_reports), ..self.port }
    }

    fn spec(&self, wish: &Wish, slot: usize, side: usize, seed: u64) -> SideSpec {
        let protection =
            |key: Option<u32>| key.map_or(Protection::Clear, |key| Protection::Srtp(master(seed, key)));
        let manner = &self.manner;
        SideSpec {
            rtcp: if manner.is_muxed { Rtcp::Muxed } else { Rtcp::NextPort(None) },
            learn: match manner.lesson {
                Lesson::Never => Learn::Never,
                Lesson::Port => Learn::Port,
                Lesson::Address { window_ms } => Learn::Address { window_ms },
            },
            permits: manner.permits(slot, side),
            receive: protection(wish.receive),
            send: protection(wish.send),
            accepts: wish.accepts,
            sends: wish.sends,
            payload_maps: manner.map.into_iter().collect(),
            telephone_event: self.peer.telephone_event,
            continuous: manner.is_continuous,
            ..SideSpec::new(Name::new("test").unwrap(), wish.signalled)
        }
    }
}

impl Call {
    /// Makes the session that these wishes describe, by a clock that is ahead of the worker's turn by so much.
    pub(crate) fn session(&self, wishes: [Wish; 2], seed: u64, now: Now) -> Session {
        let [a, b] = [0, 1].map(|side| self.sides[side].spec(&wishes[side], self.slot, side, seed));
        let spec = SessionSpec {
            id: SessionId(self.id),
            epoch: Epoch(self.epoch),
            media_timeout_s: self.timeout_s,
            sides: [a, b],
        };
        let leases = self.sides.each_ref().map(|side| (side.port, !side.manner.is_muxed));
        Session::new(&spec, Leases(leases), now)
    }

    /// The ports of the call.
    pub(crate) fn ports(&self) -> Vec<LocalPort> {
        let reports = |side: &Side| (!side.manner.is_muxed).then(|| side.local(true));
        self.sides.iter().flat_map(|side| core::iter::once(side.port).chain(reports(side))).collect()
    }
}
