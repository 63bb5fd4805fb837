//! A device that does as it should, unless told otherwise, and the network behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crypto::{MasterKey, Opener, Parts, Sealer};
use loadgen::media::flow::Flow;
use loadgen::media::side::memory::{Carried, Relay};
use netem::counts::Counts;
use netem::link::Link;
use netem::packet::Packet;
use netem::profile::Profile;
use netem::random::Random;
use netio::Endpoint;
use wire::demux::{self, Kind};
use wire::rtp::Header;

/// Relays each flow to its far end, over an impaired link.
pub(crate) struct Device {
    link: Link<Wire>,
    legs: BTreeMap<Endpoint, (Leg, Endpoint, Endpoint)>,
    taken: u64,
    mischief: Mischief,
    truth: Truth,
    last: Option<Carried>,
    again: Option<Carried>,
    gate: Gate,
    refused: Vec<Carried>,
}

/// What a device does with packets that are not the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It drops them.
    Shut,
    /// It passes on the one with this number as it is.
    Leaks(usize),
    /// It knows no packet that it opened before.
    Forgetful,
    /// It sends them back.
    Answers,
}

/// What a test does to each packet, by its number.
type Mischief = Box<dyn FnMut(u64, &mut Carried) -> Fate>;

/// What becomes of a packet in the device.
pub(crate) enum Fate {
    Relayed,
    Dropped,
    /// It goes where this flow goes: its port at the device says which.
    ToAnother(Endpoint),
}

/// How one flow is opened and sealed again.
pub(crate) struct Leg {
    key: Option<MasterKey>,
    opener: Option<Opener>,
    sealer: Option<Sealer>,
}

/// What a device does not relay.
struct Refused;

impl Leg {
    /// Takes the key that packets come with, and the one that they leave with.
    pub(crate) fn new([arriving, leaving]: &[Option<impl Fn() -> MasterKey>; 2]) -> Self {
        Self {
            key: arriving.as_ref().map(|key| key()),
            opener: arriving.as_ref().map(|key| Opener::new(&key())),
            sealer: leaving.as_ref().map(|key| Sealer::new(&key())),
        }
    }

    /// Opens and seals; what is refused is as it was.
    fn relay(&mut self, payload: &mut Vec<u8>) -> Result<(), Refused> {
        if demux::classify(payload) != Kind::Rtp {
            return Err(Refused);
        }
        let header = Header::parse(payload).map_err(|_| Refused)?;
        let parts =
            Parts { header_len: header.header_len(), ssrc: header.ssrc.0, sequence: header.sequence.0 };
        if let Some(opener) = &mut self.opener {
            let len = opener.open_rtp(payload, parts).map_err(|_| Refused)?;
            payload.truncate(len);
        }
        if let Some(sealer) = &mut self.sealer {
            let len = payload.len();
            payload.resize(len + 16, 0);
            let len = sealer.seal_rtp(payload, len, parts).expect("packets come in order");
            payload.truncate(len);
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.opener = self.key.as_ref().map(Opener::new);
    }
}

/// A packet on the link, with what the test knows of it.
#[derive(Clone)]
struct Wire {
    carried: Carried,
    number: u64,
    is_corrupt: bool,
}

impl Packet for Wire {
    fn bytes(&self) -> usize {
        self.carried.payload.len()
    }

    fn corrupt(&mut self, random: &mut Random) {
        self.carried.payload.corrupt(random);
        self.is_corrupt = true;
    }
}

/// What the link delivered, counted with a set of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(crate) received: u64,
    pub(crate) duplicates: u64,
    pub(crate) reordered: u64,
    pub(crate) corrupt: u64,
    seen: BTreeSet<(Endpoint, u64)>,
}

impl Truth {
    fn deliver(&mut self, wire: &Wire) {
        let to = wire.carried.to;
        if wire.is_corrupt {
            self.corrupt += 1;
        } else if !self.seen.insert((to, wire.number)) {
            self.duplicates += 1;
        } else {
            self.received += 1;
            let later = self.seen.range((to, wire.number + 1)..=(to, u64::MAX)).next();
            self.reordered += u64::from(later.is_some());
        }
    }
}

impl Device {
    /// Makes a device in front of a link.
    pub(crate) fn new(profile: &Profile, seed: u64) -> Self {
        Self {
            link: Link::new(profile, seed),
            legs: BTreeMap::new(),
            taken: 0,
            mischief: Box::new(|_, _| Fate::Relayed),
            truth: Truth::default(),
            last: None,
            again: None,
            gate: Gate::Shut,
            refused: Vec::new(),
        }
    }

    /// Has every packet, with its number, pass under the hands of this function; in clear, if it is to understand it.
    pub(crate) fn with_mischief(self, mischief: impl FnMut(u64, &mut Carried) -> Fate + 'static) -> Self {
        Self { mischief: Box::new(mischief), ..self }
    }

    /// Says what becomes of packets that are not the peer's.
    pub(crate) fn with_gate(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }

    /// Returns the packets that were not the peer's.
    pub(crate) fn refused(&self) -> &[Carried] {
        &self.refused
    }

    pub(crate) fn add(&mut self, flow: &Flow, leg: Leg) {
        let to = Endpoint::new(crate::course::ADDRESS, flow.arrives.port);
        self.legs.insert(flow.to, (leg, flow.from, to));
    }

    pub(crate) fn counts(&self) -> &Counts {
        self.link.counts()
    }

    pub(crate) fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Returns the packet that was delivered last.
    pub(crate) fn last_delivered(&self) -> Option<Carried> {
        self.last.clone()
    }

    /// Delivers a packet once more, before anything else.
    pub(crate) fn deliver_again(&mut self, packet: Carried) {
        self.again = Some(packet);
    }

    pub(crate) fn next_arrival_ns(&self) -> Option<u64> {
        self.link.poll_timeout().map(|at| at.as_nanos() as u64)
    }
}

impl Relay for Device {
    fn take(&mut self, mut packet: Carried, now_ns: u64) {
        let port = packet.to;
        let (leg, from, to) = self.legs.get_mut(&port).expect("the generator sends to ports that are there");
        if self.gate == Gate::Forgetful {
            leg.forget();
        }
        // The device's port has the number of the peer's, plus 20,000.
        let is_from_peer = packet.from.port() + 20_000 == port.port();
        let mut route = (*from, *to);
        if !is_from_peer || leg.relay(&mut packet.payload).is_err() {
            let number = self.refused.len();
            self.refused.push(packet.clone());
            match self.gate {
                Gate::Leaks(leak) if leak == number => {}
                Gate::Answers => route = (port, packet.from),
                Gate::Shut | Gate::Leaks(_) | Gate::Forgetful => return,
            }
        }
        let number = self.taken;
        self.taken += 1;
        (packet.from, packet.to) = route;
        match (self.mischief)(number, &mut packet) {
            Fate::Relayed => {}
            Fate::Dropped => return,
            Fate::ToAnother(port) => {
                let (_, from, to) = &self.legs[&port];
                (packet.from, packet.to) = (*from, *to);
            }
        }
        let wire = Wire { carried: packet, number, is_corrupt: false };
        self.link.send(Duration::from_nanos(now_ns), wire);
    }

    fn give(&mut self, now_ns: u64) -> Option<Carried> {
        if let Some(packet) = self.again.take() {
            return Some(packet);
        }
        let wire = self.link.poll(Duration::from_nanos(now_ns))?;
        self.truth.deliver(&wire);
        self.last = Some(wire.carried.clone());
        Some(wire.carried)
    }
}
