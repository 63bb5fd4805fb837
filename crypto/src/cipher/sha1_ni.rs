//! SHA-1 of several messages side by side with the processor's own SHA instructions.
//!
//! One round instruction waits several cycles for the one before it, so a single message leaves the unit idle
//! most of the time; a second message in the same loop fills the gaps.

use core::arch::x86_64::*;

use super::hmac_sha1::Compress;

/// Proves that the processor has the SHA instructions and SSE 4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShaNi(());

impl ShaNi {
    pub(super) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("sha")
            && is_x86_feature_detected!("ssse3")
            && is_x86_feature_detected!("sse4.1");
        found.then_some(Self(()))
    }
}

impl<const N: usize> Compress<N> for ShaNi {
    #[inline]
    fn compress(self, states: &mut [[u32; N]; 5], blocks: &[&[u8; 64]; N], active: u32) {
        // SAFETY: a token of this type is made only by `detect`, after it found the features.
        unsafe { compress(states, blocks, active) }
    }
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn compress<const N: usize>(states: &mut [[u32; N]; 5], blocks: &[&[u8; 64]; N], active: u32) {
    let zero = _mm_setzero_si128();
    let mut abcd = [zero; N];
    let mut e = [zero; N];
    for lane in 0..N {
        let word = |row: usize| states[row][lane] as i32;
        abcd[lane] = _mm_set_epi32(word(0), word(1), word(2), word(3));
        e[lane] = _mm_set_epi32(word(4), 0, 0, 0);
    }
    let (after_abcd, after_e) = rounds(abcd, e, blocks);
    for lane in 0..N {
        if active & (1 << lane) == 0 {
            continue;
        }
        let sum = _mm_add_epi32(abcd[lane], after_abcd[lane]);
        states[0][lane] = _mm_extract_epi32::<3>(sum) as u32;
        states[1][lane] = _mm_extract_epi32::<2>(sum) as u32;
        states[2][lane] = _mm_extract_epi32::<1>(sum) as u32;
        states[3][lane] = _mm_extract_epi32::<0>(sum) as u32;
        // The last `e` still lacks the rotation that the round instruction would give it.
        states[4][lane] = _mm_extract_epi32::<3>(_mm_sha1nexte_epu32(after_e[lane], e[lane])) as u32;
    }
}

/// Runs the 20 groups of four rounds, each group for all lanes before the next.
#[inline]
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn rounds<const N: usize>(
    mut abcd: [__m128i; N],
    first_e: [__m128i; N],
    blocks: &[&[u8; 64]; N],
) -> ([__m128i; N], [__m128i; N]) {
    let mut words = [[_mm_setzero_si128(); 4]; N];
    // `sha1rnds4` wants `e` plus the first word of its group already added.
    let mut previous = first_e;
    macro_rules! group {
        ($index:literal, $function:literal) => {
            for lane in 0..N {
                let w = &mut words[lane];
                let now = $index & 3;
                if $index < 4 {
                    w[now] = load_big_endian(blocks[lane], 16 * $index);
                } else {
                    // w[t] = (w[t-16] ^ w[t-14] ^ w[t-8] ^ w[t-3]) <<< 1, four at a time.
                    let mixed = _mm_sha1msg1_epu32(w[now], w[($index + 1) & 3]);
                    let mixed = _mm_xor_si128(mixed, w[($index + 2) & 3]);
                    w[now] = _mm_sha1msg2_epu32(mixed, w[($index + 3) & 3]);
                }
                let with_e = if $index == 0 {
                    _mm_add_epi32(previous[lane], w[now])
                } else {
                    _mm_sha1nexte_epu32(previous[lane], w[now])
                };
                previous[lane] = abcd[lane];
                abcd[lane] = _mm_sha1rnds4_epu32::<$function>(abcd[lane], with_e);
            }
        };
    }
    group!(0, 0);
    group!(1, 0);
    group!(2, 0);
    group!(3, 0);
    group!(4, 0);
    group!(5, 1);
    group!(6, 1);
    group!(7, 1);
    group!(8, 1);
    group!(9, 1);
    group!(10, 2);
    group!(11, 2);
    group!(12, 2);
    group!(13, 2);
    group!(14, 2);
    group!(15, 3);
    group!(16, 3);
    group!(17, 3);
    group!(18, 3);
    group!(19, 3);
    (abcd, previous)
}

/// Loads 16 bytes at `offset` as four big-endian words, the first in the highest lane.
#[inline]
#[target_feature(enable = "sse2,ssse3")]
fn load_big_endian(block: &[u8; 64], offset: usize) -> __m128i {
    let quarter: &[u8; 16] =
        block[offset..].first_chunk().expect("every quarter of 64 bytes is 16 bytes long");
    // SAFETY: the reference proves 16 readable bytes, and this load takes any alignment.
    let bytes = unsafe { _mm_loadu_si128(quarter.as_ptr().cast()) };
    _mm_shuffle_epi8(bytes, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
}
