use super::{NtpTime, ReportBlock, ReportBlocks, Writer};
use crate::rtp::{Ssrc, Timestamp};
use crate::{Malformed, WriteError};

/// What a sender says about its stream, and about the streams it receives (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderReport<'a> {
    /// The sender, whose stream the information is about.
    pub ssrc: Ssrc,
    /// The information.
    pub info: SenderInfo,
    /// The streams it receives.
    pub reports: ReportBlocks<'a>,
    /// What a profile may add.
    pub extension: &'a [[u8; 4]],
}

/// What was sent, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// The moment of the report.
    pub ntp: NtpTime,
    /// The same moment on the media clock.
    pub timestamp: Timestamp,
    /// The packets sent so far.
    pub packets: u32,
    /// The payload bytes sent so far.
    pub bytes: u32,
}

impl<'a> SenderReport<'a> {
    pub(super) fn parse(count: u8, body: &'a [[u8; 4]]) -> Result<Self, Malformed> {
        let (&[ssrc, ntp_high, ntp_low, timestamp, packets, bytes], rest) =
            body.split_first_chunk().ok_or(Malformed::Truncated)?;
        let (reports, extension) = ReportBlocks::parse(count, rest)?;
        let ntp = u64::from(u32::from_be_bytes(ntp_high)) << 32 | u64::from(u32::from_be_bytes(ntp_low));
        let info = SenderInfo {
            ntp: NtpTime(ntp),
            timestamp: Timestamp(u32::from_be_bytes(timestamp)),
            packets: u32::from_be_bytes(packets),
            bytes: u32::from_be_bytes(bytes),
        };
        Ok(Self { ssrc: Ssrc(u32::from_be_bytes(ssrc)), info, reports, extension })
    }
}

impl Writer<'_> {
    /// Appends a sender report.
    ///
    /// # Errors
    /// [`WriteError::TooMany`] for more than 31 blocks, [`WriteError::NoRoom`] when the buffer is too small.
    pub fn sender_report(
        &mut self,
        ssrc: Ssrc,
        info: &SenderInfo,
        reports: impl IntoIterator<Item = ReportBlock>,
        extension: &[[u8; 4]],
    ) -> Result<(), WriteError> {
        self.frame(TYPE, |body| {
            body.put(&ssrc.0.to_be_bytes())?;
            body.put(&info.ntp.0.to_be_bytes())?;
            body.put(&info.timestamp.0.to_be_bytes())?;
            body.put(&info.packets.to_be_bytes())?;
            body.put(&info.bytes.to_be_bytes())?;
            let count = body.put_each(reports, |body, report| report.write(body))?;
            body.put(extension.as_flattened())?;
            Ok(count)
        })
    }
}

pub(super) const TYPE: u8 = 200;

#[cfg(test)]
mod tests {
    use super::super::{NtpShort, Packet, golden};
    use super::*;

    /// A sender report with one block, whose times are those of RFC 3550 section 6.4.1, figure 2, and a word of a
    /// profile's own.
    const REPORT: [u8; 56] = [
        0x81, 200, 0, 13, 0xde, 0xad, 0xbe, 0xef, //
        0xb4, 0x4d, 0xb7, 0x05, 0x20, 0x00, 0x00, 0x00, //
        0x00, 0x01, 0x5f, 0x90, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00, 0x3e, 0x80, //
        0xca, 0xfe, 0xf0, 0x0d, 0x40, 0xff, 0xff, 0xfe, 0x00, 0x01, 0x3a, 0x2b, //
        0x00, 0x00, 0x00, 0x08, 0xb7, 0x05, 0x20, 0x00, 0x00, 0x05, 0x40, 0x00, //
        0x01, 0x02, 0x03, 0x04,
    ];

    #[test]
    fn a_sender_report_says_what_was_sent_and_received() {
        let Ok(Packet::SenderReport(report)) = golden::only(&REPORT) else {
            panic!("not a sender report");
        };
        assert_eq!(report.ssrc, Ssrc(0xdead_beef));
        let ntp = NtpTime(0xb44d_b705_2000_0000);
        assert_eq!(
            report.info,
            SenderInfo { ntp, timestamp: Timestamp(90_000), packets: 100, bytes: 16_000 }
        );
        let block = report.reports.iter().next().unwrap();
        assert_eq!((block.fraction_lost, block.cumulative_lost), (64, -2));
        assert_eq!(block.highest_sequence, 0x0001_3a2b);
        assert_eq!((block.last_sender_report, block.delay_since), (ntp.middle(), NtpShort(0x0005_4000)));
        assert_eq!(report.extension, [[1, 2, 3, 4]]);
        assert_eq!(golden::written(&Packet::SenderReport(report)), REPORT);
    }

    #[test]
    fn a_sender_report_holds_the_blocks_it_counts() {
        let mut counts_two = REPORT;
        counts_two[0] = 0x82;
        assert_eq!(golden::only(&counts_two), Err(Malformed::Truncated));
        assert_eq!(golden::only(&[0x80, 200, 0, 1, 0, 0, 0, 1]), Err(Malformed::Truncated));
    }
}
