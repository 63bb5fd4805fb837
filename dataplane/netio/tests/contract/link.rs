//! Interfaces that go down, vanish, or are slower than what is to leave through them.

use std::time::{Duration, Instant};

use netio::{BATCH_MAX, Batch, LeaseError, Route};

use crate::contract::harness::{Harness, Stage};
use crate::contract::network::Configurable;
use crate::contract::sockets::{Open, Sockets};

/// How long to wait for what must happen. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// More packets of 1,200 bytes than fit into any queue of the kernel: 32 MB, at 2,300 bytes each.
const BATCHES_MAX: usize = 400;

pub(crate) fn a_link_that_goes_down_and_comes_back_is_used_again<D: Open, N: Configurable>(
    mut stage: Stage<Sockets<D, N>>,
) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    let route = Route { from: port, to: peer.endpoint, traffic_class: 0 };
    for _ in 0..2 {
        stage.assert_works(port);
        stage.harness.network.set_up(false);
        let before = stage.driver.statistics().tx_unreachable;
        until("what cannot leave is counted", || {
            stage.transmit_one(route, b"lost");
            stage.driver.receive(&mut Batch::new(), Duration::from_millis(5)).expect("the driver works");
            stage.driver.statistics().tx_unreachable > before
        });
        stage.harness.network.set_up(true);
        let mut batch = Batch::new();
        until("packets come again", || {
            stage.send(peer, port, b"found");
            stage.driver.receive(&mut batch, Duration::from_millis(20)).expect("the driver works");
            !batch.is_empty()
        });
        stage.transmit(&mut batch);
        // Neighbours are asked for, meanwhile packets wait: all that were sent come in the end.
        while stage.driver.receive(&mut batch, Duration::from_millis(50)).is_ok_and(|()| !batch.is_empty()) {
            stage.transmit(&mut batch);
        }
    }
}

pub(crate) fn a_vanished_interface_is_counted_and_ends_leases<D: Open, N: Configurable>(
    mut stage: Stage<Sockets<D, N>>,
) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    stage.assert_works(port);
    let before = stage.driver.statistics();
    stage.harness.network.remove();
    stage.transmit_all(Route { from: port, to: peer.endpoint, traffic_class: 0 }, &[&b"lost"[..]; 3]);
    stage.receive_nothing();
    let after = stage.driver.statistics();
    assert_eq!((after.tx_unreachable - before.tx_unreachable, after.sent), (3, before.sent));
    let other = netio::LocalPort { port: port.port + 1, ..port };
    assert_eq!(stage.driver.lease(other), Err(LeaseError::NotLocal));
    stage.driver.release(port);
}

pub(crate) fn a_full_queue_towards_the_network_is_counted<D: Open, N: Configurable>(
    mut stage: Stage<Sockets<D, N>>,
) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    stage.assert_works(port);
    let before = stage.driver.statistics();
    stage.harness.network.set_slow(true);
    let route = Route { from: port, to: peer.endpoint, traffic_class: 0 };
    let mut packets = 0;
    for _ in 0..BATCHES_MAX {
        stage.transmit_all(route, &[&[7; 1200][..]; BATCH_MAX]);
        stage.receive_nothing_now();
        packets += BATCH_MAX as u64;
        if stage.driver.statistics().tx_full > 0 {
            break;
        }
    }
    let after = stage.driver.statistics();
    assert!(after.tx_full > 0, "the queue is full");
    assert_eq!(after.sent - before.sent + after.tx_full, packets, "the rest was sent");
    stage.harness.network.set_slow(false);
    let mut fresh = stage.lease(1);
    fresh.push(port);
    for port in fresh {
        stage.assert_works(port);
    }
}

fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
    }
}
