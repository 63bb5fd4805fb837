//! What leaves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use netio::{Batch, Driver, Endpoint, FRAME_BYTES, HEADROOM, Route};

use crate::contract::harness::{Harness, Stage, Version, WINDOW};
use crate::contract::receiving::sizes;

pub(crate) fn a_packet_leaves_from_its_port_to_its_destination<H: Harness>(mut stage: Stage<H>) {
    let ports = stage.lease(3);
    let peers = [stage.harness.peer(), stage.harness.peer()];
    for (number, port) in ports.iter().enumerate() {
        for peer in peers {
            let bytes = [number as u8; 172];
            stage.transmit_one(Route { from: *port, to: peer.endpoint, traffic_class: 0 }, &bytes);
            let packet = stage.received_by(peer);
            assert_eq!((packet.source, &packet.bytes[..]), (stage.harness.endpoint(*port), &bytes[..]));
        }
    }
}

pub(crate) fn payloads_of_every_size_leave_whole<H: Harness>(mut stage: Stage<H>) {
    let from = stage.lease(1)[0];
    let peer = stage.harness.peer();
    for size in sizes(stage.version) {
        let bytes: Vec<u8> = (0..size).map(|at| at as u8).collect();
        stage.transmit_one(Route { from, to: peer.endpoint, traffic_class: 0 }, &bytes);
        assert_eq!(stage.received_by(peer).bytes, bytes, "a payload of {size} bytes");
    }
}

pub(crate) fn a_traffic_class_leaves<H: Harness>(mut stage: Stage<H>) {
    let from = stage.lease(1)[0];
    let peer = stage.harness.peer();
    for traffic_class in [0xb8, 0, 0x28] {
        stage.transmit_one(Route { from, to: peer.endpoint, traffic_class }, b"marked");
        assert_eq!(stage.received_by(peer).traffic_class, traffic_class);
    }
}

pub(crate) fn ten_thousand_packets_echo_without_loss<H: Harness>(mut stage: Stage<H>) {
    let ports = stage.lease(8);
    let peer = stage.harness.peer();
    let mut batch = Batch::new();
    for first in (0..10_000u32).step_by(WINDOW) {
        let numbers = first..10_000.min(first + WINDOW as u32);
        for number in numbers.clone() {
            stage.send(peer, ports[number as usize % ports.len()], &number.to_be_bytes());
        }
        stage.receive_until(&mut batch, numbers.len());
        stage.echo(&mut batch);
        // Ports may overtake each other, packets of one port may not.
        let mut expected: Vec<Vec<u32>> = vec![Vec::new(); ports.len()];
        let mut returned = expected.clone();
        for number in numbers {
            expected[number as usize % ports.len()].push(number);
            let packet = stage.received_by(peer);
            let at = ports.iter().position(|port| stage.harness.endpoint(*port) == packet.source);
            let bytes = packet.bytes.try_into().expect("four bytes were sent");
            returned[at.expect("the echo comes from a leased port")].push(u32::from_be_bytes(bytes));
        }
        assert_eq!(returned, expected);
    }
    let statistics = stage.driver.statistics();
    assert_eq!((statistics.received, statistics.sent), (10_000, 10_000));
}

pub(crate) fn a_port_that_is_not_leased_does_not_send<H: Harness>(mut stage: Stage<H>) {
    let leased = stage.lease(1)[0];
    let from = stage.harness.ports(1)[0];
    let to = stage.harness.peer().endpoint;
    stage.transmit_one(Route { from, to, traffic_class: 0 }, b"from nowhere");
    assert_eq!(stage.driver.statistics().tx_not_leased, 1);
    assert_eq!(stage.driver.statistics().sent, 0);
    stage.assert_works(leased);
}

pub(crate) fn a_packet_longer_than_the_path_takes_is_counted<H: Harness>(mut stage: Stage<H>) {
    // A path that takes all that a frame holds has nothing to count.
    let Some(len) = stage.harness.payload_max() else { return };
    let from = stage.lease(1)[0];
    let peer = stage.harness.peer();
    assert!(len < FRAME_BYTES - HEADROOM, "the harness says only what is shorter than a frame");
    let route = Route { from, to: peer.endpoint, traffic_class: 0 };

    // One that is refused keeps back neither what is before it nor what is behind it.
    stage.transmit_all(route, &[b"before", &vec![1; len + 1], &vec![2; len]]);

    assert_eq!(stage.received_by(peer).bytes, b"before");
    assert_eq!(stage.received_by(peer).bytes, vec![2; len]);
    let statistics = settled(&mut stage);
    assert_eq!((statistics.tx_too_long, statistics.sent), (1, 2));
}

pub(crate) fn a_destination_of_the_other_family_is_unreachable<H: Harness>(mut stage: Stage<H>) {
    // Two queues reach everybody.
    if H::Driver::NAME == "memory" {
        return;
    }
    let from = stage.lease(1)[0];
    let address: IpAddr = match stage.version {
        Version::V4 => Ipv6Addr::LOCALHOST.into(),
        Version::V6 => Ipv4Addr::LOCALHOST.into(),
    };
    stage.transmit_one(Route { from, to: Endpoint::new(address, 9), traffic_class: 0 }, b"to nowhere");
    let statistics = settled(&mut stage);
    assert_eq!((statistics.tx_unreachable, statistics.sent), (1, 0));
    stage.assert_works(from);
}

pub(crate) fn nobody_at_the_destination_changes_nothing<H: Harness>(mut stage: Stage<H>) {
    let from = stage.lease(1)[0];
    let to = stage.harness.nobody();
    for _ in 0..10 {
        for _ in 0..WINDOW {
            stage.transmit_one(Route { from, to, traffic_class: 0 }, b"is anybody there?");
        }
        // The kernel answers with ICMP; neither does that arrive as a packet, nor keep the driver from sleeping.
        let before = stage.driver.statistics().system_calls;
        stage.receive_nothing();
        stage.receive_nothing();
        assert!(stage.driver.statistics().system_calls - before < 100, "the driver spins");
        stage.assert_works(from);
    }
}

/// Returns the counts after the driver had an occasion to hear about what it sent.
fn settled<H: Harness>(stage: &mut Stage<H>) -> netio::Statistics {
    stage.driver.receive(&mut Batch::new(), Duration::ZERO).expect("the driver works");
    stage.driver.statistics()
}
