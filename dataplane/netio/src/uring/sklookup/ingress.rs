//! Receiving from the sockets that the BPF program feeds: requests that stay, and frames that wait in the kernel.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use io_uring::{opcode, types};

use crate::address::{Endpoint, LocalPort};
use crate::driver::Statistics;
use crate::error::{DriverError, SetupError};
use crate::frame::{BATCH_MAX, Batch, Frame};
use crate::pool::Pool;
use crate::sys::{Errno, socket};
use crate::uring::buffers::{self, Buffers, CONTROL_ROOM, NAME_ROOM};
use crate::uring::ring::{Completion, Ring};
use crate::uring::sklookup::refused;

/// The sockets of a worker, one over IPv4 and one over IPv6, and the packets that came from them.
pub(super) struct Ingress {
    sockets: [Option<Socket>; 2],
    buffers: Buffers,
    /// What arrived while there was no room for it in a batch.
    arrived: VecDeque<Frame>,
    /// What the requests are made with: how much room there is for names and control messages.
    template: Box<libc::msghdr>,
}

struct Socket {
    socket: OwnedFd,
    /// Whether the kernel has the request that receives.
    is_receiving: bool,
}

// SAFETY: the only part that is not `Send` by itself is the template, whose pointers are null.
unsafe impl Send for Ingress {}

impl Ingress {
    pub(super) fn new(
        [over_ipv4, over_ipv6]: [Option<OwnedFd>; 2],
        ring: &Ring,
        frames: u32,
    ) -> Result<Self, SetupError> {
        let prepare = |socket: Option<OwnedFd>, options: &[(i32, i32, i32)]| {
            let Some(socket) = socket else { return Ok(None) };
            for &(level, name, value) in OPTIONS.iter().chain(options) {
                socket::set(socket.as_fd(), level, name, value)
                    .map_err(|errno| refused("socket options", errno))?;
            }
            Ok(Some(Socket { socket, is_receiving: false }))
        };
        let sockets = [prepare(over_ipv4, OPTIONS_IPV4)?, prepare(over_ipv6, OPTIONS_IPV6)?];
        let buffers =
            Buffers::new(ring.registry(), frames).map_err(|errno| refused("a ring of buffers", errno))?;
        let arrived = VecDeque::with_capacity(frames as usize);
        let template = Box::new(socket::receive_template(NAME_ROOM, CONTROL_ROOM));
        Ok(Self { sockets, buffers, arrived, template })
    }

    /// Lends free frames to the kernel, and gives it the requests that it does not have; tells whether there were any.
    /// Each serves until there are no buffers.
    pub(super) fn start(&mut self, ring: &mut Ring, pool: &mut Pool) -> Result<bool, DriverError> {
        self.buffers.fill(pool);
        let mut has_any = false;
        for (mark, socket) in (0..).zip(&mut self.sockets) {
            let Some(Socket { socket, is_receiving: is_receiving @ false }) = socket else { continue };
            if self.buffers.queued() == 0 {
                break;
            }
            let socket = types::Fd(socket.as_raw_fd());
            let request = opcode::RecvMsgMulti::new(socket, &raw const *self.template, buffers::GROUP);
            // SAFETY: the template lives as long as this driver. The buffers it will write to are the kernel's until it
            // names them in completions.
            unsafe { ring.push(&request.build().user_data(mark)) }?;
            *is_receiving = true;
            has_any = true;
        }
        Ok(has_any)
    }

    /// Takes in one completion of a request that [`Ingress::start`] made; `local` knows the ports of this worker.
    pub(super) fn take_in(
        &mut self,
        completion: &Completion,
        pool: &mut Pool,
        local: impl Fn(&Endpoint) -> Option<LocalPort>,
        statistics: &mut Statistics,
    ) {
        if !completion.continues {
            // An empty packet ends a request, and so does the lack of a buffer.
            let socket = self.sockets.get_mut(completion.mark as usize).and_then(Option::as_mut);
            socket.expect("a request has the mark of its socket").is_receiving = false;
            statistics.rx_no_buffer += u64::from(completion.result == Err(Errno(libc::ENOBUFS)));
        }
        let Some(id) = completion.buffer else { return };
        let len = completion.result.unwrap_or(0) as usize;
        let mut frame = self.buffers.take(pool, id, len);
        let arrived = buffers::arrived(&mut frame);
        let port = arrived.notes.destination.as_ref().and_then(local);
        match (port, arrived.source) {
            (Some(_), _) if arrived.is_truncated => {
                statistics.rx_truncated += 1;
                pool.give(frame);
            }
            (Some(port), Some(source)) => {
                frame.local = port;
                frame.source = source;
                frame.traffic_class = arrived.notes.traffic_class;
                self.arrived.push_back(frame);
            }
            _ => {
                statistics.rx_foreign += 1;
                pool.give(frame);
            }
        }
    }

    /// Moves packets that arrived into the batch, as far as it has room; returns how many.
    pub(super) fn hand_over(&mut self, batch: &mut Batch) -> usize {
        let count = self.arrived.len().min(BATCH_MAX - batch.len());
        for frame in self.arrived.drain(..count) {
            let pushed = batch.push(frame);
            debug_assert!(pushed.is_ok(), "there is room for so many");
        }
        count
    }

    /// Returns how many packets the kernel has dropped because the sockets were full.
    ///
    /// The control message SO_RXQ_OVFL would tell with every packet, and not fit into the headroom beside the others.
    /// Asking is as exact, and tells of losses behind which no packet came.
    pub(super) fn overflow(&self) -> u64 {
        self.sockets.iter().flatten().map(|socket| u64::from(socket::dropped(socket.socket.as_fd()))).sum()
    }
}

/// For both families. Small packets count with 1 to 4 KB each: this is room for a tenth of a second and more of 150,000
/// packets a second, which is what a worker can do.
const OPTIONS: &[(i32, i32, i32)] = &[(libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, 32 << 20)];
const OPTIONS_IPV4: &[(i32, i32, i32)] =
    &[(libc::IPPROTO_IP, libc::IP_RECVORIGDSTADDR, 1), (libc::IPPROTO_IP, libc::IP_RECVTOS, 1)];
const OPTIONS_IPV6: &[(i32, i32, i32)] =
    &[(libc::IPPROTO_IPV6, libc::IPV6_RECVORIGDSTADDR, 1), (libc::IPPROTO_IPV6, libc::IPV6_RECVTCLASS, 1)];
