//! The driver that needs no privilege: a socket per leased port, all served by one io_uring per worker.
//!
//! Each socket has a request that receives packet after packet into whatever buffer is free, and sends are requests
//! that complete while they are submitted. So one system call receives from many sockets, and another sends to many.
//!
//! The ring alone holds the sockets: their descriptors are closed as soon as it does, so leases are not bounded by what
//! a process may have open at a time, only by the size of the ring's table.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};

use io_uring::{opcode, squeue, types};

use crate::address::{Endpoint, LocalPort};
use crate::descriptors;
use crate::driver::{Driver, Statistics};
use crate::error::{DriverError, LeaseError, SetupError};
use crate::frame::{BATCH_MAX, Batch, Frame};
use crate::leases::{Leases, slot_of};
use crate::patience::Patience;
use crate::pool::Pool;
use crate::setup::Setup;
use crate::sys::socket::{self, Messages, SendError};
use crate::sys::{Errno, limit, uring};
use crate::uring::buffers::{self, Buffers};
use crate::uring::doubts::Doubts;
use crate::uring::pools;
use crate::uring::ring::{Completion, PROBE_COMPLETIONS, Ring, broken};
use crate::waker::Waker;

/// The most leases of a worker: all ports of an address.
const LEASES_MAX: u32 = 1 << 16;
/// How often one call to receive may enter the kernel before it sleeps: for 20 packets, 20 and 40 more, and once to see
/// that there are none. After a sleep it begins anew.
const ENTERS_MAX: u32 = 4;
/// From how many completions at once there are probably more: the kernel does not run more than 20 receivers unasked.
const BACKLOG: u32 = 16;
/// How often a release may enter the kernel. Each time runs as much as all times before, and there are fewer than 2^20
/// receivers.
const RELEASE_RUNS_MAX: u32 = 20;

/// The upper byte of a mark says what the request was; the rest is the key of a lease.
const KIND: u64 = 0xff << 56;
const RECEIVE: u64 = 0;
const SEND: u64 = 1 << 56;
const CANCEL: u64 = 2 << 56;

/// A UDP socket per leased port, in an io_uring.
///
/// It may be opened, and ports leased, by one thread and used by another: it belongs to the thread that first receives
/// or sends, and only that thread may lease and release from then on.
pub struct UringSockets {
    addresses: Vec<IpAddr>,
    pool: Pool,
    buffers: Buffers,
    ring: Ring,
    leases: Leases<Port>,
    leases_max: u32,
    /// Leases whose receiver is to be started, at first or again.
    to_start: VecDeque<u64>,
    /// Leases whose receiver ended because no buffer was free.
    starved: VecDeque<u64>,
    outbox: Messages,
    /// Sends that may have failed: the answer is among the completions that nobody has looked at.
    doubts: Doubts,
    /// What all receivers are started with: how much room there is for names and control messages.
    template: Box<libc::msghdr>,
    event: OwnedFd,
    waker: Waker,
    statistics: Statistics,
    notes: Vec<String>,
}

// SAFETY: the only part that is not `Send` by itself is the template, whose pointers are null.
unsafe impl Send for UringSockets {}

/// What belongs to a leased port besides the socket, which the ring holds.
struct Port {
    is_ipv6: bool,
    /// How many packets the socket has lost, as far as the kernel told.
    lost: u32,
}

impl UringSockets {
    /// Opens a driver per worker.
    ///
    /// # Errors
    ///
    /// If io_uring is forbidden here, or memory or descriptors are lacking.
    pub fn open(setup: &Setup) -> Result<Vec<Self>, SetupError> {
        let pools = pools(setup, Self::NAME)?;
        let mut notes = setup.notes(Self::NAME);
        notes.extend(descriptors::make_room(LEASES_MAX.into()));
        pools.into_iter().map(|pool| Self::with_pool(setup, pool, notes.clone())).collect()
    }

