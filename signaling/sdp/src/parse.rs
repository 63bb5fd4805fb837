//! From text to a description: tolerant of what exists in the field, strict about what matters.

use core::fmt;
use core::net::IpAddr;
use std::borrow::Cow;

use crate::attribute::{Attribute, Direction, FormatParameters, RtcpPort, RtpMap, Source};
use crate::codec::Codec;
use crate::crypto_attribute::CryptoAttribute;
use crate::model::{Connection, Host, IpVersion, Kind, Media, Origin, Protocol, SessionDescription, Time};

/// The longest text: what one datagram can hold.
pub const TEXT_LEN_MAX: usize = 64 * 1024;
/// The most lines. A browser with sixteen streams and all its candidates stays below.
pub const LINES_MAX: usize = 512;
/// The most `a=` lines altogether.
pub const ATTRIBUTES_MAX: usize = 256;
/// The most streams.
pub const MEDIA_MAX: usize = 16;

/// Why a text is no description; the answer to it is 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Which line, counted from 1 without blank ones; the last one if something is missing.
    pub line: usize,
    /// What should be there.
    pub wanted: &'static str,
    /// What is there, cut short. Never part of a key.
    pub found: String,
}

impl ParseError {
    /// Returns the SIP status that the sender of the text is owed.
    #[must_use]
    pub const fn status(&self) -> u16 {
        400
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: wanted {}, found: {}", self.line, self.wanted, self.found)
    }
}

impl core::error::Error for ParseError {}

impl SessionDescription {
    /// Parses a description.
    ///
    /// Lines may end in CR, LF or both, and have white space around them. A session name and a time may be missing.
    /// Letters that are not known, and those that a call has no use for (`i`, `u`, `e`, `p`, `r`, `z`, `k`), are
    /// passed over. Bytes that are no UTF-8 become replacement characters.
    ///
    /// # Errors
    ///
    /// If the text is too long or has too many parts; if `v=0` is not its first line or `o=` is missing; if an `o=`,
    /// `c=` or `m=` line cannot be understood. An attribute is never a reason.
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        if text.len() > TEXT_LEN_MAX {
            return Err(fault("at most 65,536 bytes", format!("{} bytes", text.len())));
        }
        let text = String::from_utf8_lossy(text);
        let text = cleaned(&text);
        let mut reading = Reading::default();
        let lines = text.split(['\n', '\r']).map(|line| line.trim_matches(' '));
        for line in lines.filter(|line| !line.is_empty()) {
            reading.line = reading.line.saturating_add(1);
            reading.take(line).map_err(|fault| ParseError { line: reading.line, ..fault })?;
        }
        let line = reading.line.max(1);
        reading.finish().map_err(|fault| ParseError { line, ..fault })
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    line: usize,
    attribute_count: usize,
    origin: Option<Origin>,
    session_name: Option<String>,
    connection: Option<Connection>,
    bandwidths: Vec<String>,
    times: Vec<Time>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
}

impl Reading {
    fn take(&mut self, line: &str) -> Result<(), ParseError> {
        if self.line > LINES_MAX {
            return Err(fault("at most 512 lines", "more"));
        }
        let Some((letter, value)) = line.split_once('=').filter(|(letter, _)| letter.chars().count() == 1)
        else {
            // Half of a broken a=crypto line may stand here, so not much of it is told.
            return Err(fault("a letter and `=`", line.chars().take(2).collect::<String>()));
        };
        let value = value.trim_start_matches(' ');
        if self.line == 1 && (letter, value) != ("v", "0") {
            return Err(fault("v=0", line.chars().take(2).collect::<String>()));
        }
        match letter {
            "o" if self.origin.is_none() && self.media.is_empty() => self.origin = Some(origin(value)?),
            "s" if self.session_name.is_none() => self.session_name = Some(value.into()),
            "c" => self.take_connection(connection(value)?),
            "b" => self.bandwidths().push(value.into()),
            "t" => self.times.extend(time(value)),
            "a" => return self.take_attribute(value),
            "m" => return self.take_media(value),
            _ => {}
        }
        Ok(())
    }

    fn take_connection(&mut self, connection: Connection) {
        let place = match self.media.last_mut() {
            Some(media) => &mut media.connection,
            None => &mut self.connection,
        };
        // RFC 8866 section 5.7: several lines are for layers of a group; the first one will do for one host.
        place.get_or_insert(connection);
    }

    fn bandwidths(&mut self) -> &mut Vec<String> {
        match self.media.last_mut() {
            Some(media) => &mut media.bandwidths,
            None => &mut self.bandwidths,
        }
    }

    fn take_attribute(&mut self, value: &str) -> Result<(), ParseError> {
        self.attribute_count = self.attribute_count.saturating_add(1);
        if self.attribute_count > ATTRIBUTES_MAX {
            return Err(fault("at most 256 attributes", "more"));
        }
        let attributes = match self.media.last_mut() {
            Some(media) => &mut media.attributes,
            None => &mut self.attributes,
        };
        attributes.push(attribute(value));
        Ok(())
    }

