//! What the published vectors of counter mode must prove, of the reference first and then of this crate.

use crypto::{MasterKey, Sealer, Suite};

#[expect(dead_code, reason = "the published keys are for RTP without anything optional")]
#[path = "packets.rs"]
mod packets;
#[path = "../vectors/reader.rs"]
pub(crate) mod reader;
#[expect(dead_code, reason = "the published keys are for RTP")]
#[path = "reference.rs"]
pub(crate) mod reference;
#[path = "twins.rs"]
mod twins;

use packets::{Optional, parts, rtp};
use reader::Vector;
use reference::{Channel, SessionKeys, keystream};
use twins::{Good, assert_only_the_packet_itself_opens};

/// The block that the second part of a published keystream begins with.
const LAST_BLOCKS: usize = 0xfeff;

/// Asserts that the reference gives the published keystream.
///
/// It is published for a session key, which this crate takes from nobody, and its last blocks are further
/// from the start than a packet is long; the packets of this crate are compared with those of the reference.
pub(crate) fn assert_keystream(vector: &Vector) {
    let mut iv = [0; 16];
    iv[..14].copy_from_slice(vector.field("salt"));
    let (first, last) = (vector.field("first"), vector.field("last"));
    let keystream = keystream(vector.field("key"), iv, LAST_BLOCKS * 16 + last.len());
    assert_eq!(keystream[..first.len()], *first, "{}", vector.name);
    assert_eq!(keystream[LAST_BLOCKS * 16..], *last, "{}", vector.name);
}

/// Asserts that the reference derives the published session keys.
pub(crate) fn assert_keys(vector: &Vector, suite: Suite) {
    let derived = SessionKeys::derive(suite, &inline(vector), Channel::Rtp);
    assert!(derived == session_keys(vector), "{}", vector.name);
}

/// Asserts that a packet sealed with the published master key is the one that the published session keys make,
/// that it opens, and that nothing that resembles it does.
pub(crate) fn assert_packets(vector: &Vector, suite: Suite) {
    let key = MasterKey::from_bytes(suite, &inline(vector)).expect("the vector is for this suite");
    for payload_len in [0, 1, 16, 33] {
        let plain = rtp(0xcafe_babe, 0x1234, Optional::default(), &vec![0xab; payload_len]);
        let expected = session_keys(vector).seal_rtp(suite, &plain, 12, 0x1234);
        let mut sealed = plain.clone();
        sealed.resize(plain.len() + suite.rtp_tag_len(), 0);
        let sealed_len = Sealer::new(&key).seal_rtp(&mut sealed, plain.len(), parts(&plain));
        assert_eq!(sealed_len, Ok(sealed.len()), "{suite}");
        assert_eq!(sealed, expected, "{suite}");
        let inline = inline(vector);
        assert_only_the_packet_itself_opens(&Good { suite, channel: Channel::Rtp, inline, plain, sealed });
    }
}

fn inline(vector: &Vector) -> Vec<u8> {
    [vector.field("master_key"), vector.field("master_salt")].concat()
}

fn session_keys(vector: &Vector) -> SessionKeys {
    SessionKeys {
        encryption: vector.field("encryption").to_vec(),
        authentication: vector.field("authentication")[..20].to_vec(),
        salt: vector.field("salt").to_vec(),
    }
}