    /// Tells whether the driver can be opened here.
    pub(crate) fn probe() -> Result<(), SetupError> {
        Ring::open(Self::NAME, PROBE_COMPLETIONS).map(drop)
    }

    fn with_pool(setup: &Setup, pool: Pool, notes: Vec<String>) -> Result<Self, SetupError> {
        let refused = |what: &str, errno: Errno| SetupError {
            driver: Self::NAME,
            wanted: format!("{what} in io_uring"),
            found: errno.to_string(),
            remedy: "type: ulimit -n 65536 and ulimit -l unlimited; or choose driver mmsg".to_owned(),
        };
        let (event, waker) = Waker::pair(Self::NAME)?;
        // Each frame can complete once before somebody looks, and each receiver can end.
        let ring = Ring::open(Self::NAME, (setup.frames * 2).max(4096))?;
        // The kernel has the limit of descriptors bound this table, too.
        let leases_max = u64::from(LEASES_MAX).min(limit::descriptors().now) as u32;
        uring::make_slots(ring.registry(), leases_max)
            .map_err(|errno| refused("a table of sockets", errno))?;
        let buffers =
            Buffers::new(ring.registry(), setup.frames).map_err(|errno| refused("buffers", errno))?;
        Ok(Self {
            addresses: setup.addresses.clone(),
            pool,
            buffers,
            ring,
            leases: Leases::new(setup.addresses.len()),
            leases_max,
            to_start: VecDeque::new(),
            starved: VecDeque::new(),
            outbox: Messages::new(BATCH_MAX),
            doubts: Doubts::new(),
            template: Box::new(socket::receive_template(buffers::NAME_ROOM, buffers::CONTROL_ROOM)),
            event,
            waker,
            statistics: Statistics::default(),
            notes,
        })
    }

    /// Leases a port whose socket is bound already, such as by a process that keeps it while this one restarts.
    ///
    /// # Errors
    ///
    /// If the port is leased already, if the socket is not bound to it, or if no resource is left.
    pub fn adopt(&mut self, port: LocalPort, socket: OwnedFd) -> Result<(), LeaseError> {
        let address = self.address(port)?;
        if self.leases.find(port).is_some() {
            return Err(LeaseError::InUse);
        }
        if self.leases.next_slot() >= self.leases_max {
            return Err(LeaseError::NoDescriptors);
        }
        socket::prepare(socket.as_fd(), &Endpoint::new(address, port.port))?;
        uring::set_slot(self.ring.registry(), self.leases.next_slot(), Some(socket.as_fd()))
            .map_err(socket::lease_error)?;
        let key = self.leases.insert(port, Port { is_ipv6: address.is_ipv6(), lost: 0 });
        for queue in [&mut self.to_start, &mut self.starved] {
            // A lease stands at most once in one of them, so they never grow while packets flow.
            queue.reserve(self.leases.len() - queue.len());
        }
        self.to_start.push_back(key);
        Ok(())
    }

    fn address(&self, port: LocalPort) -> Result<IpAddr, LeaseError> {
        self.addresses.get(usize::from(port.address)).copied().ok_or(LeaseError::NotLocal)
    }
}

impl Driver for UringSockets {
    const NAME: &'static str = "uring-sockets";

    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError> {
        let socket = socket::bind(self.address(port)?, port.port)?;
        self.adopt(port, socket)
    }

    fn release(&mut self, port: LocalPort) {
        let Some((key, _)) = self.leases.remove(port) else { return };
        self.to_start.retain(|other| *other != key);
        self.starved.retain(|other| *other != key);
        // A slot can always be emptied; if the ring were gone, so would the socket be.
        let _ = uring::set_slot(self.ring.registry(), slot_of(key), None);
        if !self.ring.is_started() {
            return;
        }
        // The socket closes, and the port is free, when its receiver has ended too, which it has when nothing is
        // pending any more. Each turn runs at least as much as all before. An error shows at the next receive.
        let cancel = opcode::AsyncCancel::new(RECEIVE | key).build().user_data(CANCEL);
        // SAFETY: the request points to no memory.
        let mut done = unsafe { self.ring.push(&cancel) }.and_then(|()| self.ring.submit());
        for _ in 0..RELEASE_RUNS_MAX {
            if done.is_err() || !self.ring.is_pending() {
                break;
            }
            done = self.ring.run();
        }
    }

