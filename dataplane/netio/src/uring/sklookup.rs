//! The privileged driver: one receiving socket per worker for all its ports, and sockets that send from any of them.
//!
//! A BPF program gives packets for leased ports to the socket of their worker, so a lease is one store into memory that
//! the program reads. What arrives has passed the packet filter of the kernel. The price of sending from any port is
//! that this driver writes all headers itself: with the Ethernet header of the [mirror](crate::netlink) a packet costs a
//! third less than when the kernel finds route and neighbour, at the price that it passes no packet filter either. What
//! the mirror cannot address goes through the kernel.

use core::net::IpAddr;
use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use crate::address::{Endpoint, LocalPort};
use crate::bpf::map::{DescriptorMap, Descriptors, PortMap};
use crate::bpf::program::{self, Kind, Link, Program};
use crate::bpf::sk_lookup;
use crate::driver::{Driver, Statistics};
use crate::error::{DriverError, LeaseError, SetupError};
use crate::frame::{BATCH_MAX, Batch, Frame};
use crate::headers::Flow;
use crate::netlink::{self, Mirror};
use crate::patience::Patience;
use crate::pool::Pool;
use crate::raw::RawSockets;
use crate::setup::Setup;
use crate::sys::Errno;
use crate::sys::socket::{self, SendError};
use crate::uring::pools;
use crate::uring::ring::{PROBE_COMPLETIONS, Ring};
use crate::uring::sklookup::egress::{Egress, Request};
use crate::uring::sklookup::ingress::Ingress;
use crate::uring::sklookup::suspects::Suspects;
use crate::waker::Waker;

mod egress;
mod ingress;
mod suspects;

/// A socket per worker, fed by a BPF program, and sockets that send whole frames.
///
/// It may be opened, and ports leased, by one thread and used by another: it belongs to the thread that first receives
/// or sends. A lease makes three system calls, to find out whether another program has the port; none if the port is
/// among `net.ipv4.ip_local_reserved_ports`.
pub struct UringSklookup {
    worker: usize,
    host: Arc<Host>,
    pool: Pool,
    ring: Ring,
    ingress: Ingress,
    egress: Egress,
    event: OwnedFd,
    waker: Waker,
    statistics: Statistics,
    notes: Vec<String>,
}

/// What the workers of one process share. The program is attached as long as there is one of them.
struct Host {
    addresses: Vec<Endpoint>,
    ports: PortMap,
    suspects: Suspects,
    mirror: Mirror,
    _link: Link,
}

impl UringSklookup {
    /// Opens a driver per worker, for the network namespace of the calling thread.
    ///
    /// # Errors
    ///
    /// If the process lacks CAP_BPF, CAP_NET_ADMIN or CAP_NET_RAW, if an address is none of this host, or if memory or
    /// descriptors are lacking.
    pub fn open(setup: &Setup) -> Result<Vec<Self>, SetupError> {
        let pools = pools(setup, Self::NAME)?;
        for &address in &setup.addresses {
            bind(address)?;
        }
        let ports = PortMap::new(Self::NAME, &setup.addresses)?;
        let workers = pools.len() as u32;
        let places = sk_lookup::socket_place(workers, false);
        let sockets = DescriptorMap::new(Self::NAME, Descriptors::Sockets, places)?;
        let receivers: Result<Vec<_>, _> =
            (0..workers).map(|worker| receivers(&setup.addresses, worker, &sockets)).collect();
        let receivers = receivers?;
        let program = load(&ports, &sockets)?;
        let host = Arc::new(Host {
            addresses: setup.addresses.iter().map(|&address| Endpoint::new(address, 0)).collect(),
            ports,
            // The workers' own sockets are bound by now, so their ports are among them.
            suspects: Suspects::read(),
            mirror: Mirror::start(Self::NAME)?,
            _link: program.attach_to_network_namespace()?,
        });
        let mut drivers = Vec::with_capacity(pools.len());
        for (worker, (pool, receivers)) in pools.into_iter().zip(receivers).enumerate() {
            let (event, waker) = Waker::pair(Self::NAME)?;
            // Each frame can complete once before somebody looks, and each request can end.
            let ring = Ring::open(Self::NAME, setup.frames * 2)?;
            drivers.push(Self {
                worker,
                host: Arc::clone(&host),
                pool,
                ingress: Ingress::new(receivers, &ring, setup.frames)?,
                ring,
                egress: Egress::new(host.mirror.reader())?,
                event,
                waker,
                statistics: Statistics::default(),
                notes: setup.notes(Self::NAME),
            });
        }
        Ok(drivers)
    }

