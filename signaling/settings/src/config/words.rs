//! Values that are written as a text.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Deserializer, de::Error};
use telemetry::log::{Format, Levels};
use trunk::Transport;

/// A range of ports, written `10000-59999`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Ports {
    /// The first of them.
    pub first: u16,
    /// The last of them.
    pub last: u16,
}

impl Default for Ports {
    /// Above those of services, below those that Linux gives to clients since 2.4 at its top end.
    fn default() -> Self {
        Self { first: 10_000, last: 59_999 }
    }
}

impl TryFrom<String> for Ports {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let parts =
            text.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
        let range = parts.filter(|(first, last)| (PORT_MIN..*last).contains(first));
        range
            .map(|(first, last)| Self { first, last })
            .ok_or("FIRST-LAST within 1024-65535, two ports at least")
    }
}

/// Below are the ports of the system (RFC 6335 section 6).
const PORT_MIN: u16 = 1024;

/// A server of the DNS, written as an address with a port or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct NameServer(pub SocketAddr);

impl TryFrom<String> for NameServer {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        // RFC 1035 section 4.2: port 53.
        let bare = text.parse::<IpAddr>().map(|address| SocketAddr::from((address, 53)));
        text.parse().or(bare).map(Self).map_err(|_| "an address, or an address and a port")
    }
}

/// A hash of logins (RFC 8760), written as challenges name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Digest {
    /// The one that all equipment knows.
    Md5,
    /// The one to prefer.
    Sha256,
}

impl Digest {
    /// Returns it as it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let found = [Self::Md5, Self::Sha256].into_iter().find(|digest| digest.word() == text);
        found.ok_or("\"MD5\" or \"SHA-256\"")
    }
}

/// The SHA-256 of a certificate, written `sha256:5F:3A...` or as `openssl x509 -fingerprint -sha256` prints it: colons and
/// the case of letters do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Fingerprint(pub [u8; 32]);

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let wanted = "\"sha256:\" and 64 hexadecimal digits, as `openssl x509 -noout -fingerprint -sha256` prints them";
        let lower = text.trim().to_ascii_lowercase();
        let prefixes = ["sha256:", "sha256 fingerprint="];
        let digits = prefixes.iter().find_map(|prefix| lower.strip_prefix(prefix)).ok_or(wanted)?;
        let digits = digits.replace(':', "");
        if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wanted);
        }
        let pairs = digits.as_bytes().chunks_exact(2).map(|pair| std::str::from_utf8(pair).ok());
        let bytes = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<u8>>>();
        let sha256 = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(wanted)?;
        Ok(Self(sha256))
    }
}

/// What of a header is rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Part {
    /// The name beside an address.
    DisplayName,
    /// The host of the URI.
    Host,
    /// A parameter of the header, written `parameter:refresher`.
    Parameter(String),
    /// The user of the URI.
    User,
    /// All of it.
    Value,
}

impl TryFrom<String> for Part {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        match (text.as_str(), text.strip_prefix("parameter:")) {
            ("display_name", _) => Ok(Self::DisplayName),
            ("host", _) => Ok(Self::Host),
            ("user", _) => Ok(Self::User),
            ("value", _) => Ok(Self::Value),
            (_, Some(name)) if is_token(name) => Ok(Self::Parameter(name.to_owned())),
            _ => Err("\"value\", \"host\", \"user\", \"display_name\" or \"parameter:NAME\""),
        }
    }
}

/// Tells whether a text is a token (RFC 3261 section 25.1), as names of headers and parameters are.
pub(super) fn is_token(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_letter)
}

pub(super) fn transport<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Transport, D::Error> {
    let known = [Transport::Udp, Transport::Tcp, Transport::Tls];
    let text = String::deserialize(deserializer)?;
    let found = known.into_iter().find(|transport| transport.to_string() == text);
    found.ok_or_else(|| D::Error::custom("\"udp\", \"tcp\" or \"tls\""))
}

pub(super) fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Format, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "json" => Ok(Format::Json),
        "text" => Ok(Format::Text),
        _ => Err(D::Error::custom("\"text\" or \"json\"")),
    }
}

pub(super) fn levels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Levels, D::Error> {
    let wanted = "error, warn, info or debug, with rooms such as \"info,call=debug\" if need be";
    String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom(wanted))
}
