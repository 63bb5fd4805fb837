//! The published vectors that are given for session keys: they enter behind the key derivation.

use crate::cipher::{AesKey, Engine};
use crate::rtp_keys::RtpKeys;
use crate::srtcp::{self, RtcpKeys};
use crate::{Job, MasterKey, Opener, Parts, Refusal, Sealer, Suite, open_batch, seal_batch};

#[path = "../tests/vectors/reader.rs"]
mod reader;

use reader::{Vector, find};

const RFC3711: &str = include_str!("../tests/vectors/rfc3711.txt");
const RFC6188: &str = include_str!("../tests/vectors/rfc6188.txt");
const RFC7714: &str = include_str!("../tests/vectors/rfc7714.txt");

const SUITES: [(Suite, u16); 2] = [(Suite::AeadAes128Gcm, 128), (Suite::AeadAes256Gcm, 256)];

const RTP_SSRC: u32 = 0x5501_a0b2;
const RTCP_SSRC: u32 = 0x4d61_7273;
const RTCP_INDEX: u32 = 0x5d4;

/// Where the second part of a published keystream begins.
const LAST_BLOCKS: u16 = 0xfeff;

#[test]
fn every_engine_gives_the_published_keystreams() {
    for (text, bits) in [(RFC3711, 128), (RFC6188, 192), (RFC6188, 256)] {
        let vector = find(text, &format!("keystream of AES-CM with {bits} bits"));
        let key = AesKey::new(vector.field("key"));
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(vector.field("salt"));
        for engine in Engine::all() {
            for (first_block, field) in [(0, "first"), (LAST_BLOCKS, "last")] {
                let mut data = vec![0; 48];
                engine.aes.apply_keystream(&key, iv, first_block, &mut data);
                assert_eq!(data, vector.field(field), "{engine}: {bits} bits, {field}");
            }
        }
    }
}

#[test]
fn every_engine_seals_and_opens_the_published_srtp_packets() {
    for (suite, bits) in SUITES {
        for (name, all_is_header) in [("encryption", false), ("tagging", true)] {
            let vector = find(RFC7714, &format!("srtp {name} with {bits} bits"));
            let (plain, sealed) = (vector.field("plain"), vector.field("sealed"));
            let header_len = if all_is_header { plain.len() } else { 12 };
            let parts = Parts { header_len, ssrc: RTP_SSRC, sequence: 0xf17b };
            for engine in Engine::all() {
                let mut buffer = [plain, &[0; 16]].concat();
                let mut jobs = [Job::new(0, &mut buffer, plain.len(), parts)];
                seal_batch(engine, &mut [sealer(suite, &vector)][..], &mut jobs);
                assert_eq!(jobs[0].outcome(), Ok(sealed.len()), "{engine}: {suite} {name}");
                assert_eq!(buffer, sealed, "{engine}: {suite} {name}");

                assert_eq!(open(engine, suite, &vector, &mut buffer, parts), Ok(plain.len()), "{engine}");
                assert_eq!(buffer[..plain.len()], *plain, "{engine}: {suite} {name}");
            }
        }
    }
}

#[test]
fn every_engine_refuses_the_twins_of_the_published_srtp_packets() {
    for (suite, bits) in SUITES {
        let vector = find(RFC7714, &format!("srtp encryption with {bits} bits"));
        let sealed = vector.field("sealed");
        let parts = Parts { header_len: 12, ssrc: RTP_SSRC, sequence: 0xf17b };
        // GCM does not hash with SHA-1: of the engines that differ in nothing else, one is enough.
        for engine in Engine::all().into_iter().filter(|engine| engine.sha1 == Engine::portable().sha1) {
            for bit in 0..sealed.len() * 8 {
                let mut twin = sealed.to_vec();
                twin[bit / 8] ^= 0x80 >> (bit % 8);
                let refusal = open(engine, suite, &vector, &mut twin, parts);
                assert_eq!(refusal, Err(Refusal::BadTag), "{engine}: {suite}, bit {bit}");
            }
            for parts in [
                Parts { ssrc: RTP_SSRC ^ 1, ..parts },
                Parts { sequence: parts.sequence ^ 1, ..parts },
                Parts { header_len: 13, ..parts },
            ] {
                let refusal = open(engine, suite, &vector, &mut sealed.to_vec(), parts);
                assert_eq!(refusal, Err(Refusal::BadTag), "{engine}: {suite}, {parts:?}");
            }
        }
    }
}

