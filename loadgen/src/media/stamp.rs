//! What stands in every payload: which packet this is, when it was to leave and when it left, and a pattern behind it.
//!
//! The pattern follows from the stamp and the length, so that a change of any byte is seen: every step from the words
//! of the stamp to the pattern can be undone, hence two stamps that differ in one word never have the same pattern.

/// Bytes of a stamp.
pub const STAMP_BYTES: usize = 32;

/// The shortest payload: a stamp, and one word of the pattern that vouches for it.
pub const PAYLOAD_MIN: usize = STAMP_BYTES + 8;

/// Names one run of the generator, so that packets of an earlier one are told from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId(pub u16);

/// Names a flow: one direction of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowId(pub u32);

impl FlowId {
    /// Returns its place in a list of all flows.
    #[must_use]
    pub const fn place(self) -> usize {
        self.0 as usize
    }
}

/// Which packet this is, and its times in nanoseconds of the run's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The run.
    pub run: RunId,
    /// The flow.
    pub flow: FlowId,
    /// Counts the packets of the flow.
    pub counter: u64,
    /// When it was to leave.
    pub intended_ns: u64,
    /// When it left.
    pub sent_ns: u64,
}

/// Why a payload has no stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unstamped {
    /// It does not begin like one of ours.
    Unmarked,
    /// It begins like one of ours, and something in it was changed.
    Altered,
}

/// The first bytes of every payload; the run follows.
const MAGIC: [u8; 2] = *b"TL";

impl Stamp {
    /// Fills a payload.
    ///
    /// # Panics
    ///
    /// If it is shorter than [`PAYLOAD_MIN`].
    #[inline]
    pub fn write(&self, payload: &mut [u8]) {
        assert!(payload.len() >= PAYLOAD_MIN, "a payload has room for a stamp and a word of pattern");
        let [m0, m1] = MAGIC;
        let [r0, r1] = self.run.0.to_be_bytes();
        let [f0, f1, f2, f3] = self.flow.0.to_be_bytes();
        let first = u64::from_be_bytes([m0, m1, r0, r1, f0, f1, f2, f3]);
        let words = [first, self.counter, self.intended_ns, self.sent_ns];
        let mut seed = seed(words, payload.len());
        let (stamp, pattern) = payload.split_at_mut(STAMP_BYTES);
        for (target, word) in stamp.as_chunks_mut().0.iter_mut().zip(words) {
            *target = word.to_be_bytes();
        }
        let (whole, rest) = pattern.as_chunks_mut();
        for target in whole {
            seed = seed.wrapping_add(STEP);
            *target = seed.to_be_bytes();
        }
        rest.copy_from_slice(&seed.wrapping_add(STEP).to_be_bytes()[..rest.len()]);
    }

    /// Reads the stamp of a payload all of whose bytes are as they were written.
    ///
    /// # Errors
    ///
    /// Why there is none.
    #[inline]
    pub fn parse(payload: &[u8]) -> Result<Self, Unstamped> {
        let Some((stamp, pattern)) = payload.split_first_chunk::<STAMP_BYTES>() else {
            return Err(Unstamped::Unmarked);
        };
        if pattern.len() < PAYLOAD_MIN - STAMP_BYTES || stamp[..2] != MAGIC {
            return Err(Unstamped::Unmarked);
        }
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(stamp.as_chunks().0) {
            *word = u64::from_be_bytes(*bytes);
        }
        let mut seed = seed(words, payload.len());
        let (whole, rest) = pattern.as_chunks();
        let mut difference = 0;
        for bytes in whole {
            seed = seed.wrapping_add(STEP);
            difference |= seed ^ u64::from_be_bytes(*bytes);
        }
        if difference != 0 || *rest != seed.wrapping_add(STEP).to_be_bytes()[..rest.len()] {
            return Err(Unstamped::Altered);
        }
        let [first, counter, intended_ns, sent_ns] = words;
        Ok(Self {
            run: RunId((first >> 32) as u16),
            flow: FlowId(first as u32),
            counter,
            intended_ns,
            sent_ns,
        })
    }
}

/// An odd number without a pattern of its own: 2^64 divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes the stamp and the length. Each step is a bijection of what was mixed before.
#[inline]
fn seed(words: [u64; 4], len: usize) -> u64 {
    words.iter().fold(len as u64, |mixed, word| {
        let mixed = (mixed ^ word).wrapping_mul(STEP);
        mixed ^ mixed >> 32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        run: RunId(0xabcd),
        flow: FlowId(77),
        counter: 1 << 40,
        intended_ns: 123_456_789_012,
        sent_ns: 123_456_790_000,
    };

    #[test]
    fn a_stamp_is_read_as_it_was_written_in_payloads_of_any_length() {
        for len in PAYLOAD_MIN..400 {
            let mut payload = vec![0; len];
            STAMP.write(&mut payload);
            assert_eq!(Stamp::parse(&payload), Ok(STAMP), "{len} bytes");
        }
    }

    #[test]
    fn a_change_of_any_bit_is_seen() {
        for len in [40, 41, 47, 48, 160, 163] {
            let mut payload = vec![0; len];
            STAMP.write(&mut payload);
            for bit in 0..len * 8 {
                payload[bit / 8] ^= 1 << (bit % 8);
                let expected = if bit < 16 { Unstamped::Unmarked } else { Unstamped::Altered };
                assert_eq!(Stamp::parse(&payload), Err(expected), "bit {bit} of {len} bytes");
                payload[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn every_other_value_of_any_byte_is_seen() {
        let mut payload = [0; 160];
        STAMP.write(&mut payload);
        for at in 0..payload.len() {
            let right = payload[at];
            for change in 1..=255 {
                payload[at] = right ^ change;
                assert!(Stamp::parse(&payload).is_err(), "byte {at} changed by {change}");
            }
            payload[at] = right;
        }
    }

    #[test]
    fn a_payload_that_was_cut_or_drawn_out_is_seen() {
        let mut payload = [0; 200];
        STAMP.write(&mut payload[..160]);
        for len in (0..payload.len()).filter(|len| *len != 160) {
            assert!(Stamp::parse(&payload[..len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn the_pattern_differs_from_packet_to_packet_and_flow_to_flow() {
        let pattern = |stamp: Stamp| {
            let mut payload = [0; 160];
            stamp.write(&mut payload);
            payload[STAMP_BYTES..].to_vec()
        };
        let pattern_of_first = pattern(STAMP);
        assert_ne!(pattern_of_first, pattern(Stamp { counter: STAMP.counter + 1, ..STAMP }));
        assert_ne!(pattern_of_first, pattern(Stamp { flow: FlowId(78), ..STAMP }));
        assert_ne!(pattern_of_first, pattern(Stamp { run: RunId(0), ..STAMP }));
    }
}
