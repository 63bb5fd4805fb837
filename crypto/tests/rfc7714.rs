//! The published vectors of RFC 7714: AES in Galois/counter mode.
//!
//! They are given for session keys, which this crate takes from nobody. Here they prove the reference, whose
//! packets are then compared with those of this crate; that the session keys themselves protect the published
//! packets is proved where they can be reached, inside the crate.

use crypto::{MasterKey, Opener, Refusal, Sealer, Suite};

#[expect(dead_code, reason = "the headers here have nothing optional")]
#[path = "media/packets.rs"]
mod packets;
#[path = "vectors/reader.rs"]
mod reader;
#[path = "media/reference.rs"]
mod reference;
#[path = "media/twins.rs"]
mod twins;

use reader::{Vector, find};
use reference::{Channel, SessionKeys};
use twins::{Good, assert_only_the_packet_itself_opens};

const VECTORS: &str = include_str!("vectors/rfc7714.txt");

const SUITES: [(Suite, u16); 2] = [(Suite::AeadAes128Gcm, 128), (Suite::AeadAes256Gcm, 256)];

/// The index of the published SRTCP packets.
const RTCP_INDEX: u32 = 0x5d4;

#[test]
fn the_reference_makes_the_srtp_packets_of_sections_16_1_and_16_2() {
    for (suite, bits) in SUITES {
        let encrypted = find(VECTORS, &format!("srtp encryption with {bits} bits"));
        assert_eq!(seal_rtp(suite, &encrypted, 12), encrypted.field("sealed"), "{suite}");

        let tagged = find(VECTORS, &format!("srtp tagging with {bits} bits"));
        let header_len = tagged.field("plain").len();
        assert_eq!(seal_rtp(suite, &tagged, header_len), tagged.field("sealed"), "{suite}");
    }
}

#[test]
fn the_reference_makes_the_srtcp_packets_of_sections_17_1_and_17_2() {
    for (suite, bits) in SUITES {
        let vector = find(VECTORS, &format!("srtcp encryption with {bits} bits"));
        let sealed = session_keys(&vector).seal_rtcp(suite, vector.field("plain"), RTCP_INDEX);
        assert_eq!(sealed, vector.field("sealed"), "{suite}");
    }
}

#[test]
fn srtcp_packets_that_are_only_tagged_are_refused() {
    for (suite, bits) in SUITES {
        let vector = find(VECTORS, &format!("srtcp tagging with {bits} bits"));
        // RFC 7714 section 9.3: all of the packet and the index word, without the bit, are associated data.
        let plain = vector.field("plain");
        let word = RTCP_INDEX.to_be_bytes();
        let tag = session_keys(&vector).gcm(&plain[4..8], RTCP_INDEX.into(), &[plain, &word].concat(), &[]);
        assert_eq!([plain, &tag, &word].concat(), vector.field("sealed"), "{suite}");

        // A peer that wants its reports readable is heard by nobody here: every key refuses the bit itself.
        let mut opener = Opener::new(&packets::master(suite));
        let before = opener.export();
        let mut packet = vector.field("sealed").to_vec();
        assert_eq!(opener.open_rtcp(&mut packet), Err(Refusal::Unencrypted), "{suite}");
        assert_eq!(packet, vector.field("sealed"), "{suite}");
        assert_eq!(opener.export(), before, "{suite}");
    }
}

#[test]
fn published_packets_are_not_opened_with_another_key() {
    for (suite, bits) in SUITES {
        let mut opener = Opener::new(&packets::master(suite));
        let before = opener.export();

        let vector = find(VECTORS, &format!("srtp encryption with {bits} bits"));
        let mut packet = vector.field("sealed").to_vec();
        let parts = packets::parts(&packet);
        assert_eq!(opener.open_rtp(&mut packet, parts), Err(Refusal::BadTag), "{suite}");

        let vector = find(VECTORS, &format!("srtcp encryption with {bits} bits"));
        let mut packet = vector.field("sealed").to_vec();
        assert_eq!(opener.open_rtcp(&mut packet), Err(Refusal::BadTag), "{suite}");
        assert_eq!(opener.export(), before, "{suite}");
    }
}

#[test]
fn the_published_plain_packets_are_sealed_as_by_the_reference_and_nothing_else_opens() {
    for (suite, bits) in SUITES {
        let inline = packets::inline(suite, 7);
        let keys = |channel| SessionKeys::derive(suite, &inline, channel);
        let mut sealer = Sealer::new(&MasterKey::from_bytes(suite, &inline).unwrap());

        let plain = find(VECTORS, &format!("srtp encryption with {bits} bits")).field("plain").to_vec();
        let parts = packets::parts(&plain);
        let mut sealed = [&plain[..], &[0; Suite::RTP_OVERHEAD_MAX]].concat();
        assert_eq!(sealer.seal_rtp(&mut sealed, plain.len(), parts), Ok(sealed.len()));
        assert_eq!(sealed, keys(Channel::Rtp).seal_rtp(suite, &plain, 12, parts.sequence.into()), "{suite}");
        let inline = inline.clone();
        assert_only_the_packet_itself_opens(&Good { suite, channel: Channel::Rtp, inline, plain, sealed });

        let inline = packets::inline(suite, 7);
        let plain = find(VECTORS, &format!("srtcp encryption with {bits} bits")).field("plain").to_vec();
        let mut sealed = [&plain[..], &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
        assert_eq!(sealer.seal_rtcp(&mut sealed, plain.len()), Ok(sealed.len()));
        assert_eq!(sealed, keys(Channel::Rtcp).seal_rtcp(suite, &plain, 0), "{suite}");
        assert_only_the_packet_itself_opens(&Good { suite, channel: Channel::Rtcp, inline, plain, sealed });
    }
}

fn seal_rtp(suite: Suite, vector: &Vector, header_len: usize) -> Vec<u8> {
    let plain = vector.field("plain");
    let index = packets::parts(plain).sequence.into();
    session_keys(vector).seal_rtp(suite, plain, header_len, index)
}

fn session_keys(vector: &Vector) -> SessionKeys {
    SessionKeys {
        encryption: vector.field("key").to_vec(),
        authentication: Vec::new(),
        salt: vector.field("salt").to_vec(),
    }
}
