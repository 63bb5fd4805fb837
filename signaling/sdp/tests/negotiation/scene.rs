//! Two legs with their terms, and the texts of their peers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use sdp::negotiate::{Agreement, Encryption, Exchange, Policy, Refusal, Terms, answer_for, offer_for};
use sdp::{Key, Origin, SessionDescription, Suite};

/// Our end of one leg, with what [`Terms`] borrow.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) policy: Policy,
    pub(crate) rtp: SocketAddr,
    pub(crate) keys: Vec<Key>,
    pub(crate) origin: Origin,
    pub(crate) previous: Option<SessionDescription>,
}

impl Leg {
    /// A leg whose keys repeat one byte.
    pub(crate) fn new(encryption: Encryption, codecs: &str, port: u16, byte: u8) -> Self {
        let host = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 200));
        Self {
            policy: Policy {
                encryption,
                codecs: codecs.parse().expect("a list of known codecs"),
                ..Policy::default()
            },
            rtp: SocketAddr::new(host, port),
            keys: Suite::ALL.map(|suite| key(suite.name(), byte)).to_vec(),
            origin: Origin::new(u64::from(port), host),
            previous: None,
        }
    }

    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms {
            policy: &self.policy,
            rtp: self.rtp,
            keys: &self.keys,
            origin: &self.origin,
            previous: self.previous.as_ref(),
        }
    }
}

/// A call between the two.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) a: Leg,
    pub(crate) b: Leg,
}

impl Scene {
    /// Codecs of all sorts on both legs.
    pub(crate) fn new(a: Encryption, b: Encryption) -> Self {
        Self { a: Leg::new(a, CODECS, 5000, 0xaa), b: Leg::new(b, CODECS, 6000, 0xbb) }
    }

    pub(crate) fn forward(&self, offer: &SessionDescription) -> Result<SessionDescription, Refusal> {
        offer_for(offer, &self.a.terms(), &self.b.terms())
    }

    /// The whole exchange: the offer of A, and what B answers to ours.
    pub(crate) fn exchange(
        &self,
        offer: &SessionDescription,
        answer: impl FnOnce(&SessionDescription) -> SessionDescription,
    ) -> Result<Agreement, Refusal> {
        let forwarded = self.forward(offer)?;
        let answer = answer(&forwarded);
        let exchange = Exchange { offer, forwarded: &forwarded, answer: &answer };
        answer_for(exchange, &self.a.terms(), &self.b.terms())
    }
}

pub(crate) const CODECS: &str = "PCMU,PCMA,G722,G729,opus,CN,telephone-event";

pub(crate) fn key(suite: &str, byte: u8) -> Key {
    let len = Suite::named(suite).expect("a known suite").inline_len();
    Key::new(suite, &vec![byte; len]).expect("the length of the suite")
}

/// A description of a peer at 192.0.2.1, of an audio stream and what follows it.
pub(crate) fn said(stream: &str) -> SessionDescription {
    let text = format!("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio {stream}\n");
    SessionDescription::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// An `a=crypto` line of a peer.
pub(crate) fn crypto(tag: u32, suite: &str, byte: u8) -> String {
    let line = sdp::CryptoAttribute::offering(tag, &key(suite, byte), false);
    let mut description = said("4000 RTP/SAVP 0");
    description.media[0].attributes = vec![sdp::Attribute::Crypto(line)];
    let text = description.write();
    text.lines().last().expect("there are lines").to_owned()
}
