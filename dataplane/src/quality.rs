//! What came from a peer, and how well: counted per packet in integers, judged when somebody asks.

use control::DirectionSummary;

use crate::clock::Now;
use crate::drop::Drop;

/// The reception of one side's media, following one source at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Reception {
    /// RTP packets accepted.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    source: Source,
    /// The clock of the RTP timestamps, in Hz.
    pub clock_rate: u32,
    /// When the last packet was accepted, in milliseconds of the worker's clock.
    pub heard_ms: u32,
    /// RTP packets that came twice.
    pub duplicates: u32,
    /// RTP packets that came after a later one.
    pub reordered: u32,
    /// Packets lost of sources before this one.
    lost_before: u32,
    /// RTCP packets accepted.
    pub rtcp_packets: u32,
    /// Packets not relayed, for any reason.
    pub dropped: u32,
    /// Of these, packets with a bad tag.
    pub bad_tags: u32,
}

/// The source that is followed now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
struct Source {
    /// Bit `n` says whether sequence `highest - n` came.
    came: u64,
    ssrc: u32,
    /// The first sequence number.
    first: u32,
    /// The highest sequence number, with the cycles above it.
    highest: u32,
    /// Packets received, duplicates not counted; none before there is a source.
    received: u32,
    /// Arrival minus timestamp, in units of the RTP clock (RFC 3550 section 6.4.1).
    transit: u32,
    /// Sixteen times the jitter, in units of the RTP clock.
    jitter_x16: u32,
}

/// The parts of an RTP packet that reception is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The source.
    pub ssrc: u32,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp.
    pub timestamp: u32,
    /// Whether the timestamp is that of the packet: those of a telephone event bear that of its beginning.
    pub is_timed: bool,
    /// The length of the payload.
    pub payload_len: usize,
}

impl Reception {
    /// Begins to count media with this clock, in Hz.
    #[must_use]
    pub fn new(clock_rate: u32, now: Now) -> Self {
        Self { clock_rate, heard_ms: now.ms(), ..Self::default() }
    }

    /// Counts an accepted RTP packet.
    #[inline]
    pub fn count(&mut self, arrival: Arrival, now: Now) {
        self.packets += 1;
        self.bytes += arrival.payload_len as u64;
        self.heard_ms = now.ms();
        let arrived = (now.us * u64::from(self.clock_rate) / 1_000_000) as u32;
        let transit = arrived.wrapping_sub(arrival.timestamp);
        if self.source.received == 0 || self.source.ssrc != arrival.ssrc {
            return self.follow(arrival, transit);
        }
        match self.source.place(arrival.sequence) {
            Place::Newer if arrival.is_timed => self.source.measure(transit),
            Place::Newer => (),
            Place::Late => self.reordered += 1,
            Place::Duplicate => self.duplicates += 1,
            Place::Elsewhere => self.follow(arrival, transit),
        }
    }

    /// Returns the source that is followed.
    pub(crate) fn ssrc(&self) -> Option<u32> {
        (self.source.received != 0).then_some(self.source.ssrc)
    }

    /// Counts a packet that was not relayed.
    pub(crate) fn count_drop(&mut self, reason: Drop) {
        self.dropped = self.dropped.saturating_add(1);
        if reason == Drop::BadTag {
            self.bad_tags = self.bad_tags.saturating_add(1);
        }
    }

    /// Follows another source, or the same one after it began anew.
    fn follow(&mut self, arrival: Arrival, transit: u32) {
        self.lost_before = self.lost();
        let sequence = u32::from(arrival.sequence);
        let jitter_x16 = self.source.jitter_x16;
        self.source = Source {
            ssrc: arrival.ssrc,
            first: sequence,
            highest: sequence,
            received: 1,
            came: 1,
            transit,
            jitter_x16,
        };
    }

    /// Returns how many packets never came (RFC 3550 appendix A.3).
    fn lost(&self) -> u32 {
        let Source { first, highest, received, .. } = self.source;
        let expected = if received == 0 { 0 } else { highest.wrapping_sub(first).wrapping_add(1) };
        let of_source = expected.saturating_sub(received);
        self.lost_before.saturating_add(of_source)
    }

    fn jitter_us(&self) -> u32 {
        let jitter_x16 = self.source.jitter_x16;
        let clock_rate = u64::from(self.clock_rate.max(1));
        (u64::from(jitter_x16) * 1_000_000 / 16 / clock_rate).min(u32::MAX.into()) as u32
    }

    /// Returns what is reported to others.
    #[must_use]
    pub fn summary(&self) -> DirectionSummary {
        let lost = self.lost();
        let jitter_us = self.jitter_us();
        let unique = self.packets.saturating_sub(self.duplicates.into());
        DirectionSummary {
            packets: self.packets,
            bytes: self.bytes,
            rtcp_packets: self.rtcp_packets.into(),
            lost: lost.into(),
            duplicates: self.duplicates.into(),
            reordered: self.reordered.into(),
            dropped: self.dropped.into(),
            bad_tags: self.bad_tags.into(),
            jitter_us,
            mos_x100: mos_x100(unique, lost.into(), jitter_us),
        }
    }
}

/// Where a packet stands among those of its source.
enum Place {
    Newer,
    Late,
    Duplicate,
    Elsewhere,
}

/// RFC 3550 appendix A.1: a jump of so many packets ahead is a loss, a greater one a new beginning.
const DROPOUT_MAX: u16 = 3000;

