//! When each packet is to leave: an open loop, that never waits for what comes back.
//!
//! Flows are spread evenly over the packet interval. A sender that comes late sends at once, and by how much it was
//! late is kept, so that the limits of the generator are seen and not taken for those of the device.

use crate::media::latency::{Latency, Quantiles};
use crate::media::stamp::FlowId;

/// How many packets, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Flows that send; at least one.
    pub flows: u32,
    /// From one packet of a flow to the next; at least one.
    pub interval_ns: u64,
    /// Packets of each flow.
    pub packets_per_flow: u64,
}

impl Pace {
    /// Makes a pace at which every flow sends a packet per interval, for so long; at least one each.
    #[must_use]
    pub fn with_interval(flows: u32, interval_ns: u64, duration_ns: u64) -> Self {
        let interval_ns = interval_ns.max(1);
        Self { flows: flows.max(1), interval_ns, packets_per_flow: (duration_ns / interval_ns).max(1) }
    }

    /// Makes a pace at which all flows together send so many packets a second, for so long; at least one each.
    #[must_use]
    pub fn with_rate(flows: u32, packets_per_second: u64, duration_ns: u64) -> Self {
        let interval_ns = u64::from(flows.max(1)) * 1_000_000_000 / packets_per_second.max(1);
        Self::with_interval(flows, interval_ns, duration_ns)
    }

    /// Returns how many packets all flows together send a second.
    #[must_use]
    pub fn packets_per_second(&self) -> f64 {
        f64::from(self.flows) * 1e9 / self.interval_ns as f64
    }

    /// Returns how many packets all flows together send.
    #[must_use]
    pub fn packets(&self) -> u64 {
        u64::from(self.flows) * self.packets_per_flow
    }

    /// Returns when a packet is to leave, after the start.
    #[inline]
    #[must_use]
    pub fn offset_ns(&self, FlowId(flow): FlowId, count: u64) -> u64 {
        // 60,000 flows (2^16) that send one packet a second together have an interval of 6 x 10^13 ns (2^46).
        count * self.interval_ns + u64::from(flow) * self.interval_ns / u64::from(self.flows)
    }
}

/// One packet that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The flow that sends it.
    pub flow: FlowId,
    /// How many packets the flow has sent before.
    pub count: u64,
    /// When it was to leave.
    pub intended_ns: u64,
}

/// What is to leave next.
pub struct Schedule {
    pace: Pace,
    start_ns: u64,
    /// The next packet.
    flow: u32,
    count: u64,
    lateness: Latency,
}

impl Schedule {
    /// Plans from a moment on.
    #[must_use]
    pub fn new(pace: Pace, start_ns: u64) -> Self {
        Self { pace, start_ns, flow: 0, count: 0, lateness: Latency::new() }
    }

    /// Returns the pace.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Returns when the next packet is to leave; none if all have left.
    #[inline]
    #[must_use]
    pub fn next_due_ns(&self) -> Option<u64> {
        (self.count < self.pace.packets_per_flow)
            .then(|| self.start_ns + self.pace.offset_ns(FlowId(self.flow), self.count))
    }

    /// Takes the next packet, if it is due. The caller sends it now.
    #[inline]
    pub fn take(&mut self, now_ns: u64) -> Option<Due> {
        let intended_ns = self.next_due_ns().filter(|due| *due <= now_ns)?;
        let due = Due { flow: FlowId(self.flow), count: self.count, intended_ns };
        self.flow += 1;
        if self.flow == self.pace.flows {
            self.flow = 0;
            self.count += 1;
        }
        self.lateness.record(now_ns - intended_ns);
        Some(due)
    }

    /// Returns how many packets were taken.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.count * u64::from(self.pace.flows) + u64::from(self.flow)
    }

    /// Returns by how much packets left too late.
    #[must_use]
    pub fn lateness(&self) -> Quantiles {
        self.lateness.quantiles()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use netem::random::Random;

    use super::*;

    /// Takes everything, asking at moments that come as the seed says; returns each packet with its moment.
    fn taken(pace: Pace, seed: u64, step_max_ns: u64) -> (Vec<(u64, Due)>, Quantiles) {
        let mut random = Random::new(seed);
        let (mut schedule, mut now, mut all) = (Schedule::new(pace, 1_000), 0, Vec::new());
        while schedule.next_due_ns().is_some() {
            now += random.below(step_max_ns);
            all.extend(core::iter::from_fn(|| schedule.take(now)).map(|due| (now, due)));
        }
        assert_eq!(schedule.taken(), pace.packets());
        (all, schedule.lateness())
    }

    #[test]
    fn every_flow_sends_every_packet_once_in_order_and_none_too_early() {
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let pace = Pace::with_rate(1 + random.below(50) as u32, 1 + random.below(1_000_000), 20_000_000);
            let (all, _) = taken(pace, seed, pace.interval_ns * 3 / 2 + 2);
            let mut next: BTreeMap<u32, u64> = BTreeMap::new();
            for (now, due) in &all {
                assert!(due.intended_ns <= *now, "seed {seed}");
                let count = next.entry(due.flow.0).or_default();
                assert_eq!(due.count, *count, "seed {seed}");
                *count += 1;
            }
            assert!(all.is_sorted_by_key(|(_, due)| due.intended_ns), "seed {seed}");
            assert_eq!(next.len() as u64, u64::from(pace.flows), "seed {seed}");
            assert!(next.values().all(|count| *count == pace.packets_per_flow), "seed {seed}");
        }
    }

    #[test]
    fn a_late_sender_catches_up_and_its_lateness_is_kept() {
        let pace = Pace::with_interval(4, 20_000_000, 200_000_000);
        let mut schedule = Schedule::new(pace, 0);
        assert_eq!(
            core::iter::from_fn(|| schedule.take(100_000_000)).count(),
            21,
            "five intervals and a packet"
        );
        let lateness = schedule.lateness();
        assert!(lateness.max.abs_diff(100_000_000) <= 100_000, "{lateness:?}");
        assert_eq!(schedule.next_due_ns(), Some(105_000_000), "the schedule itself has not moved");
    }

    #[test]
    fn flows_are_spread_evenly_over_the_interval() {
        let pace = Pace::with_interval(100, 20_000_000, 20_000_000);
        let offsets: Vec<_> = (0..100).map(|flow| pace.offset_ns(FlowId(flow), 0)).collect();
        assert!(offsets.windows(2).all(|pair| pair[1] - pair[0] == 200_000));
    }

    #[test]
    fn a_rate_is_kept_to_a_nanosecond_per_interval() {
        for rate in [1, 50, 999, 10_000, 123_457, 1_000_000] {
            for flows in [1, 7, 100, 30_000] {
                let pace = Pace::with_rate(flows, rate, 1_000_000_000);
                let error = (pace.packets_per_second() / rate as f64 - 1.0).abs();
                assert!(error <= 1.0 / pace.interval_ns as f64 + 1e-9, "{rate} packets of {flows} flows");
            }
        }
    }
}
