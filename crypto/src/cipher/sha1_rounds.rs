//! The 80 rounds of SHA-1, written once for every width of register.
//!
//! FIPS 180-4 section 6.1.2. Every lane of a register is one message. The macro names the operations `splat`,
//! `add`, `rotate`, `xor`, `xor3`, `choose`, `parity` and `majority`; the module that uses it defines them for
//! its registers.

/// The state before the first block (FIPS 180-4 section 5.3.1).
pub(super) const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// Expands to the state after one block, from the state before it and the 16 words of the block.
macro_rules! sha1_rounds {
    ($state:expr, $words:expr) => {{
        let mut w = $words;
        let [mut a, mut b, mut c, mut d, mut e] = $state;
        let k = splat(0x5a82_7999);
        given!(choose, k, w, [a b c d e], 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        mixed!(choose, k, w, [a b c d e], 16 17 18 19);
        let k = splat(0x6ed9_eba1);
        mixed!(parity, k, w, [a b c d e], 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39);
        let k = splat(0x8f1b_bcdc);
        mixed!(majority, k, w, [a b c d e], 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59);
        let k = splat(0xca62_c1d6);
        mixed!(parity, k, w, [a b c d e], 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79);
        let [a0, b0, c0, d0, e0] = $state;
        [add(a0, a), add(b0, b), add(c0, c), add(d0, d), add(e0, e)]
    }};
}

/// Expands to rounds whose words are those of the block.
macro_rules! given {
    ($function:ident, $k:ident, $w:ident, $state:tt, $($t:literal)*) => {$(
        round!($function, $k, $w[$t], $state);
    )*};
}

/// Expands to rounds whose words are mixed from earlier ones, in a ring of 16.
macro_rules! mixed {
    ($function:ident, $k:ident, $w:ident, $state:tt, $($t:literal)*) => {$(
        let mix = xor3($w[($t + 13) & 15], $w[($t + 8) & 15], $w[($t + 2) & 15]);
        $w[$t & 15] = rotate::<1, 31>(xor(mix, $w[$t & 15]));
        round!($function, $k, $w[$t & 15], $state);
    )*};
}

macro_rules! round {
    ($function:ident, $k:ident, $word:expr, [$a:ident $b:ident $c:ident $d:ident $e:ident]) => {
        // Word, constant and `e` are known early: only the last two sums wait for the round before.
        let early = add(add($e, $k), $word);
        let next = add(add(early, $function($b, $c, $d)), rotate::<5, 27>($a));
        $e = $d;
        $d = $c;
        $c = rotate::<30, 2>($b);
        $b = $a;
        $a = next;
    };
}

pub(super) use {given, mixed, round, sha1_rounds};
