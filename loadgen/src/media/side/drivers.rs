//! Sides on the drivers of netio: sockets of ours, or the network card itself.

use core::net::IpAddr;
use core::time::Duration;

use netio::{
    Afxdp, Batch, Driver, Endpoint, LeaseError, LocalPort, Mmsg, Route, Setup, SetupError, UringSockets,
    VOICE_TRAFFIC_CLASS,
};

use crate::media::packet::{Packet, Packets};
use crate::media::side::{Losses, Side, SideError};

/// Frames of a driver: a fifth of a second at 20,000 packets a second, and 8 MB.
const FRAMES: u32 = 4096;

/// Any driver, with one worker.
pub struct Drivers<D> {
    driver: D,
    batch: Batch,
    /// Packets for which there was no frame.
    unframed: u64,
}

/// Opens sockets: io_uring where it is allowed, and else the calls that every Linux has.
///
/// # Errors
///
/// If neither works.
pub fn sockets(addresses: &[IpAddr]) -> Result<Box<dyn Side>, SideError> {
    let setup = setup(addresses, None);
    match UringSockets::open(&setup).map(only) {
        Ok(driver) => Ok(Box::new(Drivers::new(driver))),
        Err(_) => plain_sockets(addresses),
    }
}

/// Opens the sockets that every Linux has.
///
/// # Errors
///
/// If memory or descriptors are lacking.
pub fn plain_sockets(addresses: &[IpAddr]) -> Result<Box<dyn Side>, SideError> {
    Ok(Box::new(Drivers::new(only(Mmsg::open(&setup(addresses, None))?))))
}

/// Opens the queues of an interface.
///
/// # Errors
///
/// If the interface, a capability or a feature of the kernel is lacking.
pub fn xdp(addresses: &[IpAddr], interface: &str) -> Result<Box<dyn Side>, SideError> {
    let setup = setup(addresses, Some(interface.to_owned()));
    Ok(Box::new(Drivers::new(only(Afxdp::open(&setup)?))))
}

/// Asks for one worker.
pub(crate) fn setup(addresses: &[IpAddr], interface: Option<String>) -> Setup {
    Setup { addresses: addresses.to_vec(), interface, nodes: vec![None], frames: FRAMES, busy_poll: false }
}

/// Takes the driver of the one worker.
pub(crate) fn only<D>(mut drivers: Vec<D>) -> D {
    drivers.pop().expect("a setup with one worker gives one driver")
}

impl<D: Driver> Drivers<D> {
    /// Makes a side of a driver.
    #[must_use]
    pub fn new(driver: D) -> Self {
        Self { driver, batch: Batch::new(), unframed: 0 }
    }

    /// Returns the driver.
    pub(crate) fn driver(&mut self) -> &mut D {
        &mut self.driver
    }
}

impl<D: Driver> Side for Drivers<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError> {
        self.driver.lease(port)
    }

    fn transmit(&mut self, packets: &mut [Packet], _now_ns: u64) -> Result<(), SideError> {
        for packet in packets {
            let Some(mut frame) = self.driver.allocate() else {
                self.unframed += 1;
                continue;
            };
            let payload = packet.payload();
            frame.payload_and_room()[..payload.len()].copy_from_slice(payload);
            frame.set_len(payload.len());
            frame.route =
                Some(Route { from: packet.local, to: packet.remote, traffic_class: VOICE_TRAFFIC_CLASS });
            if let Err(frame) = self.batch.push(frame) {
                self.driver.transmit(&mut self.batch)?;
                let pushed = self.batch.push(frame);
                debug_assert!(pushed.is_ok(), "transmitting empties the batch");
            }
        }
        self.driver.transmit(&mut self.batch)?;
        Ok(())
    }

    fn receive(&mut self, packets: &mut Packets, _now_ns: u64, wait: Duration) -> Result<(), SideError> {
        if packets.vacant().len() < netio::BATCH_MAX {
            return Ok(());
        }
        self.driver.receive(&mut self.batch, wait)?;
        for frame in self.batch.frames() {
            let packet = packets.push().expect("there was room for a whole batch");
            let payload = frame.payload();
            packet.payload_and_room()[..payload.len()].copy_from_slice(payload);
            packet.set_len(payload.len());
            (packet.local, packet.remote) = (frame.local, frame.source);
        }
        self.driver.transmit(&mut self.batch)?;
        Ok(())
    }

    fn losses(&mut self) -> Losses {
        let counts = self.driver.statistics();
        let refused = counts.tx_full + counts.tx_unreachable + counts.tx_too_long;
        Losses {
            unsent: self.unframed + refused + counts.tx_not_leased + counts.tx_failed,
            unreceived: counts.rx_overflow + counts.rx_truncated,
        }
    }
}

/// A port of ours as others see it.
pub(crate) fn endpoint(addresses: &[IpAddr], local: LocalPort) -> Endpoint {
    let address = addresses.get(usize::from(local.address)).expect("our ports are on our addresses");
    Endpoint::new(*address, local.port)
}

/// Says what keeps us from a side: one word for what was to be opened.
pub(crate) fn lacking(driver: &'static str, wanted: &str, found: &str, remedy: &str) -> SideError {
    let [wanted, found, remedy] = [wanted, found, remedy].map(str::to_owned);
    SideError::Setup(SetupError { driver, wanted, found, remedy })
}
