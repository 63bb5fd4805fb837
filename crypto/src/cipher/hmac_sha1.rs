//! HMAC-SHA1 (RFC 2104) of many short messages of different keys at once.

use core::fmt;

use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha1::block_api::compress as compress_portable;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::sha1_avx2::Avx2;
use super::sha1_avx512::Avx512;
use super::sha1_ni::ShaNi;
use super::sha1_rounds::INITIAL;

/// The two states of SHA-1 after the padded key: what remains of a key once it has been read.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct HmacKey {
    inner: [u32; 5],
    outer: [u32; 5],
}

impl HmacKey {
    /// Stands in lanes that are not used.
    pub(crate) fn unused() -> &'static Self {
        static UNUSED: HmacKey = HmacKey { inner: [0; 5], outer: [0; 5] };
        &UNUSED
    }

    pub(crate) fn new(key: &[u8; 20]) -> Self {
        Self { inner: state_after_pad(key, 0x36), outer: state_after_pad(key, 0x5c) }
    }
}

fn state_after_pad(key: &[u8; 20], pad: u8) -> [u32; 5] {
    let mut block = [pad; 64];
    block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    let mut state = INITIAL;
    compress_portable(&mut state, &[block]);
    block.zeroize();
    state
}

/// What is authenticated: a packet with the rollover counter behind it (RFC 3711 section 4.2).
#[derive(Clone, Copy)]
pub(crate) struct Message<'p> {
    pub(crate) key: &'p HmacKey,
    pub(crate) packet: &'p [u8],
    pub(crate) rollover: u32,
}

/// One round of the SHA-1 compression function over `N` messages.
pub(super) trait Compress<const N: usize>: Copy {
    /// Adds one block to every state whose bit in `active` is set.
    fn compress(self, states: &mut [[u32; N]; 5], blocks: &[&[u8; 64]; N], active: u32);
}

/// The compression function of the `sha1` crate, one message at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Portable;

impl Compress<1> for Portable {
    fn compress(self, states: &mut [[u32; 1]; 5], blocks: &[&[u8; 64]; 1], _active: u32) {
        let mut state = states.map(|[word]| word);
        compress_portable(&mut state, &[*blocks[0]]);
        *states = state.map(|word| [word]);
    }
}

