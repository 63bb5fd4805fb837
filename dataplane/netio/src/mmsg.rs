//! The driver for every Linux: a socket per leased port, epoll, recvmmsg and sendmmsg.
//!
//! It is where io_uring is forbidden, and the honest baseline for it. One call to receive asks epoll once and then
//! each socket that has packets once; one call to send asks each socket once.

use core::net::IpAddr;
use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};

use crate::address::{Endpoint, LocalPort};
use crate::descriptors;
use crate::driver::{Driver, Statistics};
use crate::error::{DriverError, LeaseError, SetupError, no_descriptor};
use crate::frame::{BATCH_MAX, Batch, Frame};
use crate::leases::Leases;
use crate::mmsg::inbox::Inbox;
use crate::mmsg::outbox::Outbox;
use crate::patience::Patience;
use crate::pool::Pool;
use crate::setup::Setup;
use crate::sys::event::{self, Epoll};
use crate::sys::{Errno, socket};
use crate::waker::Waker;

mod inbox;
mod outbox;

/// What epoll says when the waker was called. No key of a lease has its upper byte set.
const WAKE: u64 = u64::MAX;

/// The ports of one address, each of which may be leased.
const PORTS: u64 = 1 << 16;

/// A UDP socket per leased port.
pub struct Mmsg {
    addresses: Vec<IpAddr>,
    pool: Pool,
    leases: Leases<Port>,
    epoll: Epoll,
    events: Vec<libc::epoll_event>,
    event: OwnedFd,
    waker: Waker,
    inbox: Inbox,
    outbox: Outbox,
    statistics: Statistics,
    notes: Vec<String>,
}

/// A socket that is bound to a leased port.
struct Port {
    socket: OwnedFd,
    is_ipv6: bool,
    /// How many packets the socket has lost, as far as the kernel told.
    lost: u32,
}

impl Mmsg {
    /// Opens a driver per worker.
    ///
    /// # Errors
    ///
    /// If memory or descriptors are lacking.
    pub fn open(setup: &Setup) -> Result<Vec<Self>, SetupError> {
        let mut notes = setup.notes(Self::NAME);
        notes.extend(descriptors::make_room(PORTS * setup.addresses.len() as u64));
        let mut drivers = Vec::new();
        for pool in setup.pools(Self::NAME)? {
            let (event, waker) = Waker::pair(Self::NAME)?;
            let epoll = Epoll::new().map_err(|errno| no_descriptor(Self::NAME, errno))?;
            epoll.add(&event, WAKE).map_err(|errno| no_descriptor(Self::NAME, errno))?;
            drivers.push(Self {
                addresses: setup.addresses.clone(),
                pool,
                leases: Leases::new(setup.addresses.len()),
                epoll,
                events: vec![libc::epoll_event { events: 0, u64: 0 }; BATCH_MAX],
                event,
                waker,
                inbox: Inbox::new(),
                outbox: Outbox::new(),
                statistics: Statistics::default(),
                notes: notes.clone(),
            });
        }
        Ok(drivers)
    }

    /// Leases a port whose socket is bound already, such as by a process that keeps it while this one restarts.
    ///
    /// # Errors
    ///
    /// If the port is leased already, if the socket is not bound to it, or if no resource is left.
    pub fn adopt(&mut self, port: LocalPort, socket: OwnedFd) -> Result<(), LeaseError> {
        let address = address(&self.addresses, port)?;
        if self.leases.find(port).is_some() {
            return Err(LeaseError::InUse);
        }
        socket::prepare(socket.as_fd(), &Endpoint::new(address, port.port))?;
        let key = self.leases.insert(port, Port { socket, is_ipv6: address.is_ipv6(), lost: 0 });
        let lease = self.leases.by_key(key).expect("it was inserted on the line above");
        let added = self.epoll.add(&lease.content.socket, key);
        if added.is_err() {
            self.leases.remove(port);
        }
        added.map_err(socket::lease_error)
    }

    /// Asks once which sockets have packets, and takes them. Returns whether a wait ends with this.
    fn poll(&mut self, batch: &mut Batch, wait: Duration) -> Result<bool, DriverError> {
        let Self { epoll, events, inbox, leases, pool, statistics, .. } = self;
        let kernel = |Errno(errno)| DriverError::Kernel { operation: "epoll_pwait2", errno };
        let count = epoll.wait(events, wait).map_err(kernel)?;
        statistics.system_calls += 1;
        inbox.fill(BATCH_MAX - batch.len(), pool);
        let before = batch.len();
        let mut is_woken = false;
        for event in &events[..count] {
            if event.u64 == WAKE {
                event::clear(self.event.as_fd());
                statistics.system_calls += 1;
                is_woken = true;
                continue;
            }
            if batch.len() == BATCH_MAX {
                break;
            }
            if inbox.is_empty() {
                // The caller has all frames, and this socket would end every sleep at once.
                statistics.rx_no_buffer += 1;
                return Ok(true);
            }
            if let Some(lease) = leases.by_key(event.u64) {
                inbox.receive(lease, batch, statistics);
            }
        }
        Ok(is_woken || batch.len() > before)
    }
}

impl Driver for Mmsg {
    const NAME: &'static str = "mmsg";

    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError> {
        let socket = socket::bind(address(&self.addresses, port)?, port.port)?;
        self.adopt(port, socket)
    }

    fn release(&mut self, port: LocalPort) {
        // Closing the socket takes it out of epoll, too.
        self.leases.remove(port);
    }

    fn receive(&mut self, batch: &mut Batch, wait: Duration) -> Result<(), DriverError> {
        if batch.len() == BATCH_MAX {
            return Ok(());
        }
        let mut patience = Patience::new(wait);
        let mut left = patience.left().unwrap_or(Duration::ZERO);
        while !self.poll(batch, left)? {
            let Some(rest) = patience.left() else { break };
            left = rest;
        }
        Ok(())
    }

    fn transmit(&mut self, batch: &mut Batch) -> Result<(), DriverError> {
        self.outbox.send(batch, &mut self.leases, &mut self.statistics);
        self.pool.give_all(batch);
        Ok(())
    }

    fn allocate(&mut self) -> Option<Frame> {
        self.pool.take().or_else(|| self.inbox.take())
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

fn address(addresses: &[IpAddr], port: LocalPort) -> Result<IpAddr, LeaseError> {
    addresses.get(usize::from(port.address)).copied().ok_or(LeaseError::NotLocal)
}
