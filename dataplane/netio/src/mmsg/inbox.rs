//! Frames that wait for packets, each behind a header for recvmmsg.

use core::ptr::NonNull;
use std::os::fd::AsFd;

use crate::driver::Statistics;
use crate::frame::{BATCH_MAX, Batch, Frame};
use crate::leases::Lease;
use crate::mmsg::Port;
use crate::pool::Pool;
use crate::sys::socket::Messages;

/// Up to a batch of frames. They are pointed at once per batch and then served to socket after socket, since most
/// sockets have one packet only.
pub(super) struct Inbox {
    messages: Messages,
    frames: Vec<Option<Frame>>,
    /// The places before this one were received into.
    next: usize,
    /// The places from there to here are for the current batch.
    end: usize,
    /// The places from `next` to here are pointed at a frame.
    ready: usize,
}

impl Inbox {
    pub(super) fn new() -> Self {
        let frames = (0..BATCH_MAX).map(|_| None).collect();
        Self { messages: Messages::new(BATCH_MAX), frames, next: 0, end: 0, ready: 0 }
    }

    /// Makes `room` places ready, or fewer if the pool has no more frames.
    pub(super) fn fill(&mut self, room: usize, pool: &mut Pool) {
        let still_ready = self.next..self.ready;
        self.ready = if room < self.next { room } else { room.max(self.ready) };
        self.next = 0;
        self.end = room;
        for place in 0..room {
            if still_ready.contains(&place) && self.frames[place].is_some() {
                continue;
            }
            let Some(frame) = self.frames[place].take().or_else(|| pool.take()).or_else(|| self.spare(place))
            else {
                self.ready = place;
                self.end = place;
                break;
            };
            let frame = self.frames[place].insert(frame);
            let memory = frame.payload_and_room();
            let len = memory.len();
            self.messages.point_receive(place, NonNull::from(memory).cast(), len);
        }
    }

    /// Tells whether no place is ready.
    pub(super) fn is_empty(&self) -> bool {
        self.next == self.end
    }

    /// Gives a frame away, to whoever needs it more.
    pub(super) fn take(&mut self) -> Option<Frame> {
        (self.next, self.end, self.ready) = (0, 0, 0);
        self.spare(0)
    }

    /// Receives what one socket has, as far as there are places.
    pub(super) fn receive(
        &mut self,
        lease: &mut Lease<Port>,
        batch: &mut Batch,
        statistics: &mut Statistics,
    ) {
        let socket = lease.content.socket.as_fd();
        statistics.system_calls += 1;
        // SAFETY: `fill` has pointed every place before `end` at the frame that stands in it, which is the only way to
        // its memory and which `&mut self` keeps from everybody else.
        let received = unsafe { self.messages.receive(socket, self.next..self.end) };
        // An error is a report about a packet sent earlier, such as that nobody listens there, or a damaged packet that
        // the kernel has thrown away. Either way it was taken from the socket by being told, so this does not spin.
        let count = received.unwrap_or(0);
        for place in self.next..self.next + count {
            let message = self.messages.received(place);
            if let Some(lost) = message.notes.lost {
                statistics.rx_overflow += u64::from(lost.wrapping_sub(lease.content.lost));
                lease.content.lost = lost;
            }
            if message.is_truncated {
                statistics.rx_truncated += 1;
                continue;
            }
            let Some(source) = message.source else {
                statistics.rx_foreign += 1;
                continue;
            };
            let mut frame = self.frames[place].take().expect("fill has put a frame before each end");
            frame.set_len(message.len);
            frame.local = lease.port;
            frame.source = source;
            frame.traffic_class = message.notes.traffic_class;
            statistics.received += 1;
            let pushed = batch.push(frame);
            debug_assert!(pushed.is_ok(), "there are no more places than the batch has room");
        }
        self.next += count;
    }

    /// Takes a frame out of a later place, from the end.
    fn spare(&mut self, from: usize) -> Option<Frame> {
        self.frames[from..].iter_mut().rev().find_map(Option::take)
    }
}
