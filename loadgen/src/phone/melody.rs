//! What phones say to each other: a melody in G.711 μ-law, in which every 20 ms differ from all others.
//!
//! The lowest bits of the first samples hold who speaks and the number of the packet, where nobody hears them. So whoever
//! listens knows what every packet has to be, bit by bit, whatever was lost before it, and whose call it belongs to.

use std::f64::consts::TAU;

/// Samples of a packet: 20 ms at 8 kHz.
pub const PACKET_SAMPLES: usize = 160;

const RATE_HZ: f64 = 8000.0;
/// Samples of a note: a quarter of a second.
const NOTE_SAMPLES: usize = 2000;
/// A scale without semitones, in which no two notes sound wrong together.
const NOTES_HZ: [f64; 5] = [262.0, 294.0, 330.0, 392.0, 440.0];
/// A sixth of what 16 bits hold: as loud as people speak.
const LOUDNESS: f64 = 5500.0;
/// Bits of who speaks, and of the number of a packet after them.
const SPEAKER_BITS: usize = 16;
const NUMBER_BITS: usize = 32;

/// One of two parts that are heard at a time; so that nobody is taken for the own echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The caller's.
    High,
    /// That of who is called.
    Low,
}

/// Returns the payload of a packet.
#[must_use]
pub fn payload(part: Part, speaker: u16, number: u32) -> [u8; PACKET_SAMPLES] {
    let begin = number as usize * PACKET_SAMPLES;
    let mut payload: [u8; PACKET_SAMPLES] = core::array::from_fn(|place| encode(sample(part, begin + place)));
    let hidden = u64::from(number) << SPEAKER_BITS | u64::from(speaker);
    for (place, byte) in payload.iter_mut().take(SPEAKER_BITS + NUMBER_BITS).enumerate() {
        *byte = *byte & !1 | (hidden >> place & 1) as u8;
    }
    payload
}

/// Returns who speaks in a payload, and the number of its packet, if it is as it was said, bit by bit.
#[must_use]
pub fn recognise(part: Part, heard: &[u8]) -> Option<(u16, u32)> {
    let bits = heard.get(..SPEAKER_BITS + NUMBER_BITS)?.iter().enumerate();
    let hidden = bits.fold(0, |hidden, (place, byte)| hidden | u64::from(byte & 1) << place);
    let (speaker, number) = (hidden as u16, (hidden >> SPEAKER_BITS) as u32);
    (heard == payload(part, speaker, number)).then_some((speaker, number))
}

/// Returns the melody at one moment, as a sample of 16 bits.
fn sample(part: Part, place: usize) -> i16 {
    let note = place / NOTE_SAMPLES;
    let (octave, step) = match part {
        Part::High => (2.0, 3),
        Part::Low => (1.0, 2),
    };
    // Steps that have no divisor in common with the count of notes visit all of them.
    let pitch = NOTES_HZ[note * step % NOTES_HZ.len()] * octave;
    let within = (place % NOTE_SAMPLES) as f64;
    // A note swells and fades, so that none begins with a click.
    let swell = (within / NOTE_SAMPLES as f64 * TAU / 2.0).sin();
    (LOUDNESS * swell * (within / RATE_HZ * pitch * TAU).sin()) as i16
}

/// Encodes a sample (ITU-T G.711, table 2a).
fn encode(sample: i16) -> u8 {
    const BIAS: i32 = 132;
    const LARGEST: i32 = 32_635;
    let sign = if sample < 0 { 0 } else { 0x80 };
    let size = i32::from(sample).abs().min(LARGEST) + BIAS;
    let segment = size.ilog2() - 7;
    let step = size >> (segment + 3) & 0xf;
    sign | (!(segment << 4) as u8 & 0x70) | (!step as u8 & 0xf)
}

/// Decodes a sample.
#[must_use]
pub fn decode(code: u8) -> i16 {
    let code = !code;
    let size = (((i16::from(code & 0xf) << 3) + 132) << (code >> 4 & 7)) - 132;
    if code & 0x80 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_encoded_as_in_the_tables_of_g711() {
        for (sample, code) in [(0, 0xff), (3, 0xff), (4, 0xfe), (-4, 0x7e), (32_635, 0x80), (-32_635, 0x00)] {
            assert_eq!(encode(sample), code, "{sample}");
        }
        for code in 0..=u8::MAX {
            // There are two codes for silence.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(encode(decode(code)), expected, "{code:#x}");
        }
    }

    #[test]
    fn every_packet_is_recognised_and_none_with_a_bit_changed() {
        for part in [Part::High, Part::Low] {
            for number in (0..200).chain([u32::MAX - 1, u32::MAX]) {
                let speaker = number as u16 ^ 0x5555;
                let mut heard = payload(part, speaker, number);
                assert_eq!(recognise(part, &heard), Some((speaker, number)));
                for place in [16, 47, 48, 159] {
                    heard[place] ^= 1;
                    assert_eq!(recognise(part, &heard), None, "{number} with a bit of {place}");
                    heard[place] ^= 1;
                }
                heard[15] ^= 1;
                assert_eq!(recognise(part, &heard), Some((speaker ^ 0x8000, number)), "somebody else speaks");
            }
        }
    }

    #[test]
    fn the_parts_are_told_from_each_other() {
        assert_eq!(recognise(Part::Low, &payload(Part::High, 1, 7)), None);
        assert_eq!(recognise(Part::High, &[]), None);
    }
}