    fn receive(&mut self, batch: &mut Batch, wait: Duration) -> Result<(), DriverError> {
        self.ring.start(self.event.as_fd())?;
        self.buffers.fill(&mut self.pool);
        if batch.len() == BATCH_MAX {
            return Ok(());
        }
        let before = batch.len();
        let mut patience = Patience::new(wait);
        let mut enters_left = ENTERS_MAX;
        let mut gained = self.ring.completions();
        // The kernel may say for a while that something is pending when nothing is: it says so just after others did it.
        let mut is_idle = false;
        loop {
            let done = self.ring.completions();
            let is_wanted = match done {
                0 => !is_idle,
                _ => gained >= BACKLOG && (done as usize) < BATCH_MAX - batch.len(),
            };
            // Receivers are started in any case: steady traffic must not keep a new port from its first packet.
            if enters_left > 0 && (self.start_receivers()? || is_wanted && self.ring.is_pending()) {
                self.ring.run()?;
                enters_left -= 1;
                gained = self.ring.completions() - done;
                is_idle = gained == 0;
                continue;
            }
            self.collect(batch)?;
            if batch.len() > before || self.ring.take_woken() {
                break;
            }
            if enters_left > 0 && !self.to_start.is_empty() {
                continue;
            }
            let Some(left) = patience.left() else { break };
            self.buffers.fill(&mut self.pool);
            self.start_receivers()?;
            self.ring.wait(1, left)?;
            enters_left = ENTERS_MAX;
            gained = self.ring.completions();
            is_idle = false;
        }
        self.statistics.received += (batch.len() - before) as u64;
        Ok(())
    }

