//! From a batch onto the transmit ring, or through the kernel.

use crate::frame::{Frame, Route};
use crate::headers::{Flow, packet_len, write};
use crate::netlink::{Hop, Path};
use crate::sys::socket::SendError;
use crate::xdp::Afxdp;
use crate::xdp::handover::Label;

impl Afxdp {
    /// Sends a frame if it has a route; the frame comes back at once, or through the completion ring.
    #[inline]
    pub(super) fn send(&mut self, frame: Frame) {
        let Some(route) = frame.route else {
            self.pool.give(frame);
            return;
        };
        if self.shared.ports.worker(route.from) != Some(self.worker) {
            self.statistics.tx_not_leased += 1;
            self.pool.give(frame);
            return;
        }
        let Route { from, to, traffic_class } = route;
        let from = self.shared.endpoints[usize::from(from.address)].with_port(from.port);
        let flow = Flow { from, to, traffic_class };
        match self.reader.path(&to) {
            Path::Direct(hop) if hop.interface != self.shared.interface.index => {
                self.send_by_kernel(frame, &flow)
            }
            Path::Direct(hop) if packet_len(&to, frame.len()) > hop.mtu as usize => {
                self.statistics.tx_too_long += 1;
                self.pool.give(frame);
            }
            Path::Direct(hop) => self.send_directly(frame, &flow, &hop),
            Path::Kernel => self.send_by_kernel(frame, &flow),
            Path::Unreachable => {
                self.statistics.tx_unreachable += 1;
                self.pool.give(frame);
            }
        }
    }

    #[inline]
    fn send_directly(&mut self, mut frame: Frame, flow: &Flow, hop: &Hop) {
        let len = frame.len();
        let (memory, start) = frame.whole();
        let Some(begin) = write(memory, start, len, flow, Some(hop)) else {
            self.statistics.tx_unreachable += 1;
            self.pool.give(frame);
            return;
        };
        // All frames leave through one queue, so that those of a flow stay in order.
        if self.queues[0].send(frame.token, begin, start - begin + len) {
            self.statistics.sent += 1;
        } else {
            self.statistics.tx_full += 1;
            self.pool.give(frame);
        }
    }

    #[cold]
    fn send_by_kernel(&mut self, mut frame: Frame, flow: &Flow) {
        if let Some(local) = self.shared.local(&flow.to)
            && let Some(worker) = self.shared.ports.worker(local)
        {
            // The program is not asked for packets that never reach the NIC, so the kernel would not find the port.
            let label = Label { local, source: flow.from, traffic_class: flow.traffic_class };
            if self.shared.inboxes[worker].put(label, frame.payload()) {
                self.statistics.system_calls += u64::from(self.shared.inboxes[worker].wake());
                self.statistics.sent += 1;
            } else {
                self.statistics.tx_full += 1;
            }
            self.pool.give(frame);
            return;
        }
        let len = frame.len();
        let (memory, start) = frame.whole();
        let sent = match write(memory, start, len, flow, None) {
            Some(packet) => {
                self.statistics.system_calls += 1;
                self.kernel_path.send(&memory[packet..start + len], &flow.to)
            }
            None => Err(SendError::Unreachable),
        };
        match sent {
            Ok(()) => {
                self.statistics.sent += 1;
                self.statistics.tx_by_kernel += 1;
            }
            Err(error) => error.count(1, &mut self.statistics),
        }
        self.pool.give(frame);
    }
}
