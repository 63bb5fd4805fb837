//! Keys, and packets as the network brings them.

use crypto::{MasterKey, Parts, Suite};

/// What SDES would carry for a suite, different for every seed.
pub(crate) fn inline(suite: Suite, seed: u8) -> Vec<u8> {
    (0..suite.inline_len()).map(|place| (place as u8).wrapping_mul(83).wrapping_add(seed)).collect()
}

/// The key that a suite has in these tests, as often as it is needed.
pub(crate) fn master(suite: Suite) -> MasterKey {
    MasterKey::from_bytes(suite, &inline(suite, 7)).expect("the length is that of the suite")
}

/// What stands between the fixed header of an RTP packet and its payload (RFC 3550 section 5.1).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Optional {
    pub(crate) contributing_sources: u8,
    /// The words behind the word that begins an extension.
    pub(crate) extension_words: Option<u8>,
}

/// Makes an RTP packet.
pub(crate) fn rtp(ssrc: u32, sequence: u16, optional: Optional, payload: &[u8]) -> Vec<u8> {
    let Optional { contributing_sources, extension_words } = optional;
    let extended = u8::from(extension_words.is_some());
    let mut packet = vec![0x80 | extended << 4 | contributing_sources, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    (0..contributing_sources).for_each(|source| packet.extend([source, 0xc5, 0xc5, source]));
    if let Some(words) = extension_words {
        packet.extend([0xbe, 0xde, 0, words]);
        (0..words).for_each(|word| packet.extend([0xe1, word, 0xe1, word]));
    }
    packet.extend(payload);
    packet
}

/// Reads an RTP packet as far as the transforms need to know it.
pub(crate) fn parts(packet: &[u8]) -> Parts {
    let contributing_sources = usize::from(packet[0] & 0x0f);
    let fixed_len = 12 + 4 * contributing_sources;
    let extension_len = if packet[0] & 0x10 == 0 { 0 } else { 4 + 4 * usize::from(packet[fixed_len + 3]) };
    Parts { header_len: fixed_len + extension_len, ..identity(packet) }
}

/// Reads who sent a packet, for a header without anything optional.
pub(crate) fn identity(packet: &[u8]) -> Parts {
    let word =
        |at: usize| packet.get(at..at + 4).map_or([0; 4], |bytes| [bytes[0], bytes[1], bytes[2], bytes[3]]);
    let [_, _, high, low] = word(0);
    Parts { header_len: 12, ssrc: u32::from_be_bytes(word(8)), sequence: u16::from_be_bytes([high, low]) }
}

/// Makes an RTCP packet: a sender report's header and `body_len` bytes.
pub(crate) fn rtcp(ssrc: u32, body_len: usize) -> Vec<u8> {
    let mut packet = vec![0x81, 200, 0, (body_len / 4 + 1) as u8];
    packet.extend(ssrc.to_be_bytes());
    packet.extend((0..body_len).map(|place| place as u8 ^ 0xab));
    packet
}
