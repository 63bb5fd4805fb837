//! Ports come and go.

use std::thread;

use netio::{BATCH_MAX, Batch, Driver, LeaseError, LocalPort};

use crate::contract::harness::{Harness, Stage};

pub(crate) fn after_a_release_nothing_is_received_and_the_port_is_free<H: Harness>(mut stage: Stage<H>) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    stage.assert_works(port);
    for _ in 0..3 {
        stage.driver.release(port);
        stage.send(peer, port, b"too late");
        stage.receive_nothing();
        assert_eq!(stage.driver.lease(port), Ok(()));
        stage.assert_works(port);
    }
    stage.driver.release(port);
    stage.driver.release(port);
    if !stage.harness.occupy(port) {
        return;
    }
    assert_eq!(stage.driver.lease(port), Err(LeaseError::InUse), "the other program has it now");
}

pub(crate) fn a_leased_port_is_refused_and_stays_leased<H: Harness>(mut stage: Stage<H>) {
    let port = stage.lease(1)[0];
    assert_eq!(stage.driver.lease(port), Err(LeaseError::InUse));
    stage.assert_works(port);
    assert_eq!(stage.driver.lease(port), Err(LeaseError::InUse));
}

pub(crate) fn a_port_of_another_program_is_refused<H: Harness>(mut stage: Stage<H>) {
    let ports = stage.harness.ports(2);
    if !stage.harness.occupy(ports[0]) {
        return;
    }
    assert_eq!(stage.driver.lease(ports[0]), Err(LeaseError::InUse));
    assert_eq!(stage.driver.lease(ports[1]), Ok(()));
    stage.assert_works(ports[1]);
}

pub(crate) fn an_unknown_address_is_refused<H: Harness>(mut stage: Stage<H>) {
    let port = stage.harness.ports(1)[0];
    assert_eq!(stage.driver.lease(LocalPort { address: 9, ..port }), Err(LeaseError::NotLocal));
}

pub(crate) fn a_thousand_ports_work_side_by_side<H: Harness>(mut stage: Stage<H>) {
    let ports = stage.lease(1000);
    let peer = stage.harness.peer();
    let mut batch = Batch::new();
    for chunk in ports.chunks(BATCH_MAX) {
        for (number, port) in chunk.iter().enumerate() {
            stage.send(peer, *port, &[number as u8]);
        }
        stage.receive_until(&mut batch, chunk.len());
        for frame in batch.frames() {
            assert_eq!(frame.local, chunk[usize::from(frame.payload()[0])]);
        }
        stage.echo(&mut batch);
        for _ in chunk {
            let packet = stage.received_by(peer);
            assert_eq!(packet.source, stage.harness.endpoint(chunk[usize::from(packet.bytes[0])]));
        }
    }
    for port in &ports[1..] {
        stage.driver.release(*port);
    }
    stage.assert_works(ports[0]);
}

pub(crate) fn leases_that_come_and_go_while_packets_flow_lose_none<H: Harness>(mut stage: Stage<H>) {
    let steady = stage.lease(1)[0];
    let peer = stage.harness.peer();
    stage.assert_works(steady);
    let before = stage.driver.statistics();
    let mut batch = Batch::new();
    for port in stage.harness.ports(32) {
        let sends = |stage: &mut Stage<H>| (0..4).for_each(|number| stage.send(peer, steady, &[number]));
        sends(&mut stage);
        stage.driver.lease(port).expect("nobody has the port");
        stage.send(peer, port, b"first");
        sends(&mut stage);
        stage.receive_until(&mut batch, 9);
        let is_new = |frame: &&mut netio::Frame| frame.local == port;
        assert_eq!(batch.frames().iter_mut().filter(is_new).count(), 1, "the first packet of the new port");
        stage.echo(&mut batch);
        (0..9).for_each(|_| drop(stage.received_by(peer)));
        sends(&mut stage);
        stage.driver.release(port);
        sends(&mut stage);
        stage.receive_until(&mut batch, 8);
        stage.transmit(&mut batch);
    }
    let after = stage.driver.statistics();
    assert_eq!(after.received - before.received, 32 * 17);
    assert_eq!((after.rx_overflow, after.rx_no_buffer, after.rx_foreign), (0, 0, 0));
}

pub(crate) fn a_driver_moves_to_another_thread<H: Harness>(mut stage: Stage<H>) {
    let port = stage.lease(1)[0];
    let peer = stage.harness.peer();
    stage.send(peer, port, b"from afar");
    let Stage { driver, .. } = &mut stage;
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let mut batch = Batch::new();
            while batch.is_empty() {
                driver.receive(&mut batch, core::time::Duration::from_secs(1)).expect("the driver works");
            }
            assert_eq!(batch.frames()[0].payload(), b"from afar");
            driver.transmit(&mut batch).expect("the driver works");
        });
        worker.join().expect("the assertions hold");
    });
}
