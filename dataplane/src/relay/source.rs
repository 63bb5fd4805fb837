//! Whether a packet comes from the peer of its side, and what may be learned from it.
//!
//! The rules: the signalled address and port count at once. Where learning is allowed, plain media from elsewhere must
//! come five times in a row as one stream before it counts; protected media counts with its first good tag. Once a
//! plain peer was heard, it moves only when signaling says so. Plain reports from another port of its host count if they
//! are of the source that is heard.

use netio::Endpoint;

use crate::clock::Now;
use crate::drop::Drop;
use crate::session::{Candidate, Flow, Learn, PROOFS_MAX, Peer};

/// Plain packets in a row that make a candidate the peer.
const STREAK_MIN: u8 = 5;

/// What is known of a sender before its packet is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The peer.
    Peer,
    /// The peer, from where it was or under the key that it had until lately.
    Former,
    /// Somebody who may be the peer: the packet has to prove it.
    Unproven,
}

/// Tells who sent a packet, as far as its address says, and pays for the proof if one is needed.
#[inline]
pub(crate) fn screen(
    peer: &mut Peer,
    flow: Flow,
    source: &Endpoint,
    is_protected: bool,
    now: Now,
) -> Result<Origin, Drop> {
    let origin = origin(peer, flow, source, is_protected, now)?;
    if origin == Origin::Unproven && is_protected {
        // Rule 10: what comes from elsewhere costs a tag at most so often, and nothing before it.
        peer.proofs_left = peer.proofs_left.checked_sub(1).ok_or(Drop::OverBudget)?;
    }
    Ok(origin)
}

#[inline]
fn origin(peer: &Peer, flow: Flow, source: &Endpoint, is_protected: bool, now: Now) -> Result<Origin, Drop> {
    // Zeros stand for an address that is not known; nobody sends from there, whatever a packet claims.
    if source.port() == 0 || source.same_address(&Endpoint::NONE) {
        return Err(Drop::WrongSource);
    }
    let (expected_port, former_ports) = match flow {
        Flow::Rtp => (peer.remote.port(), 0..=0),
        // They came from the port of media or from the one behind it.
        Flow::Rtcp => (peer.rtcp_port, 0..=1),
    };
    if source.same_address(&peer.remote) && source.port() == expected_port {
        return Ok(Origin::Peer);
    }
    let is_former_port = former_ports.contains(&source.port().wrapping_sub(peer.former.port()));
    if source.same_address(&peer.former) && is_former_port {
        return Ok(Origin::Former);
    }
    if !peer.permits(source) {
        return Err(Drop::NotPermitted);
    }
    // A peer in the clear that was heard does not move; a protected one may, as its tag proves it.
    let may_move = is_protected || !peer.heard.has(flow);
    let may_be_peer = match (peer.learn, flow) {
        (Learn::Never, _) => false,
        (Learn::Port, Flow::Rtp) => source.same_address(&peer.signalled),
        // Reports come from where the media comes from.
        (Learn::Port | Learn::Address { .. }, Flow::Rtcp) => source.same_address(&peer.remote),
        (Learn::Address { until_ms }, Flow::Rtp) => is_protected || now.is_before(until_ms),
    };
    if may_move && may_be_peer { Ok(Origin::Unproven) } else { Err(Drop::WrongSource) }
}

/// Learns the address of the peer from a media packet whose tag fitted.
pub(crate) fn learn_proven(peer: &mut Peer, origin: Origin, source: Endpoint) {
    if origin == Origin::Unproven {
        refund(peer);
    }
    if source != peer.remote {
        peer.move_to(source);
    }
    peer.heard.add(Flow::Rtp);
}

/// Gives back what the proof of a packet has cost: its tag fitted.
pub(crate) fn refund(peer: &mut Peer) {
    peer.proofs_left = peer.proofs_left.saturating_add(1).min(PROOFS_MAX);
}

/// Learns where the peer's reports come from.
pub(crate) fn learn_report(peer: &mut Peer, flow: Flow, source: Endpoint) {
    if flow == Flow::Rtcp {
        peer.rtcp_port = source.port();
        peer.heard.add(Flow::Rtcp);
    }
}

/// Learns from a plain packet: true if its sender is the peer from now on.
pub(crate) fn learn_plain(peer: &mut Peer, source: Endpoint, ssrc: u32, sequence: u16) -> bool {
    if peer.heard.has(Flow::Rtp) {
        // An earlier packet of the same batch has shown who is the peer.
        return peer.remote == source;
    }
    let last = peer.candidate;
    let follows = last.endpoint == source
        && last.ssrc == ssrc
        && (1..=MISSING_MAX).contains(&sequence.wrapping_sub(last.sequence));
    peer.candidate = Candidate { endpoint: source, sequence, ssrc };
    peer.streak = if follows { peer.streak.saturating_add(1) } else { 1 };
    let is_peer = peer.streak >= STREAK_MIN;
    if is_peer {
        peer.move_to(source);
    }
    is_peer
}

/// How far a sequence may jump within a streak: a lost packet or two are no reason to begin again.
const MISSING_MAX: u16 = 3;

impl Peer {
    /// Where reports for the peer go, if it is known.
    pub(crate) fn reports(&self) -> Option<Endpoint> {
        (self.remote.port() != 0).then(|| self.remote.with_port(self.rtcp_port))
    }

    /// Sends to, and expects from, another endpoint.
    fn move_to(&mut self, source: Endpoint) {
        // Reports keep their distance from media, unless they were heard beside the new place already.
        let is_beside = source.same_address(&self.remote) && self.rtcp_port.wrapping_sub(source.port()) <= 1;
        if !self.heard.has(Flow::Rtcp) || !is_beside {
            let distance = self.rtcp_port.wrapping_sub(self.remote.port());
            self.rtcp_port = source.port().wrapping_add(distance);
            self.heard.forget(Flow::Rtcp);
        }
        self.remote = source;
        self.heard.add(Flow::Rtp);
        (self.candidate, self.streak) = (Candidate::NONE, 0);
    }
}
