//! What arrives.

use std::time::Duration;

use netio::{BATCH_MAX, Batch, Driver, FRAME_BYTES, HEADROOM};

use crate::contract::harness::{Harness, Stage, Version, WINDOW};

/// Returns the sizes that matter: nothing, almost nothing, a G.711 packet, a large one, and the largest of an Ethernet:
/// 1,500 bytes less the headers of UDP (8) and of IPv4 (20) or IPv6 (40).
pub(crate) const fn sizes(version: Version) -> [usize; 5] {
    let largest = match version {
        Version::V4 => 1472,
        Version::V6 => 1452,
    };
    [0, 1, 172, 1200, largest]
}

pub(crate) fn what_is_sent_is_received_with_its_source_and_port<H: Harness>(mut stage: Stage<H>) {
    let port = stage.lease(1)[0];
    let peers = [stage.harness.peer(), stage.harness.peer()];
    let mut batch = Batch::new();

    stage.send(peers[0], port, b"first");
    stage.send(peers[1], port, b"second");
    stage.receive_until(&mut batch, 2);

    for (frame, (peer, bytes)) in batch.frames().iter().zip(peers.iter().zip([&b"first"[..], b"second"])) {
        assert_eq!((frame.local, frame.source, frame.payload()), (port, peer.endpoint, bytes));
        assert_eq!(frame.route, None);
    }
    stage.transmit(&mut batch);
}

pub(crate) fn packets_of_a_port_keep_their_order<H: Harness>(mut stage: Stage<H>) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    let mut batch = Batch::new();
    for round in 0..10 {
        for number in 0..WINDOW {
            stage.send(peer, port, &[round, number as u8]);
        }
        stage.receive_until(&mut batch, WINDOW);
        for (number, frame) in batch.frames().iter().enumerate() {
            assert_eq!(frame.payload(), [round, number as u8]);
        }
        stage.transmit(&mut batch);
    }
}

pub(crate) fn what_a_batch_has_no_room_for_comes_later<H: Harness>(mut stage: Stage<H>) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    let mut number = 0u8;
    for _ in 0..5 {
        let mut expected = number;
        let mut batches = [Batch::new(), Batch::new()];
        // A batch that is partly filled, then more than the rest of it has room for.
        for count in [7, BATCH_MAX] {
            for _ in 0..count {
                stage.send(peer, port, &[number]);
                number = number.wrapping_add(1);
            }
            stage.receive_until(&mut batches[0], count);
        }
        assert_eq!(batches[0].len(), BATCH_MAX);
        stage.driver.receive(&mut batches[0], Duration::from_secs(30)).expect("a full batch is left alone");
        stage.receive_until(&mut batches[1], 7);
        for batch in &mut batches {
            for frame in batch.frames() {
                assert_eq!(frame.payload(), [expected]);
                expected = expected.wrapping_add(1);
            }
            stage.transmit(batch);
        }
    }
}

pub(crate) fn two_ports_do_not_mix<H: Harness>(mut stage: Stage<H>) {
    let ports = stage.lease(2);
    let peer = stage.harness.peer();
    let mut batch = Batch::new();
    for number in 0..WINDOW {
        stage.send(peer, ports[number % 2], &[(number % 2) as u8]);
    }
    stage.receive_until(&mut batch, WINDOW);
    for frame in batch.frames() {
        assert_eq!(frame.local, ports[usize::from(frame.payload()[0])]);
    }
    stage.transmit(&mut batch);
}

pub(crate) fn payloads_of_every_size_arrive_whole<H: Harness>(mut stage: Stage<H>) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    let mut batch = Batch::new();
    // Twice, since an empty packet ends some ways to receive.
    for size in [sizes(stage.version), sizes(stage.version)].into_iter().flatten() {
        let bytes: Vec<u8> = (0..size).map(|at| at as u8).collect();
        stage.send(peer, port, &bytes);
        stage.receive_until(&mut batch, 1);
        assert_eq!(batch.frames()[0].payload(), bytes, "a payload of {size} bytes");
        stage.transmit(&mut batch);
    }
}

pub(crate) fn a_packet_longer_than_a_frame_is_counted_only<H: Harness>(mut stage: Stage<H>) {
    // A path that is shorter than a frame carries none.
    if stage.harness.payload_max().is_some() {
        return;
    }
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    let longest = FRAME_BYTES - HEADROOM;
    let mut batch = Batch::new();
    for len in [longest + 1, 3000, longest] {
        stage.send(peer, port, &vec![7; len]);
    }
    stage.receive_until(&mut batch, 1);
    assert_eq!(batch.frames()[0].payload(), vec![7; longest]);
    stage.transmit(&mut batch);
    let statistics = stage.driver.statistics();
    assert_eq!((statistics.rx_truncated, statistics.received), (2, 1));
}

pub(crate) fn a_traffic_class_arrives<H: Harness>(mut stage: Stage<H>) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    let mut batch = Batch::new();
    for class in [0xb8, 0, 0x28] {
        stage.harness.send(&mut stage.driver, peer, port, class, b"marked");
        stage.receive_until(&mut batch, 1);
        assert_eq!(batch.frames()[0].traffic_class, class);
        stage.transmit(&mut batch);
    }
}

pub(crate) fn a_port_that_is_not_leased_is_not_received<H: Harness>(mut stage: Stage<H>) {
    let leased = stage.lease(1)[0];
    let other = stage.harness.ports(1)[0];
    let peer = stage.harness.peer();
    stage.send(peer, other, b"nobody");
    stage.receive_nothing();
    stage.assert_works(leased);
}
