//! Where packets go: what the kernel has told of links, addresses, routes and neighbours, made ready for questions.

use core::net::{IpAddr, Ipv6Addr};
use std::collections::{BTreeMap, BTreeSet};

use super::link::{Link, Tag};
use super::neighbour::{Key, Neighbour};
use super::route::Route;

/// How a packet gets to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// In a frame that we can write ourselves.
    Direct(Hop),
    /// Through the kernel: to this host itself, over a link that is not plain Ethernet, to a neighbour whose address the
    /// kernel must ask for first, or wherever policy rules say.
    Kernel,
    /// Not at all: there is no route, or its link is down.
    Unreachable,
}

/// What goes into the header of a frame, and where the frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The interface that the frame leaves by; for a VLAN its parent.
    pub interface: u32,
    /// The largest IP packet.
    pub mtu: u32,
    /// The Ethernet address of the router or the destination.
    pub next_hop_mac: [u8; 6],
    /// The Ethernet address of this host.
    pub source_mac: [u8; 6],
    /// The VLAN tag, if the frame has one.
    pub vlan: Option<u16>,
}

/// Everything that the kernel has told; a table is built of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) links: BTreeMap<u32, Link>,
    pub(crate) addresses: BTreeSet<IpAddr>,
    pub(crate) neighbours: BTreeMap<Key, Neighbour>,
    pub(crate) routes: Vec<Route>,
    /// Whether there are policy rules, which may lead to routes that are not here.
    pub(crate) has_policies: bool,
}

/// A snapshot that answers questions and never changes.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) facts: Facts,
    /// The routes by family, longest prefix first, then by prefix and metric; see [`longest_match`].
    ipv4: Vec<Group>,
    ipv6: Vec<Group>,
}

/// The routes with prefixes of one length, sorted by prefix: the best route of each prefix alone.
#[derive(Debug)]
struct Group {
    prefix_len: u8,
    routes: Vec<(u128, Route)>,
}

impl Table {
    pub(crate) fn new(facts: Facts) -> Self {
        let of_family = |ipv4| groups(facts.routes.iter().filter(|route| route.prefix.is_ipv4() == ipv4));
        Self { ipv4: of_family(true), ipv6: of_family(false), facts }
    }

    /// Returns how packets get to an address, and whether the neighbour that they go to needs to be confirmed.
    pub(crate) fn path(&self, to: IpAddr) -> (Path, bool) {
        if to.is_loopback() || self.facts.addresses.contains(&to) {
            return (Path::Kernel, false);
        }
        let broadcast = matches!(to, IpAddr::V4(to) if to.is_broadcast());
        if to.is_multicast() || to.is_unspecified() || broadcast {
            return (Path::Unreachable, false);
        }
        if self.facts.has_policies {
            return (Path::Kernel, false);
        }
        let Some(route) = self.route(to) else { return (Path::Unreachable, false) };
        let Some(hop) = route.hop else { return (Path::Unreachable, false) };
        let Some(link) = self.facts.links.get(&hop.link).filter(|link| link.up) else {
            return (Path::Unreachable, false);
        };
        let neighbour = self.facts.neighbours.get(&(hop.link, hop.gateway.unwrap_or(to)));
        let (Some(neighbour), Some(source_mac)) = (neighbour, link.mac) else { return (Path::Kernel, false) };
        let (interface, vlan) = match link.tag {
            Tag::None => (link.index, None),
            Tag::Vlan { parent, id } if self.plain(parent) => (parent, Some(id)),
            Tag::Vlan { .. } | Tag::Other => return (Path::Kernel, false),
        };
        let mtu = route.mtu.map_or(link.mtu, |mtu| mtu.min(link.mtu));
        let hop = Hop { interface, mtu, next_hop_mac: neighbour.mac, source_mac, vlan };
        (Path::Direct(hop), neighbour.stale)
    }

    /// Returns the route that packets to an address follow.
    pub(crate) fn route(&self, to: IpAddr) -> Option<&Route> {
        longest_match(if to.is_ipv4() { &self.ipv4 } else { &self.ipv6 }, to)
    }

    fn plain(&self, link: u32) -> bool {
        self.facts.links.get(&link).is_some_and(|link| link.tag == Tag::None)
    }
}

fn groups<'a>(routes: impl Iterator<Item = &'a Route>) -> Vec<Group> {
    let mut by_len: BTreeMap<u8, BTreeMap<u128, &Route>> = BTreeMap::new();
    for route in routes {
        let prefix = masked(route.prefix, route.prefix_len);
        let best = by_len.entry(route.prefix_len).or_default().entry(prefix).or_insert(route);
        // Among equals the first listed is the one that the kernel follows.
        if route.metric < best.metric {
            *best = route;
        }
    }
    let group = |(prefix_len, routes): (u8, BTreeMap<u128, &Route>)| Group {
        prefix_len,
        routes: routes.into_iter().map(|(prefix, route)| (prefix, route.clone())).collect(),
    };
    by_len.into_iter().rev().map(group).collect()
}

/// Finds the route with the longest prefix that an address has: a binary search per length that occurs.
fn longest_match(groups: &[Group], to: IpAddr) -> Option<&Route> {
    groups.iter().find_map(|group| {
        let prefix = masked(to, group.prefix_len);
        let place = group.routes.binary_search_by_key(&prefix, |(prefix, _)| *prefix).ok()?;
        Some(&group.routes.get(place)?.1)
    })
}

