//! What a phone says about its media, and what it reads of the other one's.

use std::fmt::Write;
use std::net::SocketAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crypto::{MasterKey, Suite};
use sdp::{Direction, Host, Kind, SessionDescription};
use wire::rtp::PayloadType;

use crate::phone::mouth::PCMU;

/// The number of telephone events in the offers of phones.
const TELEPHONE_EVENT: u8 = 101;

/// The own side of an exchange.
pub(super) struct Own<'a> {
    /// Where this phone hears.
    pub(super) address: SocketAddr,
    /// Counts the descriptions that this phone has given of this call.
    pub(super) edition: u32,
    /// How what it says is protected, and under which number and name the answer refers to that.
    pub(super) key: Option<(&'a MasterKey, u32, &'a str)>,
    /// Whether it wants to hear and to be heard.
    pub(super) direction: Direction,
    /// The number of telephone events.
    pub(super) telephone_event: u8,
}

/// What the other side said.
pub(super) struct Theirs {
    pub(super) address: SocketAddr,
    pub(super) telephone_event: Option<PayloadType>,
    pub(super) direction: Direction,
    /// How what they say is protected, and the number and name of the line that says so.
    pub(super) key: Option<(MasterKey, u32, String)>,
}

impl Own<'_> {
    pub(super) fn write(&self) -> String {
        let Self { address, edition, key, direction, telephone_event } = self;
        let (ip, port) = (address.ip(), address.port());
        let version = if ip.is_ipv4() { "IP4" } else { "IP6" };
        let profile = if key.is_some() { "RTP/SAVP" } else { "RTP/AVP" };
        let mut text = format!(
            "v=0\r\no=phone {port} {edition} IN {version} {ip}\r\ns=-\r\nc=IN {version} {ip}\r\nt=0 0\r\n\
             m=audio {port} {profile} 0 {telephone_event}\r\n\
             a=rtpmap:0 PCMU/8000\r\na=rtpmap:{telephone_event} telephone-event/8000\r\n\
             a=fmtp:{telephone_event} 0-15\r\na=ptime:20\r\na={}\r\n",
            word(*direction)
        );
        if let Some((key, tag, name)) = key {
            let inline = BASE64_STANDARD.encode(key.expose());
            write!(text, "a=crypto:{tag} {name} inline:{inline}\r\n").expect("a text takes any text");
        }
        text
    }

    /// Returns the number that offers have.
    pub(super) const fn offered_event() -> u8 {
        TELEPHONE_EVENT
    }
}

impl Theirs {
    /// Reads a description; `wanted` is the only suite that this phone speaks. Says what is wrong otherwise.
    pub(super) fn read(body: &[u8], wanted: Option<Suite>) -> Result<Self, String> {
        let description =
            SessionDescription::parse(body).map_err(|error| format!("no description: {error}"))?;
        let is_voice = |media: &&sdp::Media| media.kind == Kind::Audio && media.port != 0;
        let media = description.media.iter().find(is_voice).ok_or("no voice in the description")?;
        if media.payload_types().all(|number| number != u8::from(PCMU)) {
            return Err("no G.711 with the μ-law in the description".into());
        }
        let host = description.connection_of(media).map(|connection| &connection.host);
        let address = match host {
            Some(Host::Address(address)) => SocketAddr::new(*address, media.port),
            Some(_) | None => return Err("no address in the description".into()),
        };
        let is_event = |number: &u8| media.codec_of(*number).is_some_and(|codec| codec.is_telephone_event());
        let telephone_event = media.payload_types().find(is_event).and_then(PayloadType::new);
        let key = match wanted {
            Some(suite) => Some(key(media, suite)?),
            None if media.crypto().next().is_some() => return Err("keys that were not asked for".into()),
            None => None,
        };
        Ok(Self { address, telephone_event, direction: description.direction_of(media), key })
    }

    /// Tells whether the other one wants to hear this phone: not while it holds, in the new way or the old.
    pub(super) fn hears(&self) -> bool {
        self.direction.receives() && !self.address.ip().is_unspecified()
    }
}

/// Finds the key of the suite.
fn key(media: &sdp::Media, suite: Suite) -> Result<(MasterKey, u32, String), String> {
    let lines: Vec<_> = media.crypto().collect();
    let is_wanted = |line: &&&sdp::CryptoAttribute| {
        line.suite().parse::<crypto::SuiteName>().is_ok_and(|name| name.suite == suite)
    };
    let line = lines.iter().find(is_wanted).ok_or_else(|| {
        let found: Vec<_> = lines.iter().map(|line| line.suite()).collect();
        format!("wanted a key for {suite}, found {found:?}")
    })?;
    let key = line.key().map_err(|error| format!("a key that cannot be used: {error:?}"))?;
    let key = MasterKey::from_bytes(suite, key.expose()).map_err(|error| error.to_string())?;
    Ok((key, line.tag(), line.suite().to_owned()))
}

const fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::SendReceive => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::ReceiveOnly => "recvonly",
        Direction::Inactive => "inactive",
    }
}
