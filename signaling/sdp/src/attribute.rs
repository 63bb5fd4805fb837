//! The `a=` lines: those that a call needs as values, the others as they came.

use crate::codec::{Codec, Format, static_codec};
use crate::crypto_attribute::CryptoAttribute;
use crate::model::{Connection, Media, SessionDescription};

/// One `a=` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// What a payload type stands for.
    RtpMap(RtpMap),
    /// Parameters of a payload type.
    FormatParameters(FormatParameters),
    /// How much time a packet holds, in milliseconds.
    PacketTime(u16),
    /// How much time a packet may hold at most, in milliseconds.
    PacketTimeMax(u16),
    /// Who sends and who listens.
    Direction(Direction),
    /// Where RTCP is wanted (RFC 3605).
    Rtcp(RtcpPort),
    /// That RTCP may come to the port of RTP (RFC 5761).
    RtcpMux,
    /// A key for SRTP (RFC 4568).
    Crypto(CryptoAttribute),
    /// Something about a source (RFC 5576).
    Source(Source),
    /// A candidate of ICE, as written. Nothing here tries it.
    Candidate(String),
    /// Any other, and one whose value is not what it should be. What has a secret in it loses its value: an `a=crypto`
    /// that nobody can read, `a=key-mgmt`, and `a=ice-pwd`.
    Other {
        /// What stands before the colon.
        name: String,
        /// What stands behind it, if there is one.
        value: Option<String>,
    },
}

impl Attribute {
    fn rtp_map(&self) -> Option<&RtpMap> {
        if let Self::RtpMap(map) = self { Some(map) } else { None }
    }

    fn format_parameters(&self) -> Option<&FormatParameters> {
        if let Self::FormatParameters(parameters) = self { Some(parameters) } else { None }
    }
}

/// The value of `a=rtpmap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpMap {
    /// The number.
    pub payload_type: u8,
    /// What it stands for.
    pub codec: Codec,
}

/// The value of `a=fmtp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatParameters {
    /// The number.
    pub payload_type: u8,
    /// The parameters as written.
    pub parameters: String,
}

/// The value of `a=rtcp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtcpPort {
    /// The port.
    pub port: u16,
    /// The machine, if it is another one.
    pub connection: Option<Connection>,
}

/// The value of `a=ssrc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The SSRC.
    pub ssrc: u32,
    /// What is said about it, as written.
    pub attribute: String,
}

/// Who sends and who listens, as seen by whoever describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ways, and what holds if nothing is said.
    SendReceive,
    /// The describer sends and does not listen.
    SendOnly,
    /// The describer listens and does not send.
    ReceiveOnly,
    /// Nobody sends.
    Inactive,
}

impl Direction {
    /// Makes a direction of its halves.
    #[must_use]
    pub const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendReceive,
            (true, false) => Self::SendOnly,
            (false, true) => Self::ReceiveOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Tells whether the describer sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendReceive | Self::SendOnly)
    }

    /// Tells whether the describer listens.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendReceive | Self::ReceiveOnly)
    }

    /// Returns the direction as the other end sees it.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// Returns what both allow, seen from the same end.
    #[must_use]
    pub const fn limited_to(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SendReceive => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::ReceiveOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    const ALL: [Self; 4] = [Self::SendReceive, Self::SendOnly, Self::ReceiveOnly, Self::Inactive];
}

impl SessionDescription {
    /// Returns who sends in a stream: what it says itself, what holds for all, or both ways.
    #[must_use]
    pub fn direction_of(&self, media: &Media) -> Direction {
        direction_in(&media.attributes)
            .or_else(|| direction_in(&self.attributes))
            .unwrap_or(Direction::SendReceive)
    }
}

