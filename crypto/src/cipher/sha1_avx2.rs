//! SHA-1 of 8 messages at once in the 32-bit lanes of 256-bit registers.

use core::arch::x86_64::*;

use super::hmac_sha1::Compress;
use super::sha1_rounds::{given, mixed, round, sha1_rounds};

/// Proves that the processor has AVX2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

impl Compress<8> for Avx2 {
    #[inline]
    fn compress(self, states: &mut [[u32; 8]; 5], blocks: &[&[u8; 64]; 8], active: u32) {
        // SAFETY: a token of this type is made only by `detect`, after it found the feature.
        unsafe { compress(states, blocks, active) }
    }
}

#[target_feature(enable = "avx2")]
fn compress(states: &mut [[u32; 8]; 5], blocks: &[&[u8; 64]; 8], active: u32) {
    let before = [load(&states[0]), load(&states[1]), load(&states[2]), load(&states[3]), load(&states[4])];
    let mut words = [_mm256_setzero_si256(); 16];
    let (low, high) = words.split_at_mut(8);
    transpose(blocks, 0, low);
    transpose(blocks, 32, high);
    let after = sha1_rounds!(before, words);
    // Lane `l` is kept if bit `l` of `active` is set: the bit is moved to the sign and spread from there.
    let bits = _mm256_sllv_epi32(splat(active), _mm256_set_epi32(24, 25, 26, 27, 28, 29, 30, 31));
    let keep = _mm256_srai_epi32::<31>(bits);
    for ((state, before), after) in states.iter_mut().zip(before).zip(after) {
        store(state, _mm256_blendv_epi8(before, after, keep));
    }
}

/// Turns half a block of each of 8 messages into 8 vectors of one word of every message, in host order.
#[inline]
#[target_feature(enable = "avx2")]
fn transpose(blocks: &[&[u8; 64]; 8], offset: usize, words: &mut [__m256i]) {
    let mut rows = [_mm256_setzero_si256(); 8];
    for (row, block) in rows.iter_mut().zip(blocks) {
        let half = block[offset..].first_chunk().expect("both halves of 64 bytes are 32 bytes long");
        *row = load_big_endian(half);
    }
    for group in 0..2 {
        let [r0, r1, r2, r3] =
            [rows[4 * group], rows[4 * group + 1], rows[4 * group + 2], rows[4 * group + 3]];
        let low01 = _mm256_unpacklo_epi32(r0, r1);
        let high01 = _mm256_unpackhi_epi32(r0, r1);
        let low23 = _mm256_unpacklo_epi32(r2, r3);
        let high23 = _mm256_unpackhi_epi32(r2, r3);
        rows[4 * group] = _mm256_unpacklo_epi64(low01, low23);
        rows[4 * group + 1] = _mm256_unpackhi_epi64(low01, low23);
        rows[4 * group + 2] = _mm256_unpacklo_epi64(high01, high23);
        rows[4 * group + 3] = _mm256_unpackhi_epi64(high01, high23);
    }
    for column in 0..4 {
        words[column] = _mm256_permute2x128_si256::<0x20>(rows[column], rows[4 + column]);
        words[4 + column] = _mm256_permute2x128_si256::<0x31>(rows[column], rows[4 + column]);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_big_endian(half: &[u8; 32]) -> __m256i {
    let swap =
        _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    // SAFETY: the reference proves 32 readable bytes, and this load takes any alignment.
    let bytes = unsafe { _mm256_loadu_si256(half.as_ptr().cast()) };
    _mm256_shuffle_epi8(bytes, swap)
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(words: &[u32; 8]) -> __m256i {
    // SAFETY: the reference proves 32 readable bytes, and this load takes any alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(words: &mut [u32; 8], vector: __m256i) {
    // SAFETY: the reference proves 32 writable bytes, and this store takes any alignment.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn splat(word: u32) -> __m256i {
    _mm256_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(x: __m256i, y: __m256i) -> __m256i {
    _mm256_add_epi32(x, y)
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate<const LEFT: i32, const RIGHT: i32>(x: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_slli_epi32::<LEFT>(x), _mm256_srli_epi32::<RIGHT>(x))
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor(x: __m256i, y: __m256i) -> __m256i {
    _mm256_xor_si256(x, y)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor3(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    xor(xor(x, y), z)
}

#[inline]
#[target_feature(enable = "avx2")]
fn choose(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    xor(z, _mm256_and_si256(x, xor(y, z)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn parity(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    xor3(x, y, z)
}

#[inline]
#[target_feature(enable = "avx2")]
fn majority(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)))
}
