//! The two links between a peer and the worker, and what travels over them.

use std::net::SocketAddr;
use std::time::Duration;

use netem::chance::Chance;
use netem::link::Link;
use netem::packet::Packet;
use netem::profile::{Order, Profile, Shape};
use netem::random::Random;

/// A packet under way.
#[derive(Clone, Debug)]
pub(crate) struct Datagram {
    pub(crate) from: SocketAddr,
    /// Our port for reports, not the one for media.
    pub(crate) is_for_reports: bool,
    /// The ports that it was sent to; those of a later call are others.
    pub(crate) lease: u16,
    pub(crate) bytes: Vec<u8>,
    /// What was sent, if a peer sent it.
    pub(crate) record: Option<usize>,
    /// The seal it bears: its key and index.
    pub(crate) seal: Option<Seal>,
    /// Whether the network changed it.
    pub(crate) is_damaged: bool,
    /// Whether a stranger sent it.
    pub(crate) is_forged: bool,
}

/// Under which key, with which source and index a packet was protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) key: u32,
    pub(crate) ssrc: u32,
    pub(crate) index: u64,
}

impl Packet for Datagram {
    fn bytes(&self) -> usize {
        // IPv4 and UDP.
        self.bytes.len() + 28
    }

    fn corrupt(&mut self, random: &mut Random) {
        self.bytes.corrupt(random);
        self.is_damaged = true;
    }
}

/// Both directions between a peer and the worker.
pub(crate) struct Path {
    pub(crate) up: Link<Datagram>,
    pub(crate) down: Link<Datagram>,
}

impl Path {
    /// Makes a path; a clean one only takes its time.
    pub(crate) fn new(is_clean: bool, random: &mut Random) -> Self {
        let mut link = || {
            let profile = if is_clean { clean(random) } else { any(random) };
            Link::new(&profile, random.next_u64())
        };
        Self { up: link(), down: link() }
    }
}

fn clean(random: &mut Random) -> Profile {
    Profile { delay: Duration::from_millis(random.below(120)), ..Profile::perfect() }
}

fn any(random: &mut Random) -> Profile {
    match random.below(8) {
        0 => Profile::perfect(),
        1 => Profile::lan(),
        2 => Profile::dsl(),
        3 => Profile::lte(),
        4 => Profile::wifi_bad(),
        5 => Profile::satellite(),
        _ => awful(random),
    }
}

fn awful(random: &mut Random) -> Profile {
    let mut share = |most: u64| Chance::from_basis_points(random.below(most) as u32);
    let (corrupt, duplicate, loss) = (share(300), share(1000), share(2500));
    Profile {
        corrupt,
        duplicate,
        loss,
        delay: Duration::from_millis(random.below(150)),
        jitter: Duration::from_millis(random.below(150)),
        order: if random.below(4) == 0 { Order::Kept } else { Order::Free },
        shape: if random.below(2) == 0 { Shape::Normal } else { Shape::Uniform },
        ..Profile::perfect()
    }
}
