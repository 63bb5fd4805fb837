use super::{ReportBlock, ReportBlocks, Writer};
use crate::rtp::Ssrc;
use crate::{Malformed, WriteError};

/// What one who sends nothing says about the streams it receives (RFC 3550 section 6.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverReport<'a> {
    /// The one who reports.
    pub ssrc: Ssrc,
    /// The streams it receives.
    pub reports: ReportBlocks<'a>,
    /// What a profile may add.
    pub extension: &'a [[u8; 4]],
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn parse(count: u8, body: &'a [[u8; 4]]) -> Result<Self, Malformed> {
        let (&ssrc, rest) = body.split_first().ok_or(Malformed::Truncated)?;
        let (reports, extension) = ReportBlocks::parse(count, rest)?;
        Ok(Self { ssrc: Ssrc(u32::from_be_bytes(ssrc)), reports, extension })
    }
}

impl Writer<'_> {
    /// Appends a receiver report.
    ///
    /// # Errors
    /// [`WriteError::TooMany`] for more than 31 blocks, [`WriteError::NoRoom`] when the buffer is too small.
    pub fn receiver_report(
        &mut self,
        ssrc: Ssrc,
        reports: impl IntoIterator<Item = ReportBlock>,
        extension: &[[u8; 4]],
    ) -> Result<(), WriteError> {
        self.frame(TYPE, |body| {
            body.put(&ssrc.0.to_be_bytes())?;
            let count = body.put_each(reports, |body, report| report.write(body))?;
            body.put(extension.as_flattened())?;
            Ok(count)
        })
    }
}

pub(super) const TYPE: u8 = 201;

#[cfg(test)]
mod tests {
    use super::super::{NtpShort, Packet, golden};
    use super::*;

    #[test]
    fn a_receiver_report_is_blocks_and_an_extension() {
        let bytes = [
            0x81, 201, 0, 8, 0, 0, 0, 1, //
            0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7, //
            8, 8, 8, 8,
        ];
        let Ok(Packet::ReceiverReport(report)) = golden::only(&bytes) else {
            panic!("not a receiver report");
        };
        let block = ReportBlock {
            ssrc: Ssrc(2),
            fraction_lost: 0,
            cumulative_lost: 3,
            highest_sequence: 4,
            jitter: 5,
            last_sender_report: NtpShort(6),
            delay_since: NtpShort(7),
        };
        assert!(report.reports.iter().eq([block]));
        assert_eq!((report.ssrc, report.extension), (Ssrc(1), &[[8; 4]][..]));
        assert_eq!(golden::written(&Packet::ReceiverReport(report)), bytes);
        assert_eq!(golden::only(&[0x80, 201, 0, 0]), Err(Malformed::Truncated));
    }
}
