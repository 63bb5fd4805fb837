//! A session as signaling wishes it, before any packet: made by the control thread, keys and all, so that a worker only
//! puts it in its place.

use control::{Protection, Rtcp, SessionSpec, SideSpec};
use crypto::{Opener, Sealer};
use netio::{Endpoint, LocalPort};

use crate::clock::Now;
use crate::continuity::Continuity;
use crate::digits::Told;
use crate::quality::Reception;
use crate::session::{Candidate, Heard, Learn, Mark, NO_EVENTS, Network, Peer, Session, Side};

/// The ports of a session: for each side the one for media, and whether the one behind it is leased too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leases(pub [(LocalPort, bool); 2]);

impl Session {
    /// Makes a session.
    #[must_use]
    pub fn new(spec: &SessionSpec, leases: Leases, now: Now) -> Self {
        let [a, b] = &spec.sides;
        let [a_ports, b_ports] = leases.0;
        Self {
            mark: Mark::InUse,
            id: spec.id,
            epoch: spec.epoch,
            media_timeout_s: spec.media_timeout_s,
            swept_ms: now.ms(),
            timeout_told: false,
            sides: [Side::new(a, a_ports, now), Side::new(b, b_ports, now)],
        }
    }
}

impl Session {
    /// Gives a session that is relayed nowhere yet other ports.
    pub(crate) fn place_at(&mut self, leases: Leases) {
        for (side, (port, has_pair)) in self.sides.iter_mut().zip(leases.0) {
            (side.port, side.has_pair) = (port, has_pair);
        }
    }
}

impl Side {
    fn new(spec: &SideSpec, (port, has_pair): (LocalPort, bool), now: Now) -> Self {
        let is_sealed = matches!(spec.send, Protection::Srtp(_));
        let mut payload_maps = [(0, 0); control::PAYLOAD_MAPS_MAX];
        for (place, map) in payload_maps.iter_mut().zip(&spec.payload_maps) {
            *place = (map.from, map.to);
        }
        Self {
            opener: match &spec.receive {
                Protection::Clear => None,
                Protection::Srtp(key) => Some(Opener::new(key)),
            },
            retiree: None,
            sealer: match &spec.send {
                Protection::Clear => None,
                Protection::Srtp(key) => Some(Sealer::new(key)),
            },
            peer: Peer::new(spec, now),
            reception: Reception::new(spec.clock_rate, now),
            // A sealer must never see a sequence that begins again, so that it always gets one stream.
            continuity: (spec.continuous || is_sealed).then(Continuity::new),
            port,
            has_pair,
            is_muxed: spec.rtcp == Rtcp::Muxed,
            payload_maps,
            telephone_event: spec.telephone_event.unwrap_or(NO_EVENTS),
            told_bad_tags: 0,
            told_digits: Told::default(),
            traffic_class: spec.dscp << 2,
            accepts: spec.accepts,
            sends: spec.sends,
        }
    }
}

impl Peer {
    fn new(spec: &SideSpec, now: Now) -> Self {
        let remote = spec.remote.map_or(Endpoint::NONE, Endpoint::from);
        let rtcp_port = match spec.rtcp {
            Rtcp::Muxed => remote.port(),
            Rtcp::NextPort(port) => port.unwrap_or(remote.port().wrapping_add(1)),
        };
        let mut permits = [Network::NONE; control::PERMITS_MAX];
        for (place, permit) in permits.iter_mut().zip(&spec.permits) {
            // An IPv4 address has 96 bits in front of it in its IPv6 form.
            let in_front = if permit.address.is_ipv4() { 96 } else { 0 };
            *place = Network::new(Endpoint::new(permit.address, 0), in_front + permit.prefix_len);
        }
        Self {
            signalled: remote,
            signalled_rtcp_port: rtcp_port,
            remote,
            rtcp_port,
            former: Endpoint::NONE,
            former_sweeps: 0,
            learn: match spec.learn {
                control::Learn::Never => Learn::Never,
                control::Learn::Port => Learn::Port,
                control::Learn::Address { window_ms } => {
                    Learn::Address { until_ms: now.ms().wrapping_add(window_ms.into()) }
                }
            },
            heard: Heard::NOTHING,
            candidate: Candidate::NONE,
            streak: 0,
            proofs_left: PROOFS_MAX,
            permits,
        }
    }
}

/// Rule 10: what is not from where it should be costs a tag at most so often between two sweeps.
pub(crate) const PROOFS_MAX: u8 = 32;
