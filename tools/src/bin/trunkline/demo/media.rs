//! The media of a call: a tone in G.711 u-law, and a sender report every second.

use core::f64::consts::TAU;

use wire::rtcp::{self, NtpTime, SenderInfo};
use wire::rtp::{Header, PayloadType, Sequence, Ssrc, Timestamp};

/// Returns that many RTP packets in the order of sending, with reports between them.
///
/// The sequence number wraps in the middle.
pub(super) fn stream(packets: u16) -> Vec<Vec<u8>> {
    let first = Sequence(0u16.wrapping_sub(packets / 2));
    let mut media = Vec::new();
    for number in 0..packets {
        let timestamp = u32::from(number) * SAMPLES_PER_PACKET;
        media.push(packet(first.plus(number), timestamp));
        if (number + 1).is_multiple_of(PACKETS_PER_REPORT) {
            media.push(report(u32::from(number) + 1, timestamp));
        }
    }
    media
}

fn packet(sequence: Sequence, timestamp: u32) -> Vec<u8> {
    let mut packet = vec![0; HEADER_LEN];
    Header::new(PCMU, sequence, Timestamp(timestamp), SSRC)
        .write([], None, &mut packet)
        .expect("a header without sources and extension has twelve bytes");
    packet.extend((timestamp..timestamp + SAMPLES_PER_PACKET).map(|time| companded(sample(time))));
    packet
}

fn report(packets: u32, timestamp: u32) -> Vec<u8> {
    let mut report = [0; REPORT_LEN];
    let info = SenderInfo {
        // The clock of the call: zero is its beginning.
        ntp: NtpTime((u64::from(timestamp) << 32) / u64::from(SAMPLES_PER_SECOND)),
        timestamp: Timestamp(timestamp),
        packets,
        bytes: packets * SAMPLES_PER_PACKET,
    };
    let mut writer = rtcp::Writer::new(&mut report);
    writer.sender_report(SSRC, &info, [], &[]).expect("a report without blocks has seven words");
    report.to_vec()
}

/// Returns a sample of the tone at half of the full scale.
fn sample(time: u32) -> i16 {
    let phase = TAU * TONE_HZ * f64::from(time) / f64::from(SAMPLES_PER_SECOND);
    (phase.sin() * 16_384.0) as i16
}

/// ITU-T G.711 u-law: sign, three bits of exponent, four of mantissa, and all of them inverted.
fn companded(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = sample.unsigned_abs().min(CLIP) + BIAS;
    // The bias makes bit 7 the lowest that can be the highest one set.
    let exponent = magnitude.ilog2() - 7;
    let mantissa = (magnitude >> (exponent + 3) & 0x0f) as u8;
    !(sign | (exponent as u8) << 4 | mantissa)
}

const SSRC: Ssrc = Ssrc(0x7472_756e);
const PCMU: PayloadType = PayloadType::new(0).expect("zero has less than seven bits");
const TONE_HZ: f64 = 425.0;
const SAMPLES_PER_SECOND: u32 = 8000;
/// 20 ms.
const SAMPLES_PER_PACKET: u32 = SAMPLES_PER_SECOND / 50;
const PACKETS_PER_REPORT: u16 = 50;
const HEADER_LEN: usize = 12;
const REPORT_LEN: usize = 7 * 4;

/// Moves the steps of the scale to powers of two: 33 at 14 bits.
const BIAS: u16 = 33 << 2;
/// What is louder would not fit with the bias into 15 bits.
const CLIP: u16 = 0x7fff - BIAS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_and_the_middle_of_the_scale_are_companded_as_in_g_711() {
        for (sample, code) in [(0, 0xff), (-1, 0x7f), (i16::MAX, 0x80), (i16::MIN, 0x00), (1000, 0xce)] {
            assert_eq!(companded(sample), code, "{sample}");
        }
    }
}
