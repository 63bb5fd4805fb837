//! A side without a network: what is sent is handed to a relay of the caller's, and what that lets arrive is received.

use core::net::IpAddr;
use core::time::Duration;

use netio::{Endpoint, LeaseError, LocalPort, Memory, Setup};

use crate::media::packet::{BATCH_MAX, Packet, Packets};
use crate::media::side::drivers::{Drivers, endpoint, only, setup};
use crate::media::side::{Losses, Side, SideError};

/// What stands in the place of a network and a device. Time is what the caller of the side says it is.
pub trait Relay {
    /// Takes a packet that was sent.
    fn take(&mut self, packet: Carried, now_ns: u64);

    /// Gives a packet that has arrived by now; none if there is none.
    fn give(&mut self, now_ns: u64) -> Option<Carried>;
}

/// A packet between two endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Who sent it.
    pub from: Endpoint,
    /// Who gets it.
    pub to: Endpoint,
    /// What UDP carries.
    pub payload: Vec<u8>,
}

/// Two batches to send and two to receive: the relay takes all at once. Drivers keep their memory until the process
/// ends, and tests make many of them.
const FRAMES: u32 = 4 * BATCH_MAX as u32;

/// A relay behind the driver without a kernel.
pub struct InMemory<R> {
    drivers: Drivers<Memory>,
    addresses: Vec<IpAddr>,
    relay: R,
    bytes: Vec<u8>,
}

impl<R: Relay> InMemory<R> {
    /// Puts a relay between ports of these addresses.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub fn new(addresses: &[IpAddr], relay: R) -> Result<Self, SideError> {
        let memory = only(Memory::open(&Setup { frames: FRAMES, ..setup(addresses, None) })?);
        Ok(Self { drivers: Drivers::new(memory), addresses: addresses.to_vec(), relay, bytes: Vec::new() })
    }

    /// Returns the relay.
    pub fn relay(&mut self) -> &mut R {
        &mut self.relay
    }
}

impl<R: Relay> Side for InMemory<R> {
    fn name(&self) -> &'static str {
        self.drivers.name()
    }

    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError> {
        self.drivers.lease(port)
    }

    fn transmit(&mut self, packets: &mut [Packet], now_ns: u64) -> Result<(), SideError> {
        self.drivers.transmit(packets, now_ns)?;
        while let Some(route) = self.drivers.driver().take_sent(&mut self.bytes) {
            let from = endpoint(&self.addresses, route.from);
            self.relay.take(Carried { from, to: route.to, payload: self.bytes.clone() }, now_ns);
        }
        Ok(())
    }

    fn receive(&mut self, packets: &mut Packets, now_ns: u64, _wait: Duration) -> Result<(), SideError> {
        // As many as one batch takes, so that the driver never holds more than it has frames.
        for _ in 0..packets.vacant().len() {
            let Some(Carried { from, to, payload }) = self.relay.give(now_ns) else { break };
            let address = self.addresses.iter().position(|address| *address == to.address());
            let Some(address) = address else { continue };
            let local = LocalPort { address: address as u8, port: to.port() };
            self.drivers.driver().inject(local, from, 0, &payload);
        }
        self.drivers.receive(packets, now_ns, Duration::ZERO)
    }

    fn losses(&mut self) -> Losses {
        self.drivers.losses()
    }
}