    /// Tells whether the driver can be opened here. Whether its program can be attached shows only then.
    pub(crate) fn probe(setup: &Setup) -> Result<(), SetupError> {
        Ring::open(Self::NAME, PROBE_COMPLETIONS)?;
        let ports = PortMap::new(Self::NAME, &setup.addresses)?;
        let places = sk_lookup::socket_place(1, false);
        load(&ports, &DescriptorMap::new(Self::NAME, Descriptors::Sockets, places)?)?;
        netlink::read(Self::NAME)?;
        RawSockets::open().map(drop).map_err(|errno| refused("a raw IP socket", errno))
    }

    /// Looks at all completions; returns how many packets could not be sent.
    fn collect(&mut self) -> Result<u64, DriverError> {
        let mut failed = 0;
        while let Some(completion) = self.ring.next(self.event.as_fd())? {
            if completion.mark == SEND {
                failed += 1;
                let errno = completion.result.err().unwrap_or(Errno(libc::EIO));
                SendError::from(errno).count(1, &mut self.statistics);
            } else {
                let local = |destination: &Endpoint| self.host.local(destination, self.worker);
                self.ingress.take_in(&completion, &mut self.pool, local, &mut self.statistics);
            }
        }
        Ok(failed)
    }
}

impl Driver for UringSklookup {
    const NAME: &'static str = "uring-sklookup";

    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError> {
        let address =
            self.host.addresses.get(usize::from(port.address)).ok_or(LeaseError::NotLocal)?.address();
        if port.port == 0 {
            return Err(LeaseError::Refused(libc::EINVAL));
        }
        if self.host.ports.worker(port).is_some() {
            return Err(LeaseError::InUse);
        }
        if self.host.suspects.contains(port.port) {
            // Whoever has the port shows when one tries to have it.
            drop(socket::bind(address, port.port)?);
        }
        if self.host.ports.lease(port, self.worker) { Ok(()) } else { Err(LeaseError::InUse) }
    }

    fn release(&mut self, port: LocalPort) {
        self.host.ports.release(port, self.worker);
    }

    fn receive(&mut self, batch: &mut Batch, wait: Duration) -> Result<(), DriverError> {
        self.ring.start(self.event.as_fd())?;
        let mut received = 0;
        let mut patience = Patience::new(wait);
        let mut enters_left = ENTERS_MAX;
        loop {
            self.collect()?;
            received += self.ingress.hand_over(batch);
            let has_started = self.ingress.start(&mut self.ring, &mut self.pool)?;
            if batch.len() == BATCH_MAX {
                break;
            }
            if enters_left > 0 && (has_started || self.ring.is_pending()) {
                self.ring.run()?;
                enters_left -= 1;
                continue;
            }
            if received > 0 || self.ring.take_woken() {
                break;
            }
            let Some(left) = patience.left() else { break };
            self.ring.wait(1, left)?;
            enters_left = ENTERS_MAX;
        }
        self.statistics.received += received as u64;
        Ok(())
    }

