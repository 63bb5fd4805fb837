//! Sound as a file: WAV with 16 bits a sample, 8,000 samples a second, one channel.

use std::fs::File;
use std::io::{self, BufWriter, Write};

const RATE: u32 = 8000;
const SAMPLE_BYTES: u16 = 2;
/// PCM, and the length of what describes it.
const PCM: u16 = 1;
const FORMAT_BYTES: u32 = 16;
/// What stands before the samples, without the first eight bytes.
const HEAD_BYTES: u32 = 36;

pub(super) fn write(file: File, samples: &[i16]) -> io::Result<()> {
    let bytes = u32::try_from(samples.len() * usize::from(SAMPLE_BYTES)).unwrap_or(u32::MAX - HEAD_BYTES);
    let mut file = BufWriter::new(file);
    file.write_all(b"RIFF")?;
    file.write_all(&(HEAD_BYTES + bytes).to_le_bytes())?;
    file.write_all(b"WAVEfmt ")?;
    file.write_all(&FORMAT_BYTES.to_le_bytes())?;
    file.write_all(&PCM.to_le_bytes())?;
    file.write_all(&1u16.to_le_bytes())?;
    file.write_all(&RATE.to_le_bytes())?;
    file.write_all(&(RATE * u32::from(SAMPLE_BYTES)).to_le_bytes())?;
    file.write_all(&SAMPLE_BYTES.to_le_bytes())?;
    file.write_all(&(SAMPLE_BYTES * 8).to_le_bytes())?;
    file.write_all(b"data")?;
    file.write_all(&bytes.to_le_bytes())?;
    for sample in samples {
        file.write_all(&sample.to_le_bytes())?;
    }
    file.flush()
}
