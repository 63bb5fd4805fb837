//! One stream for the peer, whatever happens on the other side.
//!
//! A PBX that starts anew after a hold, or a call that is picked up elsewhere, changes the source and begins another
//! sequence. The peer gets one source with one sequence all the same, so that no decoder stutters, and a sealer never
//! sees an index twice.

/// The stream that a peer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Continuity {
    /// The source that the peer sees.
    outer: u32,
    /// The source that is behind it now.
    inner: u32,
    /// What is added to the timestamps of the inner source.
    timestamp_offset: u32,
    /// The timestamp that was sent with the highest sequence number.
    timestamp: u32,
    /// When that was, in milliseconds of the worker's clock.
    sent_ms: u32,
    /// What is added to the sequence of the inner source.
    sequence_offset: u16,
    /// The highest sequence number that was sent.
    sequence: u16,
    /// Whether the peer knows the source, from a report or from media.
    is_named: bool,
    /// Whether a packet was sent.
    has_begun: bool,
    /// Whether the last packet was a stray one: too late, or the first of a new beginning.
    has_strayed: bool,
}

/// The header fields that continuity decides over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The source.
    pub ssrc: u32,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp.
    pub timestamp: u32,
}

/// So far behind the highest sequence number a packet is late and still fits; a sealer takes no later one.
const LATE_MAX: u16 = 64;

/// RFC 3550 appendix A.1: a jump of so many packets ahead is a loss, a greater one a new beginning. Behind the highest
/// one the same distance tells packets that are far too late from a new beginning.
const DROPOUT_MAX: u16 = 3000;

impl Continuity {
    /// Starts a stream; the first source gives it its name and its numbers.
    #[must_use]
    pub fn new() -> Self {
        Self {
            outer: 0,
            inner: 0,
            timestamp_offset: 0,
            timestamp: 0,
            sent_ms: 0,
            sequence_offset: 0,
            sequence: 0,
            is_named: false,
            has_begun: false,
            has_strayed: false,
        }
    }

    /// Names the stream after the source that reports before it begins, if it has no name yet: the peer is to see one
    /// source, in reports as in media.
    pub(crate) fn name(&mut self, ssrc: u32) {
        if !self.is_named {
            (self.is_named, self.outer, self.inner) = (true, ssrc, ssrc);
        }
    }

    /// Returns the source that the peer sees.
    #[must_use]
    pub fn outer(&self) -> Option<u32> {
        self.is_named.then_some(self.outer)
    }

    /// Returns the source that is behind it now.
    #[must_use]
    pub fn inner(&self) -> Option<u32> {
        self.is_named.then_some(self.inner)
    }

    /// Returns what is added to the timestamps of the inner source.
    #[must_use]
    pub fn timestamp_offset(&self) -> u32 {
        self.timestamp_offset
    }

    /// Returns the extended sequence number of the inner source that the peer reports under its own numbers. The
    /// cycles above it are the peer's: each side counts its own.
    #[must_use]
    pub fn inner_sequence(&self, extended: u32) -> u32 {
        let sequence = (extended as u16).wrapping_sub(self.sequence_offset);
        extended & 0xffff_0000 | u32::from(sequence)
    }

    /// Finds the place of a packet in the stream; none if it has none, being too late.
    #[inline]
    pub fn place(&mut self, packet: Position, clock_rate: u32, now_ms: u32) -> Option<Position> {
        if !self.has_begun {
            self.name(packet.ssrc);
            (self.has_begun, self.inner) = (true, packet.ssrc);
            (self.sequence, self.timestamp, self.sent_ms) = (packet.sequence, packet.timestamp, now_ms);
        } else if self.inner != packet.ssrc || !self.fits(packet.sequence)? {
            self.splice(packet, clock_rate, now_ms);
        }
        self.has_strayed = false;
        let sequence = packet.sequence.wrapping_add(self.sequence_offset);
        let timestamp = packet.timestamp.wrapping_add(self.timestamp_offset);
        if sequence.wrapping_sub(self.sequence) < DROPOUT_MAX {
            (self.sequence, self.timestamp, self.sent_ms) = (sequence, timestamp, now_ms);
        }
        Some(Position { ssrc: self.outer, sequence, timestamp })
    }

    /// Tells whether a sequence number of the inner source continues the stream; if not, it is a new beginning. None
    /// if it seems to be too late; the next one that does is taken for a new beginning as well.
    #[inline]
    fn fits(&mut self, sequence: u16) -> Option<bool> {
        let ahead = sequence.wrapping_add(self.sequence_offset).wrapping_sub(self.sequence);
        let behind = 0u16.wrapping_sub(ahead);
        if ahead < DROPOUT_MAX || behind < LATE_MAX {
            return Some(true);
        }
        if behind < DROPOUT_MAX && !self.has_strayed {
            self.has_strayed = true;
            return None;
        }
        Some(false)
    }

