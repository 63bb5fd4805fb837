//! The driver that bypasses the kernel: AF_XDP sockets and a program in front of the network stack.
//!
//! The program (see [`bpf::xdp`](crate::bpf::xdp)) gives frames for leased ports to the socket of the queue that they
//! arrived at, and everything else to the kernel. A worker has the queues `w`, `w + workers`, and so on; all its sockets
//! share the memory of its frames, which go around without being copied by us: pool, fill ring, receive ring, worker,
//! transmit ring, completion ring, pool. At most half of the frames wait to be received into, and at most a quarter to be
//! sent.
//!
//! Frames are addressed with the help of the [mirror](crate::netlink). What the mirror cannot address goes
//! through the kernel.
//!
//! The UDP checksum of received packets is verified on network cards only. Virtual interfaces bring packets whose
//! checksum the sender never finished, as they cross no wire that could damage them.

mod handover;
mod interface;
mod kernel_path;
mod queue;
mod receive;
mod ring;
mod transmit;

use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use crate::address::{Endpoint, LocalPort};
use crate::bpf::map::{DescriptorMap, Descriptors, PortMap};
use crate::bpf::program::{self, Attachment, Kind, Link, Program};
use crate::bpf::xdp::assemble;
use crate::driver::{Driver, Statistics};
use crate::error::{DriverError, LeaseError, SetupError, no_descriptor};
use crate::frame::{BATCH_MAX, Batch, Frame};
use crate::netlink::{self, Mirror, Reader};
use crate::patience::Patience;
use crate::pool::Pool;
use crate::raw::RawSockets;
use crate::setup::Setup;
use crate::sys::event::{self, Epoll};
use crate::sys::{Errno, socket, xdp};
use crate::waker::Waker;
use handover::Inbox;
use interface::Interface;
use kernel_path::KernelPath;
use queue::Queue;

/// What epoll says when the waker was called, and when packets have come.
const WOKEN: u64 = 0;
const PACKETS: u64 = 1;
/// How long to sleep at most while frames that the NIC had no room for still wait to be sent.
const SLEEP_WITH_UNSENT: Duration = Duration::from_millis(1);

/// AF_XDP sockets on the queues of one interface.
pub struct Afxdp {
    worker: usize,
    shared: Arc<Shared>,
    pool: Pool,
    queues: Vec<Queue>,
    /// The queue that is looked at first; it goes around, so that none starves.
    first_queue: usize,
    reader: Reader,
    kernel_path: KernelPath,
    events: Epoll,
    event: OwnedFd,
    waker: Waker,
    verify_checksums: bool,
    busy_poll: bool,
    statistics: Statistics,
}

/// What the workers have in common.
struct Shared {
    /// The media addresses, as they are compared.
    endpoints: Vec<Endpoint>,
    interface: Interface,
    ports: PortMap,
    inboxes: Vec<Inbox>,
    notes: Vec<String>,
    /// The program stays attached as long as a worker is there.
    _link: Link,
    mirror: Mirror,
}

