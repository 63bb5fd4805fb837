//! SHA-1 of 16 messages at once in the 32-bit lanes of 512-bit registers.

use core::arch::x86_64::*;

use super::hmac_sha1::Compress;
use super::sha1_rounds::{given, mixed, round, sha1_rounds};

/// Proves that the processor has AVX-512 F and BW.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx512(());

impl Avx512 {
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")).then_some(Self(()))
    }
}

impl Compress<16> for Avx512 {
    #[inline]
    fn compress(self, states: &mut [[u32; 16]; 5], blocks: &[&[u8; 64]; 16], active: u32) {
        // SAFETY: a token of this type is made only by `detect`, after it found the features.
        unsafe { compress(states, blocks, active as u16) }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn compress(states: &mut [[u32; 16]; 5], blocks: &[&[u8; 64]; 16], active: u16) {
    let before = [load(&states[0]), load(&states[1]), load(&states[2]), load(&states[3]), load(&states[4])];
    let after = sha1_rounds!(before, words_of(blocks));
    for ((state, before), after) in states.iter_mut().zip(before).zip(after) {
        store(state, _mm512_mask_mov_epi32(before, active, after));
    }
}

/// Turns 16 blocks into 16 vectors: vector `t` holds word `t` of every block, in host order.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn words_of(blocks: &[&[u8; 64]; 16]) -> [__m512i; 16] {
    let mut rows = [_mm512_setzero_si512(); 16];
    for (row, block) in rows.iter_mut().zip(blocks) {
        *row = load_big_endian(block);
    }
    // Within 128 bits, 4x4 words are transposed: column `c` of rows 4g..4g+4 comes to row 4g+c.
    for group in 0..4 {
        let [r0, r1, r2, r3] =
            [rows[4 * group], rows[4 * group + 1], rows[4 * group + 2], rows[4 * group + 3]];
        let low01 = _mm512_unpacklo_epi32(r0, r1);
        let high01 = _mm512_unpackhi_epi32(r0, r1);
        let low23 = _mm512_unpacklo_epi32(r2, r3);
        let high23 = _mm512_unpackhi_epi32(r2, r3);
        rows[4 * group] = _mm512_unpacklo_epi64(low01, low23);
        rows[4 * group + 1] = _mm512_unpackhi_epi64(low01, low23);
        rows[4 * group + 2] = _mm512_unpacklo_epi64(high01, high23);
        rows[4 * group + 3] = _mm512_unpackhi_epi64(high01, high23);
    }
    // Then the 4x4 quarters of 128 bits: quarter `q` of rows c, 4+c, 8+c, 12+c makes up word 4q+c.
    let mut words = [_mm512_setzero_si512(); 16];
    for column in 0..4 {
        let [r0, r1, r2, r3] = [rows[column], rows[4 + column], rows[8 + column], rows[12 + column]];
        let low01 = _mm512_shuffle_i32x4::<0b01_00_01_00>(r0, r1);
        let high01 = _mm512_shuffle_i32x4::<0b11_10_11_10>(r0, r1);
        let low23 = _mm512_shuffle_i32x4::<0b01_00_01_00>(r2, r3);
        let high23 = _mm512_shuffle_i32x4::<0b11_10_11_10>(r2, r3);
        words[column] = _mm512_shuffle_i32x4::<0b10_00_10_00>(low01, low23);
        words[4 + column] = _mm512_shuffle_i32x4::<0b11_01_11_01>(low01, low23);
        words[8 + column] = _mm512_shuffle_i32x4::<0b10_00_10_00>(high01, high23);
        words[12 + column] = _mm512_shuffle_i32x4::<0b11_01_11_01>(high01, high23);
    }
    words
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_big_endian(block: &[u8; 64]) -> __m512i {
    let swap = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    // SAFETY: the reference proves 64 readable bytes, and this load takes any alignment.
    let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    _mm512_shuffle_epi8(bytes, swap)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(words: &[u32; 16]) -> __m512i {
    // SAFETY: the reference proves 64 readable bytes, and this load takes any alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(words: &mut [u32; 16], vector: __m512i) {
    // SAFETY: the reference proves 64 writable bytes, and this store takes any alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(word: u32) -> __m512i {
    _mm512_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add(x: __m512i, y: __m512i) -> __m512i {
    _mm512_add_epi32(x, y)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn rotate<const LEFT: i32, const RIGHT: i32>(x: __m512i) -> __m512i {
    _mm512_rol_epi32::<LEFT>(x)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor(x: __m512i, y: __m512i) -> __m512i {
    _mm512_xor_si512(x, y)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor3(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(x, y, z)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn choose(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(x, y, z)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn parity(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    xor3(x, y, z)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn majority(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xe8>(x, y, z)
}
