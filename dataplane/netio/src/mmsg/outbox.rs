//! Sends a batch, grouped by socket.

use core::ops::Range;
use core::ptr::NonNull;
use std::os::fd::AsFd;

use crate::driver::Statistics;
use crate::frame::{BATCH_MAX, Batch};
use crate::leases::Leases;
use crate::mmsg::Port;
use crate::sys::socket::{Messages, SendError};

/// Headers for sendmmsg, and the order in which they stand.
pub(super) struct Outbox {
    messages: Messages,
    order: Vec<Place>,
}

/// Sorted by socket, and for one socket by the place in the batch, so that no packet overtakes another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    slot: u32,
    in_batch: u32,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self { messages: Messages::new(BATCH_MAX), order: Vec::with_capacity(BATCH_MAX) }
    }

    /// Sends the frames that have a route. All stay in the batch.
    pub(super) fn send(&mut self, batch: &mut Batch, leases: &mut Leases<Port>, statistics: &mut Statistics) {
        self.sort(batch, leases, statistics);
        let frames = batch.frames();
        for (place, Place { in_batch, .. }) in self.order.iter().enumerate() {
            let frame = &mut frames[*in_batch as usize];
            let Some(route) = frame.route else { continue };
            let len = frame.len();
            let memory = NonNull::from(frame.payload_and_room()).cast();
            self.messages.point_send(place, (memory, len), &route.to, route.traffic_class);
        }
        let mut start = 0;
        while let Some(&Place { slot, .. }) = self.order.get(start) {
            let count = self.order[start..].iter().take_while(|place| place.slot == slot).count();
            let lease = leases.at(slot).expect("sort has found the port in this slot");
            self.send_from(&lease.content, start..start + count, statistics);
            start += count;
        }
    }

    /// Finds the sockets, and counts what has none.
    fn sort(&mut self, batch: &mut Batch, leases: &mut Leases<Port>, statistics: &mut Statistics) {
        self.order.clear();
        for (in_batch, frame) in (0..).zip(batch.frames()) {
            let Some(route) = frame.route else { continue };
            let Some(slot) = leases.find(route.from) else {
                statistics.tx_not_leased += 1;
                continue;
            };
            let lease = leases.at(slot).expect("find returns slots that are taken");
            match lease.content.is_ipv6 == route.to.address().is_ipv6() {
                true => self.order.push(Place { slot, in_batch }),
                false => statistics.tx_unreachable += 1,
            }
        }
        self.order.sort_unstable();
    }

    /// Sends packets of one socket. One that the kernel refuses does not keep those behind it, unless there is no room
    /// for any.
    fn send_from(&mut self, port: &Port, mut places: Range<usize>, statistics: &mut Statistics) {
        while !places.is_empty() {
            statistics.system_calls += 1;
            // SAFETY: `send` has pointed these places at frames of the batch, which it borrows until after this call.
            match unsafe { self.messages.send(port.socket.as_fd(), places.clone()) } {
                Ok(count) => {
                    statistics.sent += count as u64;
                    places.start += count;
                }
                Err(errno) => {
                    let error = SendError::from(errno);
                    let given_up = if error == SendError::Full { places.len() } else { 1 };
                    error.count(given_up as u64, statistics);
                    places.start += given_up;
                }
            }
        }
    }
}
