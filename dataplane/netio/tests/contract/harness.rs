//! What a driver brings to the suite, and what the suite makes of it.

use std::time::{Duration, Instant};

use netio::{BATCH_MAX, Batch, Driver, Endpoint, LocalPort, Route};

use crate::contract::skip::skip;

/// How long a test waits for a packet that must come. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many packets are on their way at a time: less than any queue on the path holds.
pub(crate) const WINDOW: usize = 32;
/// What tests open drivers with.
const FRAMES: u32 = 1024;

/// A driver with its network: opens the one, plays the peers on the other.
pub(crate) trait Harness: Sized {
    /// The driver.
    type Driver: Driver + Send;
    /// The most system calls per packet that is received and sent on, in full batches; none if that is not limited.
    const SYSTEM_CALLS_MAX: Option<f64>;

    /// Opens a driver with so many frames on one media address, and makes a network around it.
    fn open(version: Version, frames: u32) -> Result<(Self, Self::Driver), Skip>;

    /// Returns ports that nobody has.
    fn ports(&mut self, count: usize) -> Vec<LocalPort>;

    /// Returns the endpoint that peers reach a port by, and see its packets come from.
    fn endpoint(&self, port: LocalPort) -> Endpoint;

    /// Adds somebody to talk with.
    fn peer(&mut self) -> Peer;

    /// Sends a packet from a peer to a port.
    fn send(&mut self, driver: &mut Self::Driver, peer: Peer, to: LocalPort, traffic_class: u8, bytes: &[u8]);

    /// Returns the next packet that a peer has received, waiting a little if there is none yet.
    fn receive(&mut self, driver: &mut Self::Driver, peer: Peer) -> Option<Packet>;

    /// Returns an endpoint in the reach of the driver where nobody listens.
    fn nobody(&self) -> Endpoint;

    /// Returns the longest payload that the path takes, if that is less than a frame holds.
    fn payload_max(&self) -> Option<usize>;

    /// Lets another program have a port; false if there are no others on this network.
    fn occupy(&mut self, port: LocalPort) -> bool;
}

/// Which IP the media address has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// Why a driver cannot be tested here.
pub(crate) struct Skip(pub(crate) String);

/// Somebody on the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// The number by which the harness knows it.
    pub(crate) number: usize,
    /// Its address.
    pub(crate) endpoint: Endpoint,
}

/// What a peer has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) source: Endpoint,
    pub(crate) traffic_class: u8,
    pub(crate) bytes: Vec<u8>,
}

/// An opened driver and its network.
pub(crate) struct Stage<H: Harness> {
    pub(crate) version: Version,
    pub(crate) driver: H::Driver,
    pub(crate) harness: H,
}

/// Runs one behaviour, or says loudly why not.
pub(crate) fn run<H: Harness>(version: Version, behaviour: fn(Stage<H>)) {
    match H::open(version, FRAMES) {
        Ok((harness, driver)) => behaviour(Stage { version, driver, harness }),
        Err(Skip(reason)) => skip(&format!("driver {}: {reason}", H::Driver::NAME)),
    }
}

impl<H: Harness> Stage<H> {
    /// Opens another one, with fewer frames.
    pub(crate) fn reopened_with(self, frames: u32) -> Self {
        let version = self.version;
        // Some networks are there once at a time.
        drop(self);
        let Ok((harness, driver)) = H::open(version, frames) else { panic!("it opened with more frames") };
        Self { version, driver, harness }
    }

    /// Leases so many ports.
    pub(crate) fn lease(&mut self, count: usize) -> Vec<LocalPort> {
        let ports = self.harness.ports(count);
        for port in &ports {
            self.driver.lease(*port).unwrap_or_else(|error| panic!("leasing {port:?}: {error}"));
        }
        ports
    }

    /// Sends from a peer, without a traffic class.
    pub(crate) fn send(&mut self, peer: Peer, to: LocalPort, bytes: &[u8]) {
        self.harness.send(&mut self.driver, peer, to, 0, bytes);
    }