    fn transmit(&mut self, batch: &mut Batch) -> Result<(), DriverError> {
        self.ring.start(self.event.as_fd())?;
        self.egress.refresh();
        let mut queued = 0;
        for (place, frame) in batch.frames().iter_mut().enumerate() {
            let Some(route) = frame.route else { continue };
            if self.host.ports.worker(route.from) != Some(self.worker) {
                self.statistics.tx_not_leased += 1;
                continue;
            }
            let address = self.host.addresses[usize::from(route.from.address)].address();
            let from = Endpoint::new(address, route.from.port);
            let flow = Flow { from, to: route.to, traffic_class: route.traffic_class };
            match self.egress.request(place, frame, &flow) {
                Ok(Request { entry, by_kernel }) => {
                    // SAFETY: the frame and the name at this place stay where they are, and as they are, until `submit`
                    // below: the batch is borrowed, and every place is used once. The request does not wait, so it is
                    // complete then.
                    unsafe { self.ring.push(&entry.user_data(SEND)) }?;
                    queued += 1;
                    self.statistics.tx_by_kernel += u64::from(by_kernel);
                }
                Err(error) => error.count(1, &mut self.statistics),
            }
        }
        if queued > 0 {
            self.ring.submit()?;
            self.statistics.sent += queued - self.collect()?;
        }
        self.pool.give_all(batch);
        Ok(())
    }

    fn allocate(&mut self) -> Option<Frame> {
        self.pool.take()
    }

    fn waker(&self) -> Waker {
        self.waker.clone()
    }

    fn statistics(&self) -> Statistics {
        // What the sockets have lost is asked of the kernel, with a system call for each.
        let (system_calls, rx_overflow) = (self.ring.system_calls(), self.ingress.overflow());
        Statistics { system_calls, rx_overflow, ..self.statistics }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Host {
    /// Finds the leased port that a packet went to.
    #[inline]
    fn local(&self, destination: &Endpoint, worker: usize) -> Option<LocalPort> {
        let slot = self.addresses.iter().position(|address| address.same_address(destination))?;
        let port = LocalPort { address: slot as u8, port: destination.port() };
        (self.ports.worker(port) == Some(worker)).then_some(port)
    }
}

fn load(ports: &PortMap, sockets: &DescriptorMap) -> Result<Program, SetupError> {
    Program::load(UringSklookup::NAME, Kind::SkLookup, c"trunkline", &sk_lookup::assemble(ports, sockets))
}

/// Opens the sockets that the program gives a worker's packets to, one for each version of IP that there is a media
/// address of.
fn receivers(
    addresses: &[IpAddr],
    worker: u32,
    sockets: &DescriptorMap,
) -> Result<[Option<OwnedFd>; 2], SetupError> {
    let receiver = |is_ipv6| {
        let Some(&address) = addresses.iter().find(|address| address.is_ipv6() == is_ipv6) else {
            return Ok(None);
        };
        let socket = bind(address)?;
        sockets.put(sk_lookup::socket_place(worker, is_ipv6), socket.as_fd())?;
        Ok(Some(socket))
    };
    Ok([receiver(false)?, receiver(true)?])
}

/// Opens a socket on a port of the kernel's choice.
fn bind(address: IpAddr) -> Result<OwnedFd, SetupError> {
    socket::bind(address, 0).map_err(|error| {
        let (wanted, remedy) = if error == LeaseError::InUse {
            let remedy = "leave some ports of net.ipv4.ip_local_port_range out of ip_local_reserved_ports";
            (format!("a port on {address} that the kernel may give to anybody"), remedy.to_owned())
        } else {
            let remedy = format!("add it to an interface that is up: ip address add {address} dev eth0");
            (format!("the media address {address}"), remedy)
        };
        SetupError {
            driver: UringSklookup::NAME,
            wanted,
            found: format!("{error} when binding a socket"),
            remedy,
        }
    })
}

/// Says that the kernel refused something else while the driver was made.
fn refused(wanted: &str, errno: Errno) -> SetupError {
    program::refused(UringSklookup::NAME, wanted, errno)
}

/// How often one call to receive may enter the kernel for more, before it sleeps and after.
const ENTERS_MAX: u32 = 4;
/// The mark of requests that send; those that receive have the place of their socket.
const SEND: u64 = u64::MAX - 1;
