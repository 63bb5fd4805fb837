//! GHASH, the universal hash of GCM (NIST SP 800-38D section 6.4).

use core::arch::x86_64::*;
use core::fmt;

use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::aes_ctr::keystream_portable;

/// How many blocks share one reduction: four powers of the key fit the place of an HMAC key.
const POWERS: usize = 4;

/// The hash key and its powers, in the byte order of the multiplication, the highest power first.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct GhashKey {
    powers: [[u8; 16]; POWERS],
}

impl GhashKey {
    /// Makes the hash key that belongs to an AES key: the encryption of the zero block.
    pub(crate) fn of_aes_key(key: &[u8]) -> Self {
        let mut h = [0; 16];
        keystream_portable(key, [0; 16], 0, &mut h);
        Self::new(h)
    }

    fn new(h: [u8; 16]) -> Self {
        let mut powers = [h; POWERS];
        if let Some(Clmul(())) = Clmul::detect() {
            // SAFETY: `detect` has just found the features.
            unsafe { raise(&mut powers) };
        }
        Self { powers }
    }

    /// The key itself: the first power stands last.
    fn h(&self) -> &[u8; 16] {
        &self.powers[POWERS - 1]
    }
}

/// Which instructions multiply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Clmul(Clmul),
    Portable,
}

/// Proves that the processor has carry-less multiplication and SSSE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clmul(());

impl Clmul {
    fn detect() -> Option<Self> {
        (is_x86_feature_detected!("pclmulqdq") && is_x86_feature_detected!("ssse3")).then_some(Self(()))
    }
}

impl Unit {
    pub(crate) fn best() -> Self {
        Clmul::detect().map_or(Self::Portable, Self::Clmul)
    }

    pub(crate) fn all() -> Vec<Self> {
        core::iter::once(Self::Portable).chain(Clmul::detect().map(Self::Clmul)).collect()
    }

    /// Hashes associated data, ciphertext and their lengths, as GCM does (SP 800-38D section 7.1).
    #[inline]
    pub(crate) fn hash(self, key: &GhashKey, associated: &[u8], ciphertext: &[u8]) -> [u8; 16] {
        let mut lengths = [0; 16];
        lengths[..8].copy_from_slice(&(associated.len() as u64 * 8).to_be_bytes());
        lengths[8..].copy_from_slice(&(ciphertext.len() as u64 * 8).to_be_bytes());
        match self {
            // SAFETY: a token of this type is made only by `detect`, after it found the features.
            Self::Clmul(Clmul(())) => unsafe { hash_clmul(key, [associated, ciphertext, &lengths]) },
            Self::Portable => {
                let mut hash = GHash::new(key.h().into());
                hash.update_padded(associated);
                hash.update_padded(ciphertext);
                hash.update_padded(&lengths);
                hash.finalize().into()
            }
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clmul(_) => "clmul",
            Self::Portable => "ghash",
        })
    }
}

/// Fills in the powers of the key that stands in every place.
#[target_feature(enable = "pclmulqdq,sse2,ssse3")]
fn raise(powers: &mut [[u8; 16]; POWERS]) {
    let h = load(&powers[POWERS - 1]);
    let mut power = h;
    for place in powers.iter_mut().rev().skip(1) {
        power = reduce(multiply(power, h));
        store(place, power);
    }
}

#[target_feature(enable = "pclmulqdq,sse2,ssse3")]
fn hash_clmul(key: &GhashKey, parts: [&[u8]; 3]) -> [u8; 16] {
    let powers = key.powers.each_ref().map(|power| load(power));
    let mut hash = _mm_setzero_si128();
    let mut waiting = [_mm_setzero_si128(); POWERS];
    let mut count = 0;
    for part in parts {
        let (whole, rest) = part.as_chunks::<16>();
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        for block in whole.iter().chain((!rest.is_empty()).then_some(&last)) {
            waiting[count] = load(block);
            count += 1;
            if count == POWERS {
                hash = absorb(hash, &waiting, &powers);
                count = 0;
            }
        }
    }
    if count > 0 {
        hash = absorb(hash, &waiting[..count], &powers[POWERS - count..]);
    }
    let mut output = [0; 16];
    store(&mut output, hash);
    output
}