impl Media {
    /// Returns the payload types among the formats, in order.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.formats.iter().filter_map(|format| format.parse().ok()).filter(|number| *number <= 127)
    }

    /// Returns the formats that can be told, in order: those with an `a=rtpmap`, and those with a static number.
    #[must_use]
    pub fn stream_formats(&self) -> Vec<Format> {
        self.formats_or(|_| None)
    }

    /// Returns the formats in order, where `otherwise` tells those that the description does not.
    pub(crate) fn formats_or(&self, otherwise: impl Fn(u8) -> Option<Codec>) -> Vec<Format> {
        let mut formats: Vec<Format> = Vec::new();
        for payload_type in self.payload_types() {
            let told = self.codec_of(payload_type).or_else(|| static_codec(payload_type));
            let codec = told.or_else(|| otherwise(payload_type));
            let is_new = formats.iter().all(|format| format.payload_type != payload_type);
            if let Some(codec) = codec.filter(|_| is_new) {
                let parameters = self.parameters_of(payload_type).map(str::to_owned);
                formats.push(Format { payload_type, codec, parameters });
            }
        }
        formats
    }

    /// Returns what a payload type stands for according to its `a=rtpmap`.
    #[must_use]
    pub fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        let mut maps = self.attributes.iter().filter_map(Attribute::rtp_map);
        maps.find(|map| map.payload_type == payload_type).map(|map| map.codec.clone())
    }

    /// Returns the parameters of a payload type.
    #[must_use]
    pub fn parameters_of(&self, payload_type: u8) -> Option<&str> {
        let mut lines = self.attributes.iter().filter_map(Attribute::format_parameters);
        lines.find(|line| line.payload_type == payload_type).map(|line| line.parameters.as_str())
    }

    /// Returns how many milliseconds a packet holds, if that is said.
    #[must_use]
    pub fn packet_time_ms(&self) -> Option<u16> {
        self.attributes
            .iter()
            .find_map(|attribute| if let Attribute::PacketTime(ms) = attribute { Some(*ms) } else { None })
    }

    /// Returns how many milliseconds a packet may hold, if that is said.
    #[must_use]
    pub fn packet_time_max_ms(&self) -> Option<u16> {
        self.attributes
            .iter()
            .find_map(|attribute| if let Attribute::PacketTimeMax(ms) = attribute { Some(*ms) } else { None })
    }

    /// Returns where RTCP is wanted, if that is said.
    #[must_use]
    pub fn rtcp(&self) -> Option<&RtcpPort> {
        self.attributes
            .iter()
            .find_map(|attribute| if let Attribute::Rtcp(rtcp) = attribute { Some(rtcp) } else { None })
    }

    /// Tells whether RTCP may come to the port of RTP.
    #[must_use]
    pub fn has_rtcp_mux(&self) -> bool {
        self.attributes.contains(&Attribute::RtcpMux)
    }

    /// Tells whether the peer would like ICE.
    #[must_use]
    pub fn has_candidates(&self) -> bool {
        self.attributes.iter().any(|attribute| matches!(attribute, Attribute::Candidate(_)))
    }

    /// Returns the keys, the most wanted first.
    pub fn crypto(&self) -> impl Iterator<Item = &CryptoAttribute> {
        self.attributes
            .iter()
            .filter_map(|attribute| if let Attribute::Crypto(line) = attribute { Some(line) } else { None })
    }

    /// Returns what is said about sources.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.attributes.iter().filter_map(|attribute| {
            if let Attribute::Source(source) = attribute { Some(source) } else { None }
        })
    }
}

fn direction_in(attributes: &[Attribute]) -> Option<Direction> {
    attributes.iter().find_map(|attribute| {
        if let Attribute::Direction(direction) = attribute { Some(*direction) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Protocol};

    #[test]
    fn directions_reverse_and_limit_each_other() {
        for direction in Direction::ALL {
            assert_eq!(direction.reversed().reversed(), direction);
            assert_eq!(Direction::from_name(direction.name()), Some(direction));
            assert_eq!(direction.limited_to(Direction::SendReceive), direction);
            assert_eq!(direction.limited_to(Direction::Inactive), Direction::Inactive);
        }
        assert_eq!(Direction::SendOnly.reversed(), Direction::ReceiveOnly);
        assert_eq!(Direction::SendOnly.limited_to(Direction::ReceiveOnly), Direction::Inactive);
    }

    #[test]
    fn formats_are_told_by_their_map_or_their_static_number_and_once_each() {
        let mut media = Media::new(Kind::Audio, 4000, Protocol::Avp);
        media.formats = ["8", "96", "97", "8", "200", "x"].map(str::to_owned).to_vec();
        media.attributes =
            vec![Attribute::RtpMap(RtpMap { payload_type: 97, codec: Codec::TELEPHONE_EVENT })];

        let told: Vec<_> = media.stream_formats().into_iter().map(|f| (f.payload_type, f.codec)).collect();

        assert_eq!(told, [(8, Codec::PCMA), (97, Codec::TELEPHONE_EVENT)]);
    }
}
