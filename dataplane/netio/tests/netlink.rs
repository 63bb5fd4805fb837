//! The mirror of the kernel's routes and neighbours, followed while they change.

use std::time::{Duration, Instant};

use netio::Endpoint;
use netio::netlink::{Hop, Mirror, Path, Reader};

use skip::skip;
use veth::{FAR_IPV4, FAR_IPV6, NEAR, NEAR_IPV4, Veth, ip};

#[path = "contract/skip.rs"]
mod skip;
#[expect(dead_code, reason = "the mirror needs a cable, but nobody who talks over it")]
#[path = "contract/veth.rs"]
mod veth;

/// How long a change may take to be seen. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(10);
const ROUTED: &str = "198.51.100.1";

#[test]
fn a_neighbour_is_seen_as_it_comes_changes_and_goes() {
    let Some((_veth, mut reader)) = start() else { return };
    for address in [FAR_IPV4, FAR_IPV6] {
        assert_eq!(reader.path(&endpoint(address)), Path::Kernel);
        for last in [7, 8] {
            change(&format!("neighbour replace {address} lladdr 02:00:00:00:00:0{last} dev {NEAR}"));
            until(&mut reader, address, |path| mac(path) == Some(last));
        }
        change(&format!("neighbour delete {address} dev {NEAR}"));
        until(&mut reader, address, |path| path == Path::Kernel);
    }
}

#[test]
fn a_route_is_seen_as_it_comes_changes_and_goes() {
    let Some((_veth, mut reader)) = start() else { return };
    for (router, last) in [("192.0.2.7", 7), ("192.0.2.8", 8)] {
        change(&format!("neighbour replace {router} lladdr 02:00:00:00:00:0{last} dev {NEAR}"));
    }
    assert_eq!(reader.path(&endpoint(ROUTED)), Path::Unreachable);
    change("route add default via 192.0.2.7");
    until(&mut reader, ROUTED, |path| mac(path) == Some(7));
    change("route add 198.51.100.0/24 via 192.0.2.8 mtu 1400 src 192.0.2.1");
    until(&mut reader, ROUTED, |path| mac(path) == Some(8));
    assert!(matches!(reader.path(&endpoint(ROUTED)), Path::Direct(Hop { mtu: 1400, vlan: None, .. })));
    assert_eq!(reader.preferred_source(ROUTED.parse().unwrap()), Some(NEAR_IPV4.parse().unwrap()));
    change("route replace 198.51.100.0/24 via 192.0.2.7");
    until(&mut reader, ROUTED, |path| mac(path) == Some(7));
    change("route add unreachable 198.51.100.1/32");
    until(&mut reader, ROUTED, |path| path == Path::Unreachable);
    change("route delete unreachable 198.51.100.1/32");
    until(&mut reader, ROUTED, |path| mac(path) == Some(7));
}

#[test]
fn a_link_that_goes_down_takes_its_routes_along() {
    let Some((veth, mut reader)) = start() else { return };
    let meet = || change(&format!("neighbour replace {FAR_IPV4} lladdr 02:00:00:00:00:07 dev {NEAR}"));
    meet();
    until(&mut reader, FAR_IPV4, |path| matches!(path, Path::Direct(_)));
    veth.at_far_end(|| change("link set far down"));
    until(&mut reader, FAR_IPV4, |path| path == Path::Unreachable);
    veth.at_far_end(|| change("link set far up"));
    meet();
    until(&mut reader, FAR_IPV4, |path| matches!(path, Path::Direct(_)));
    // The kernel removes the routes of a link that is taken down, and says so of IPv6 alone.
    change(&format!("link set {NEAR} down"));
    until(&mut reader, FAR_IPV4, |path| path == Path::Unreachable);
    change(&format!("link set {NEAR} up"));
    meet();
    until(&mut reader, FAR_IPV4, |path| matches!(path, Path::Direct(_)));
}

