//! AES in counter mode: the keystream of both families of suites.

use core::arch::x86_64::*;
use core::fmt;

use aes::{Aes128Enc, Aes192Enc, Aes256Enc};
use cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// AES-256 has 14 rounds, and one key more than rounds.
const ROUND_KEYS_MAX: usize = 15;

/// An AES key in the form that the processor's round instructions take.
///
/// The first round keys of a schedule are the key itself, which is all that the portable path needs.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct AesKey {
    schedule: [[u8; 16]; ROUND_KEYS_MAX],
    rounds: u8,
}

impl AesKey {
    /// Expands a key of 16, 24 or 32 bytes.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut schedule = [[0; 16]; ROUND_KEYS_MAX];
        schedule.as_flattened_mut()[..key.len()].copy_from_slice(key);
        if AesNi::detect().is_some() {
            // SAFETY: `detect` has just found the features.
            unsafe { expand(&mut schedule, key.len() / 4) };
        }
        Self { schedule, rounds: (key.len() / 4 + 6) as u8 }
    }

    fn round_keys(&self) -> (&[u8; 16], &[[u8; 16]], &[u8; 16]) {
        let last = usize::from(self.rounds);
        (&self.schedule[0], &self.schedule[1..last], &self.schedule[last])
    }

    fn bytes(&self) -> &[u8] {
        &self.schedule.as_flattened()[..(usize::from(self.rounds) - 6) * 4]
    }
}

/// Which instructions encrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Vaes(Vaes),
    AesNi(AesNi),
    Portable,
}

/// Proves that the processor has AVX-512 F and BW, and AES over its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vaes(());

/// Proves that the processor has the AES instructions and SSSE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AesNi(());

impl Vaes {
    fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("vaes")
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw");
        found.then_some(Self(()))
    }
}

impl AesNi {
    fn detect() -> Option<Self> {
        (is_x86_feature_detected!("aes") && is_x86_feature_detected!("ssse3")).then_some(Self(()))
    }
}

impl Unit {
    pub(crate) fn best() -> Self {
        let wide = || Vaes::detect().map(Self::Vaes);
        wide().or_else(|| AesNi::detect().map(Self::AesNi)).unwrap_or(Self::Portable)
    }

    pub(crate) fn all() -> Vec<Self> {
        let found = [AesNi::detect().map(Self::AesNi), Vaes::detect().map(Self::Vaes)];
        core::iter::once(Self::Portable).chain(found.into_iter().flatten()).collect()
    }

    /// XORs `data` with the keystream whose first block is the encryption of `iv` plus `first`.
    ///
    /// The last 16 bits of `iv` are zero: RFC 3711 section 4.1.1 leaves them to the block counter, and of the
    /// 32 that RFC 7714 section 8.1 leaves to it a packet of at most 65,535 bytes counts no further either.
    #[inline]
    pub(crate) fn apply_keystream(self, key: &AesKey, iv: [u8; 16], first: u16, data: &mut [u8]) {
        match self {
            // SAFETY: a token of this type is made only by `detect`, after it found the features.
            Self::Vaes(Vaes(())) => unsafe { keystream_vaes(key, iv, first, data) },
            // SAFETY: a token of this type is made only by `detect`, after it found the features.
            Self::AesNi(AesNi(())) => unsafe { keystream_aesni(key, iv, first, data) },
            Self::Portable => keystream_portable(key.bytes(), iv, first, data),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vaes(_) => "vaes512",
            Self::AesNi(_) => "aesni",
            Self::Portable => "aes",
        })
    }
}

