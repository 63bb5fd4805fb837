//! Whole packets of another implementation, and with them the session keys of SRTCP, which no RFC publishes.

use crypto::{MasterKey, Sealer, Suite, SuiteName};

#[expect(dead_code, reason = "the packets are given")]
#[path = "media/packets.rs"]
mod packets;
#[expect(dead_code, reason = "every vector of the file is read")]
#[path = "vectors/reader.rs"]
mod reader;
#[path = "media/reference.rs"]
mod reference;
#[path = "media/twins.rs"]
mod twins;

use reader::Vector;
use reference::{Channel, SessionKeys};
use twins::{Good, assert_only_the_packet_itself_opens};

const VECTORS: &str = include_str!("vectors/libsrtp.txt");

/// libsrtp counts its SRTCP packets from one, this crate from zero.
const RTCP_INDEX: u32 = 1;

#[test]
fn the_reference_makes_the_same_packets() {
    for vector in reader::read(VECTORS) {
        let (suite, channel) = meaning(&vector);
        let keys = SessionKeys::derive(suite, vector.field("inline"), channel);
        let plain = vector.field("plain");
        let sealed = match channel {
            Channel::Rtp => keys.seal_rtp(suite, plain, 12, packets::parts(plain).sequence.into()),
            Channel::Rtcp => keys.seal_rtcp(suite, plain, RTCP_INDEX),
        };
        assert_eq!(sealed, vector.field("sealed"), "{}", vector.name);
    }
}

#[test]
fn a_sealer_makes_the_same_packets() {
    for vector in reader::read(VECTORS) {
        let (suite, channel) = meaning(&vector);
        let mut sealer = Sealer::new(&MasterKey::from_bytes(suite, vector.field("inline")).unwrap());
        let (plain, expected) = (vector.field("plain"), vector.field("sealed"));
        let mut buffer = [plain, &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
        let sealed_len = match channel {
            Channel::Rtp => sealer.seal_rtp(&mut buffer, plain.len(), packets::parts(plain)),
            Channel::Rtcp => {
                let first = sealer.seal_rtcp(&mut buffer.clone(), plain.len());
                assert_eq!(first, Ok(expected.len()), "{}", vector.name);
                sealer.seal_rtcp(&mut buffer, plain.len())
            }
        };
        assert_eq!(sealed_len, Ok(expected.len()), "{}", vector.name);
        assert_eq!(buffer[..expected.len()], *expected, "{}", vector.name);
    }
}

#[test]
fn an_opener_opens_these_packets_and_nothing_that_resembles_them() {
    for vector in reader::read(VECTORS) {
        let (suite, channel) = meaning(&vector);
        assert_only_the_packet_itself_opens(&Good {
            suite,
            channel,
            inline: vector.field("inline").to_vec(),
            plain: vector.field("plain").to_vec(),
            sealed: vector.field("sealed").to_vec(),
        });
    }
}

/// Reads the name of a vector: the channel, then the suite.
fn meaning(vector: &Vector) -> (Suite, Channel) {
    let (channel, suite) = vector.name.split_once(' ').expect("a name has two words");
    let SuiteName { suite, .. } = suite.parse().expect("a vector is for a suite that is spoken here");
    (suite, if channel == "srtcp" { Channel::Rtcp } else { Channel::Rtp })
}
