//! Routes of the main table, as `RTM_NEWROUTE` tells them.

use core::net::IpAddr;

use super::address::ip;
use super::message::{Attributes, u16_at, u32_at};

/// `struct rtmsg`: family, two prefix lengths, traffic class, table, protocol, scope, type, flags.
const HEADER_BYTES: usize = 12;
/// `struct rtnexthop`: length, flags, hops, link index.
const NEXT_HOP_BYTES: usize = 8;
/// `RTAX_MTU`, one of the metrics in `RTA_METRICS`.
const METRIC_MTU: u16 = 2;

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The destinations: addresses that start with the first `prefix_len` bits of this one.
    pub(crate) prefix: IpAddr,
    pub(crate) prefix_len: u8,
    /// Among routes of the same prefix the lowest metric wins.
    pub(crate) metric: u32,
    /// Where packets go; none if the route forbids them. Of several next hops the first is taken: which one the kernel
    /// would take depends on hashes that a mirror cannot follow, and any is right.
    pub(crate) hop: Option<RouteHop>,
    /// The largest packet, if the route limits it.
    pub(crate) mtu: Option<u32>,
    /// The address of this host that packets should come from, if the route says.
    pub(crate) source: Option<IpAddr>,
}

/// The next hop of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteHop {
    pub(crate) link: u32,
    /// The router; none where the destinations are neighbours.
    pub(crate) gateway: Option<IpAddr>,
}

/// Reads a route, if it is one of the main table that packets follow.
pub(super) fn parse(body: &[u8]) -> Option<Route> {
    let &[family, prefix_len, _, traffic_class, table, _, _, kind, ..] =
        body.first_chunk::<HEADER_BYTES>()?;
    let flags = u32_at(body, 8)?;
    let mut table = u32::from(table);
    let mut prefix = match i32::from(family) {
        libc::AF_INET => IpAddr::from([0; 4]),
        libc::AF_INET6 => IpAddr::from([0; 16]),
        _ => return None,
    };
    let mut route = Route { prefix, prefix_len, metric: 0, hop: None, mtu: None, source: None };
    let (mut link, mut gateway, mut several) = (None, None, None);
    for (attribute, value) in Attributes(body.get(HEADER_BYTES..)?) {
        match attribute {
            libc::RTA_DST => prefix = ip(family, value)?,
            libc::RTA_GATEWAY | libc::RTA_VIA => gateway = router(family, attribute, value),
            libc::RTA_METRICS => route.mtu = mtu(value),
            libc::RTA_MULTIPATH => several = first_next_hop(family, value),
            libc::RTA_OIF => link = u32_at(value, 0),
            libc::RTA_PREFSRC => route.source = ip(family, value),
            libc::RTA_PRIORITY => route.metric = u32_at(value, 0)?,
            libc::RTA_TABLE => table = u32_at(value, 0)?,
            _ => {}
        }
    }
    // A cloned route is a cache entry of IPv6; a route for one traffic class is none for the others.
    let ours =
        table == u32::from(libc::RT_TABLE_MAIN) && flags & libc::RTM_F_CLONED == 0 && traffic_class == 0;
    let bits = if prefix.is_ipv4() { 32 } else { 128 };
    if !ours || prefix_len > bits {
        return None;
    }
    route.prefix = prefix;
    if kind == libc::RTN_UNICAST {
        route.hop = Some(several.or(link.map(|link| RouteHop { link, gateway }))?);
    }
    Some(route)
}

/// Reads a router's address; `RTA_VIA` carries its own family, as an IPv4 route may lead through an IPv6 router.
fn router(family: u8, attribute: u16, value: &[u8]) -> Option<IpAddr> {
    if attribute == libc::RTA_VIA { ip(u16_at(value, 0)? as u8, value.get(2..)?) } else { ip(family, value) }
}

fn first_next_hop(family: u8, value: &[u8]) -> Option<RouteHop> {
    let len = usize::from(u16_at(value, 0)?);
    let link = u32_at(value, 4)?;
    let gateway = Attributes(value.get(NEXT_HOP_BYTES..len)?)
        .filter(|(kind, _)| matches!(*kind, libc::RTA_GATEWAY | libc::RTA_VIA))
        .find_map(|(kind, value)| router(family, kind, value));
    Some(RouteHop { link, gateway })
}

fn mtu(metrics: &[u8]) -> Option<u32> {
    let (_, value) = Attributes(metrics).find(|(kind, _)| *kind == METRIC_MTU)?;
    u32_at(value, 0).filter(|mtu| *mtu != 0)
}
