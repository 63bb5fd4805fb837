//! The thread that listens to the kernel.

use core::time::Duration;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use super::link::Link;
use super::message::{Message, Messages, dump_request, u32_at};
use super::reader::Shared;
use super::table::{Facts, Table};
use super::{address, neighbour, route, rule};
use crate::sys::Errno;
use crate::sys::event::{self, Epoll};
use crate::sys::netlink as sys;

/// What the kernel shall notify of.
const GROUPS: libc::c_int = libc::RTMGRP_LINK
    | libc::RTMGRP_NEIGH
    | libc::RTMGRP_IPV4_IFADDR
    | libc::RTMGRP_IPV4_ROUTE
    | libc::RTMGRP_IPV6_IFADDR
    | libc::RTMGRP_IPV6_ROUTE
    | libc::RTMGRP_IPV4_RULE
    | RTMGRP_IPV6_RULE;
/// As those of libc, where this one lacks.
const RTMGRP_IPV6_RULE: libc::c_int = 1 << (libc::RTNLGRP_IPV6_RULE - 1);
/// The kernel sends at most 32 KB in one datagram, whatever the size of the buffer.
const DATAGRAM_BYTES: usize = 64 << 10;
/// How many datagrams are read before what they changed is published.
const DATAGRAMS_MAX: usize = 1024;
/// How often a listing that changed while it was read is read again; what changed is notified of as well.
const ATTEMPTS_MAX: usize = 4;
/// Changes come in bursts: after one was published, the next ones may gather for so long.
const GATHER: Duration = Duration::from_millis(10);
/// When to try again what the kernel refused.
const RETRY: Duration = Duration::from_millis(200);

/// What the thread waits for.
const STOPPED: u64 = 0;
const CHANGED: u64 = 1;

/// Knows everything that the kernel has told, and how to hear more.
pub(super) struct Follower {
    changes: Epoll,
    stopped: UnixStream,
    notifications: File,
    buffer: Box<[u8]>,
    facts: Facts,
}

impl Follower {
    /// Starts to listen, and then reads everything: in this order nothing falls between the two.
    pub(super) fn open(stopped: UnixStream) -> Result<Self, Errno> {
        let notifications = sys::open(libc::NETLINK_ROUTE, GROUPS as u32, libc::SOCK_NONBLOCK)?;
        let changes = Epoll::new()?;
        changes.add(&stopped, STOPPED)?;
        changes.add(&notifications, CHANGED)?;
        let buffer = vec![0; DATAGRAM_BYTES].into();
        let mut follower = Self { changes, stopped, notifications, buffer, facts: Facts::default() };
        follower.read_all()?;
        Ok(follower)
    }

    pub(super) fn table(&self) -> Table {
        Table::new(self.facts.clone())
    }

    /// Follows until the other end of `stopped` is closed.
    pub(super) fn run(mut self, shared: &Shared) {
        let mut published = self.facts.clone();
        // Readers drop their tables on the packet path; by holding each one too, the memory is freed here.
        let mut old: Vec<Arc<Table>> = Vec::new();
        let mut outdated = false;
        loop {
            let mut events = [libc::epoll_event { events: 0, u64: CHANGED }; 2];
            let wait = if outdated { RETRY } else { Duration::MAX };
            let count = self.changes.wait(&mut events, wait).expect("both descriptors are open");
            if events[..count].iter().any(|event| event.u64 == STOPPED) {
                return;
            }
            outdated |= self.hear();
            if outdated {
                outdated = self.read_all().is_err();
            }
            if self.facts != published {
                published.clone_from(&self.facts);
                old.push(shared.publish(self.table()));
            }
            old.retain(|table| Arc::strong_count(table) > 1);
            event::wait_readable(self.stopped.as_fd(), GATHER);
        }
    }