impl Source {
    #[inline]
    fn place(&mut self, sequence: u16) -> Place {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead != 0 && ahead < DROPOUT_MAX {
            self.highest = self.highest.wrapping_add(ahead.into());
            self.came = if ahead < 64 { self.came << ahead | 1 } else { 1 };
            self.received += 1;
            return Place::Newer;
        }
        let behind = 0u16.wrapping_sub(ahead);
        if behind >= 64 {
            return Place::Elsewhere;
        }
        if self.came >> behind & 1 == 1 {
            return Place::Duplicate;
        }
        self.came |= 1 << behind;
        self.received += 1;
        Place::Late
    }

    /// RFC 3550 section 6.4.1 and appendix A.8: the jitter moves a sixteenth of the way to every new difference.
    #[inline]
    fn measure(&mut self, transit: u32) {
        let difference = transit.wrapping_sub(self.transit).cast_signed().unsigned_abs();
        self.transit = transit;
        // A pause or a new beginning of the timestamps is no jitter: a second of it would take minutes to fade.
        if difference < JITTER_MAX {
            self.jitter_x16 = self.jitter_x16 + difference - ((self.jitter_x16 + 8) >> 4);
        }
    }
}

/// A second at 48 kHz.
const JITTER_MAX: u32 = 48_000;

/// Estimates the mean opinion score, times 100, from loss and jitter.
///
/// The E-model of ITU-T G.107 with its default values: R = 93.2 - Id - Ie,eff. For G.711 with concealment (G.113
/// appendix I) Ie,eff = 95 * loss / (loss + 25.1), loss in per cent. Of the delay only the jitter is known: a buffer of
/// twice its length and 20 ms of packet are assumed, of which Id is 0.024 a millisecond.
fn mos_x100(received: u64, lost: u64, jitter_us: u32) -> u16 {
    if received == 0 {
        return 0;
    }
    let loss = 100.0 * lost as f64 / (received + lost) as f64;
    let delay_ms = 20.0 + 2.0 * f64::from(jitter_us) / 1000.0;
    let r = (93.2 - 0.024 * delay_ms - 95.0 * loss / (loss + 25.1)).clamp(0.0, 100.0);
    let mos = 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6;
    (mos.clamp(1.0, 4.5) * 100.0).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(sequence: u16) -> Arrival {
        Arrival { ssrc: 7, sequence, timestamp: u32::from(sequence) * 160, is_timed: true, payload_len: 160 }
    }

    fn reception(sequences: impl IntoIterator<Item = u16>) -> Reception {
        let mut reception = Reception::new(8000, Now { us: 0 });
        for (place, sequence) in sequences.into_iter().enumerate() {
            reception.count(arrival(sequence), Now { us: place as u64 * 20_000 });
        }
        reception
    }

    #[test]
    fn a_perfect_stream_has_neither_loss_nor_jitter() {
        let summary = reception(65_000..=65_535).summary();
        assert_eq!((summary.packets, summary.bytes), (536, 536 * 160));
        assert_eq!((summary.lost, summary.duplicates, summary.reordered, summary.jitter_us), (0, 0, 0, 0));
        assert_eq!(summary.mos_x100, 440);
    }

    #[test]
    fn loss_duplicates_and_late_packets_are_told_apart() {
        let summary = reception([1, 2, 2, 5, 4, 65, 66]).summary();
        assert_eq!((summary.duplicates, summary.reordered), (1, 1));
        assert_eq!(summary.lost, 66 - 6);
        let wrapped = reception([65_534, 65_535, 1, 0]).summary();
        assert_eq!((wrapped.lost, wrapped.reordered), (0, 1));
    }

    #[test]
    fn a_new_source_keeps_the_loss_of_the_old_one() {
        let mut reception = reception([1, 3]);
        reception.count(Arrival { ssrc: 8, ..arrival(40_000) }, Now { us: 60_000 });
        reception.count(Arrival { ssrc: 8, ..arrival(40_001) }, Now { us: 80_000 });
        assert_eq!(reception.summary().lost, 1);
    }

    #[test]
    fn jitter_follows_the_formula_of_rfc_3550() {
        let mut reception = Reception::new(8000, Now { us: 0 });
        let (mut expected, mut last) = (0.0f64, None);
        for sequence in 0..2000u16 {
            let late_us = u64::from(sequence).wrapping_mul(7919) % 10_000;
            let now_us = u64::from(sequence) * 20_000 + late_us;
            reception.count(arrival(sequence), Now { us: now_us });
            let transit = (now_us * 8 / 1000) as f64 - f64::from(sequence) * 160.0;
            if let Some(last) = last.replace(transit) {
                let difference: f64 = transit - last;
                expected += (difference.abs() - expected) / 16.0;
            }
        }
        let measured = f64::from(reception.summary().jitter_us) / 125.0;
        assert!((measured - expected).abs() < 1.0, "measured {measured}, expected {expected}");
    }

    #[test]
    fn the_score_falls_with_loss() {
        assert_eq!(mos_x100(0, 0, 0), 0);
        let scores: Vec<_> = [0, 1, 3, 10, 30].map(|lost| mos_x100(100 - lost, lost, 0)).to_vec();
        assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
        assert!(scores[0] > 430 && scores[4] < 220, "{scores:?}");
    }
}
