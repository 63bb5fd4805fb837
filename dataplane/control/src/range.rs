//! Which values a wish may have: those that the data plane can work with, whatever they are combined with.
//!
//! What media tells signaling has no such limits: it is a report, taken as it comes.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::malformed::Malformed;
use crate::session::{
    CLOCK_RATES, Learn, MEDIA_TIMEOUT_S_MAX, PAYLOAD_MAPS_MAX, PERMITS_MAX, PayloadMap, Permit, Rtcp,
    SessionSpec, SideSpec,
};

const PAYLOAD_TYPE_MAX: u8 = 127;

/// RFC 2474 section 3: six bits.
const DSCP_MAX: u8 = 63;

impl SessionSpec {
    /// Tells whether the wish keeps within its limits.
    ///
    /// Reading a message checks the same, and a message that fails ends the connection: whoever makes a wish of what a
    /// peer has said checks it first, so that one strange call does not trouble all others.
    ///
    /// # Errors
    ///
    /// If a list is too long or a value is out of range; the error says which.
    pub fn check(&self) -> Result<(), Malformed> {
        wanted(self.media_timeout_s <= MEDIA_TIMEOUT_S_MAX, "a media timeout of at most a day")?;
        self.sides.iter().try_for_each(SideSpec::check)
    }
}

impl SideSpec {
    fn check(&self) -> Result<(), Malformed> {
        if self.permits.len() > PERMITS_MAX || self.payload_maps.len() > PAYLOAD_MAPS_MAX {
            return Err(Malformed::ListTooLong);
        }
        self.remote.iter().try_for_each(check_remote)?;
        self.check_rtcp()?;
        wanted(self.learn != Learn::Address { window_ms: 0 }, "time to learn an address in")?;
        self.permits.iter().try_for_each(Permit::check)?;
        self.check_payload_types()?;
        wanted(CLOCK_RATES.contains(&self.clock_rate), "a clock rate of 1,000 to 192,000 Hz")?;
        wanted(self.dscp <= DSCP_MAX, "a DSCP of 0 to 63")
    }

    fn check_rtcp(&self) -> Result<(), Malformed> {
        match self.rtcp {
            Rtcp::Muxed => Ok(()),
            Rtcp::NextPort(Some(port)) => wanted(port != 0, "an RTCP port other than 0"),
            Rtcp::NextPort(None) => {
                let has_next = self.remote.is_none_or(|remote| remote.port() < u16::MAX);
                wanted(has_next, "an RTCP port of its own behind port 65535")
            }
        }
    }

    fn check_payload_types(&self) -> Result<(), Malformed> {
        let mut numbers =
            self.payload_maps.iter().flat_map(|map| [map.from, map.to]).chain(self.telephone_event);
        wanted(numbers.all(|number| number <= PAYLOAD_TYPE_MAX), "payload types of 0 to 127")?;
        wanted(
            self.payload_maps.iter().all(|map| self.maps_of(map.from) == 1),
            "each payload type mapped once",
        )
    }

    fn maps_of(&self, from: u8) -> usize {
        self.payload_maps.iter().filter(|PayloadMap { from: mapped, .. }| *mapped == from).count()
    }
}

impl Permit {
    fn check(&self) -> Result<(), Malformed> {
        check_spelling(self.address)?;
        let (prefix_len_max, text) = match self.address {
            IpAddr::V4(_) => (32, "a prefix of at most 32 bits of IPv4"),
            IpAddr::V6(_) => (128, "a prefix of at most 128 bits of IPv6"),
        };
        wanted(self.prefix_len <= prefix_len_max, text)
    }
}

/// Media goes to one host: to a group it would be multiplied on its way, and nobody would have asked the receivers.
fn check_remote(remote: &SocketAddr) -> Result<(), Malformed> {
    let address = remote.ip();
    check_spelling(address)?;
    let is_host = !address.is_unspecified() && !address.is_multicast() && address != Ipv4Addr::BROADCAST;
    wanted(is_host, "the address of one host as remote")?;
    wanted(remote.port() != 0, "a remote port other than 0")?;
    match remote {
        SocketAddr::V4(_) => Ok(()),
        SocketAddr::V6(v6) => wanted(v6.scope_id() == 0 && v6.flowinfo() == 0, "an address without a scope"),
    }
}

/// RFC 4291 section 2.5.5.2: IPv6 can spell an IPv4 address. One spelling is enough to compare.
fn check_spelling(address: IpAddr) -> Result<(), Malformed> {
    wanted(address.to_canonical() == address, "an IPv4 address spelled as one")
}

fn wanted(is_so: bool, text: &'static str) -> Result<(), Malformed> {
    if is_so { Ok(()) } else { Err(Malformed::OutOfRange(text)) }
}