/// Adds blocks to the hash: the first takes the hash along and the highest power, the last the first power.
#[inline]
#[target_feature(enable = "pclmulqdq,sse2")]
fn absorb(hash: __m128i, blocks: &[__m128i], powers: &[__m128i]) -> __m128i {
    let zero = _mm_setzero_si128();
    let mut product = Product { low: zero, middle: zero, high: zero };
    let mut carried = hash;
    for (block, power) in blocks.iter().zip(powers) {
        let term = multiply(_mm_xor_si128(*block, carried), *power);
        product.low = _mm_xor_si128(product.low, term.low);
        product.middle = _mm_xor_si128(product.middle, term.middle);
        product.high = _mm_xor_si128(product.high, term.high);
        carried = zero;
    }
    reduce(product)
}

/// A product of two 128-bit polynomials before its three overlapping parts are put together.
struct Product {
    low: __m128i,
    middle: __m128i,
    high: __m128i,
}

#[inline]
#[target_feature(enable = "pclmulqdq,sse2")]
fn multiply(x: __m128i, y: __m128i) -> Product {
    let cross = _mm_xor_si128(_mm_clmulepi64_si128::<0x01>(x, y), _mm_clmulepi64_si128::<0x10>(x, y));
    Product {
        low: _mm_clmulepi64_si128::<0x00>(x, y),
        middle: cross,
        high: _mm_clmulepi64_si128::<0x11>(x, y),
    }
}

/// Brings a product back to 128 bits.
///
/// GHASH counts bits from the other end of each byte than the multiplication does. In reversed bytes the
/// product comes out one bit too far right: it is shifted first, then folded twice by 64 bits with the
/// reversed polynomial x^128 + x^7 + x^2 + x + 1 (SP 800-38D section 6.3).
#[inline]
#[target_feature(enable = "pclmulqdq,sse2")]
fn reduce(product: Product) -> __m128i {
    let low = _mm_xor_si128(product.low, _mm_slli_si128::<8>(product.middle));
    let high = _mm_xor_si128(product.high, _mm_srli_si128::<8>(product.middle));
    let carry_low = _mm_srli_epi64::<63>(low);
    let carry_high = _mm_srli_epi64::<63>(high);
    let between = _mm_srli_si128::<8>(carry_low);
    let low = _mm_or_si128(_mm_slli_epi64::<1>(low), _mm_slli_si128::<8>(carry_low));
    let high =
        _mm_or_si128(_mm_slli_epi64::<1>(high), _mm_or_si128(_mm_slli_si128::<8>(carry_high), between));
    let polynomial = _mm_set_epi64x(0, 0xc200_0000_0000_0000_u64 as i64);
    let swapped = _mm_shuffle_epi32::<0b01_00_11_10>(low);
    let low = _mm_xor_si128(swapped, _mm_clmulepi64_si128::<0x00>(low, polynomial));
    let swapped = _mm_shuffle_epi32::<0b01_00_11_10>(low);
    let low = _mm_xor_si128(swapped, _mm_clmulepi64_si128::<0x00>(low, polynomial));
    _mm_xor_si128(high, low)
}

/// Loads a block with its bytes reversed.
#[inline]
#[target_feature(enable = "sse2,ssse3")]
fn load(block: &[u8; 16]) -> __m128i {
    // SAFETY: the reference proves 16 readable bytes, and this load takes any alignment.
    let bytes = unsafe { _mm_loadu_si128(block.as_ptr().cast()) };
    _mm_shuffle_epi8(bytes, reversed())
}

/// Stores a block with its bytes reversed.
#[inline]
#[target_feature(enable = "sse2,ssse3")]
fn store(block: &mut [u8; 16], vector: __m128i) {
    let bytes = _mm_shuffle_epi8(vector, reversed());
    // SAFETY: the reference proves 16 writable bytes, and this store takes any alignment.
    unsafe { _mm_storeu_si128(block.as_mut_ptr().cast(), bytes) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn reversed() -> __m128i {
    _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_gives_the_hash_of_the_portable_one() {
        let bytes: Vec<u8> = (0..1000u32).map(|i| (i * 167 + (i >> 3) * 13) as u8).collect();
        for seed in 0..16 {
            let key = GhashKey::new(core::array::from_fn(|i| bytes[seed * 16 + i]));
            for associated in [0, 1, 12, 16, 31] {
                for ciphertext in 0..200 {
                    let parts = (&bytes[..associated], &bytes[100..100 + ciphertext]);
                    let expected = Unit::Portable.hash(&key, parts.0, parts.1);
                    for unit in Unit::all() {
                        assert_eq!(
                            unit.hash(&key, parts.0, parts.1),
                            expected,
                            "{unit} {associated} {ciphertext}"
                        );
                    }
                }
            }
        }
    }
}
