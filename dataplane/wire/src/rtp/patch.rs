use super::{FIXED_LEN, MARKER, PayloadType, Sequence, Ssrc, Timestamp};
use crate::Malformed;

/// Changes the fixed header of a packet where it stands, as a relay does before it sends the packet on.
#[derive(Debug)]
pub struct Patch<'a>(&'a mut [u8; FIXED_LEN]);

impl<'a> Patch<'a> {
    /// Takes hold of the fixed header at the front of a packet.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when there is none.
    #[inline]
    pub fn new(packet: &'a mut [u8]) -> Result<Self, Malformed> {
        packet.first_chunk_mut().map(Self).ok_or(Malformed::Truncated)
    }

    /// Replaces the marker.
    #[inline]
    pub fn set_marker(&mut self, marker: bool) {
        let [_, byte, ..] = self.0;
        *byte = if marker { *byte | MARKER } else { *byte & !MARKER };
    }

    /// Replaces the payload type; the marker beside it stays.
    #[inline]
    pub fn set_payload_type(&mut self, payload_type: PayloadType) {
        let [_, byte, ..] = self.0;
        *byte = *byte & MARKER | u8::from(payload_type);
    }

    /// Replaces the sequence number.
    #[inline]
    pub fn set_sequence(&mut self, sequence: Sequence) {
        let [_, _, s0, s1, ..] = self.0;
        [*s0, *s1] = sequence.0.to_be_bytes();
    }

    /// Replaces the timestamp.
    #[inline]
    pub fn set_timestamp(&mut self, timestamp: Timestamp) {
        let [_, _, _, _, t0, t1, t2, t3, ..] = self.0;
        [*t0, *t1, *t2, *t3] = timestamp.0.to_be_bytes();
    }

    /// Replaces the synchronisation source.
    #[inline]
    pub fn set_ssrc(&mut self, ssrc: Ssrc) {
        let [.., i0, i1, i2, i3] = self.0;
        [*i0, *i1, *i2, *i3] = ssrc.0.to_be_bytes();
    }
}