    fn transmit(&mut self, batch: &mut Batch) -> Result<(), DriverError> {
        self.ring.start(self.event.as_fd())?;
        let mut queued = 0;
        for (place, frame) in batch.frames().iter_mut().enumerate() {
            let Some(route) = frame.route else { continue };
            let Some(slot) = self.leases.find(route.from) else {
                self.statistics.tx_not_leased += 1;
                continue;
            };
            let lease = self.leases.at(slot).expect("find returns slots that are taken");
            if lease.content.is_ipv6 != route.to.address().is_ipv6() {
                self.statistics.tx_unreachable += 1;
                continue;
            }
            let request = send_request(&mut self.outbox, place, frame, &route.to, route.traffic_class, slot);
            // SAFETY: payload, address and headers stay where they are until `submit` below: the batch is borrowed, and
            // the outbox is not touched at this place again. The request does not wait, so it is complete then.
            unsafe { self.ring.push(&request) }?;
            queued += 1;
        }
        if queued > 0 {
            self.ring.submit()?;
            self.doubts.add(queued, self.ring.read() + u64::from(self.ring.completions()));
            self.statistics.sent += self.doubts.settle(self.ring.read());
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
        Statistics { system_calls: self.ring.system_calls(), ..self.statistics }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl UringSockets {
    /// Starts receivers, as many as there can be buffers for; tells whether there were any.
    fn start_receivers(&mut self) -> Result<bool, DriverError> {
        // Of those that found no buffer, no more than there are buffers now, or they would only end again.
        let again = self.starved.len().min(self.buffers.queued() as usize);
        self.to_start.extend(self.starved.drain(..again));
        let has_any = !self.to_start.is_empty();
        while let Some(key) = self.to_start.pop_front() {
            let request = opcode::RecvMsgMulti::new(
                types::Fixed(slot_of(key)),
                &raw const *self.template,
                buffers::GROUP,
            );
            // SAFETY: the template lives as long as this driver. The buffers it will write to are the kernel's until
            // it names them in completions.
            unsafe { self.ring.push(&request.build().user_data(RECEIVE | key)) }?;
        }
        Ok(has_any)
    }

    /// Looks at completions as long as the batch has room.
    fn collect(&mut self, batch: &mut Batch) -> Result<(), DriverError> {
        while batch.len() < BATCH_MAX {
            let completion = self.ring.next(self.event.as_fd())?;
            let Some(completion) = completion else { break };
            match (completion.mark & KIND, completion.result) {
                (RECEIVE, _) => self.take_in(&completion, batch)?,
                (SEND, Err(errno)) => {
                    self.doubts.fail(self.ring.read());
                    SendError::from(errno).count(1, &mut self.statistics);
                }
                // A successful send does not complete, and of a cancelled receiver its own completion tells.
                _ => {}
            }
        }
        self.statistics.sent += self.doubts.settle(self.ring.read());
        Ok(())
    }

    /// Takes in one completion of a receiver.
    fn take_in(&mut self, completion: &Completion, batch: &mut Batch) -> Result<(), DriverError> {
        let key = completion.mark & !KIND;
        let lease = self.leases.by_key(key);
        let is_leased = lease.is_some();
        if let Some(id) = completion.buffer {
            let len = completion.result.unwrap_or(0) as usize;
            let mut frame = self.buffers.take(&mut self.pool, id, len);
            let arrived = buffers::arrived(&mut frame);
            match (lease, arrived.source) {
                (Some(lease), Some(source)) => {
                    if let Some(lost) = arrived.notes.lost {
                        self.statistics.rx_overflow += u64::from(lost.wrapping_sub(lease.content.lost));
                        lease.content.lost = lost;
                    }
                    if arrived.is_truncated {
                        self.statistics.rx_truncated += 1;
                        self.pool.give(frame);
                    } else {
                        frame.local = lease.port;
                        frame.source = source;
                        frame.traffic_class = arrived.notes.traffic_class;
                        let pushed = batch.push(frame);
                        debug_assert!(pushed.is_ok(), "collect has seen that there is room");
                    }
                }
                _ => {
                    self.statistics.rx_foreign += 1;
                    self.pool.give(frame);
                }
            }
        }
        if completion.continues || !is_leased {
            return Ok(());
        }
        match completion.result {
            Err(Errno(libc::ENOBUFS)) => {
                self.statistics.rx_no_buffer += 1;
                self.starved.push_back(key);
            }
            // These would come again and again.
            Err(
                errno @ Errno(libc::EBADF | libc::EINVAL | libc::EOPNOTSUPP | libc::EFAULT | libc::ENOTSOCK),
            ) => {
                return Err(broken("recvmsg", errno));
            }
            // An empty packet ends a receiver, and so do a report that nobody listens at a destination, and a full
            // queue of completions.
            Ok(_) | Err(_) => self.to_start.push_back(key),
        }
        Ok(())
    }
}

/// Makes the request that sends a frame. Only one with a traffic class other than the socket's needs a whole header.
fn send_request(
    outbox: &mut Messages,
    place: usize,
    frame: &mut Frame,
    to: &Endpoint,
    traffic_class: u8,
    slot: u32,
) -> squeue::Entry {
    let len = frame.len();
    let memory = core::ptr::NonNull::from(frame.payload_and_room()).cast();
    outbox.point_send(place, (memory, len), to, traffic_class);
    let socket = types::Fixed(slot);
    let entry = if outbox.has_control(place) {
        opcode::SendMsg::new(socket, outbox.header(place)).flags(libc::MSG_DONTWAIT as u32).build()
    } else {
        let (name, name_len) = outbox.name(place);
        opcode::Send::new(socket, memory.as_ptr(), len as u32)
            .flags(libc::MSG_DONTWAIT)
            .dest_addr(name)
            .dest_addr_len(name_len)
            .build()
    };
    entry.flags(squeue::Flags::SKIP_SUCCESS).user_data(SEND)
}