    /// Puts the packet right behind the last one that was sent: the next sequence number, and as much later as the
    /// clock says.
    fn splice(&mut self, packet: Position, clock_rate: u32, now_ms: u32) {
        let passed_ms = u64::from(now_ms.wrapping_sub(self.sent_ms));
        let passed = (passed_ms * u64::from(clock_rate) / 1000).max(1) as u32;
        self.sequence_offset = self.sequence.wrapping_add(1).wrapping_sub(packet.sequence);
        self.timestamp_offset = self.timestamp.wrapping_add(passed).wrapping_sub(packet.timestamp);
        self.inner = packet.ssrc;
    }

    /// Continues a stream under its name, behind a sequence number that another process may have reached.
    pub fn resume(&mut self, outer: u32, sequence: u16) {
        // No packet comes from the outer source at first: whatever comes is put behind what was sent.
        (self.outer, self.inner) = (outer, !outer);
        (self.is_named, self.has_begun) = (true, true);
        self.sequence = sequence.wrapping_sub(1);
    }
}

impl Default for Continuity {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(ssrc: u32, sequence: u16, timestamp: u32) -> Position {
        Position { ssrc, sequence, timestamp }
    }

    #[test]
    fn the_first_source_passes_as_it_is() {
        let mut stream = Continuity::new();
        for step in 0..100u16 {
            let packet = packet(1, 65_500u16.wrapping_add(step), u32::from(step) * 160);
            assert_eq!(stream.place(packet, 8000, u32::from(step) * 20), Some(packet));
        }
    }

    #[test]
    fn a_stream_that_was_named_by_a_report_keeps_its_name_and_begins_with_the_numbers_of_its_media() {
        let mut stream = Continuity::new();
        stream.name(9);
        stream.name(8);
        assert_eq!(stream.outer(), Some(9));
        assert_eq!(stream.place(packet(1, 40_000, 160), 8000, 0), Some(packet(9, 40_000, 160)));
        assert_eq!((stream.outer(), stream.inner()), (Some(9), Some(1)));
    }

    #[test]
    fn another_source_continues_the_sequence_and_the_time() {
        let mut stream = Continuity::new();
        stream.place(packet(1, 100, 1600), 8000, 0);
        assert_eq!(stream.place(packet(2, 7000, 5), 8000, 500), Some(packet(1, 101, 1600 + 4000)));
        assert_eq!(stream.place(packet(2, 7001, 165), 8000, 520), Some(packet(1, 102, 1600 + 4160)));
        assert_eq!(stream.place(packet(1, 101, 1760), 8000, 540), Some(packet(1, 103, 1600 + 4320)));
    }

    #[test]
    fn loss_and_reordering_pass_through() {
        let mut stream = Continuity::new();
        for sequence in [10, 12, 11, 15, 14, 2000, 1999] {
            let sent = stream.place(packet(1, sequence, 0), 8000, 0).unwrap();
            assert_eq!(sent.sequence, sequence);
        }
    }

    #[test]
    fn a_source_that_begins_anew_loses_nothing() {
        let mut stream = Continuity::new();
        stream.place(packet(1, 30_000, 0), 8000, 0);
        for (sequence, expected) in
            [(5, 30_001), (6, 30_002), (60_000, 30_003), (60_001, 30_004), (60_000, 30_003)]
        {
            assert_eq!(stream.place(packet(1, sequence, 0), 8000, 20).unwrap().sequence, expected);
        }
    }

    #[test]
    fn one_packet_that_is_too_late_is_refused_and_two_in_a_row_are_a_new_beginning() {
        let mut stream = Continuity::new();
        stream.place(packet(1, 30_000, 0), 8000, 0);
        assert_eq!(stream.place(packet(1, 29_000, 0), 8000, 20), None);
        assert_eq!(stream.place(packet(1, 30_001, 160), 8000, 20).unwrap().sequence, 30_001);
        assert_eq!(stream.place(packet(1, 29_001, 160), 8000, 40), None);
        assert_eq!(stream.place(packet(1, 29_002, 320), 8000, 60).unwrap().sequence, 30_002);
    }

    #[test]
    fn a_resumed_stream_begins_where_it_may() {
        let mut stream = Continuity::new();
        stream.resume(9, 40_000);
        assert_eq!(stream.place(packet(1, 17, 0), 8000, 0).unwrap(), packet(9, 40_000, 1));
        assert_eq!(stream.place(packet(1, 18, 160), 8000, 20).unwrap(), packet(9, 40_001, 161));
    }
}