    /// Receives into the batch until it holds `count` frames.
    pub(crate) fn receive_until(&mut self, batch: &mut Batch, count: usize) {
        let start = Instant::now();
        while batch.len() < count && start.elapsed() < PATIENCE {
            self.driver.receive(batch, Duration::from_millis(100)).expect("the driver works");
        }
        assert!(batch.len() >= count, "{count} packets were sent, {} came", batch.len());
    }

    /// Asserts that nothing comes.
    pub(crate) fn receive_nothing(&mut self) {
        let mut batch = Batch::new();
        self.driver.receive(&mut batch, Duration::from_millis(20)).expect("the driver works");
        assert!(batch.is_empty(), "nothing was sent to a leased port");
    }

    /// Lets the driver look at what has come, which is nothing.
    pub(crate) fn receive_nothing_now(&mut self) {
        let mut batch = Batch::new();
        self.driver.receive(&mut batch, Duration::ZERO).expect("the driver works");
        assert!(batch.is_empty(), "nothing was sent to a leased port");
    }

    /// Sends what is in the batch.
    pub(crate) fn transmit(&mut self, batch: &mut Batch) {
        self.driver.transmit(batch).expect("the driver works");
        assert!(batch.is_empty(), "transmit takes all frames back");
    }

    /// Makes packets, and sends them in one batch.
    pub(crate) fn transmit_all(&mut self, route: Route, packets: &[&[u8]]) {
        let mut batch = Batch::new();
        for bytes in packets {
            let mut frame = self.driver.allocate().expect("there are frames left");
            frame.payload_and_room()[..bytes.len()].copy_from_slice(bytes);
            frame.set_len(bytes.len());
            frame.route = Some(route);
            assert!(batch.push(frame).is_ok(), "tests send less than a batch");
        }
        self.transmit(&mut batch);
    }

    /// Makes a packet, and sends it.
    pub(crate) fn transmit_one(&mut self, route: Route, bytes: &[u8]) {
        self.transmit_all(route, &[bytes]);
    }

    /// Sends what is in the batch back to where it came from.
    pub(crate) fn echo(&mut self, batch: &mut Batch) {
        for frame in batch.frames() {
            frame.route =
                Some(Route { from: frame.local, to: frame.source, traffic_class: frame.traffic_class });
        }
        self.transmit(batch);
    }

    /// Returns what a peer has received.
    pub(crate) fn received_by(&mut self, peer: Peer) -> Packet {
        self.harness.receive(&mut self.driver, peer).expect("the packet was sent to this peer")
    }

    /// Asserts that the driver still receives and sends on a port.
    pub(crate) fn assert_works(&mut self, port: LocalPort) {
        let peer = self.harness.peer();
        self.send(peer, port, b"are you there?");
        let mut batch = Batch::new();
        self.receive_until(&mut batch, 1);
        assert_eq!((batch.frames()[0].local, batch.frames()[0].source), (port, peer.endpoint));
        self.echo(&mut batch);
        let packet = self.received_by(peer);
        assert_eq!((packet.source, &packet.bytes[..]), (self.harness.endpoint(port), &b"are you there?"[..]));
    }

    /// Takes all free frames, and gives them back; returns how many there were.
    pub(crate) fn count_frames(&mut self) -> usize {
        // What the driver has to keep for receiving, it takes now.
        self.driver.receive(&mut Batch::new(), Duration::ZERO).expect("the driver works");
        let frames: Vec<_> = core::iter::from_fn(|| self.driver.allocate()).collect();
        let count = frames.len();
        let mut batch = Batch::new();
        for frame in frames {
            if batch.len() == BATCH_MAX {
                self.transmit(&mut batch);
            }
            assert!(batch.push(frame).is_ok(), "the batch was emptied when it was full");
        }
        self.transmit(&mut batch);
        count
    }
}