    fn take_media(&mut self, value: &str) -> Result<(), ParseError> {
        if self.media.len() == MEDIA_MAX {
            return Err(fault("at most 16 streams", "more"));
        }
        self.media.push(media(value)?);
        Ok(())
    }

    fn finish(self) -> Result<SessionDescription, ParseError> {
        if self.line == 0 {
            return Err(fault("v=0", "nothing"));
        }
        let origin = self.origin.ok_or_else(|| fault("an o= line before the streams", "none"))?;
        let named = self.session_name.filter(|name| !name.is_empty());
        let times = if self.times.is_empty() { vec![Time::ALWAYS] } else { self.times };
        Ok(SessionDescription {
            origin,
            session_name: named.unwrap_or_else(|| "-".into()),
            connection: self.connection,
            bandwidths: self.bandwidths,
            times,
            attributes: self.attributes,
            media: self.media,
        })
    }
}

/// `o=<username> <id> <version> IN IP4|IP6 <host>`; some peers write a user name of several words.
fn origin(value: &str) -> Result<Origin, ParseError> {
    let wanted = || fault("o=<user> <id> <version> IN IP4|IP6 <host>", value);
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    let (username, numbers) = words.split_at_checked(words.len().saturating_sub(5)).ok_or_else(wanted)?;
    let [id, version, network, ip, host] = numbers else { return Err(wanted()) };
    let connection = connection_of(network, ip, host).ok_or_else(wanted)?;
    let (Some(id), Some(version)) = (number(id), number(version)) else { return Err(wanted()) };
    let username = if username.is_empty() { "-".into() } else { username.join(" ") };
    Ok(Origin { username, id, version, connection })
}

/// `c=IN IP4|IP6 <host>`
fn connection(value: &str) -> Result<Connection, ParseError> {
    let mut words = value.split_ascii_whitespace();
    let found = (|| connection_of(words.next()?, words.next()?, words.next()?))();
    found.filter(|_| words.next().is_none()).ok_or_else(|| fault("c=IN IP4|IP6 <host>", value))
}

fn connection_of(network: &str, version: &str, host: &str) -> Option<Connection> {
    if !network.eq_ignore_ascii_case("IN") {
        return None;
    }
    let version = match version {
        "IP4" | "ip4" => IpVersion::V4,
        "IP6" | "ip6" => IpVersion::V6,
        _ => return None,
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/' | '%');
    match bare.parse::<IpAddr>() {
        // The address says itself which one it is; what stands before it is sometimes wrong.
        Ok(address) => Some(address.into()),
        Err(_) if bare.len() <= HOST_LEN_MAX && bare.chars().all(is_name) && !bare.is_empty() => {
            Some(Connection { version, host: Host::Name(bare.into()) })
        }
        Err(_) => None,
    }
}

/// `t=<start> <stop>`; what is no time is left out, as a call has no schedule.
fn time(value: &str) -> Option<Time> {
    let (start, stop) = value.split_once(' ')?;
    Some(Time { start: start.parse().ok()?, stop: stop.trim().parse().ok()? })
}

/// `m=<kind> <port>[/<count>] <protocol> <format>...`; a refused stream may lack formats.
fn media(value: &str) -> Result<Media, ParseError> {
    let wanted = || fault("m=<kind> <port> <protocol> <format>...", value);
    let mut words = value.split_ascii_whitespace();
    let kind = words.next().ok_or_else(wanted)?;
    let (port, count) =
        words.next().map(|port| port.split_once('/').unwrap_or((port, "1"))).ok_or_else(wanted)?;
    let (Ok(port), Ok(port_count)) = (port.parse(), count.parse()) else { return Err(wanted()) };
    let protocol = words.next().ok_or_else(wanted)?;
    let formats: Vec<String> = words.map(str::to_owned).collect();
    if formats.is_empty() && port != 0 {
        return Err(wanted());
    }
    if formats.len() > FORMATS_MAX {
        return Err(fault("at most 128 formats", "more"));
    }
    let new = Media::new(Kind::from_name(kind), port, Protocol::from_name(protocol));
    Ok(Media { port_count, formats, ..new })
}

/// Every text is an attribute; one that is not understood stays what it is.
fn attribute(text: &str) -> Attribute {
    let (name, value) = match text.split_once(':') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let understood = match value {
        Some(value) => with_value(name, value.trim_matches(' ')),
        None if name == "rtcp-mux" => Some(Attribute::RtcpMux),
        None => Direction::from_name(name).map(Attribute::Direction),
    };
    // Half a key is still a secret.
    let value = value.filter(|_| !SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(name.trim())));
    understood.unwrap_or_else(|| Attribute::Other { name: name.into(), value: value.map(str::to_owned) })
}

