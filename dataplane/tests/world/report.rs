//! Reports as peers send them.

use wire::rtcp::{NtpShort, NtpTime, ReportBlock, SenderInfo, Writer};
use wire::rtp::{Ssrc, Timestamp};

/// A receiver report about a source.
pub(crate) fn receiver_report(ssrc: u32, about: u32) -> Vec<u8> {
    written(|writer| {
        writer.receiver_report(Ssrc(ssrc), [block(about, 7)], &[]).unwrap();
    })
}

/// A sender report with one block.
pub(crate) fn sender_report(ssrc: u32, timestamp: u32, about: u32, highest_sequence: u32) -> Vec<u8> {
    let info = SenderInfo {
        ntp: NtpTime(0x1122_3344_5566_7788),
        timestamp: Timestamp(timestamp),
        packets: 5,
        bytes: 800,
    };
    written(|writer| {
        writer.sender_report(Ssrc(ssrc), &info, [block(about, highest_sequence)], &[]).unwrap();
    })
}

/// A receiver report and a goodbye.
pub(crate) fn goodbye(ssrc: u32) -> Vec<u8> {
    written(|writer| {
        writer.receiver_report(Ssrc(ssrc), [], &[]).unwrap();
        writer.goodbye([Ssrc(ssrc)], None).unwrap();
    })
}

/// A goodbye without a report in front of it.
pub(crate) fn lone_goodbye(ssrc: u32) -> Vec<u8> {
    written(|writer| writer.goodbye([Ssrc(ssrc)], None).unwrap())
}

/// What a closure writes.
pub(crate) fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut buffer = [0; 1500];
    let mut writer = Writer::new(&mut buffer);
    write(&mut writer);
    let len = writer.finish();
    buffer[..len].to_vec()
}

fn block(about: u32, highest_sequence: u32) -> ReportBlock {
    ReportBlock {
        ssrc: Ssrc(about),
        fraction_lost: 3,
        cumulative_lost: 4,
        highest_sequence,
        jitter: 5,
        last_sender_report: NtpShort(6),
        delay_since: NtpShort(7),
    }
}