#[test]
fn an_address_that_becomes_ours_is_left_to_the_kernel() {
    let Some((_veth, mut reader)) = start() else { return };
    change(&format!("neighbour replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev {NEAR}"));
    until(&mut reader, "192.0.2.9", |path| mac(path) == Some(9));
    change(&format!("address add 192.0.2.9/24 dev {NEAR}"));
    until(&mut reader, "192.0.2.9", |path| path == Path::Kernel);
    change(&format!("address delete 192.0.2.9/24 dev {NEAR}"));
    until(&mut reader, "192.0.2.9", |path| mac(path) == Some(9));
}

#[test]
fn where_rules_choose_other_tables_the_kernel_decides() {
    let Some((_veth, mut reader)) = start() else { return };
    change(&format!("neighbour replace {FAR_IPV4} lladdr 02:00:00:00:00:07 dev {NEAR}"));
    until(&mut reader, FAR_IPV4, |path| mac(path) == Some(7));
    for rule in [
        "-4 rule VERB from 192.0.2.0/24 lookup 100",
        "-6 rule VERB from 2001:db8::/64 lookup 100",
        "-4 rule VERB to 198.51.100.0/24 lookup main",
        "-4 rule VERB iif lo lookup main",
        "-6 rule VERB prohibit",
    ] {
        let type_ip = |verb| {
            let words = rule.replace("VERB", verb);
            let status = std::process::Command::new("ip").args(words.split(' ')).status();
            assert!(status.expect("iproute2 is installed").success(), "ip {words}");
        };
        type_ip("add");
        until(&mut reader, FAR_IPV4, |path| path == Path::Kernel);
        type_ip("delete");
        until(&mut reader, FAR_IPV4, |path| mac(path) == Some(7));
    }
}

#[test]
fn more_changes_than_the_kernel_keeps_are_not_missed() {
    let Some((_veth, mut reader)) = start() else { return };
    // A burst of neighbours larger than the socket's buffer, made by one command.
    let mut batch = String::new();
    for number in 0..8000 {
        let [.., high, low] = u32::to_be_bytes(number);
        batch += &format!(
            "neighbour replace 10.99.{}.{low} lladdr 02:00:00:00:{high:02x}:{low:02x} dev {NEAR} nud permanent\n",
            100 + high
        );
    }
    change(&format!("address add 10.99.0.1/16 dev {NEAR}"));
    change(&batch);
    let last = format!("10.99.{}.{}", 100 + 7999 / 256, 7999 % 256);
    until(&mut reader, &last, |path| mac(path) == Some((7999 % 256) as u8));
    for number in (0..8000u32).step_by(7) {
        let address = format!("10.99.{}.{}", 100 + number / 256, number % 256);
        until(&mut reader, &address, |path| mac(path) == Some((number % 256) as u8));
    }
}

fn start() -> Option<(Veth, Reader)> {
    let veth = match Veth::new(1) {
        Ok(veth) => veth,
        Err(lacking) => {
            skip(&format!("netlink: {lacking}"));
            return None;
        }
    };
    let mirror = Mirror::start("test").expect("netlink is there");
    let reader = mirror.reader();
    // The test ends the process; until then the mirror follows.
    std::mem::forget(mirror);
    Some((veth, reader))
}

/// Changes something in the namespace of this thread.
fn change(command: &str) {
    ip(command).expect("the command is right");
}

fn endpoint(address: &str) -> Endpoint {
    Endpoint::new(address.parse().expect("an address"), 9)
}

/// The last octet of the next hop's address, by which these tests know it.
fn mac(path: Path) -> Option<u8> {
    match path {
        Path::Direct(hop) => Some(hop.next_hop_mac[5]),
        Path::Kernel | Path::Unreachable => None,
    }
}

fn until(reader: &mut Reader, address: &str, seen: impl Fn(Path) -> bool) {
    let start = Instant::now();
    loop {
        let path = reader.path(&endpoint(address));
        if seen(path) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{address} stays {path:?}");
        std::thread::yield_now();
        reader.refresh();
    }
}