impl Afxdp {
    /// Opens a driver per worker.
    ///
    /// # Errors
    ///
    /// If the interface or a queue of it for each worker, a capability, memory, or a feature of the kernel is lacking.
    pub fn open(setup: &Setup) -> Result<Vec<Self>, SetupError> {
        let mut pools = setup.pools(Self::NAME)?;
        let mirror = Mirror::start(Self::NAME)?;
        let interface = Interface::find(setup, &mirror.reader())?;
        let ports = PortMap::new(Self::NAME, &setup.addresses)?;
        let sockets = DescriptorMap::new(Self::NAME, Descriptors::XdpSockets, interface.queues)?;
        let program = load(&ports, &sockets)?;
        let Attachment { link, mode, native_refusal } = program.attach_to_interface(interface.index)?;
        let mut queues = Vec::new();
        let mut wakers = Vec::new();
        for (worker, pool) in pools.iter_mut().enumerate() {
            queues.push(interface.open_queues(setup, worker, pool, mode, &sockets)?);
            wakers.push(Waker::pair(Self::NAME)?);
        }
        let zero_copy = queues.iter().flatten().all(Queue::is_zero_copy);
        let shared = Arc::new(Shared {
            endpoints: setup.addresses.iter().map(|address| Endpoint::new(*address, 0)).collect(),
            notes: interface.notes(native_refusal.as_deref(), zero_copy),
            inboxes: wakers.iter().map(|(_, waker)| Inbox::new(waker.clone())).collect(),
            interface,
            ports,
            _link: link,
            mirror,
        });
        let mut drivers = Vec::new();
        for (((worker, pool), queues), (event, waker)) in
            pools.into_iter().enumerate().zip(queues).zip(wakers)
        {
            let events = watch(&event, &queues).map_err(|errno| no_descriptor(Self::NAME, errno))?;
            drivers.push(Self {
                worker,
                pool,
                queues,
                first_queue: 0,
                reader: shared.mirror.reader(),
                kernel_path: KernelPath::open().map_err(|errno| no_descriptor(Self::NAME, errno))?,
                events,
                event,
                waker,
                verify_checksums: shared.interface.crosses_wire,
                busy_poll: setup.busy_poll,
                statistics: Statistics::default(),
                shared: Arc::clone(&shared),
            });
        }
        Ok(drivers)
    }

    /// Tells whether the driver can be opened here, and finds its interface. What only attaching the program shows is not
    /// tried, as that makes some network cards start anew.
    pub(crate) fn probe(setup: &Setup) -> Result<Interface, SetupError> {
        setup.check(Self::NAME)?;
        let interface = Interface::find(setup, &netlink::read(Self::NAME)?)?;
        let ports = PortMap::new(Self::NAME, &setup.addresses)?;
        load(&ports, &DescriptorMap::new(Self::NAME, Descriptors::XdpSockets, interface.queues)?)?;
        let refused = |wanted, errno| program::refused(Self::NAME, wanted, errno);
        xdp::socket().map_err(|errno| refused("an AF_XDP socket", errno))?;
        RawSockets::open().map_err(|errno| refused("a raw IP socket", errno))?;
        Ok(interface)
    }

    /// Tells whether the driver can be opened here and is worth it: the driver of the interface runs the program.
    pub(crate) fn probe_native(setup: &Setup) -> Result<(), SetupError> {
        let interface = Self::probe(setup)?;
        let found = match netlink::xdp_features(interface.index) {
            Ok(features) if features.is_enough() => return Ok(()),
            Ok(_) => "one that has none now".to_owned(),
            Err(errno) => format!("a kernel that does not tell what it has ({errno})"),
        };
        Err(SetupError {
            driver: Self::NAME,
            wanted: format!("native XDP in {}, the driver of {}", interface.driver, interface.name),
            found,
            remedy: "choose driver afxdp explicitly to have it run in front of the network stack".to_owned(),
        })
    }

    /// Sets whether the UDP checksum of received packets is verified; see the module for what it is without this.
    pub fn verify_checksums(&mut self, verify: bool) {
        self.verify_checksums = verify;
    }

    /// Takes note of what has changed around this host.
    fn refresh(&mut self) -> Result<(), DriverError> {
        self.reader.refresh();
        // An interface of the same name that comes later has another index.
        match self.reader.link(self.shared.interface.index) {
            Some(_) => Ok(()),
            None => Err(DriverError::InterfaceGone),
        }
    }

    /// Sends what the NIC had no room for before.
    fn flush(&mut self) -> Result<(), DriverError> {
        let Some(queue) = self.queues.first_mut() else { return Ok(()) };
        match queue.flush() {
            Ok(calls) => {
                self.statistics.system_calls += calls;
                Ok(())
            }
            // The kernel unbinds the sockets of an interface that it removes.
            Err(Errno(libc::ENXIO | libc::ENODEV)) => Err(DriverError::InterfaceGone),
            Err(Errno(errno)) => Err(DriverError::Kernel { operation: "sendto on an AF_XDP socket", errno }),
        }
    }

