//! A description as a value: the lines that a call needs, in the order of RFC 8866.

use core::fmt;
use core::net::IpAddr;

use crate::attribute::Attribute;

/// What one end says about the media of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    /// Who describes, and which edition of the description this is.
    pub origin: Origin,
    /// A name; `-` where there is none.
    pub session_name: String,
    /// Where media is wanted, unless a stream says otherwise.
    pub connection: Option<Connection>,
    /// Bandwidths as written, such as `AS:84`.
    pub bandwidths: Vec<String>,
    /// When the session takes place: for a call, from always to always.
    pub times: Vec<Time>,
    /// What holds for all streams.
    pub attributes: Vec<Attribute>,
    /// The streams, in the order that an answer keeps.
    pub media: Vec<Media>,
}

impl SessionDescription {
    /// Returns where a stream is wanted: what it says itself, or what holds for all.
    #[must_use]
    pub fn connection_of<'a>(&'a self, media: &'a Media) -> Option<&'a Connection> {
        media.connection.as_ref().or(self.connection.as_ref())
    }
}

/// The `o=` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The user, or `-`.
    pub username: String,
    /// The number of the session. Some peers write more digits than 64 bits hold.
    pub id: u128,
    /// The edition: one more with every change (RFC 3264 section 8).
    pub version: u128,
    /// The machine that describes.
    pub connection: Connection,
}

impl Origin {
    /// Makes the origin of a first description: no user, and the number as the first edition.
    #[must_use]
    pub fn new(id: u64, address: IpAddr) -> Self {
        let id = u128::from(id);
        Self { username: "-".into(), id, version: id, connection: address.into() }
    }

    /// Returns the origin of the next edition.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { version: self.version.wrapping_add(1), ..self.clone() }
    }
}

/// The `c=` line, and the end of `o=`: a machine on the Internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Which protocol is said to lead there.
    pub version: IpVersion,
    /// The machine.
    pub host: Host,
}

impl From<IpAddr> for Connection {
    fn from(address: IpAddr) -> Self {
        let version = if address.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 };
        Self { version, host: Host::Address(address) }
    }
}

/// `IP4` or `IP6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpVersion {
    /// `IP4`.
    V4,
    /// `IP6`.
    V6,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// By its address.
    Address(IpAddr),
    /// By a name; also a group with its lifetime (`224.2.1.1/127`), which no call is sent to.
    Name(String),
}

/// The `t=` line, in seconds since 1900.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// The first second; zero is always.
    pub start: u64,
    /// The last second; zero is always.
    pub stop: u64,
}

impl Time {
    /// From always to always, as every call says.
    pub const ALWAYS: Self = Self { start: 0, stop: 0 };
}

/// One stream: an `m=` line and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// What is sent.
    pub kind: Kind,
    /// Where it is wanted; zero refuses the stream.
    pub port: u16,
    /// How many ports, for layered streams; one otherwise.
    pub port_count: u16,
    /// How it is carried.
    pub protocol: Protocol,
    /// The formats as written, the most wanted first: payload types, for RTP.
    pub formats: Vec<String>,
    /// Where this stream is wanted, if elsewhere than the others.
    pub connection: Option<Connection>,
    /// Bandwidths as written.
    pub bandwidths: Vec<String>,
    /// What holds for this stream.
    pub attributes: Vec<Attribute>,
}

impl Media {
    /// Makes a stream without formats and attributes.
    #[must_use]
    pub fn new(kind: Kind, port: u16, protocol: Protocol) -> Self {
        Self {
            kind,
            port,
            port_count: 1,
            protocol,
            formats: Vec::new(),
            connection: None,
            bandwidths: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Returns the same stream refused: its place is kept, nothing is said about it (RFC 3264 section 6).
    #[must_use]
    pub fn refused(&self) -> Self {
        // RFC 3264 section 6: at least one format must be present, and it is ignored.
        let formats = if self.formats.is_empty() { vec!["0".into()] } else { self.formats.clone() };
        Self { formats, ..Self::new(self.kind.clone(), 0, self.protocol.clone()) }
    }
}

/// What a stream consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Voice.
    Audio,
    /// Pictures that move.
    Video,
    /// Pages of a fax.
    Image,
    /// Data of an application.
    Application,
    /// Another one, as written.
    Other(String),
}

impl Kind {
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "audio" => Self::Audio,
            "video" => Self::Video,
            "image" => Self::Image,
            "application" => Self::Application,
            other => Self::Other(other.into()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Image => "image",
            Self::Application => "application",
            Self::Other(name) => name,
        }
    }
}

/// How a stream is carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RTP in the clear.
    Avp,
    /// RTP in the clear, with early feedback (RFC 4585).
    Avpf,
    /// SRTP.
    Savp,
    /// SRTP with early feedback (RFC 5124).
    Savpf,
    /// SRTP whose keys are agreed upon by DTLS (RFC 5764).
    DtlsSavp,
    /// The same with early feedback.
    DtlsSavpf,
    /// Another one, as written.
    Other(String),
}

impl Protocol {
    pub(crate) fn from_name(name: &str) -> Self {
        let found = NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        found.map_or_else(|| Self::Other(name.into()), |(protocol, _)| protocol.clone())
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            Self::Avp | Self::Avpf | Self::Savp | Self::Savpf | Self::DtlsSavp | Self::DtlsSavpf => {
                NAMES.iter().find(|(protocol, _)| protocol == self).map_or("", |(_, name)| name)
            }
        }
    }
}

static NAMES: [(Protocol, &str); 6] = [
    (Protocol::Avp, "RTP/AVP"),
    (Protocol::Avpf, "RTP/AVPF"),
    (Protocol::Savp, "RTP/SAVP"),
    (Protocol::Savpf, "RTP/SAVPF"),
    (Protocol::DtlsSavp, "UDP/TLS/RTP/SAVP"),
    (Protocol::DtlsSavpf, "UDP/TLS/RTP/SAVPF"),
];

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for IpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IP4",
            Self::V6 => "IP6",
        })
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IN {} {}", self.version, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_read_in_any_case_and_written_in_one() {
        assert_eq!(Protocol::from_name("rtp/savp"), Protocol::Savp);
        for (protocol, name) in &NAMES {
            assert_eq!((&Protocol::from_name(name), protocol.name()), (protocol, *name));
        }
        assert_eq!(Protocol::from_name("udptl").name(), "udptl");
    }

    #[test]
    fn a_refused_stream_keeps_its_place_and_always_has_a_format() {
        let video = Media { formats: vec!["96".into()], ..Media::new(Kind::Video, 5, Protocol::Avp) };
        assert_eq!((video.refused().port, video.refused().formats), (0, vec!["96".to_owned()]));
        assert_eq!(Media::new(Kind::Image, 5, Protocol::Avp).refused().formats, ["0"]);
    }

    #[test]
    fn the_next_edition_is_one_higher_even_at_the_end_of_numbers() {
        let first = Origin::new(7, [192, 0, 2, 1].into());
        assert_eq!((first.next().id, first.next().version), (7, 8));
        assert_eq!(Origin { version: u128::MAX, ..first }.next().version, 0);
    }
}