/// Which instructions hash: one unit for full groups, another for what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    wide: Wide,
    narrow: Narrow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wide {
    Avx512(Avx512),
    Avx2(Avx2),
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Narrow {
    ShaNi(ShaNi),
    Portable,
}

/// With fewer messages than this, the narrow unit is faster than a wide one with idle lanes.
const WIDE_MIN: usize = 5;

impl Unit {
    pub(crate) const PORTABLE: Self = Self { wide: Wide::None, narrow: Narrow::Portable };

    pub(crate) fn best() -> Self {
        let narrow = ShaNi::detect().map_or(Narrow::Portable, Narrow::ShaNi);
        let wide = Avx512::detect().map(Wide::Avx512).or_else(|| Avx2::detect().map(Wide::Avx2));
        Self { wide: wide.unwrap_or(Wide::None), narrow }
    }

    pub(crate) fn all() -> Vec<Self> {
        let mut units = vec![Self::PORTABLE];
        let narrow = ShaNi::detect().map_or(Narrow::Portable, Narrow::ShaNi);
        units.extend(ShaNi::detect().map(|_| Self { wide: Wide::None, narrow }));
        units.extend(Avx2::detect().map(|token| Self { wide: Wide::Avx2(token), narrow }));
        units.extend(Avx512::detect().map(|token| Self { wide: Wide::Avx512(token), narrow }));
        units
    }

    /// Writes the full tag of every message into `tags`.
    pub(crate) fn tags(self, messages: &[Message<'_>], tags: &mut [[u8; 20]]) {
        debug_assert_eq!(messages.len(), tags.len(), "every message has a place for its tag");
        match self.wide {
            Wide::Avx512(token) => self.tags_wide::<16, _>(token, messages, tags),
            Wide::Avx2(token) => self.tags_wide::<8, _>(token, messages, tags),
            Wide::None => self.tags_narrow(messages, tags),
        }
    }

    fn tags_wide<const N: usize, C: Compress<N>>(
        self,
        unit: C,
        messages: &[Message<'_>],
        tags: &mut [[u8; 20]],
    ) {
        for (messages, tags) in messages.chunks(N).zip(tags.chunks_mut(N)) {
            if messages.len() < WIDE_MIN {
                self.tags_narrow(messages, tags);
            } else {
                tags_of_group(unit, messages, tags);
            }
        }
    }

    fn tags_narrow(self, messages: &[Message<'_>], tags: &mut [[u8; 20]]) {
        match self.narrow {
            Narrow::ShaNi(token) => {
                for (messages, tags) in messages.chunks(2).zip(tags.chunks_mut(2)) {
                    match messages.len() {
                        1 => tags_of_group::<1, _>(token, messages, tags),
                        _ => tags_of_group::<2, _>(token, messages, tags),
                    }
                }
            }
            Narrow::Portable => {
                for (message, tag) in messages.chunks(1).zip(tags.chunks_mut(1)) {
                    tags_of_group(Portable, message, tag);
                }
            }
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.wide, self.narrow) {
            (Wide::Avx512(_), _) => "avx512x16",
            (Wide::Avx2(_), _) => "avx2x8",
            (Wide::None, Narrow::ShaNi(_)) => "shanix2",
            (Wide::None, Narrow::Portable) => "sha1",
        })
    }
}

/// The end of a message as SHA-1 wants it: what is left over, the rollover counter, padding, bit length.
struct Tail {
    /// Room for two blocks: up to 63 bytes left over, 4 of counter, 1 of padding, 8 of length.
    blocks: [[u8; 64]; 2],
    /// How many blocks of the packet itself come before.
    whole: usize,
    /// How many blocks there are in all.
    total: usize,
}

impl Tail {
    const EMPTY: Self = Self { blocks: [[0; 64]; 2], whole: 0, total: 0 };

    fn set(&mut self, message: &Message<'_>) {
        let (whole, rest) = message.packet.as_chunks::<64>();
        let bytes = self.blocks.as_flattened_mut();
        bytes[..rest.len()].copy_from_slice(rest);
        bytes[rest.len()..rest.len() + 4].copy_from_slice(&message.rollover.to_be_bytes());
        bytes[rest.len() + 4] = 0x80;
        let end = if rest.len() + 4 + 1 + 8 <= 64 { 64 } else { 128 };
        // The inner hash began with the 64 bytes of the padded key.
        let bits = (64 + message.packet.len() as u64 + 4) * 8;
        bytes[end - 8..end].copy_from_slice(&bits.to_be_bytes());
        self.whole = whole.len();
        self.total = whole.len() + end / 64;
    }

    fn block<'t>(&'t self, packet: &'t [u8], index: usize) -> &'t [u8; 64] {
        let (whole, _) = packet.as_chunks::<64>();
        match index.checked_sub(self.whole) {
            None => &whole[index],
            // A lane that has ended is given a block as well; its state is not changed by it.
            Some(behind) => &self.blocks[behind.min(1)],
        }
    }
}

/// Hashes up to `N` messages, one in each lane.
fn tags_of_group<const N: usize, C: Compress<N>>(unit: C, messages: &[Message<'_>], tags: &mut [[u8; 20]]) {
    let mut tails = [const { Tail::EMPTY }; N];
    let mut states = [[0u32; N]; 5];
    for (lane, message) in messages.iter().enumerate() {
        tails[lane].set(message);
        states.iter_mut().zip(message.key.inner).for_each(|(row, word)| row[lane] = word);
    }
    let blocks_max = tails.iter().map(|tail| tail.total).max().unwrap_or(0);
    for index in 0..blocks_max {
        let mut active = 0u32;
        let mut blocks = [&[0u8; 64]; N];
        for (lane, (message, tail)) in messages.iter().zip(&tails).enumerate() {
            blocks[lane] = tail.block(message.packet, index);
            active |= u32::from(index < tail.total) << lane;
        }
        unit.compress(&mut states, &blocks, active);
    }
    // The outer hash is one block: the inner hash, padding, and the length of key block and inner hash.
    let mut outer = [[0u8; 64]; N];
    let mut outer_states = [[0u32; N]; 5];
    for (lane, message) in messages.iter().enumerate() {
        for (row, word) in outer[lane].as_chunks_mut::<4>().0.iter_mut().zip(states) {
            *row = word[lane].to_be_bytes();
        }
        outer[lane][20] = 0x80;
        outer[lane][62..].copy_from_slice(&((64 + 20) * 8u16).to_be_bytes());
        outer_states.iter_mut().zip(message.key.outer).for_each(|(row, word)| row[lane] = word);
    }
    unit.compress(&mut outer_states, &outer.each_ref(), u32::MAX);
    for (lane, tag) in tags.iter_mut().enumerate() {
        for (bytes, row) in tag.as_chunks_mut::<4>().0.iter_mut().zip(outer_states) {
            *bytes = row[lane].to_be_bytes();
        }
    }
}

/// Computes one tag with the `hmac` crate: the oracle of the lanes, and what SRTCP uses.
pub(crate) fn tag_of_parts(key: &[u8; 20], parts: &[&[u8]]) -> [u8; 20] {
    let mut mac =
        <Hmac<Sha1> as hmac::KeyInit>::new_from_slice(key).expect("a key of HMAC may have any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every length around the edges of one, two and three blocks, in groups of every size.
    #[test]
    fn every_unit_gives_the_tags_of_the_hmac_crate() {
        let bytes: [u8; 300] = core::array::from_fn(|i| (i * 131 % 251) as u8);
        let secrets: [[u8; 20]; 16] = core::array::from_fn(|k| core::array::from_fn(|i| (k * 20 + i) as u8));
        let keys = secrets.each_ref().map(HmacKey::new);
        for unit in Unit::all() {
            for start in 0..200 {
                let count = start % 16 + 1;
                let messages: Vec<_> = (0..count)
                    .map(|lane| {
                        let packet = &bytes[lane..lane + start + lane * 5 % 23];
                        Message { key: &keys[lane], packet, rollover: (start * 77_777 + lane) as u32 }
                    })
                    .collect();
                let mut tags = vec![[0; 20]; count];
                unit.tags(&messages, &mut tags);
                for (lane, (message, tag)) in messages.iter().zip(&tags).enumerate() {
                    let parts = [message.packet, &message.rollover.to_be_bytes()];
                    assert_eq!(
                        *tag,
                        tag_of_parts(&secrets[lane], &parts),
                        "{unit}, {start} bytes, lane {lane}"
                    );
                }
            }
        }
    }
}
