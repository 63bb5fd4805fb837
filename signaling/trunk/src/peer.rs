//! Where somebody is reached: a host, a port and a transport.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

/// A name or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A name of the DNS in lower case, without a dot at its end.
    Name(Arc<str>),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

impl Host {
    /// What a text has to be.
    pub const WANTED: &str = "a host name, an IPv4 or an IPv6 address";

    /// Reads a name or an address, in brackets or not; `None` if it is not [`WANTED`](Self::WANTED).
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::V4(address));
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Some(Self::V6(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        is_name(name).then(|| Self::Name(name.to_ascii_lowercase().into()))
    }

    /// Gives the address if it is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(address) => Some(IpAddr::V4(*address)),
            Self::V6(address) => Some(IpAddr::V6(*address)),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            // RFC 3261 section 25.1: an IPv6 reference stands in brackets.
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// Tells whether a text is a name of the DNS: labels of letters, digits and hyphens (RFC 1123 section 2.1), the last of
/// which is no number, or it would be a mistyped address.
pub(crate) fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253 && text.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// How SIP is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
pub enum Transport {
    /// A connection in the clear.
    #[serde(rename = "TCP")]
    Tcp,
    /// A connection with TLS.
    #[serde(rename = "TLS")]
    Tls,
    /// Datagrams.
    #[serde(rename = "UDP")]
    Udp,
}

impl Transport {
    /// Gives the port that is meant when none is named (RFC 3261 section 19.1.2).
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Tcp | Self::Udp => 5060,
            Self::Tls => 5061,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Udp => "udp",
        })
    }
}

/// Whom to send a request, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// The transport.
    pub transport: Transport,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} over {}", self.host, self.port, self.transport)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses() {
        let cases = [
            ("PBX.example.com.", "pbx.example.com"),
            ("pbx", "pbx"),
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "[2001:db8::1]"),
            ("[2001:db8::1]", "[2001:db8::1]"),
        ];
        for (text, wanted) in cases {
            assert_eq!(Host::parse(text).unwrap().to_string(), wanted, "{text}");
        }
        assert_eq!(Host::parse("192.0.2.1").unwrap().address(), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(Host::parse("pbx").unwrap().address(), None);
    }

    #[test]
    fn what_is_no_host_is_none() {
        let long = format!("{}a", "a.".repeat(127));
        let label = "a".repeat(64);
        let texts =
            ["", ".", "a..b", "-a.b", "a-.b", "a b", "192.0.2.256", "192.0.2", "pbx:5060", "[192.0.2.1]"];
        for text in texts.into_iter().chain(["pbx_1", "sip:pbx", &long, &label]) {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_peer_reads_well() {
        let peer = Peer { host: Host::parse("2001:db8::1").unwrap(), port: 5061, transport: Transport::Tls };
        assert_eq!(peer.to_string(), "[2001:db8::1]:5061 over tls");
        assert_eq!((Transport::Udp.default_port(), Transport::Tls.default_port()), (5060, 5061));
    }
}
