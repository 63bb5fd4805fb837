//! Where media is wanted, and whether it may go there.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use sdp::{Connection, Host, Kind, Media, Protocol, SessionDescription};

/// Which addresses media may be sent to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen<'a> {
    /// Addresses of ours.
    pub(crate) own: &'a [IpAddr],
    /// Whether this host is one to send to all the same.
    pub(crate) allows_loopback: bool,
}

impl Screen<'_> {
    /// Tells whether media may be sent to all that a description names. Whoever holds the old way is sent nothing.
    pub(crate) fn passes(&self, description: &SessionDescription) -> bool {
        live_audio(description).all(|media| match connection(description, media).map(|it| &it.host) {
            Some(Host::Address(address)) => self.passes_address(address.to_canonical()),
            Some(Host::Name(_)) | None => true,
        })
    }

    fn passes_address(&self, address: IpAddr) -> bool {
        if address.is_unspecified() {
            return true;
        }
        let is_local = address.is_loopback() || self.own.contains(&address);
        let is_host = match address {
            IpAddr::V4(v4) => !(v4.is_link_local() || v4.is_multicast() || v4 == Ipv4Addr::BROADCAST),
            IpAddr::V6(v6) => !(v6.is_unicast_link_local() || v6.is_multicast()),
        };
        is_host && (!is_local || self.allows_loopback)
    }
}

/// Returns a name that media is wanted at, and that has to be looked up.
pub(crate) fn name_to_resolve(description: &SessionDescription) -> Option<String> {
    live_audio(description).find_map(|media| match &connection(description, media)?.host {
        Host::Name(name) if is_looked_up(name) => Some(name.clone()),
        Host::Name(_) | Host::Address(_) => None,
    })
}

/// Puts an address in the place of a name.
pub(crate) fn with_address(
    mut description: SessionDescription,
    name: &str,
    address: IpAddr,
) -> SessionDescription {
    let connections = description.media.iter_mut().map(|media| &mut media.connection);
    for connection in connections.chain([&mut description.connection]) {
        if matches!(connection, Some(Connection { host: Host::Name(found), .. }) if found == name) {
            *connection = Some(address.into());
        }
    }
    description
}

/// Tells whether a description asks for SRTP.
pub(crate) fn audio_protection(description: &SessionDescription) -> bool {
    live_audio(description).any(|media| matches!(media.protocol, Protocol::Savp | Protocol::Savpf))
}

/// Returns where the first audio stream is wanted.
pub(crate) fn audio_address(description: &SessionDescription) -> Option<SocketAddr> {
    live_audio(description).find_map(|media| match &connection(description, media)?.host {
        Host::Address(address) if !address.is_unspecified() => {
            Some(SocketAddr::new(address.to_canonical(), media.port))
        }
        Host::Address(_) | Host::Name(_) => None,
    })
}

fn live_audio(description: &SessionDescription) -> impl Iterator<Item = &Media> {
    description.media.iter().filter(|media| media.kind == Kind::Audio && media.port != 0)
}

fn connection<'a>(description: &'a SessionDescription, media: &'a Media) -> Option<&'a Connection> {
    description.connection_of(media)
}

/// Names below `invalid` lead nowhere (RFC 6157 section 5.1), and those with a slash are groups.
fn is_looked_up(name: &str) -> bool {
    let top = name.rsplit('.').next().unwrap_or(name);
    !top.eq_ignore_ascii_case("invalid") && !name.contains(['/', ':', '%'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str) -> SessionDescription {
        let text =
            format!("v=0\no=- 1 1 IN IP4 {host}\ns=-\nc=IN IP4 {host}\nt=0 0\nm=audio 4000 RTP/AVP 0\n");
        SessionDescription::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn media_goes_to_hosts_and_not_to_this_one_or_to_groups() {
        let own = [IpAddr::from([192, 0, 2, 200])];
        let strict = Screen { own: &own, allows_loopback: false };
        let demonstration = Screen { allows_loopback: true, ..strict };
        let cases = [
            ("198.51.100.7", true, true),
            ("10.0.0.1", true, true),
            ("0.0.0.0", true, true),
            ("127.0.0.1", false, true),
            ("192.0.2.200", false, true),
            ("169.254.1.1", false, false),
            ("224.2.1.1", false, false),
            ("255.255.255.255", false, false),
        ];
        for (host, usually, here) in cases {
            assert_eq!(
                (strict.passes(&at(host)), demonstration.passes(&at(host))),
                (usually, here),
                "{host}"
            );
        }
    }

    #[test]
    fn a_name_is_looked_up_and_replaced() {
        let named = at("media.example");
        assert_eq!(name_to_resolve(&named).as_deref(), Some("media.example"));
        let found = with_address(named, "media.example", [198, 51, 100, 7].into());
        assert_eq!(
            (name_to_resolve(&found), audio_address(&found)),
            (None, Some(([198, 51, 100, 7], 4000).into()))
        );
        assert_eq!(name_to_resolve(&at("hold.invalid")), None);
    }
}