    /// Takes in the notifications that have come. Returns whether everything must be read anew.
    fn hear(&mut self) -> bool {
        let mut outdated = false;
        for _ in 0..DATAGRAMS_MAX {
            match self.notifications.read(&mut self.buffer) {
                Ok(len) => {
                    for message in Messages(&self.buffer[..len]) {
                        outdated |= absorb(&mut self.facts, &message);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                // ENOBUFS: notifications were lost. Whatever else it may be, reading everything is right then, too.
                Err(_) => outdated = true,
            }
        }
        outdated
    }

    fn read_all(&mut self) -> Result<(), Errno> {
        for _ in 0..ATTEMPTS_MAX {
            let mut facts = Facts::default();
            let consistent = read_into(&mut facts, &mut self.buffer)?;
            self.facts = facts;
            if consistent {
                break;
            }
        }
        Ok(())
    }
}

/// Reads the lists. Returns whether none changed meanwhile.
fn read_into(facts: &mut Facts, buffer: &mut [u8]) -> Result<bool, Errno> {
    // A socket of its own, so that no earlier answer can be in the way.
    let mut socket = sys::open(libc::NETLINK_ROUTE, 0, 0)?;
    // `struct ifinfomsg`, and IFLA_EXT_MASK with RTEXT_FILTER_SKIP_STATS: half the size without the counters.
    let mut links = [0; 24];
    links[16..].copy_from_slice(&[
        8,
        0,
        libc::IFLA_EXT_MASK as u8,
        0,
        libc::RTEXT_FILTER_SKIP_STATS as u8,
        0,
        0,
        0,
    ]);
    let lists: [(u16, &[u8]); 5] = [
        (libc::RTM_GETLINK, &links),
        (libc::RTM_GETADDR, &[0; 8]),
        (libc::RTM_GETROUTE, &[0; 12]),
        (libc::RTM_GETNEIGH, &[0; 12]),
        (libc::RTM_GETRULE, &[0; 12]),
    ];
    let mut consistent = true;
    for (sequence, (kind, body)) in (1..).zip(lists) {
        socket.write_all(&dump_request(kind, sequence, body))?;
        while !{
            let len = socket.read(buffer)?;
            match read_listing(facts, &buffer[..len], sequence, &mut consistent) {
                // A kernel without policy rules.
                Err(Errno(libc::EOPNOTSUPP)) if kind == libc::RTM_GETRULE => true,
                read => read?,
            }
        } {}
    }
    Ok(consistent)
}

/// Takes in one datagram of a list. Returns whether it was the last.
fn read_listing(
    facts: &mut Facts,
    datagram: &[u8],
    sequence: u32,
    consistent: &mut bool,
) -> Result<bool, Errno> {
    let mut messages = 0;
    for message in Messages(datagram).filter(|message| message.sequence == sequence) {
        messages += 1;
        *consistent &= i32::from(message.flags) & libc::NLM_F_DUMP_INTR == 0;
        match i32::from(message.kind) {
            libc::NLMSG_ERROR | libc::NLMSG_DONE => {
                return match u32_at(message.body, 0).map_or(0, u32::cast_signed) {
                    0 => Ok(true),
                    negative => Err(Errno(negative.saturating_neg())),
                };
            }
            _ => list(facts, &message),
        }
    }
    // A datagram without an answer would make us wait for ever for the next one.
    if messages == 0 { Err(Errno(libc::EBADMSG)) } else { Ok(false) }
}

/// Adds what a message of a list says.
fn list(facts: &mut Facts, message: &Message<'_>) {
    match message.kind {
        libc::RTM_NEWADDR => facts.addresses.extend(address::parse(message.body)),
        libc::RTM_NEWLINK => {
            facts.links.extend(Link::parse(message.body).map(|link| (link.index, link)));
        }
        libc::RTM_NEWROUTE => facts.routes.extend(route::parse(message.body)),
        libc::RTM_NEWRULE => facts.has_policies |= rule::is_policy(message.body),
        libc::RTM_NEWNEIGH => {
            absorb(facts, message);
        }
        _ => {}
    }
}

/// Takes in a notification. Returns whether everything must be read anew.
fn absorb(facts: &mut Facts, message: &Message<'_>) -> bool {
    match message.kind {
        libc::RTM_NEWNEIGH => {
            match neighbour::parse(message.body) {
                Some((key, Some(known))) => drop(facts.neighbours.insert(key, known)),
                Some((key, None)) => drop(facts.neighbours.remove(&key)),
                None => {}
            }
            false
        }
        libc::RTM_DELNEIGH => {
            if let Some((key, _)) = neighbour::parse(message.body) {
                facts.neighbours.remove(&key);
            }
            false
        }
        // Statistics, promiscuous mode and the like do not concern us.
        libc::RTM_NEWLINK => {
            Link::parse(message.body).is_some_and(|link| facts.links.get(&link.index) != Some(&link))
        }
        // IPv6 repeats an address with every router advertisement.
        libc::RTM_NEWADDR => {
            address::parse(message.body).is_some_and(|address| !facts.addresses.contains(&address))
        }
        libc::RTM_NEWROUTE | libc::RTM_DELROUTE => route::parse(message.body).is_some(),
        libc::RTM_NEWRULE | libc::RTM_DELRULE => rule::is_policy(message.body),
        libc::RTM_DELADDR | libc::RTM_DELLINK => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use core::net::IpAddr;

    use super::super::table::{Hop, Path};
    use super::*;

    const CAPTURES: [&str; 5] = [
        include_str!("../../tests/netlink/links.hex"),
        include_str!("../../tests/netlink/addresses.hex"),
        include_str!("../../tests/netlink/routes.hex"),
        include_str!("../../tests/netlink/neighbours.hex"),
        include_str!("../../tests/netlink/rules.hex"),
    ];

    fn datagrams() -> impl Iterator<Item = Vec<u8>> {
        let lines = CAPTURES.iter().flat_map(|capture| capture.lines()).filter(|line| !line.starts_with('#'));
        lines.map(|line| {
            let digits = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
            line.as_bytes().chunks_exact(2).map(digits).collect()
        })
    }

    fn captured() -> Facts {
        let mut facts = Facts::default();
        for datagram in datagrams() {
            read_listing(&mut facts, &datagram, 1, &mut true).expect("the kernel gave no error");
        }
        facts
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn captured_lists_are_read_as_the_ip_command_showed_them() {
        let facts = captured();
        let names: Vec<_> = facts.links.values().map(|link| (link.index, link.name.as_str())).collect();
        assert_eq!(names, [(1, "lo"), (2, "b0"), (3, "a0")]);
        let a0 = &facts.links[&3];
        assert_eq!((a0.mac, a0.mtu, a0.up), (Some([0x6e, 0xac, 0x2b, 0x03, 0x6b, 0x1c]), 1500, true));
        assert_eq!((a0.kind.as_deref(), a0.rx_queues_max), (Some("veth"), 2));
        assert_eq!(facts.links[&1].mac, None);
        for address in ["127.0.0.1", "::1", "10.1.0.1", "10.1.0.9", "fd00:1::1"] {
            assert!(facts.addresses.contains(&ip(address)), "{address}");
        }
        let neighbours: Vec<_> =
            facts.neighbours.iter().map(|(key, known)| (key.1, known.mac[5], known.stale)).collect();
        let expected = [
            (ip("10.1.0.253"), 0xfd, true),
            (ip("10.1.0.254"), 0xfe, false),
            (ip("fd00:1::ff"), 0xff, false),
        ];
        assert_eq!(neighbours, expected);
        assert!(!facts.has_policies, "a fresh namespace has the usual rules");
    }

    #[test]
    fn captured_routes_lead_where_the_kernel_would_send() {
        let table = Table::new(captured());
        let gateway = |to| table.route(ip(to)).and_then(|route| route.hop).and_then(|hop| hop.gateway);
        assert_eq!(gateway("192.0.2.1"), Some(ip("10.1.0.254")));
        assert_eq!(gateway("10.1.0.7"), None);
        assert_eq!(gateway("10.30.0.1"), Some(ip("10.1.0.253")));
        assert_eq!(gateway("10.50.0.1"), Some(ip("fd00:1::ff")));
        assert_eq!(gateway("10.60.0.1"), Some(ip("10.1.0.250")));
        assert_eq!(gateway("2001:db8::1"), Some(ip("fd00:1::ff")));
        assert!(
            matches!(gateway("fd00:2::1"), Some(first) if first == ip("fd00:1::fe") || first == ip("fd00:1::fd"))
        );
        let limited = table.route(ip("10.20.0.1")).expect("a route");
        assert_eq!((limited.mtu, limited.source), (Some(1300), Some(ip("10.1.0.9"))));
        for forbidden in ["10.40.0.1", "fd00:3::1"] {
            assert_eq!(table.path(ip(forbidden)).0, Path::Unreachable);
        }
        let Path::Direct(Hop { interface, next_hop_mac, .. }) = table.path(ip("10.50.0.1")).0 else {
            panic!("an IPv4 route through an IPv6 router is direct");
        };
        assert_eq!((interface, next_hop_mac), (3, [2, 0, 0, 0, 6, 0xff]));
    }

    #[test]
    fn datagrams_cut_off_anywhere_are_read_without_a_panic() {
        for datagram in datagrams() {
            for len in 0..datagram.len() {
                let mut facts = Facts::default();
                let _ = read_listing(&mut facts, &datagram[..len], 1, &mut true);
            }
        }
    }

    #[test]
    fn messages_cut_off_anywhere_are_read_without_a_panic() {
        let mut facts = Facts::default();
        for datagram in datagrams() {
            for message in Messages(&datagram) {
                for len in 0..message.body.len() {
                    absorb(&mut facts, &Message { body: &message.body[..len], ..message });
                    list(&mut facts, &Message { body: &message.body[..len], ..message });
                }
            }
        }
    }

    #[test]
    fn datagrams_with_any_byte_changed_are_read_without_a_panic() {
        for mut datagram in datagrams() {
            for place in 0..datagram.len() {
                let kept = datagram[place];
                for value in [0, 1, 0x7f, 0xff] {
                    datagram[place] = value;
                    let _ = read_listing(&mut Facts::default(), &datagram, 1, &mut true);
                }
                datagram[place] = kept;
            }
        }
    }

    #[test]
    fn repeated_facts_ask_for_no_new_reading_and_new_ones_do() {
        let facts = captured();
        for datagram in datagrams() {
            for message in Messages(&datagram) {
                let expected = message.kind == libc::RTM_NEWROUTE && route::parse(message.body).is_some();
                assert_eq!(absorb(&mut facts.clone(), &message), expected);
                let unknown = matches!(message.kind, libc::RTM_NEWLINK | libc::RTM_NEWADDR);
                assert_eq!(absorb(&mut Facts::default(), &message), expected || unknown);
            }
        }
    }

    #[test]
    fn a_neighbour_that_failed_is_forgotten() {
        let mut facts = captured();
        let gone = facts.neighbours.len();
        for datagram in datagrams() {
            for message in Messages(&datagram).filter(|message| message.kind == libc::RTM_NEWNEIGH) {
                let mut body = message.body.to_vec();
                body[8..10].copy_from_slice(&libc::NUD_FAILED.to_ne_bytes());
                absorb(&mut facts, &Message { body: &body, ..message });
            }
        }
        assert!(gone > 0 && facts.neighbours.is_empty());
    }

    #[test]
    fn an_answer_with_an_error_is_an_error() {
        let mut answer = dump_request(libc::NLMSG_ERROR as u16, 1, &(-libc::EPERM).to_ne_bytes());
        assert_eq!(read_listing(&mut Facts::default(), &answer, 1, &mut true), Err(Errno(libc::EPERM)));
        answer.truncate(8);
        assert_eq!(read_listing(&mut Facts::default(), &answer, 1, &mut true), Err(Errno(libc::EBADMSG)));
    }
}
