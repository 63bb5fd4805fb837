//! Our own descriptions: the stream that is ours among those that are not, and the edition.

use super::refusal::Refusal;
use super::terms::{Encryption, Terms};
use crate::attribute::{Attribute, Direction, FormatParameters, RtcpPort, RtpMap};
use crate::codec::Format;
use crate::crypto_attribute::CryptoAttribute;
use crate::model::{Kind, Media, Protocol, SessionDescription, Time};

/// What we say about our stream.
pub(super) struct Audio {
    pub(super) protocol: Protocol,
    pub(super) formats: Vec<Format>,
    pub(super) direction: Direction,
    pub(super) packet_time_ms: Option<u16>,
    pub(super) packet_time_max_ms: Option<u16>,
    pub(super) crypto: Vec<CryptoAttribute>,
    pub(super) is_muxed: bool,
    pub(super) has_rtcp_port: bool,
}

impl Audio {
    /// Protects our own offer as the terms say.
    pub(super) fn protect_offer(self, terms: &Terms<'_>) -> Result<Self, Refusal> {
        let (protocol, keys) = match terms.policy.encryption {
            Encryption::Refused | Encryption::Accepted => (Protocol::Avp, [].as_slice()),
            Encryption::Opportunistic => (Protocol::Avp, terms.keys),
            Encryption::Required if terms.keys.is_empty() => return Err(Refusal::NoKeyOfOurs),
            Encryption::Required => (Protocol::Savp, terms.keys),
        };
        let lines = (1..).zip(keys);
        let line = |(tag, key)| CryptoAttribute::offering(tag, key, terms.policy.names_lifetime);
        Ok(Self { protocol, crypto: lines.map(line).collect(), ..self })
    }

    pub(super) fn into_media(self, terms: &Terms<'_>) -> Media {
        let mut attributes = Vec::new();
        let mut formats = Vec::new();
        for Format { payload_type, codec, parameters } in self.formats {
            formats.push(payload_type.to_string());
            attributes.push(Attribute::RtpMap(RtpMap { payload_type, codec }));
            attributes.extend(parameters.map(|parameters| {
                Attribute::FormatParameters(FormatParameters { payload_type, parameters })
            }));
        }
        attributes.extend(self.packet_time_ms.map(Attribute::PacketTime));
        attributes.extend(self.packet_time_max_ms.map(Attribute::PacketTimeMax));
        attributes.extend(self.crypto.into_iter().map(Attribute::Crypto));
        // The port behind ours is a lease of ours, so there is one.
        let rtcp_port = RtcpPort { port: terms.rtp.port().saturating_add(1), connection: None };
        attributes.extend(self.has_rtcp_port.then_some(Attribute::Rtcp(rtcp_port)));
        attributes.extend(self.is_muxed.then_some(Attribute::RtcpMux));
        attributes.push(Attribute::Direction(self.direction));
        Media { formats, attributes, ..Media::new(Kind::Audio, terms.rtp.port(), self.protocol) }
    }
}

/// Puts our stream among those that we have spoken of before, all others refused.
///
/// RFC 3264 section 8: a stream keeps its place in every later description.
pub(super) fn among_previous(media: Media, terms: &Terms<'_>) -> Vec<Media> {
    let previous = terms.previous.map_or(&[][..], |previous| &previous.media);
    let is_ours = |stream: &Media| stream.kind == Kind::Audio && stream.port != 0;
    let mut streams: Vec<_> = previous.iter().map(Media::refused).collect();
    match previous.iter().position(is_ours).and_then(|index| streams.get_mut(index)) {
        Some(ours) => *ours = media,
        None => streams.push(media),
    }
    streams
}

/// Makes a description of our streams; its edition is a new one if anything differs from the previous.
pub(super) fn describe(media: Vec<Media>, terms: &Terms<'_>) -> SessionDescription {
    let description = SessionDescription {
        origin: terms.previous.map_or(terms.origin, |previous| &previous.origin).clone(),
        session_name: "-".into(),
        connection: Some(terms.rtp.ip().into()),
        bandwidths: Vec::new(),
        times: vec![Time::ALWAYS],
        attributes: Vec::new(),
        media,
    };
    match terms.previous {
        Some(previous) if *previous != description => {
            SessionDescription { origin: description.origin.next(), ..description }
        }
        _ => description,
    }
}