/// Keeps the first bits of an address, as a number whose order does not matter but is total.
fn masked(address: IpAddr, prefix_len: u8) -> u128 {
    let (bits, all) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, 32),
        IpAddr::V6(address) => (Ipv6Addr::to_bits(address), 128),
    };
    let kept = u32::from(prefix_len).min(all);
    bits & u128::MAX.checked_shl(128 - kept).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::route::RouteHop;
    use super::*;

    const GATEWAY_MAC: [u8; 6] = [2, 0, 0, 0, 0, 9];

    fn link(index: u32, tag: Tag) -> Link {
        let name = format!("eth{index}");
        let mac = Some([2, 0, 0, 0, 0, index as u8]);
        Link { index, name, mac, mtu: 1500, up: true, rx_queues_max: 1, kind: None, tag }
    }

    fn route(prefix: &str, prefix_len: u8, link: u32, gateway: Option<&str>) -> Route {
        let gateway = gateway.map(|gateway| gateway.parse().unwrap());
        let hop = Some(RouteHop { link, gateway });
        Route { prefix: prefix.parse().unwrap(), prefix_len, metric: 0, hop, mtu: None, source: None }
    }

    fn facts() -> Facts {
        let mut facts = Facts::default();
        facts.links.insert(1, link(1, Tag::None));
        facts.links.insert(2, link(2, Tag::Vlan { parent: 1, id: 100 }));
        facts.links.insert(3, link(3, Tag::Vlan { parent: 2, id: 7 }));
        facts.addresses.insert("10.0.0.1".parse().unwrap());
        for (index, address) in [(1, "10.0.0.9"), (2, "10.2.0.9"), (3, "10.3.0.9"), (1, "fd00::9")] {
            let neighbour = Neighbour { mac: GATEWAY_MAC, stale: false };
            facts.neighbours.insert((index, address.parse().unwrap()), neighbour);
        }
        facts.routes = vec![
            route("0.0.0.0", 0, 1, Some("10.0.0.9")),
            route("10.0.0.0", 24, 1, None),
            route("10.2.0.0", 24, 2, None),
            route("10.3.0.0", 24, 3, None),
            route("fd00::", 64, 1, None),
            Route { hop: None, ..route("10.4.0.0", 16, 1, None) },
            Route { mtu: Some(1400), ..route("10.5.0.0", 16, 1, Some("10.0.0.9")) },
        ];
        facts
    }

    fn path(facts: Facts, to: &str) -> Path {
        Table::new(facts).path(to.parse().unwrap()).0
    }

    fn direct(mtu: u32, vlan: Option<u16>, source: u8) -> Path {
        let source_mac = [2, 0, 0, 0, 0, source];
        Path::Direct(Hop { interface: 1, mtu, next_hop_mac: GATEWAY_MAC, source_mac, vlan })
    }

    #[test]
    fn a_neighbour_and_a_router_are_reached_directly() {
        assert_eq!(path(facts(), "10.0.0.9"), direct(1500, None, 1));
        assert_eq!(path(facts(), "192.0.2.1"), direct(1500, None, 1));
        assert_eq!(path(facts(), "10.5.1.1"), direct(1400, None, 1));
        assert_eq!(path(facts(), "fd00::9"), direct(1500, None, 1));
    }

    #[test]
    fn a_vlan_sends_through_its_parent_and_a_vlan_in_a_vlan_through_the_kernel() {
        assert_eq!(path(facts(), "10.2.0.9"), direct(1500, Some(100), 2));
        assert_eq!(path(facts(), "10.3.0.9"), Path::Kernel);
    }

    #[test]
    fn this_host_and_unknown_neighbours_are_left_to_the_kernel() {
        for to in ["10.0.0.1", "127.0.0.2", "10.0.0.77", "::1"] {
            assert_eq!(path(facts(), to), Path::Kernel, "{to}");
        }
    }

    #[test]
    fn forbidden_and_unrouted_destinations_and_downed_links_are_unreachable() {
        for to in ["10.4.0.1", "fd01::1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1"] {
            assert_eq!(path(facts(), to), Path::Unreachable, "{to}");
        }
        let mut down = facts();
        down.links.get_mut(&1).unwrap().up = false;
        assert_eq!(path(down, "10.0.0.9"), Path::Unreachable);
    }

    #[test]
    fn the_lowest_metric_wins_and_the_first_among_equals() {
        let mut facts = Facts::default();
        for (metric, link) in [(20, 1), (10, 2), (10, 3)] {
            facts.routes.push(Route { metric, ..route("10.0.0.0", 8, link, None) });
        }
        let table = Table::new(facts);
        assert_eq!(table.route("10.1.1.1".parse().unwrap()).unwrap().hop.unwrap().link, 2);
    }

    #[test]
    fn the_longest_prefix_is_the_one_that_a_plain_search_finds() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 32) as u32
        };
        // Few distinct bits, so that prefixes overlap.
        let mut sparse = move || random() & 0xe000_0007;
        let mut facts = Facts::default();
        for link in 0..200 {
            let prefix_len = (sparse() & 7) as u8 * 4 + (link & 1) as u8;
            let mut made = route("0.0.0.0", prefix_len, link, None);
            made.prefix = IpAddr::from((sparse() & (u64::MAX << (32 - prefix_len)) as u32).to_be_bytes());
            facts.routes.push(made);
        }
        let table = Table::new(facts.clone());
        for _ in 0..2000 {
            let to = IpAddr::from(sparse().to_be_bytes());
            let covers =
                |route: &&Route| masked(to, route.prefix_len) == masked(route.prefix, route.prefix_len);
            let longest = facts.routes.iter().filter(covers).map(|route| route.prefix_len).max();
            let first = facts.routes.iter().filter(covers).find(|route| Some(route.prefix_len) == longest);
            assert_eq!(table.route(to), first, "{to}");
        }
    }
}
