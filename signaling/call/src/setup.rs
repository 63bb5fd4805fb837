//! What the engine is told once.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use control::Name;
use sdp::CodecList;
use sip::digest::Algorithm;
use sip::flow::Protocol;
use trunk::AwsRegion;
use trunk::snapshot::Snapshot;

use crate::manipulation::Manipulation;

/// What holds as long as the engine lives, but for the snapshot, which the next one replaces.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Who may call whom, until another one comes.
    pub snapshot: Arc<Snapshot>,
    /// Where messages come in, and what peers are told of it. One for each protocol that calls may take.
    pub listeners: Vec<Listener>,
    /// The ports for media of customers.
    pub customer_realm: Name,
    /// The ports for media of carriers.
    pub carrier_realm: Name,
    /// What Server and User-Agent say; nothing is said without it.
    pub product: Option<String>,
    /// The site; none if there is one only.
    pub here: Option<AwsRegion>,
    /// The codecs that are relayed.
    pub codecs: CodecList,
    /// How logins are asked for.
    pub challenge: ChallengeStatus,
    /// The hashes that a login may be made with, in the order in which they are offered.
    pub digests: Vec<Algorithm>,
    /// After how long an answered call is ended.
    pub call_max: Option<Duration>,
    /// For how long it may ring.
    pub ringing_max: Duration,
    /// After how long without media a call is ended. Off unless somebody wants it: a leg whose network is down is not
    /// released by itself.
    pub media_timeout: Option<Duration>,
    /// How often carrier links are asked whether they are there; never if none.
    pub probe_interval: Option<Duration>,
    /// Whether media may go to this very host, as in a demonstration.
    pub allows_loopback: bool,
    /// Headers that peers want otherwise.
    pub manipulations: Vec<Manipulation>,
    /// How much there may be.
    pub limits: Limits,
}

impl Setup {
    /// Makes a setup with the usual options.
    pub fn new(snapshot: Arc<Snapshot>, listeners: Vec<Listener>, customer: Name, carrier: Name) -> Self {
        Self {
            snapshot,
            listeners,
            customer_realm: customer,
            carrier_realm: carrier,
            product: None,
            here: None,
            codecs: CodecList::default(),
            challenge: ChallengeStatus::Unauthorized,
            digests: vec![Algorithm::Md5, Algorithm::Sha256],
            call_max: None,
            ringing_max: Duration::from_secs(600),
            media_timeout: None,
            probe_interval: Some(Duration::from_secs(30)),
            allows_loopback: false,
            manipulations: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Finds where messages of a protocol come in: at an address, or else the first.
    pub(crate) fn listener(&self, protocol: Protocol, local: Option<SocketAddr>) -> Option<&Listener> {
        let of_protocol = || self.listeners.iter().filter(move |listener| listener.protocol == protocol);
        of_protocol().find(|listener| local == Some(listener.local)).or_else(|| of_protocol().next())
    }
}

/// A place where messages come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// How they travel.
    pub protocol: Protocol,
    /// The address.
    pub local: SocketAddr,
    /// Where peers reach it: `host:port`, as Via and Contact say.
    pub advertised: String,
}

impl Listener {
    /// Returns the URI of a Contact.
    pub(crate) fn contact(&self) -> String {
        match self.protocol {
            Protocol::Udp => format!("<sip:{}>", self.advertised),
            Protocol::Tcp => format!("<sip:{};transport=tcp>", self.advertised),
            Protocol::Tls => format!("<sip:{};transport=tls>", self.advertised),
        }
    }

    /// Returns the host without its port.
    pub(crate) fn host(&self) -> &str {
        let (host, port) = self.advertised.rsplit_once(':').unwrap_or((&self.advertised, ""));
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let is_whole = !host.starts_with('[') || host.ends_with(']');
        if is_port && is_whole { host } else { &self.advertised }
    }
}

/// How a login is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeStatus {
    /// 401, as whoever is called does.
    Unauthorized,
    /// 407, as a proxy does.
    ProxyAuthenticationRequired,
}

impl ChallengeStatus {
    pub(crate) const fn code(self) -> u16 {
        match self {
            Self::Unauthorized => 401,
            Self::ProxyAuthenticationRequired => 407,
        }
    }
}

/// How much there may be; what is beyond is refused with 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls, those included that are ending.
    pub calls_max: usize,
    /// New calls in a second; as many as come if none. Calls for help are not counted.
    pub calls_per_second_max: Option<NonZeroU32>,
    /// Names that are being looked up.
    pub queries_max: usize,
    /// Calls that were asked to log in within 32 s; of further ones nothing is known until they come back.
    pub challenges_max: usize,
    /// INVITEs that were refused for what they are, within 32 s; further ones are refused without a record.
    pub refusals_max: usize,
    /// The limits of transactions.
    pub transactions: sip::transaction::Limits,
    /// When to come back, in the 503 that says so; up to twice as long for load, so that not all come at once.
    pub retry_after_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls_max: 100_000,
            calls_per_second_max: None,
            queries_max: 10_000,
            // 1,000 a second each, for as long as they are repeated.
            challenges_max: 32_000,
            refusals_max: 32_000,
            transactions: sip::transaction::Limits::default(),
            retry_after_s: 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_told_from_its_port_also_in_brackets() {
        let host = |advertised: &str| {
            let local = SocketAddr::from(([192, 0, 2, 1], 5060));
            let listener = Listener { protocol: Protocol::Tls, local, advertised: advertised.to_owned() };
            listener.host().to_owned()
        };
        assert_eq!(host("sip.example:5061"), "sip.example");
        assert_eq!(host("sip.example"), "sip.example");
        assert_eq!(host("[2001:db8::1]:5061"), "[2001:db8::1]");
        assert_eq!(host("[2001:db8::1]"), "[2001:db8::1]");
    }
}