    /// Waits for packets. Returns whether the waker was called.
    fn sleep(&mut self, wait: Duration) -> Result<bool, DriverError> {
        let inbox = &self.shared.inboxes[self.worker];
        let wait = if inbox.fall_asleep() && !self.busy_poll { wait } else { Duration::ZERO };
        if self.busy_poll {
            self.queues.iter().for_each(Queue::poll);
            self.statistics.system_calls += self.queues.len() as u64;
        }
        let mut events = [libc::epoll_event { events: 0, u64: PACKETS }; 2];
        let kernel = |Errno(errno)| DriverError::Kernel { operation: "epoll_pwait2", errno };
        let count = self.events.wait(&mut events, wait).map_err(kernel)?;
        inbox.awake();
        self.statistics.system_calls += 1;
        let woken = events[..count].iter().any(|event| event.u64 == WOKEN);
        if woken {
            event::clear(self.event.as_fd());
            self.statistics.system_calls += 1;
        }
        Ok(woken)
    }
}

impl Driver for Afxdp {
    const NAME: &'static str = "afxdp";

    /// Besides our own leases it asks the kernel, by binding a socket and closing it again: a port that a program has on
    /// this address, or on all, stays with that program. A program that comes later gets the port, but no packets.
    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError> {
        let endpoint = self.shared.endpoints.get(usize::from(port.address)).ok_or(LeaseError::NotLocal)?;
        if self.shared.ports.worker(port).is_some() {
            return Err(LeaseError::InUse);
        }
        drop(socket::bind(endpoint.address(), port.port)?);
        if self.shared.ports.lease(port, self.worker) { Ok(()) } else { Err(LeaseError::InUse) }
    }

    fn release(&mut self, port: LocalPort) {
        self.shared.ports.release(port, self.worker);
    }

    fn receive(&mut self, batch: &mut Batch, wait: Duration) -> Result<(), DriverError> {
        let mut patience = Patience::new(wait);
        loop {
            self.refresh()?;
            if self.queues.first().is_some_and(Queue::has_unsent) {
                self.flush()?;
            }
            if self.collect(batch) || batch.len() == BATCH_MAX {
                return Ok(());
            }
            let Some(left) = patience.left() else { return Ok(()) };
            let unsent = self.queues.first().is_some_and(Queue::has_unsent);
            if self.sleep(if unsent { left.min(SLEEP_WITH_UNSENT) } else { left })? {
                self.collect(batch);
                return Ok(());
            }
        }
    }

    fn transmit(&mut self, batch: &mut Batch) -> Result<(), DriverError> {
        if let Err(error) = self.refresh() {
            self.pool.give_all(batch);
            return Err(error);
        }
        for frame in batch.drain() {
            self.send(frame);
        }
        self.flush()
    }

    fn allocate(&mut self) -> Option<Frame> {
        self.pool.take()
    }

    fn waker(&self) -> Waker {
        self.waker.clone()
    }

    fn statistics(&self) -> Statistics {
        let mut statistics = self.statistics;
        for counts in self.queues.iter().filter_map(Queue::statistics) {
            let no_buffer = counts.rx_fill_ring_empty_descs;
            statistics.rx_no_buffer += no_buffer;
            // Where the kernel copies, it counts a packet without a buffer among the dropped, too.
            statistics.rx_overflow += counts.rx_dropped.saturating_sub(no_buffer) + counts.rx_ring_full;
            statistics.tx_failed += counts.tx_invalid_descs;
        }
        statistics
    }

    fn notes(&self) -> &[String] {
        &self.shared.notes
    }
}

impl Drop for Afxdp {
    fn drop(&mut self) {
        for address in 0..self.shared.endpoints.len() as u8 {
            for port in 0..=u16::MAX {
                self.shared.ports.release(LocalPort { address, port }, self.worker);
            }
        }
    }
}

fn load(ports: &PortMap, sockets: &DescriptorMap) -> Result<Program, SetupError> {
    Program::load(Afxdp::NAME, Kind::Xdp, c"trunkline_media", &assemble(ports, sockets))
}

fn watch(event: &OwnedFd, queues: &[Queue]) -> Result<Epoll, Errno> {
    let events = Epoll::new()?;
    events.add(event, WOKEN)?;
    for queue in queues {
        events.add(queue, PACKETS)?;
    }
    Ok(events)
}
