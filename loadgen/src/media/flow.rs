//! One direction of one session: what its packets look like, where they enter and leave, and what has arrived.

use netio::{Endpoint, LocalPort};
use wire::rtp::{Header, PayloadType, Sequence, Ssrc, Timestamp};

use crate::media::jitter::Jitter;
use crate::media::stamp::{FlowId, RunId, Stamp};
use crate::media::window::{Seen, Window};

/// The two directions of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What side A sends.
    AToB,
    /// What side B sends.
    BToA,
}

impl Direction {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::AToB, Self::BToA];

    /// Returns the word that people and JSON use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AToB => "a_to_b",
            Self::BToA => "b_to_a",
        }
    }
}

/// Bytes of an RTP header without contributing sources and extensions.
pub const HEADER_BYTES: usize = 12;

/// The RTP clock of G.711 (RFC 3551 section 4.5.14).
pub const CLOCK_HZ: u64 = 8000;

/// What the headers of a flow have in common: how the first of them looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The synchronisation source.
    pub ssrc: Ssrc,
    /// The codec.
    pub payload_type: PayloadType,
    /// The sequence number of packet zero.
    pub sequence: Sequence,
    /// The timestamp of packet zero.
    pub timestamp: Timestamp,
}

/// How counters become media time. All flows of a run go by the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The first packet of this run; those before it belong to earlier runs over the same sessions.
    pub first_counter: u64,
    /// The media time of it, in ticks after packet zero.
    pub first_ticks: u64,
    /// From one packet to the next.
    pub interval_ns: u64,
}

impl Timeline {
    /// Returns the media time of a packet, in nanoseconds after the first of this run.
    #[inline]
    #[must_use]
    pub fn media_ns(&self, counter: u64) -> u64 {
        counter.wrapping_sub(self.first_counter).wrapping_mul(self.interval_ns)
    }

    /// Returns the media time of a packet in ticks after packet zero; what is below a tick is cut off.
    #[inline]
    #[must_use]
    pub fn ticks(&self, counter: u64) -> u64 {
        const TICK_NS: u64 = 1_000_000_000 / CLOCK_HZ;
        self.first_ticks.wrapping_add(self.media_ns(counter) / TICK_NS)
    }

    /// Returns the timeline of the next run over the same sessions, after so many packets of each flow.
    #[must_use]
    pub fn followed_by(&self, packets_per_flow: u64, interval_ns: u64) -> Self {
        let first_counter = self.first_counter + packets_per_flow;
        Self { first_counter, first_ticks: self.ticks(first_counter), interval_ns }
    }
}

impl Source {
    /// Returns the header of a packet.
    #[inline]
    #[must_use]
    pub fn header(&self, counter: u64, timeline: &Timeline) -> Header {
        let timestamp = self.timestamp.0.wrapping_add(timeline.ticks(counter) as u32);
        Header::new(self.payload_type, self.sequence.plus(counter as u16), Timestamp(timestamp), self.ssrc)
    }
}

/// One direction of one session.
pub struct Flow {
    /// Its name.
    pub id: FlowId,
    /// Its direction.
    pub direction: Direction,
    /// Our port that its packets leave from.
    pub leaves: LocalPort,
    /// The port of the device that they go to.
    pub to: Endpoint,
    /// Our port that they arrive at.
    pub arrives: LocalPort,
    /// The port of the device that they come from.
    pub from: Endpoint,
    /// How they look when they leave.
    pub sent: Source,
    /// How they look when they arrive.
    pub expected: Source,
    /// The place of the sealer that protects them, if one does.
    pub sealer: Option<usize>,
    /// The place of the opener that they need at the far end, if they need one.
    pub opener: Option<usize>,
    /// What has arrived.
    pub reception: Reception,
}

/// What has arrived of a flow.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    window: Window,
    /// The jitter of this run.
    pub jitter: Jitter,
}

/// What an arrived packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is a packet of this flow, with every byte as it should be.
    Intact(Stamp),
    /// Something in it was changed.
    Corrupt,
    /// It is a packet of this other flow, or it came from another port of the device than it should.
    Misdelivered(FlowId),
    /// It is no packet of this run.
    Stray,
}

impl Flow {
    /// Looks at a packet in the clear that arrived at the port of this flow.
    #[inline]
    #[must_use]
    pub fn judge(
        &self,
        run: RunId,
        timeline: &Timeline,
        header: &Header,
        packet: &[u8],
        remote: &Endpoint,
    ) -> Finding {
        let is_from_device = *remote == self.from;
        let Ok(stamp) = Stamp::parse(packet.get(header.header_len()..).unwrap_or_default()) else {
            return if is_from_device { Finding::Corrupt } else { Finding::Stray };
        };
        if stamp.run != run || stamp.counter < timeline.first_counter {
            return Finding::Stray;
        }
        if stamp.flow != self.id || !is_from_device {
            return Finding::Misdelivered(stamp.flow);
        }
        if *header == self.expected.header(stamp.counter, timeline) {
            Finding::Intact(stamp)
        } else {
            Finding::Corrupt
        }
    }

    /// Tells which packet of this flow a header is of, for packets whose content cannot be read: such as a second copy,
    /// which an opener refuses before it looks into it. None if it is no header of this flow.
    #[must_use]
    pub fn plausible_counter(&self, header: &Header, timeline: &Timeline) -> Option<u64> {
        let next = self.reception.window.next();
        let distance = header.sequence.distance_from(self.expected.sequence.plus(next as u16));
        let counter = next.wrapping_add_signed(distance.into());
        (*header == self.expected.header(counter, timeline)).then_some(counter)
    }
}

impl Reception {
    /// Takes note of an intact packet; says whether it is new. Only a new one counts for the jitter.
    #[inline]
    pub fn hear(&mut self, counter: u64, timeline: &Timeline, now_ns: u64) -> Seen {
        let seen = self.window.see(counter);
        match seen {
            Seen::InOrder | Seen::Reordered => self.jitter.hear(now_ns, timeline.media_ns(counter)),
            Seen::Again | Seen::Overdue => {}
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMELINE: Timeline = Timeline { first_counter: 0, first_ticks: 0, interval_ns: 20_000_000 };

    fn source() -> Source {
        Source {
            ssrc: Ssrc(9),
            payload_type: PayloadType::new(0).unwrap(),
            sequence: Sequence(65_535),
            timestamp: Timestamp(u32::MAX),
        }
    }

    #[test]
    fn sequence_numbers_and_timestamps_count_on_past_their_ends() {
        let header = source().header(1, &TIMELINE);
        assert_eq!((header.sequence, header.timestamp), (Sequence(0), Timestamp(159)));
        let header = source().header(65_537, &TIMELINE);
        assert_eq!(header.sequence, Sequence(0));
    }

    #[test]
    fn timestamps_go_on_when_the_next_run_has_another_interval() {
        let next = TIMELINE.followed_by(50, 10_000_000);
        assert_eq!(next.ticks(50), TIMELINE.ticks(50));
        assert_eq!(next.ticks(51) - next.ticks(50), 80);
        assert_eq!(next.media_ns(51), 10_000_000);
    }

    #[test]
    fn an_interval_that_is_no_number_of_ticks_does_not_drift() {
        let timeline = Timeline { interval_ns: 333_333, ..TIMELINE };
        assert_eq!(timeline.ticks(3_000), 7_999);
        assert_eq!(timeline.ticks(3_000_000), 7_999_992);
    }
}