fn with_value(name: &str, value: &str) -> Option<Attribute> {
    match name {
        "rtpmap" => {
            let (payload_type, codec) = numbered(value)?;
            Some(Attribute::RtpMap(RtpMap { payload_type, codec: Codec::parse(codec)? }))
        }
        "fmtp" => {
            let (payload_type, parameters) = numbered(value)?;
            Some(Attribute::FormatParameters(FormatParameters {
                payload_type,
                parameters: parameters.into(),
            }))
        }
        "ptime" => milliseconds(value).map(Attribute::PacketTime),
        "maxptime" => milliseconds(value).map(Attribute::PacketTimeMax),
        "rtcp" => rtcp_port(value).map(Attribute::Rtcp),
        "crypto" => CryptoAttribute::parse(value).map(Attribute::Crypto),
        "ssrc" => {
            let (ssrc, attribute) = value.split_once(' ')?;
            let attribute = attribute.trim_start_matches(' ').into();
            Some(Attribute::Source(Source { ssrc: ssrc.parse().ok()?, attribute }))
        }
        "candidate" => Some(Attribute::Candidate(value.into())),
        _ => None,
    }
}

/// `<payload type> <rest>`
fn numbered(value: &str) -> Option<(u8, &str)> {
    let (number, rest) = value.split_once(' ')?;
    let rest = rest.trim_start_matches(' ');
    Some((number.parse().ok().filter(|number| *number <= 127)?, rest)).filter(|_| !rest.is_empty())
}

/// Milliseconds, of which some peers write a fraction; halves are rounded up, and none at all is no time.
fn milliseconds(value: &str) -> Option<u16> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let whole: u16 = whole.parse().ok()?;
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let rounded = whole.checked_add(u16::from(fraction.as_bytes().first() >= Some(&b'5')))?;
    (is_fraction && rounded != 0).then_some(rounded)
}

/// `<port> [IN IP4|IP6 <host>]`
fn rtcp_port(value: &str) -> Option<RtcpPort> {
    let (port, rest) = value.split_once(' ').unwrap_or((value, ""));
    let port = port.parse().ok()?;
    let connection = if rest.is_empty() { None } else { Some(connection(rest).ok()?) };
    Some(RtcpPort { port, connection })
}

fn number(text: &str) -> Option<u128> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Without control characters, such as the zero that programs in C leave at the end; a tab is a space.
fn cleaned(text: &str) -> Cow<'_, str> {
    let is_line_end = |c: char| matches!(c, '\n' | '\r');
    if !text.contains(|c: char| c.is_control() && !is_line_end(c)) {
        return Cow::Borrowed(text);
    }
    let spaced = text.chars().map(|c| if c == '\t' { ' ' } else { c });
    Cow::Owned(spaced.filter(|c| !c.is_control() || is_line_end(*c)).collect())
}

/// The line is filled in by the caller.
fn fault(wanted: &'static str, found: impl Into<String>) -> ParseError {
    let found = found.into().chars().take(FOUND_LEN_MAX).collect();
    ParseError { line: 1, wanted, found }
}

/// RFC 1035 section 2.3.4.
const HOST_LEN_MAX: usize = 255;
/// As many as there are payload types.
const FORMATS_MAX: usize = 128;
/// What is not kept as it came: keys (RFC 4568, RFC 4567), and the password of ICE.
const SECRETS: [&str; 3] = ["crypto", "key-mgmt", "ice-pwd"];
const FOUND_LEN_MAX: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_rounded() {
        for (text, expected) in
            [("20", Some(20)), ("20.0", Some(20)), ("2.5", Some(3)), ("0", None), ("x", None)]
        {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn an_error_says_line_wanted_and_found() {
        let error = SessionDescription::parse(b"v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP5 x\n").unwrap_err();
        assert_eq!(error.to_string(), "line 4: wanted c=IN IP4|IP6 <host>, found: IN IP5 x");
        assert_eq!(error.status(), 400);
    }

    #[test]
    fn an_error_tells_nothing_of_a_key() {
        for line in ["crypto:1 AES inline:SECRET==", "inline:SECRET=", "SECRET"] {
            let error = SessionDescription::parse(format!("v=0\n{line}\n").as_bytes()).unwrap_err();
            assert!(!error.to_string().contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn the_first_connection_of_a_stream_counts() {
        let text = b"v=0\no=- 1 1 IN IP4 h\nm=audio 1 RTP/AVP 0\nc=IN IP4 192.0.2.1\nc=IN IP4 192.0.2.2\n";
        let description = SessionDescription::parse(text).unwrap();
        assert_eq!(description.connection, None);
        assert_eq!(description.media[0].connection, Some(IpAddr::from([192, 0, 2, 1]).into()));
    }

    #[test]
    fn what_is_secret_and_not_understood_loses_its_text() {
        for text in ["crypto:1 AES", "CRYPTO :1 X inline:k", "key-mgmt:mikey AQAF", "ice-pwd:c3D4"] {
            let Attribute::Other { value, .. } = attribute(text) else { panic!("{text}") };
            assert_eq!(value, None, "{text}");
        }
    }
}
