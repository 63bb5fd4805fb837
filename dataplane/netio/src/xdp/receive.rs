//! From the receive rings into a batch.

use crate::address::{Endpoint, LocalPort};
use crate::frame::{BATCH_MAX, Batch, Frame};
use crate::headers::{Datagram, parse};
use crate::xdp::handover::{Label, Taken};
use crate::xdp::{Afxdp, Shared};

impl Afxdp {
    /// Moves what has come into the batch. Returns whether anything was for this worker.
    pub(super) fn collect(&mut self, batch: &mut Batch) -> bool {
        let before = batch.len();
        for queue in &mut self.queues {
            self.statistics.system_calls += queue.replenish(&mut self.pool);
        }
        while batch.len() < BATCH_MAX {
            match self.shared.inboxes[self.worker].take(&mut self.pool) {
                Taken::Lost => self.statistics.rx_no_buffer += 1,
                Taken::Nothing => break,
                Taken::Packet(frame) => self.deliver(batch, frame),
            }
        }
        let count = self.queues.len();
        for place in 0..count {
            let queue = (self.first_queue + place) % count;
            while batch.len() < BATCH_MAX {
                let Some((token, start, len)) = self.queues[queue].receive() else { break };
                self.accept(batch, token, start, len);
            }
            self.queues[queue].release_received();
        }
        self.first_queue = (self.first_queue + 1) % count.max(1);
        batch.len() > before
    }

    /// Adds a received frame to the batch, or hands its packet to the worker that leased the port, or drops it.
    #[inline]
    fn accept(&mut self, batch: &mut Batch, token: u32, start: usize, len: usize) {
        let frame = self.pool.received(token, start, len);
        let datagram = parse(frame.payload(), self.verify_checksums);
        let arrived = datagram.and_then(|datagram| {
            let local = self.shared.local(&datagram.destination)?;
            Some((datagram, local, self.shared.ports.worker(local)?))
        });
        let Some((datagram, local, worker)) = arrived else {
            self.statistics.rx_foreign += 1;
            self.pool.give(frame);
            return;
        };
        let Datagram { source, traffic_class, .. } = datagram;
        if worker != self.worker {
            let payload = &frame.payload()[datagram.start..][..datagram.len];
            self.hand_over(worker, Label { local, source, traffic_class }, payload);
            self.pool.give(frame);
            return;
        }
        let mut frame = self.pool.received(token, start + datagram.start, datagram.len);
        frame.local = local;
        frame.source = source;
        frame.traffic_class = traffic_class;
        self.deliver(batch, frame);
    }

    fn hand_over(&mut self, worker: usize, label: Label, payload: &[u8]) {
        let Some(inbox) = self.shared.inboxes.get(worker) else { return };
        if inbox.put(label, payload) {
            self.statistics.rx_handed_over += 1;
            self.statistics.system_calls += u64::from(inbox.wake());
        } else {
            self.statistics.rx_no_buffer += 1;
        }
    }

    #[inline]
    fn deliver(&mut self, batch: &mut Batch, frame: Frame) {
        self.statistics.received += 1;
        let pushed = batch.push(frame);
        assert!(pushed.is_ok(), "there was room before the frame was taken");
    }
}

impl Shared {
    /// Finds the port that an endpoint is; none if it is none of the media addresses.
    #[inline]
    pub(super) fn local(&self, endpoint: &Endpoint) -> Option<LocalPort> {
        let place = self.endpoints.iter().position(|candidate| candidate.same_address(endpoint))?;
        Some(LocalPort { address: place as u8, port: endpoint.port() })
    }
}
