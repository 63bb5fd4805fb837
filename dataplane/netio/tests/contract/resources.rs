//! What is used up, and what comes back.

use std::time::Duration;

use netio::{BATCH_MAX, Batch, Driver, Route, Statistics};

use crate::contract::allocation;
use crate::contract::harness::{Harness, Stage, WINDOW};

pub(crate) fn frames_without_a_route_return<H: Harness>(mut stage: Stage<H>) {
    let ports = stage.lease(8);
    let peer = stage.harness.peer();
    let before = stage.count_frames();
    assert!(before >= BATCH_MAX, "a worker can make packets of its own");
    let mut batch = Batch::new();
    for first in (0..100_000).step_by(WINDOW) {
        for number in first..first + WINDOW {
            stage.send(peer, ports[number % ports.len()], b"nobody wants this");
        }
        stage.receive_until(&mut batch, WINDOW);
        stage.transmit(&mut batch);
    }
    assert_eq!(stage.count_frames(), before);
}

pub(crate) fn a_driver_without_frames_recovers<H: Harness>(stage: Stage<H>) {
    let mut stage = stage.reopened_with(256);
    let ports = stage.lease(8);
    let peer = stage.harness.peer();
    let before = stage.count_frames();
    for round in 0..3 {
        let mut held = Vec::new();
        for _ in 0..3 * 256 / WINDOW {
            for number in 0..WINDOW {
                stage.send(peer, ports[number % ports.len()], b"stays");
            }
            let mut batch = Batch::new();
            stage.driver.receive(&mut batch, Duration::from_millis(1)).expect("the driver works");
            held.push(batch);
        }
        let count: usize = held.iter().map(Batch::len).sum();
        assert!(count <= 256, "no frame is in two places");
        assert!(stage.driver.statistics().rx_no_buffer > round, "that frames were lacking is counted");
        for mut batch in held {
            stage.transmit(&mut batch);
        }
        // What waits in sockets comes first.
        let mut batch = Batch::new();
        for _ in 0..100 {
            stage.driver.receive(&mut batch, Duration::from_millis(1)).expect("the driver works");
            stage.transmit(&mut batch);
        }
        for port in &ports {
            stage.assert_works(*port);
        }
    }
    assert_eq!(stage.count_frames(), before);
}

/// For drivers that have a queue in the kernel, of less than so many packets.
pub(crate) fn what_the_kernel_loses_is_counted<H: Harness>(mut stage: Stage<H>) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    stage.assert_works(port);
    for _ in 0..2000 {
        stage.send(peer, port, &[0; 172]);
    }
    let mut batch = Batch::new();
    let mut received = 0;
    while received == 0 || !batch.is_empty() {
        stage.transmit(&mut batch);
        stage.driver.receive(&mut batch, Duration::from_millis(20)).expect("the driver works");
        received += batch.len() as u64;
    }
    // The kernel tells of the loss with the next packet.
    stage.assert_works(port);
    assert_eq!(received + stage.driver.statistics().rx_overflow, 2000);
    assert!(received < 2000, "the queue holds less");
}

pub(crate) fn statistics_add_up<H: Harness>(mut stage: Stage<H>) {
    let ports = stage.lease(2);
    let other = stage.harness.ports(1)[0];
    let peer = stage.harness.peer();
    let mut batch = Batch::new();
    for _ in 0..10 {
        for number in 0..WINDOW {
            stage.send(peer, ports[number % 2], b"counted");
        }
        stage.receive_until(&mut batch, WINDOW);
        for (number, frame) in batch.frames().iter_mut().enumerate() {
            let from = [Some(ports[0]), Some(other), None][number % 3];
            frame.route = from.map(|from| Route { from, to: peer.endpoint, traffic_class: 0 });
        }
        stage.transmit(&mut batch);
        for _ in 0..11 {
            stage.received_by(peer);
        }
    }
    // Of 32 packets each, 11 go out and 11 would leave from a port that is not leased.
    let expected = Statistics {
        received: 320,
        sent: 110,
        tx_not_leased: 110,
        system_calls: stage.driver.statistics().system_calls,
        ..Statistics::default()
    };
    assert_eq!(stage.driver.statistics(), expected);
}

pub(crate) fn nothing_is_allocated_once_warm<H: Harness>(mut stage: Stage<H>) {
    let ports = stage.lease(BATCH_MAX);
    let peer = stage.harness.peer();
    let mut batch = Batch::new();
    for round in 0..50 {
        for port in &ports {
            // An empty packet and one with a traffic class take ways of their own.
            let class = if round % 2 == 0 { 0 } else { 0xb8 };
            let bytes = if round % 5 == 0 { &b""[..] } else { b"a payload" };
            stage.harness.send(&mut stage.driver, peer, *port, class, bytes);
        }
        let mut allocations = 0;
        while batch.len() < ports.len() {
            let before = allocation::count();
            stage.driver.receive(&mut batch, Duration::from_secs(1)).expect("the driver works");
            allocations += allocation::count() - before;
        }
        for frame in batch.frames() {
            frame.route =
                Some(Route { from: frame.local, to: frame.source, traffic_class: frame.traffic_class });
        }
        let before = allocation::count();
        stage.driver.transmit(&mut batch).expect("the driver works");
        allocations += allocation::count() - before;
        for _ in &ports {
            stage.received_by(peer);
        }
        assert!(round < 10 || allocations == 0, "{allocations} allocations in round {round}");
    }
}

pub(crate) fn full_batches_take_few_system_calls<H: Harness>(mut stage: Stage<H>) {
    let Some(limit) = H::SYSTEM_CALLS_MAX else { return };
    // A batch is full when more waits than it holds.
    let ports = stage.lease(3 * BATCH_MAX);
    let peer = stage.harness.peer();
    let mut batch = Batch::new();
    // Starting to receive has system calls of its own.
    stage.assert_works(ports[0]);
    let before = stage.driver.statistics();
    for _ in 0..50 {
        for port in &ports {
            stage.send(peer, *port, &[0; 172]);
        }
        for _ in 0..3 {
            stage.receive_until(&mut batch, BATCH_MAX);
            stage.echo(&mut batch);
        }
        for _ in &ports {
            stage.received_by(peer);
        }
    }
    let after = stage.driver.statistics();
    let per_packet = (after.system_calls - before.system_calls) as f64 / (after.sent - before.sent) as f64;
    assert!(per_packet <= limit, "{per_packet} system calls per packet");
}
