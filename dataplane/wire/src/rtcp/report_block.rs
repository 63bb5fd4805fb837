use super::NtpShort;
use crate::cursor::Cursor;
use crate::rtp::Ssrc;
use crate::{Malformed, WriteError};

/// What a receiver says about one stream it gets (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream spoken of.
    pub ssrc: Ssrc,
    /// The packets lost since the last report, in 1/256 of those expected.
    pub fraction_lost: u8,
    /// The packets lost since the beginning, less the duplicates: 24 bits with a sign, so that writing clamps it.
    pub cumulative_lost: i32,
    /// The highest sequence number received, and above it the number of its wraps.
    pub highest_sequence: u32,
    /// The jitter between arrivals, in units of the media clock.
    pub jitter: u32,
    /// The last sender report received; zero before the first.
    pub last_sender_report: NtpShort,
    /// The delay since it was received; zero before the first.
    pub delay_since: NtpShort,
}

impl ReportBlock {
    fn from_words(words: &[[u8; 4]; WORDS]) -> Self {
        let &[ssrc, [fraction_lost, l0, l1, l2], highest_sequence, jitter, last_sender_report, delay_since] =
            words;
        Self {
            ssrc: Ssrc(u32::from_be_bytes(ssrc)),
            fraction_lost,
            // In the upper three bytes the sign stands where it belongs, and shifting down spreads it.
            cumulative_lost: i32::from_be_bytes([l0, l1, l2, 0]) >> 8,
            highest_sequence: u32::from_be_bytes(highest_sequence),
            jitter: u32::from_be_bytes(jitter),
            last_sender_report: NtpShort(u32::from_be_bytes(last_sender_report)),
            delay_since: NtpShort(u32::from_be_bytes(delay_since)),
        }
    }

    pub(super) fn write(&self, cursor: &mut Cursor<'_>) -> Result<(), WriteError> {
        // RFC 3550 appendix A.3: the number is clamped to 24 bits, rather than wrapped.
        let lost = self.cumulative_lost.clamp(CUMULATIVE_LOST_MIN, CUMULATIVE_LOST_MAX);
        let [_, l0, l1, l2] = lost.to_be_bytes();
        let words = [
            self.ssrc.0.to_be_bytes(),
            [self.fraction_lost, l0, l1, l2],
            self.highest_sequence.to_be_bytes(),
            self.jitter.to_be_bytes(),
            self.last_sender_report.0.to_be_bytes(),
            self.delay_since.0.to_be_bytes(),
        ];
        cursor.put(words.as_flattened())
    }
}

/// The report blocks of a sender or receiver report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlocks<'a>(&'a [[[u8; 4]; WORDS]]);

impl<'a> ReportBlocks<'a> {
    /// Takes so many blocks from the front, and returns what follows them.
    pub(super) fn parse(count: u8, words: &'a [[u8; 4]]) -> Result<(Self, &'a [[u8; 4]]), Malformed> {
        let len = usize::from(count).saturating_mul(WORDS);
        let (blocks, rest) = words.split_at_checked(len).ok_or(Malformed::Truncated)?;
        let (blocks, _) = blocks.as_chunks();
        Ok((Self(blocks), rest))
    }

    /// Returns the blocks in their order: at most 31.
    pub fn iter(self) -> impl ExactSizeIterator<Item = ReportBlock> + Clone + use<'a> {
        self.0.iter().map(ReportBlock::from_words)
    }
}

const WORDS: usize = 6;
const CUMULATIVE_LOST_MIN: i32 = -0x80_0000;
const CUMULATIVE_LOST_MAX: i32 = 0x7f_ffff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_keep_their_sign_and_are_clamped_to_24_bits() {
        for (lost, expected) in
            [(-1, -1), (0x7f_ffff, 0x7f_ffff), (0x80_0000, 0x7f_ffff), (i32::MIN, -0x80_0000)]
        {
            let block = ReportBlock {
                ssrc: Ssrc(1),
                fraction_lost: 0,
                cumulative_lost: lost,
                highest_sequence: 0,
                jitter: 0,
                last_sender_report: NtpShort(0),
                delay_since: NtpShort(0),
            };
            let mut bytes = [0; 24];
            block.write(&mut Cursor::new(&mut bytes)).unwrap();
            let (blocks, _) = ReportBlocks::parse(1, bytes.as_chunks().0).unwrap();
            assert_eq!(blocks.iter().next().map(|block| block.cumulative_lost), Some(expected));
        }
    }
}