#[test]
fn the_published_srtcp_packets_are_sealed_and_opened() {
    for (suite, bits) in SUITES {
        let vector = find(RFC7714, &format!("srtcp encryption with {bits} bits"));
        let (plain, sealed) = (vector.field("plain"), vector.field("sealed"));
        let keys = RtcpKeys::of_gcm_session(suite, vector.field("key"), vector.field("salt"));
        let mut buffer = [plain, &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
        assert_eq!(
            srtcp::seal(&keys, &mut buffer, plain.len(), RTCP_SSRC, RTCP_INDEX),
            sealed.len(),
            "{suite}"
        );
        assert_eq!(buffer, sealed, "{suite}");

        let claim = srtcp::read_claim(suite, &buffer).unwrap();
        assert_eq!((claim.ssrc, claim.index, claim.len), (RTCP_SSRC, RTCP_INDEX, plain.len()), "{suite}");
        assert_eq!(srtcp::verify(&keys, &buffer, &claim), Ok(()), "{suite}");
        srtcp::decrypt(&keys, &mut buffer, &claim);
        assert_eq!(buffer[..plain.len()], *plain, "{suite}");
    }
}

#[test]
fn the_twins_of_the_published_srtcp_packets_are_refused() {
    for (suite, bits) in SUITES {
        let vector = find(RFC7714, &format!("srtcp encryption with {bits} bits"));
        let sealed = vector.field("sealed");
        let keys = RtcpKeys::of_gcm_session(suite, vector.field("key"), vector.field("salt"));
        let encrypted_bit = (sealed.len() - 4) * 8;
        for bit in 0..sealed.len() * 8 {
            let mut twin = sealed.to_vec();
            twin[bit / 8] ^= 0x80 >> (bit % 8);
            let verdict =
                srtcp::read_claim(suite, &twin).and_then(|claim| srtcp::verify(&keys, &twin, &claim));
            let expected = if bit == encrypted_bit { Refusal::Unencrypted } else { Refusal::BadTag };
            assert_eq!(verdict, Err(expected), "{suite}, bit {bit}");
        }
        let tagged = find(RFC7714, &format!("srtcp tagging with {bits} bits"));
        let verdict = srtcp::read_claim(suite, tagged.field("sealed")).map(|claim| claim.index);
        assert_eq!(verdict, Err(Refusal::Unencrypted), "{suite}");
    }
}

fn open(
    engine: Engine,
    suite: Suite,
    vector: &Vector,
    packet: &mut [u8],
    parts: Parts,
) -> Result<usize, Refusal> {
    let mut opener = Opener::new(&any_key(suite));
    opener.rtp = RtpKeys::of_gcm_session(vector.field("key"), vector.field("salt"));
    let len = packet.len();
    let mut jobs = [Job::new(0, packet, len, parts)];
    open_batch(engine, &mut [opener][..], &mut jobs);
    jobs[0].outcome()
}

fn sealer(suite: Suite, vector: &Vector) -> Sealer {
    let mut sealer = Sealer::new(&any_key(suite));
    sealer.rtp = RtpKeys::of_gcm_session(vector.field("key"), vector.field("salt"));
    sealer
}

fn any_key(suite: Suite) -> MasterKey {
    MasterKey::from_bytes(suite, &[0; 46][..suite.inline_len()]).unwrap()
}
