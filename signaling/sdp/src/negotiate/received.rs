//! The audio stream of a peer's description, checked against our terms.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::agreement::{Protection, Remote, Rtcp};
use super::refusal::Refusal;
use super::terms::{Encryption, Terms};
use crate::attribute::Direction;
use crate::codec::Format;
use crate::crypto_attribute::{CryptoAttribute, Unusable};
use crate::key::Key;
use crate::model::{Host, IpVersion, Kind, Media, Protocol, SessionDescription};

/// What a peer says about its audio stream.
pub(super) struct Received<'a> {
    pub(super) index: usize,
    pub(super) media: &'a Media,
    pub(super) remote: Remote,
    pub(super) rtcp: Rtcp,
    pub(super) direction: Direction,
    pub(super) formats: Vec<Format>,
    pub(super) keys: Option<Keys>,
}

/// The keys of both ends.
pub(super) struct Keys {
    /// The line of whoever offered, to which the other one refers.
    pub(super) line: CryptoAttribute,
    pub(super) peer: Key,
    pub(super) ours: Key,
}

impl<'a> Received<'a> {
    /// Takes the stream of an offer that suits our terms: a protected one before one in the clear.
    pub(super) fn from_offer(offer: &'a SessionDescription, terms: &Terms<'_>) -> Result<Self, Refusal> {
        let mut first_refusal = None;
        for is_protected in [true, false] {
            let streams = live_audio(offer).filter(|(_, media)| media.is_protected() == is_protected);
            for (index, media) in streams {
                match keys_of_offer(media, terms) {
                    Ok(keys) => {
                        let is_muxed = terms.policy.rtcp_mux && media.has_rtcp_mux();
                        return Self::new(offer, (index, media), keys, is_muxed, terms);
                    }
                    Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
                }
            }
        }
        Err(first_refusal.unwrap_or(Refusal::NoAudio))
    }

    /// Takes the stream of an answer that is in the place of ours.
    pub(super) fn from_answer(
        answer: &'a SessionDescription,
        offer: &SessionDescription,
        terms: &Terms<'_>,
    ) -> Result<Self, Refusal> {
        let (index, ours) = live_audio(offer).next().ok_or(Refusal::NoAudio)?;
        let media = answer.media.get(index).filter(|media| media.kind == Kind::Audio);
        let media = media.ok_or(Refusal::NoAudio)?;
        if media.port == 0 {
            return Err(Refusal::AudioRefused);
        }
        let keys = keys_of_answer(media, ours)?;
        // RFC 5761 section 5.1.1: both ends have to say it.
        let is_muxed = ours.has_rtcp_mux() && media.has_rtcp_mux();
        let received = Self::new(answer, (index, media), keys, is_muxed, terms)?;
        // Some peers answer with a bare number and mean what it stood for in the offer.
        let formats = media.formats_or(|payload_type| ours.codec_of(payload_type));
        Ok(Self { formats, ..received })
    }

    fn new(
        description: &SessionDescription,
        (index, media): (usize, &'a Media),
        keys: Option<Keys>,
        is_muxed: bool,
        terms: &Terms<'_>,
    ) -> Result<Self, Refusal> {
        let remote = remote_of(description, media, terms.rtp)?;
        let rtcp = if is_muxed { Rtcp::Muxed } else { rtcp_of(media)? };
        let direction = peer_direction(description, media);
        let formats = media.stream_formats();
        Ok(Self { index, media, remote, rtcp, direction, formats, keys })
    }

    /// Returns the protection of both directions: what the peer sends, and what we send.
    pub(super) fn protections(&self) -> (Protection, Protection) {
        match &self.keys {
            Some(keys) => (Protection::Srtp(keys.peer.clone()), Protection::Srtp(keys.ours.clone())),
            None => (Protection::Clear, Protection::Clear),
        }
    }
}

impl Media {
    /// Tells whether the protocol says that media is protected by keys in the description.
    pub(super) fn is_protected(&self) -> bool {
        matches!(self.protocol, Protocol::Savp | Protocol::Savpf)
    }

    fn is_clear(&self) -> bool {
        matches!(self.protocol, Protocol::Avp | Protocol::Avpf)
    }
}

/// Returns the audio streams that are not refused, with their places.
pub(super) fn live_audio(description: &SessionDescription) -> impl Iterator<Item = (usize, &Media)> {
    let streams = description.media.iter().enumerate();
    streams.filter(|(_, media)| media.kind == Kind::Audio && media.port != 0)
}

/// Returns who sends as the peer means it: at 0.0.0.0 nobody listens (RFC 3264 section 8.4).
pub(super) fn peer_direction(description: &SessionDescription, media: &Media) -> Direction {
    let said = description.direction_of(media);
    let hears = description.connection_of(media).is_none_or(|connection| !is_nowhere(&connection.host));
    said.limited_to(Direction::new(true, hears))
}

/// RFC 6157 section 5.1: for IPv6, the old way of holding is a name below `invalid`.
pub(super) fn is_nowhere(host: &Host) -> bool {
    match host {
        Host::Address(address) => address.to_canonical().is_unspecified(),
        Host::Name(name) => name.rsplit('.').next().is_some_and(|top| top.eq_ignore_ascii_case("invalid")),
    }
}

fn remote_of(description: &SessionDescription, media: &Media, ours: SocketAddr) -> Result<Remote, Refusal> {
    let connection = description.connection_of(media).ok_or(Refusal::AddressNotUsable)?;
    if is_nowhere(&connection.host) {
        return Ok(Remote::Nowhere);
    }
    let version = if ours.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 };
    match &connection.host {
        Host::Address(address) => {
            // RFC 4291 section 2.5.5.2: IPv6 can spell an IPv4 address.
            let address = address.to_canonical();
            let is_host = !address.is_multicast() && address != IpAddr::V4(Ipv4Addr::BROADCAST);
            let is_reached = is_host && address.is_ipv4() == ours.is_ipv4();
            let remote = Remote::Address(SocketAddr::new(address, media.port));
            is_reached.then_some(remote).ok_or(Refusal::AddressNotUsable)
        }
        Host::Name(name) => {
            let is_name = connection.version == version && !name.contains(['/', ':', '%']);
            let remote = Remote::Name { name: name.clone(), port: media.port };
            is_name.then_some(remote).ok_or(Refusal::AddressNotUsable)
        }
    }
}

