//! What a stranger can make of packets that he has seen, and why each of it is dropped.

use crypto::Suite;
use dataplane::drop::Drop;

use crate::peer::Peer;
use crate::report::goodbye;
use crate::world::{a_at, rtp};

/// A packet, and the reason for which it must be dropped.
pub(crate) struct Forgery {
    pub(crate) bytes: Vec<u8>,
    pub(crate) reason: Drop,
}

/// Forges from a protected packet that has not arrived yet, and from one that has. The sequence is still in its first
/// quarter, so that it can be moved ahead bit by bit.
pub(crate) fn forgeries(fresh: &[u8], old: Option<&[u8]>, tag_len: usize) -> Vec<Forgery> {
    let changed = |at: usize, mask: u8| {
        let mut bytes = fresh.to_vec();
        bytes[at] ^= mask;
        bytes
    };
    let tag_at = fresh.len() - tag_len;
    let mut forged = vec![
        (changed(fresh.len() - 1, 1), Drop::BadTag),
        (changed(tag_at, 0x80), Drop::BadTag),
        (changed(12, 1), Drop::BadTag),
        // Marker, sequence, timestamp and source.
        (changed(1, 0x80), Drop::BadTag),
        (changed(2, 0x40), Drop::BadTag),
        (changed(2, 0x80), Drop::BadTag),
        (changed(7, 1), Drop::BadTag),
        (changed(8, 1), Drop::BadTag),
        (changed(11, 1), Drop::BadTag),
        // In the clear, with and without something behind it.
        (rtp(0xbad, 1, 160), Drop::BadTag),
        (fresh[..tag_at].to_vec(), Drop::BadTag),
        (rtp(0xbad, 1, 160)[..12].to_vec(), Drop::Truncated),
        (fresh[..fresh.len() - 1].to_vec(), Drop::BadTag),
        ([fresh, &[0]].concat(), Drop::BadTag),
        (fresh[..12 + tag_len - 1].to_vec(), Drop::Truncated),
        (fresh[..11].to_vec(), Drop::Malformed),
        (fresh[..1].to_vec(), Drop::NotMedia),
        (Vec::new(), Drop::NotMedia),
        // More contributing sources, and a longer extension, than there are bytes.
        ([&[0x8f][..], &fresh[1..40]].concat(), Drop::Malformed),
        ([&[0x90][..], &fresh[1..12], &[0, 0, 0xff, 0xff]].concat(), Drop::Malformed),
        // Goodbyes in the clear, and under a key that nobody has agreed on.
        (goodbye(0xbad), Drop::Truncated),
        (other_peer().seal_report(&goodbye(0xbad)), Drop::BadTag),
    ];
    forged.extend(Suite::ALL.map(|suite| (Peer::srtp(a_at(), 0, suite, 99).next_sealed(), Drop::BadTag)));
    forged.extend(old.map(|old| (old.to_vec(), Drop::Replayed)));
    forged.into_iter().map(|(bytes, reason)| Forgery { bytes, reason }).collect()
}

/// Somebody with the usual suite and another key.
pub(crate) fn other_peer() -> Peer {
    Peer::srtp(a_at(), 0, Suite::AesCm128HmacSha1_80, 99)
}