/// The same keystream from the `aes` and `ctr` crates: the oracle of the others, and what
/// key derivation and SRTCP use.
pub(crate) fn keystream_portable(key: &[u8], mut iv: [u8; 16], first: u16, data: &mut [u8]) {
    debug_assert_eq!(iv[14..], [0, 0], "the block counter has its place free");
    iv[14..].copy_from_slice(&first.to_be_bytes());
    match key.len() {
        16 => Ctr128BE::<Aes128Enc>::new_from_slices(key, &iv).map(|mut c| c.apply_keystream(data)),
        24 => Ctr128BE::<Aes192Enc>::new_from_slices(key, &iv).map(|mut c| c.apply_keystream(data)),
        _ => Ctr128BE::<Aes256Enc>::new_from_slices(key, &iv).map(|mut c| c.apply_keystream(data)),
    }
    .expect("a key is 16, 24 or 32 bytes long, and the block is 16");
}

/// Three registers of four blocks: the ten blocks of 160 bytes, 20 ms of G.711, go through at once.
const VAES_REGISTERS: usize = 3;

#[target_feature(enable = "avx512f,avx512bw,vaes")]
fn keystream_vaes(key: &AesKey, iv: [u8; 16], first: u16, data: &mut [u8]) {
    let iv = _mm512_broadcast_i32x4(load(&iv));
    let mut counter = first;
    for chunk in data.chunks_mut(64 * VAES_REGISTERS) {
        if chunk.len() <= 64 {
            xor_vaes::<1>(key, iv, counter, chunk);
        } else {
            xor_vaes::<VAES_REGISTERS>(key, iv, counter, chunk);
        }
        counter = counter.wrapping_add(4 * VAES_REGISTERS as u16);
    }
}

/// XORs up to `64 * N` bytes with as many bytes of keystream.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,vaes")]
fn xor_vaes<const N: usize>(key: &AesKey, iv: __m512i, counter: u16, data: &mut [u8]) {
    let (before, middle, last) = key.round_keys();
    let mut blocks = [iv; N];
    let before = _mm512_broadcast_i32x4(load(before));
    for (index, block) in blocks.iter_mut().enumerate() {
        let counters = counters_vaes(counter.wrapping_add(4 * index as u16));
        *block = _mm512_xor_si512(_mm512_xor_si512(*block, counters), before);
    }
    for round_key in middle {
        let round_key = _mm512_broadcast_i32x4(load(round_key));
        blocks = blocks.map(|block| _mm512_aesenc_epi128(block, round_key));
    }
    let last = _mm512_broadcast_i32x4(load(last));
    for (chunk, block) in data.chunks_mut(64).zip(blocks) {
        let keystream = _mm512_aesenclast_epi128(block, last);
        // The lowest `chunk.len()` bits: the bytes that exist.
        let mask = u64::MAX >> (64 - chunk.len());
        // SAFETY: the mask confines the load to the `chunk.len()` bytes of the slice.
        let bytes = unsafe { _mm512_maskz_loadu_epi8(mask, chunk.as_ptr().cast()) };
        let bytes = _mm512_xor_si512(bytes, keystream);
        // SAFETY: the mask confines the store to the `chunk.len()` bytes of the slice.
        unsafe { _mm512_mask_storeu_epi8(chunk.as_mut_ptr().cast(), mask, bytes) };
    }
}

/// Returns four blocks that are zero but for the big-endian counter in their last bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn counters_vaes(first: u16) -> __m512i {
    let first = _mm512_set4_epi32(i32::from(first), 0, 0, 0);
    let steps = _mm512_set_epi32(3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
    let swap = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    _mm512_shuffle_epi8(_mm512_add_epi32(first, steps), swap)
}

/// Ten blocks at once: 160 bytes, and as many as leave room for the round key among 16 registers.
const AESNI_BLOCKS: usize = 10;

#[target_feature(enable = "aes,sse2,ssse3")]
fn keystream_aesni(key: &AesKey, iv: [u8; 16], first: u16, data: &mut [u8]) {
    let iv = load(&iv);
    let mut counter = first;
    for chunk in data.chunks_mut(16 * AESNI_BLOCKS) {
        if chunk.len() <= 16 {
            xor_aesni::<1>(key, iv, counter, chunk);
        } else {
            xor_aesni::<AESNI_BLOCKS>(key, iv, counter, chunk);
        }
        counter = counter.wrapping_add(AESNI_BLOCKS as u16);
    }
}