fn rtcp_of(media: &Media) -> Result<Rtcp, Refusal> {
    let said = media.rtcp().map(|rtcp| rtcp.port).filter(|port| *port != 0);
    let port = said.or_else(|| media.port.checked_add(1)).ok_or(Refusal::AddressNotUsable)?;
    Ok(Rtcp::Port(port))
}

fn keys_of_offer(media: &Media, terms: &Terms<'_>) -> Result<Option<Keys>, Refusal> {
    let encryption = terms.policy.encryption;
    if media.is_clear() {
        return match encryption {
            Encryption::Required => Err(Refusal::ClearRefused),
            Encryption::Refused | Encryption::Accepted => Ok(None),
            Encryption::Opportunistic => match first_keys(media, terms.keys) {
                Ok(keys) => Ok(Some(keys)),
                Err(Refusal::KeyReused) => Err(Refusal::KeyReused),
                Err(_) => Ok(None),
            },
        };
    }
    if !media.is_protected() {
        return Err(Refusal::ProtocolNotSpoken);
    }
    if encryption == Encryption::Refused {
        return Err(Refusal::EncryptionRefused);
    }
    first_keys(media, terms.keys).map(Some)
}

/// Chooses the first line of the offer whose suite is spoken: the order of whoever offers counts.
fn first_keys(media: &Media, ours: &[Key]) -> Result<Keys, Refusal> {
    let mut refusal = Refusal::NoCryptoInCommon;
    for line in media.crypto() {
        let spoken =
            crate::Suite::named(line.suite()).and_then(|suite| ours.iter().find(|key| key.suite() == suite));
        let Some(ours) = spoken else { continue };
        match line.key() {
            Ok(peer) => return Keys::new(line, peer, ours.clone()),
            Err(Unusable::Mki) => refusal = Refusal::CryptoWithMkiOnly,
            Err(Unusable::UnknownSuite | Unusable::SessionParameter | Unusable::BadKey) => {}
        }
    }
    Err(refusal)
}

/// Finds the keys of an answer, which must keep to the protocol that was offered.
fn keys_of_answer(answered: &Media, offered: &Media) -> Result<Option<Keys>, Refusal> {
    let has_keys = answered.crypto().next().is_some();
    if offered.is_protected() {
        return match (answered.is_protected(), answered.is_clear()) {
            (true, _) => answered_keys(answered, offered).map(Some),
            (_, true) => Err(Refusal::ClearRefused),
            _ => Err(Refusal::AnswerNotOffered),
        };
    }
    let has_offered_keys = offered.crypto().next().is_some();
    match (has_offered_keys, answered.is_clear(), answered.is_protected()) {
        // RFC 8643 section 3.1: with RTP/AVP, keys may be ignored. If there are some, the peer uses them.
        (true, true, _) if !has_keys => Ok(None),
        (true, true, _) | (true, _, true) => answered_keys(answered, offered).map(Some),
        (false, true, _) => Ok(None),
        _ => Err(Refusal::AnswerNotOffered),
    }
}

/// Finds the line of ours that an answer refers to: by its tag, or by its suite if the peer has numbered anew and only
/// one line can be meant.
fn answered_keys(answered: &Media, offered: &Media) -> Result<Keys, Refusal> {
    let mut refusal = Refusal::NoCryptoInCommon;
    for line in answered.crypto() {
        let peer = match line.key() {
            Ok(peer) => peer,
            Err(Unusable::Mki) => {
                refusal = Refusal::CryptoWithMkiOnly;
                continue;
            }
            Err(Unusable::UnknownSuite | Unusable::SessionParameter | Unusable::BadKey) => continue,
        };
        let alike = || offered.crypto().filter_map(|ours| Some((ours, same_suite(ours, &peer)?)));
        let meant = alike().find(|(ours, _)| ours.tag() == line.tag()).or_else(|| {
            let mut alike = alike();
            alike.next().filter(|_| alike.next().is_none())
        });
        return match meant {
            Some((ours, key)) => Keys::new(ours, peer, key),
            None => Err(Refusal::AnswerNotOffered),
        };
    }
    Err(refusal)
}

fn same_suite(line: &CryptoAttribute, peer: &Key) -> Option<Key> {
    line.key().ok().filter(|key| key.suite() == peer.suite())
}

impl Keys {
    /// RFC 4568 section 6.1: a key protects one direction. With one for both, two packets might share a keystream.
    fn new(line: &CryptoAttribute, peer: Key, ours: Key) -> Result<Self, Refusal> {
        if peer == ours {
            return Err(Refusal::KeyReused);
        }
        Ok(Self { line: line.clone(), peer, ours })
    }
}
