//! A peer as it is outside: it protects what it sends, and opens what it gets.

use std::net::SocketAddr;

use control::{Protection, SideSpec};
use crypto::{Opener, OpenerSnapshot, Parts, Refusal, Sealer, Suite};
use wire::rtp::Header;

use crate::world::{key, rtp};

/// A peer, and the stream that it sends.
pub(crate) struct Peer {
    /// Where it sends from.
    pub(crate) at: SocketAddr,
    /// Where it sends to: our port.
    pub(crate) port: u16,
    /// Its source.
    pub(crate) ssrc: u32,
    /// The sequence number of its next packet.
    pub(crate) sequence: u16,
    /// The timestamp of its next packet.
    pub(crate) timestamp: u32,
    keys: Option<Keys>,
}

/// How a peer protects and is protected.
struct Keys {
    suite: Suite,
    number: u8,
    sealer: Sealer,
    opener: Opener,
}

impl Peer {
    /// Begins a peer in the clear.
    pub(crate) fn clear(at: SocketAddr, port: u16) -> Self {
        Self { at, port, ssrc: u32::from(port), sequence: port, timestamp: 160, keys: None }
    }

    /// Begins a peer that sends under the key of a number, and gets what is under the key of the next one.
    pub(crate) fn srtp(at: SocketAddr, port: u16, suite: Suite, number: u8) -> Self {
        let mut peer = Self::clear(at, port);
        peer.change_keys(suite, number);
        peer
    }

    /// Goes on under other keys.
    pub(crate) fn change_keys(&mut self, suite: Suite, number: u8) {
        let (sealer, opener) = (Sealer::new(&key(suite, number)), Opener::new(&key(suite, number + 1)));
        self.keys = Some(Keys { suite, number, sealer, opener });
    }

    /// Writes the keys of the peer into a wish.
    pub(crate) fn describe(&self, side: &mut SideSpec) {
        let protection = |offset| {
            let key_of = |keys: &Keys| Protection::Srtp(key(keys.suite, keys.number + offset));
            self.keys.as_ref().map_or(Protection::Clear, key_of)
        };
        (side.receive, side.send) = (protection(0), protection(1));
        side.remote = Some(self.at);
    }

    /// Whether it speaks SRTP.
    pub(crate) fn is_protected(&self) -> bool {
        self.keys.is_some()
    }

    /// Returns the next packet of its stream, in the clear.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let packet = rtp(self.ssrc, self.sequence, self.timestamp);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
        packet
    }

    /// Protects a packet, if it protects anything.
    pub(crate) fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        self.keys.as_mut().map_or_else(|| plain.to_vec(), |keys| seal(&mut keys.sealer, plain))
    }

    /// Protects a report, if it protects anything.
    pub(crate) fn seal_report(&mut self, plain: &[u8]) -> Vec<u8> {
        self.keys.as_mut().map_or_else(|| plain.to_vec(), |keys| seal_report(&mut keys.sealer, plain))
    }

    /// Returns the next packet of its stream as it is sent.
    pub(crate) fn next_sealed(&mut self) -> Vec<u8> {
        let packet = self.next();
        self.seal(&packet)
    }

    /// Opens a packet that it got.
    pub(crate) fn open(&mut self, packet: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.keys.as_mut().map_or_else(|| Ok(packet.to_vec()), |keys| open(&mut keys.opener, packet))
    }

    /// Opens a report that it got.
    pub(crate) fn open_report(&mut self, packet: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.keys.as_mut().map_or_else(|| Ok(packet.to_vec()), |keys| open_report(&mut keys.opener, packet))
    }

    /// Returns how far it has heard the streams that it gets.
    pub(crate) fn heard(&self) -> Option<OpenerSnapshot> {
        self.keys.as_ref().map(|keys| keys.opener.export())
    }
}

/// Protects a packet.
pub(crate) fn seal(sealer: &mut Sealer, plain: &[u8]) -> Vec<u8> {
    let mut packet = plain.to_vec();
    packet.resize(plain.len() + Suite::RTP_OVERHEAD_MAX, 0);
    let len = sealer.seal_rtp(&mut packet, plain.len(), parts(plain)).expect("the index is new");
    packet.truncate(len);
    packet
}

/// Protects a report.
pub(crate) fn seal_report(sealer: &mut Sealer, plain: &[u8]) -> Vec<u8> {
    let mut packet = plain.to_vec();
    packet.resize(plain.len() + Suite::RTCP_OVERHEAD_MAX, 0);
    let len = sealer.seal_rtcp(&mut packet, plain.len()).expect("the index is new");
    packet.truncate(len);
    packet
}

/// Opens a packet.
pub(crate) fn open(opener: &mut Opener, packet: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut packet = packet.to_vec();
    let parts = parts(&packet);
    let len = opener.open_rtp(&mut packet, parts)?;
    packet.truncate(len);
    Ok(packet)
}

/// Opens a report.
pub(crate) fn open_report(opener: &mut Opener, packet: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut packet = packet.to_vec();
    let len = opener.open_rtcp(&mut packet)?;
    packet.truncate(len);
    Ok(packet)
}

/// What the ciphers need to know of a packet.
fn parts(packet: &[u8]) -> Parts {
    let header = Header::parse(packet).expect("only RTP is protected as such");
    Parts { header_len: header.header_len(), ssrc: header.ssrc.0, sequence: header.sequence.0 }
}