/// XORs up to `16 * N` bytes with as many bytes of keystream.
#[inline]
#[target_feature(enable = "aes,sse2,ssse3")]
fn xor_aesni<const N: usize>(key: &AesKey, iv: __m128i, counter: u16, data: &mut [u8]) {
    let (before, middle, last) = key.round_keys();
    let swap = _mm_set_epi8(12, 13, 14, 15, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    let mut blocks = [_mm_xor_si128(iv, load(before)); N];
    for (index, block) in blocks.iter_mut().enumerate() {
        let number = i32::from(counter.wrapping_add(index as u16));
        *block = _mm_xor_si128(*block, _mm_shuffle_epi8(_mm_set_epi32(number, 0, 0, 0), swap));
    }
    for round_key in middle {
        let round_key = load(round_key);
        blocks = blocks.map(|block| _mm_aesenc_si128(block, round_key));
    }
    let last = load(last);
    for (chunk, block) in data.chunks_mut(16).zip(blocks) {
        let keystream = _mm_aesenclast_si128(block, last);
        if let Some(chunk) = chunk.first_chunk_mut::<16>() {
            store(chunk, _mm_xor_si128(load(chunk), keystream));
        } else {
            let mut bytes = [0; 16];
            store(&mut bytes, keystream);
            chunk.iter_mut().zip(bytes).for_each(|(byte, key)| *byte ^= key);
        }
    }
}

/// Expands a key of `words` 32-bit words that stands at the start of the schedule (FIPS 197 section 5.2).
#[target_feature(enable = "aes,sse2")]
fn expand(schedule: &mut [[u8; 16]; ROUND_KEYS_MAX], words: usize) {
    let (schedule, _) = schedule.as_flattened_mut().as_chunks_mut::<4>();
    let mut constant = 1u8;
    for index in words..4 * (words + 7) {
        let mut word = u32::from_le_bytes(schedule[index - 1]);
        if index % words == 0 {
            word = substitute(word).rotate_right(8) ^ u32::from(constant);
            // Doubling in the field of AES, whose polynomial is 0x11b.
            constant = (constant << 1) ^ ((constant >> 7) * 0x1b);
        } else if words == 8 && index % words == 4 {
            word = substitute(word);
        }
        schedule[index] = (u32::from_le_bytes(schedule[index - words]) ^ word).to_le_bytes();
    }
}

/// Puts each byte of a word through the S-box.
#[inline]
#[target_feature(enable = "aes,sse2")]
fn substitute(word: u32) -> u32 {
    let word = _mm_set1_epi32(word as i32);
    _mm_cvtsi128_si32(_mm_aeskeygenassist_si128::<0>(word)) as u32
}

#[inline]
#[target_feature(enable = "sse2")]
fn load(block: &[u8; 16]) -> __m128i {
    // SAFETY: the reference proves 16 readable bytes, and this load takes any alignment.
    unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn store(block: &mut [u8; 16], vector: __m128i) {
    // SAFETY: the reference proves 16 writable bytes, and this store takes any alignment.
    unsafe { _mm_storeu_si128(block.as_mut_ptr().cast(), vector) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_gives_the_keystream_of_the_ctr_crate() {
        let bytes: [u8; 32] = core::array::from_fn(|i| (i * 59 + 7) as u8);
        for key_len in [16, 24, 32] {
            let key = AesKey::new(&bytes[..key_len]);
            let mut iv: [u8; 16] = core::array::from_fn(|i| (i * 17) as u8);
            iv[14..].fill(0);
            for len in (0..400).chain([1500, 65_535]) {
                let mut expected = vec![0x5a; len];
                keystream_portable(&bytes[..key_len], iv, 2, &mut expected);
                for unit in Unit::all() {
                    let mut data = vec![0x5a; len];
                    unit.apply_keystream(&key, iv, 2, &mut data);
                    assert!(data == expected, "{unit}, {key_len} bytes of key, {len} of data");
                }
            }
        }
    }
}
