//! Via: where a request came from, and so where its responses go (RFC 3261 section 20.42, RFC 3581).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::error::Malformed;
use crate::grammar::{is_token, split_once, trim};
use crate::parameters::{self, Parameters};
use crate::uri::Host;

/// What a branch begins with when its sender keeps to RFC 3261 (section 8.1.1.7).
pub const BRANCH_COOKIE: &str = "z9hG4bK";

/// One station of the way, as it is read from a header value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// The transport by its word, such as `UDP`; unknown ones are kept.
    pub transport: &'a str,
    /// The host of the sender, as the sender knows it.
    pub host: Host<'a>,
    /// The port of the sender, when it is written.
    pub port: Option<u16>,
    /// The parameters in their order.
    pub parameters: Parameters<'a>,
}

impl<'a> Via<'a> {
    /// Reads one element of a Via; white space may stand around the slashes.
    ///
    /// # Errors
    /// `Malformed::Via` or `Malformed::Parameters`: which part breaks its grammar.
    pub fn parse(value: &'a str) -> Result<Self, Malformed> {
        let (name, rest) = split_once(value, b'/').ok_or(Malformed::Via)?;
        let (version, rest) = split_once(rest, b'/').ok_or(Malformed::Via)?;
        if !trim(name).eq_ignore_ascii_case("SIP") || trim(version) != "2.0" {
            return Err(Malformed::Via);
        }
        let rest = trim(rest);
        let transport_len =
            rest.bytes().position(|byte| matches!(byte, b' ' | b'\t')).ok_or(Malformed::Via)?;
        let (transport, rest) = rest.split_at_checked(transport_len).ok_or(Malformed::Via)?;
        if !is_token(transport.as_bytes()) {
            return Err(Malformed::Via);
        }
        let place_len = rest.bytes().position(|byte| byte == b';').unwrap_or(rest.len());
        let (place, parameters) = rest.split_at_checked(place_len).ok_or(Malformed::Via)?;
        let (host, port) = split_place(trim(place))?;
        Ok(Self { transport, host, port, parameters: Parameters::parse(parameters)? })
    }

    /// Returns the branch.
    pub fn branch(&self) -> Option<&'a str> {
        self.parameters.get("branch").filter(|branch| !branch.is_empty())
    }

    /// Returns the branch when it identifies a transaction.
    ///
    /// Without the cookie, or with nothing behind it, a request is matched as RFC 2543 did (RFC 3261 section 17.2.3,
    /// RFC 4475 section 3.2.1).
    pub fn transaction_branch(&self) -> Option<&'a str> {
        let branch = self.branch()?;
        let cookie = branch.get(..BRANCH_COOKIE.len())?;
        (cookie.eq_ignore_ascii_case(BRANCH_COOKIE) && branch.len() > BRANCH_COOKIE.len()).then_some(branch)
    }

    /// Returns the address that the request came from, as its receiver wrote it down.
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.parameters.get("received")?;
        // Some write an IPv6 address with the brackets of a host, though the grammar has none here.
        let bare = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text);
        bare.parse().ok()
    }

    /// Tells whether the sender asks for its port (RFC 3581).
    pub fn wants_rport(&self) -> bool {
        self.parameters.has("rport")
    }

    /// Returns the port that the request came from, as its receiver wrote it down.
    pub fn rport(&self) -> Option<u16> {
        self.parameters.get("rport")?.parse().ok()
    }
}

impl fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.parameters.as_str())
    }
}

/// Splits the host from its port, with white space around the colon.
fn split_place(place: &str) -> Result<(Host<'_>, Option<u16>), Malformed> {
    // Only the colon behind a bracket is one of a port.
    let colon = place.bytes().rposition(|byte| byte == b':');
    let bracket = place.bytes().rposition(|byte| byte == b']');
    let (host, port) = match colon.filter(|&colon| bracket.is_none_or(|bracket| bracket < colon)) {
        Some(colon) => place.split_at_checked(colon).ok_or(Malformed::Via)?,
        None => (place, ""),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => Some(trim(digits).parse().map_err(|_| Malformed::Via)?),
        None => None,
    };
    Ok((Host::parse(trim(host)).map_err(|_| Malformed::Via)?, port))
}

