//! The driver without a kernel: a test or a bench puts packets in and takes packets out.

use core::time::Duration;
use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};

use crate::address::{Endpoint, LocalPort};
use crate::driver::{Driver, Statistics};
use crate::error::{DriverError, LeaseError, SetupError};
use crate::frame::{BATCH_MAX, Batch, FRAME_BYTES, Frame, HEADROOM, Route};
use crate::leases::Leases;
use crate::patience::Patience;
use crate::pool::Pool;
use crate::setup::Setup;
use crate::sys::event;
use crate::waker::Waker;

/// Two bounded queues in place of a network: what arrives, and what was sent.
///
/// It makes no system call, save to sleep when there is nothing to receive and the worker is willing to wait.
pub struct Memory {
    addresses: usize,
    pool: Pool,
    leases: Leases<()>,
    arriving: VecDeque<Frame>,
    sent: VecDeque<Frame>,
    /// Half of the frames, so that packets nobody takes do not end receiving.
    sent_max: usize,
    event: OwnedFd,
    waker: Waker,
    statistics: Statistics,
    notes: Vec<String>,
}

impl Memory {
    /// Opens a driver per worker.
    ///
    /// # Errors
    ///
    /// If there is no memory, or no descriptor for the waker.
    pub fn open(setup: &Setup) -> Result<Vec<Self>, SetupError> {
        let mut drivers = Vec::new();
        for pool in setup.pools(Self::NAME)? {
            let (event, waker) = Waker::pair(Self::NAME)?;
            drivers.push(Self {
                addresses: setup.addresses.len(),
                pool,
                leases: Leases::new(setup.addresses.len()),
                arriving: VecDeque::with_capacity(setup.frames as usize),
                sent: VecDeque::with_capacity(setup.frames as usize),
                sent_max: setup.frames as usize / 2,
                event,
                waker,
                statistics: Statistics::default(),
                notes: setup.notes(Self::NAME),
            });
        }
        Ok(drivers)
    }

    /// Lets a packet arrive. As on a network, one for a port that is not leased goes elsewhere.
    pub fn inject(&mut self, local: LocalPort, source: Endpoint, traffic_class: u8, bytes: &[u8]) {
        if self.leases.find(local).is_none() {
            return;
        }
        if bytes.len() > FRAME_BYTES - HEADROOM {
            self.statistics.rx_truncated += 1;
            return;
        }
        let Some(mut frame) = self.pool.take() else {
            self.statistics.rx_no_buffer += 1;
            return;
        };
        frame.payload_and_room()[..bytes.len()].copy_from_slice(bytes);
        frame.set_len(bytes.len());
        frame.local = local;
        frame.source = source;
        frame.traffic_class = traffic_class;
        self.arriving.push_back(frame);
    }

    /// Takes the oldest packet that was sent and not taken yet; `bytes` becomes its content.
    pub fn take_sent(&mut self, bytes: &mut Vec<u8>) -> Option<Route> {
        let frame = self.sent.pop_front()?;
        bytes.clear();
        bytes.extend_from_slice(frame.payload());
        let route = frame.route;
        self.pool.give(frame);
        route
    }

    /// Waits for the waker: packets arrive only between calls.
    fn sleep(&mut self, wait: Duration) {
        let mut patience = Patience::new(wait);
        while let Some(left) = patience.left() {
            self.statistics.system_calls += 1;
            if event::wait_readable(self.event.as_fd(), left) {
                event::clear(self.event.as_fd());
                self.statistics.system_calls += 1;
                return;
            }
        }
    }
}

impl Driver for Memory {
    const NAME: &'static str = "memory";

    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError> {
        if usize::from(port.address) >= self.addresses {
            return Err(LeaseError::NotLocal);
        }
        if self.leases.find(port).is_some() {
            return Err(LeaseError::InUse);
        }
        self.leases.insert(port, ());
        Ok(())
    }

    fn release(&mut self, port: LocalPort) {
        self.leases.remove(port);
    }

    fn receive(&mut self, batch: &mut Batch, wait: Duration) -> Result<(), DriverError> {
        let room = BATCH_MAX - batch.len();
        if self.arriving.is_empty() && room > 0 {
            self.sleep(wait);
        }
        let count = room.min(self.arriving.len());
        for frame in self.arriving.drain(..count) {
            let pushed = batch.push(frame);
            debug_assert!(pushed.is_ok(), "there is room for so many");
        }
        self.statistics.received += count as u64;
        Ok(())
    }

    fn transmit(&mut self, batch: &mut Batch) -> Result<(), DriverError> {
        for frame in batch.drain() {
            let Some(route) = frame.route else {
                self.pool.give(frame);
                continue;
            };
            if self.leases.find(route.from).is_none() {
                self.statistics.tx_not_leased += 1;
                self.pool.give(frame);
            } else if self.sent.len() == self.sent_max {
                self.statistics.tx_full += 1;
                self.pool.give(frame);
            } else {
                self.statistics.sent += 1;
                self.sent.push_back(frame);
            }
        }
        Ok(())
    }

    fn allocate(&mut self) -> Option<Frame> {
        self.pool.take()
    }

    fn waker(&self) -> Waker {
        self.waker.clone()
    }

    fn statistics(&self) -> Statistics {
        self.statistics
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: LocalPort = LocalPort { address: 0, port: 4000 };

    fn memory(frames: u32) -> Memory {
        let addresses = vec!["192.0.2.1".parse().unwrap()];
        let setup = Setup { addresses, interface: None, nodes: vec![None], frames, busy_poll: false };
        let mut memory = Memory::open(&setup).unwrap().pop().unwrap();
        memory.lease(PORT).unwrap();
        memory
    }

    #[test]
    fn packets_that_nobody_takes_fill_half_of_the_frames() {
        let mut memory = memory(16);
        let mut batch = Batch::new();
        for _ in 0..16 {
            memory.inject(PORT, Endpoint::NONE, 0, b"packet");
            memory.receive(&mut batch, Duration::ZERO).unwrap();
            for frame in batch.frames() {
                frame.route = Some(Route { from: PORT, to: Endpoint::NONE, traffic_class: 0 });
            }
            memory.transmit(&mut batch).unwrap();
        }
        let statistics = memory.statistics();
        assert_eq!((statistics.sent, statistics.tx_full, statistics.rx_no_buffer), (8, 8, 0));
    }

    #[test]
    fn a_packet_longer_than_a_frame_is_counted() {
        let mut memory = memory(16);
        memory.inject(PORT, Endpoint::NONE, 0, &[0; FRAME_BYTES]);
        assert_eq!(memory.statistics().rx_truncated, 1);
    }
}
