//! Packets from one worker to another of the same process.
//!
//! The NIC chooses the queue, and so the worker, that a packet arrives at; where it cannot be told to choose the worker
//! that leased the port, that worker still gets the packet, copied through its inbox. So does a packet for a port that
//! this process has leased itself: it never reaches the NIC. An inbox has a fixed number of parcels that go around
//! between a queue of empty ones and a queue of full ones; when none is empty, the packet is lost and counted.

use core::sync::atomic::{AtomicBool, Ordering, fence};

use crossbeam::queue::ArrayQueue;

use crate::address::{Endpoint, LocalPort};
use crate::frame::{FRAME_BYTES, Frame, HEADROOM};
use crate::pool::Pool;
use crate::waker::Waker;

/// Four batches: what the other workers can bring while one is busy with a batch.
const PARCELS: usize = 256;

/// What others bring to one worker.
pub(super) struct Inbox {
    empty: ArrayQueue<Box<Parcel>>,
    full: ArrayQueue<Box<Parcel>>,
    /// Whether the worker waits and must be woken.
    asleep: AtomicBool,
    waker: Waker,
}

/// One packet.
struct Parcel {
    local: LocalPort,
    source: Endpoint,
    traffic_class: u8,
    len: usize,
    payload: [u8; FRAME_BYTES - HEADROOM],
}

/// Where a packet for another worker came from, and which port it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) local: LocalPort,
    pub(super) source: Endpoint,
    pub(super) traffic_class: u8,
}

/// What came out of an inbox.
pub(super) enum Taken {
    /// A packet for which no frame was free.
    Lost,
    Nothing,
    Packet(Frame),
}

impl Inbox {
    pub(super) fn new(waker: Waker) -> Self {
        let (empty, full) = (ArrayQueue::new(PARCELS), ArrayQueue::new(PARCELS));
        for _ in 0..PARCELS {
            let local = LocalPort { address: 0, port: 0 };
            let payload = [0; FRAME_BYTES - HEADROOM];
            let parcel = Parcel { local, source: Endpoint::NONE, traffic_class: 0, len: 0, payload };
            let pushed = empty.push(Box::new(parcel));
            assert!(pushed.is_ok(), "the queue has a place for every parcel");
        }
        Self { empty, full, asleep: AtomicBool::new(false), waker }
    }

    /// Brings a packet. Returns whether there was room.
    pub(super) fn put(&self, label: Label, payload: &[u8]) -> bool {
        let Some(mut parcel) = self.empty.pop() else { return false };
        let Some(room) = parcel.payload.get_mut(..payload.len()) else {
            self.give_back(parcel);
            return false;
        };
        room.copy_from_slice(payload);
        parcel.len = payload.len();
        parcel.local = label.local;
        parcel.source = label.source;
        parcel.traffic_class = label.traffic_class;
        let pushed = self.full.push(parcel);
        assert!(pushed.is_ok(), "the queue has a place for every parcel");
        true
    }

    /// Wakes the worker if it waits. Returns whether it did.
    pub(super) fn wake(&self) -> bool {
        // Either this sees that the worker is asleep, or the worker sees the parcel before it falls asleep.
        fence(Ordering::SeqCst);
        let asleep = self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::Relaxed);
        if asleep {
            self.waker.wake();
        }
        asleep
    }

    /// Says that the worker is about to wait. Returns whether it may, as nothing is here.
    pub(super) fn fall_asleep(&self) -> bool {
        self.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        self.full.is_empty()
    }

    /// Says that the worker waits no more.
    pub(super) fn awake(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Takes a packet out, into a frame of the worker's own.
    #[inline]
    pub(super) fn take(&self, pool: &mut Pool) -> Taken {
        let Some(parcel) = self.full.pop() else { return Taken::Nothing };
        let taken = match pool.take() {
            Some(mut frame) => {
                let payload = &parcel.payload[..parcel.len];
                frame.payload_and_room()[..payload.len()].copy_from_slice(payload);
                frame.set_len(payload.len());
                frame.local = parcel.local;
                frame.source = parcel.source;
                frame.traffic_class = parcel.traffic_class;
                Taken::Packet(frame)
            }
            None => Taken::Lost,
        };
        self.give_back(parcel);
        taken
    }

    fn give_back(&self, parcel: Box<Parcel>) {
        let pushed = self.empty.push(parcel);
        assert!(pushed.is_ok(), "the queue has a place for every parcel");
    }
}

#[cfg(test)]
mod tests {
    use numa::arena::Request;

    use super::*;

    const LABEL: Label =
        Label { local: LocalPort { address: 1, port: 7 }, source: Endpoint::NONE, traffic_class: 0xb8 };

    fn inbox() -> (Inbox, Pool) {
        let (_, waker) = Waker::pair("test").unwrap();
        (Inbox::new(waker), Pool::new(4, &Request::default()).unwrap())
    }

    #[test]
    fn a_packet_arrives_as_it_was_brought() {
        let (inbox, mut pool) = inbox();
        assert!(inbox.put(LABEL, b"hello"));
        let Taken::Packet(frame) = inbox.take(&mut pool) else { panic!("a packet was brought") };
        assert_eq!((frame.payload(), frame.local, frame.traffic_class), (&b"hello"[..], LABEL.local, 0xb8));
        assert!(matches!(inbox.take(&mut pool), Taken::Nothing));
    }

    #[test]
    fn a_full_inbox_refuses_and_has_room_again_when_one_is_taken() {
        let (inbox, mut pool) = inbox();
        for _ in 0..PARCELS {
            assert!(inbox.put(LABEL, b"x"));
        }
        assert!(!inbox.put(LABEL, b"x"));
        assert!(matches!(inbox.take(&mut pool), Taken::Packet(_)));
        assert!(inbox.put(LABEL, b"x"));
    }

    #[test]
    fn a_packet_that_is_too_long_costs_no_parcel() {
        let (inbox, _) = inbox();
        for _ in 0..2 * PARCELS {
            assert!(!inbox.put(LABEL, &[0; FRAME_BYTES]));
        }
        assert!(inbox.put(LABEL, b"x"));
    }

    #[test]
    fn a_packet_is_lost_where_no_frame_is_free() {
        let (inbox, mut pool) = inbox();
        while pool.take().is_some() {}
        assert!(inbox.put(LABEL, b"x"));
        assert!(matches!(inbox.take(&mut pool), Taken::Lost));
        assert!(matches!(inbox.take(&mut pool), Taken::Nothing));
    }

    #[test]
    fn only_who_waits_is_woken_and_only_once() {
        let (inbox, _) = inbox();
        assert!(!inbox.wake());
        assert!(inbox.fall_asleep());
        assert!(inbox.wake());
        assert!(!inbox.wake());
        assert!(inbox.put(LABEL, b"x"));
        assert!(!inbox.fall_asleep());
    }
}
