//! Protected packets that were sent before: what a forger has overheard.

use netem::random::Random;

use crate::media::stamp::FlowId;

/// The last packets of each flow, in memory that is taken once.
pub(super) struct Past {
    /// Packets that are kept of each flow.
    depth: usize,
    packet_len_max: usize,
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    counter: u64,
    len: usize,
    is_forged: bool,
}

/// Packets kept in all, if flows are few: with 2 KB each they are 8 MB.
const PACKETS: usize = 4096;
/// The most of one flow: further back than the replay window of anybody reaches who keeps sessions small.
const DEPTH_MAX: usize = 512;
/// The least of one flow, so that one is there while the next is written.
const DEPTH_MIN: usize = 2;

impl Past {
    pub(super) fn new(flows: usize, packet_len_max: usize) -> Self {
        let depth = (PACKETS / flows.max(1)).clamp(DEPTH_MIN, DEPTH_MAX);
        let slots = vec![Slot::default(); flows * depth];
        Self { depth, packet_len_max, bytes: vec![0; slots.len() * packet_len_max], slots }
    }

    /// Keeps a packet as it left.
    pub(super) fn keep(&mut self, flow: FlowId, counter: u64, packet: &[u8]) {
        let place = self.place(flow, counter);
        self.slots[place] = Slot { counter, len: packet.len(), is_forged: false };
        self.bytes[place * self.packet_len_max..][..packet.len()].copy_from_slice(packet);
    }

    /// Copies some packet of the flow; returns its length. None has left before the first was kept.
    pub(super) fn copy(&mut self, flow: FlowId, random: &mut Random, target: &mut [u8]) -> Option<usize> {
        let first = flow.place() * self.depth;
        let start = random.below(self.depth as u64) as usize;
        let place = (0..self.depth)
            .map(|step| first + (start + step) % self.depth)
            .find(|place| self.slots[*place].len > 0)?;
        let slot = &mut self.slots[place];
        slot.is_forged = true;
        target[..slot.len].copy_from_slice(&self.bytes[place * self.packet_len_max..][..slot.len]);
        Some(slot.len)
    }

    /// Tells whether a packet was copied, as long as it is known.
    pub(super) fn was_copied(&self, flow: FlowId, counter: u64) -> bool {
        let slot = self.slots[self.place(flow, counter)];
        slot.is_forged && slot.counter == counter
    }

    fn place(&self, flow: FlowId, counter: u64) -> usize {
        flow.place() * self.depth + (counter % self.depth as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_a_packet_that_was_kept_of_the_same_flow() {
        let mut past = Past::new(3, 10);
        let mut random = Random::new(1);
        let mut target = [0; 10];
        assert_eq!(past.copy(FlowId(1), &mut random, &mut target), None);
        for counter in 0..2_000 {
            past.keep(FlowId(1), counter, &[1, counter as u8]);
            past.keep(FlowId(2), counter, &[2; 9]);
        }
        for _ in 0..100 {
            assert_eq!(past.copy(FlowId(1), &mut random, &mut target), Some(2));
            assert_eq!(target[0], 1);
        }
        assert_eq!(past.copy(FlowId(0), &mut random, &mut target), None, "nothing was kept of this one");
    }

    #[test]
    fn what_was_copied_is_known_until_its_place_is_taken() {
        let mut past = Past::new(1, 10);
        let mut target = [0; 10];
        past.keep(FlowId(0), 7, &[7]);
        assert!(!past.was_copied(FlowId(0), 7));
        past.copy(FlowId(0), &mut Random::new(1), &mut target);
        assert!(past.was_copied(FlowId(0), 7) && !past.was_copied(FlowId(0), 8));
        past.keep(FlowId(0), 7 + DEPTH_MAX as u64, &[8]);
        assert!(!past.was_copied(FlowId(0), 7));
    }
}