/// Writes down where a request came from in its topmost Via; the value may be a list.
///
/// RFC 3261 section 18.2.1 and RFC 3581 section 4: `received` when the sender calls itself otherwise, or asks for its
/// port; then `rport` too.
pub fn stamp(value: &str, source: SocketAddr) -> Result<String, Malformed> {
    let top = crate::list::split(value).next().ok_or(Malformed::Via)?;
    let via = Via::parse(top)?;
    let start = top.as_ptr().addr().saturating_sub(value.as_ptr().addr());
    let rest = value.get(start.saturating_add(top.len())..).unwrap_or("");
    let address = source.ip().to_canonical();
    let claimed = match via.host {
        Host::V4(host) => Some(IpAddr::V4(host)),
        Host::V6(host) => Some(IpAddr::V6(host)),
        Host::Name(_) => None,
    };
    let mut noted = via.parameters.as_str().to_owned();
    if via.wants_rport() {
        parameters::set(&mut noted, "rport", Some(&source.port().to_string()));
    }
    // What the sender says of itself is not to be believed.
    parameters::remove(&mut noted, "received");
    if claimed != Some(address) || via.wants_rport() {
        parameters::set(&mut noted, "received", Some(&address.to_string()));
    }
    let noted = Via { parameters: Parameters::from_checked(&noted), ..via };
    Ok(format!("{noted}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_may_stand_around_every_separator() {
        let via = Via::parse("SIP  / 2.0 /UDP  [2001:db8::9:1] : 5070 ; branch = z9hG4bK1 ;rport").unwrap();
        assert_eq!(via.transport, "UDP");
        assert_eq!(via.host, Host::V6("2001:db8::9:1".parse().unwrap()));
        assert_eq!((via.port, via.branch()), (Some(5070), Some("z9hG4bK1")));
        assert!(via.wants_rport());
        assert_eq!(via.to_string(), "SIP/2.0/UDP [2001:db8::9:1]:5070; branch = z9hG4bK1 ;rport");
    }

    #[test]
    fn what_is_no_via_is_refused() {
        for value in [
            "SIP/2.0/UDP",
            "SIP/2.0 h",
            "SIP/7.0/UDP h",
            "HTTP/2.0/TCP h",
            "SIP/2.0/UDP h:99999",
            "SIP/2.0/UDP h:",
            "SIP/2.0/UDP 2001:db8::1",
            "SIP/2.0/UDP h;;",
            "SIP/2.0/UDP ;a",
        ] {
            assert!(Via::parse(value).is_err(), "{value}");
        }
    }

    #[test]
    fn the_cookie_alone_identifies_nothing() {
        let branch = |text| Via::parse(text).unwrap().transaction_branch();
        assert_eq!(branch("SIP/2.0/UDP h;branch=z9hG4bK"), None);
        assert_eq!(branch("SIP/2.0/UDP h;branch=390skdjuw"), None);
        assert_eq!(branch("SIP/2.0/UDP h;branch=z9hG4bK1"), Some("z9hG4bK1"));
    }

    #[test]
    fn the_source_is_written_down_where_it_is_news() {
        let source = "192.0.2.7:4000".parse().unwrap();
        let stamped = |value| stamp(value, source).unwrap();
        assert_eq!(stamped("SIP/2.0/UDP 192.0.2.7;branch=a"), "SIP/2.0/UDP 192.0.2.7;branch=a");
        assert_eq!(
            stamped("SIP/2.0/UDP h;branch=a;received=1.2.3.4, SIP/2.0/UDP x"),
            "SIP/2.0/UDP h;branch=a;received=192.0.2.7, SIP/2.0/UDP x"
        );
        assert_eq!(
            stamped("SIP/2.0/UDP 192.0.2.7:5060;rport;branch=a"),
            "SIP/2.0/UDP 192.0.2.7:5060;rport=4000;branch=a;received=192.0.2.7"
        );
    }
}
