//! What a connection has to send.

use std::collections::VecDeque;

use sip::flow::{Destination, Target};

/// Messages that wait, in their order, and where they were to go.
#[derive(Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Parcel>,
    /// How many bytes of the first one are gone.
    sent: usize,
    bytes: usize,
    /// Targets of what was written since something was last heard: nobody knows whether it arrived.
    unanswered: Vec<Target>,
}

struct Parcel {
    /// Nobody waits for the fate of a pong.
    destination: Option<Destination>,
    bytes: Box<[u8]>,
}

/// What a message costs in the queue besides its bytes, so that a million pongs are not for free.
const PARCEL_BYTES: usize = 128;

/// More targets than this have not been named at once; a connection has one.
const UNANSWERED_MAX: usize = 8;

impl Outbox {
    /// Takes a message, unless there are too many bytes then. An empty outbox takes any.
    pub(crate) fn push(&mut self, destination: Option<Destination>, bytes: &[u8], bytes_max: usize) -> bool {
        let sum = self.bytes.saturating_add(bytes.len()).saturating_add(PARCEL_BYTES);
        if sum > bytes_max && !self.queue.is_empty() {
            return false;
        }
        self.bytes = sum;
        self.queue.push_back(Parcel { destination, bytes: bytes.into() });
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Returns what is to be written next.
    pub(crate) fn front(&self) -> Option<&[u8]> {
        self.queue.front()?.bytes.get(self.sent..)
    }

    /// Notes that so many bytes of it were written; tells whether they ended a message.
    pub(crate) fn advance(&mut self, len: usize) -> bool {
        self.sent = self.sent.saturating_add(len);
        if self.queue.front().is_none_or(|parcel| parcel.bytes.len() > self.sent) {
            return false;
        }
        let Some(parcel) = self.queue.pop_front() else { return false };
        self.bytes = self.bytes.saturating_sub(parcel.bytes.len()).saturating_sub(PARCEL_BYTES);
        self.sent = 0;
        if let Some(Destination::Target(target)) = parcel.destination
            && self.unanswered.len() < UNANSWERED_MAX
            && !self.unanswered.contains(&target)
        {
            self.unanswered.push(target);
        }
        true
    }

    /// Notes that the peer has sent something: it is there, and reads.
    pub(crate) fn note_heard(&mut self) {
        self.unanswered.clear();
    }

    /// Returns, each once, the destinations that something may not have reached.
    pub(crate) fn lost(self) -> Vec<Destination> {
        let mut lost: Vec<_> = self.unanswered.into_iter().map(Destination::Target).collect();
        for destination in self.queue.into_iter().filter_map(|parcel| parcel.destination) {
            if !lost.contains(&destination) {
                lost.push(destination);
            }
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use sip::flow::Protocol;

    use super::*;

    fn target(port: u16) -> Destination {
        let remote = ([127, 0, 0, 1], port).into();
        Destination::Target(Target {
            protocol: Protocol::Tcp,
            remote,
            name: None,
            local: None,
            connection: None,
        })
    }

    #[test]
    fn messages_leave_in_order_whatever_the_kernel_takes() {
        let mut outbox = Outbox::default();
        assert!(outbox.push(None, b"abc", 1000) && outbox.push(None, b"de", 1000));
        let mut written = Vec::new();
        let mut ended = 0;
        while let Some(&[byte, ..]) = outbox.front() {
            written.push(byte);
            ended += usize::from(outbox.advance(1));
        }
        assert_eq!((written.as_slice(), ended, outbox.bytes), (b"abcde".as_slice(), 2, 0));
    }

    #[test]
    fn a_full_outbox_takes_no_more_and_an_empty_one_takes_anything() {
        let mut outbox = Outbox::default();
        assert!(outbox.push(None, &[0; 2000], 1000));
        assert!(!outbox.push(None, b"", 1000));
        assert!(outbox.advance(2000) && outbox.push(None, b"", 1000));
    }

    #[test]
    fn what_nobody_answered_counts_as_lost_as_what_never_left() {
        let mut outbox = Outbox::default();
        for port in [1, 1, 2, 3, 3] {
            outbox.push(Some(target(port)), b"x", 10_000);
        }
        outbox.advance(1);
        outbox.note_heard();
        outbox.advance(1);
        outbox.advance(1);
        assert_eq!(outbox.lost(), [target(1), target(2), target(3)]);
    }
}
