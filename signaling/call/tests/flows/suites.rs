//! Every cipher, both ways: what a caller offers is what it is answered with, what a callee chooses is what it gets.

use control::Protection;
use sip::flow::Protocol;

use crate::scene::*;

/// The suites, with the lengths of their keys and salts, and other names that peers have for them.
const SUITES: [(&str, usize); 12] = [
    ("AES_CM_128_HMAC_SHA1_80", 30),
    ("AES_CM_128_HMAC_SHA1_32", 30),
    ("AES_CM_192_HMAC_SHA1_80", 38),
    ("AES_CM_192_HMAC_SHA1_32", 38),
    ("AES_CM_256_HMAC_SHA1_80", 46),
    ("AES_CM_256_HMAC_SHA1_32", 46),
    ("AES_192_CM_HMAC_SHA1_80", 38),
    ("AES_192_CM_HMAC_SHA1_32", 38),
    ("AES_256_CM_HMAC_SHA1_80", 46),
    ("AES_256_CM_HMAC_SHA1_32", 46),
    ("AEAD_AES_128_GCM", 28),
    ("AEAD_AES_256_GCM", 44),
];

/// A description with one line for a suite, of a tag.
fn protected(host: [u8; 4], port: u16, (suite, len): (&str, usize), tag: &str) -> String {
    let letters = (len * 8).div_ceil(6);
    let key = "Q".repeat(letters) + &"=".repeat(letters.next_multiple_of(4) - letters);
    let line = format!("a=crypto:{tag} {suite} inline:{key}\r\na=sendrecv");
    sdp(host, port).replace("RTP/AVP", "RTP/SAVP").replace("a=sendrecv", &line)
}

fn lines(body: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(body).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("a=crypto:")).map(str::to_owned).collect()
}

/// Returns the suites of a side, as media is told.
fn suites(world: &World, side: usize) -> Vec<String> {
    let side = &world.media.wishes.last().unwrap().sides[side];
    let name = |protection: &Protection| match protection {
        Protection::Srtp(key) => key.suite().name().to_owned(),
        Protection::Clear => "clear".to_owned(),
    };
    vec![name(&side.receive), name(&side.send)]
}

/// The name that media has for a suite.
fn plain(suite: &str) -> String {
    sdp::Suite::named(suite).unwrap().name().to_owned()
}

#[test]
fn a_caller_is_answered_with_the_suite_that_it_offers_in_its_own_spelling() {
    for suite in SUITES {
        let mut world = World::new();
        let (mut pbx, mut carrier) = (Peer::with_protocol(PBX, Protocol::Tls), Peer::new(NORTH));
        let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &protected(PBX, 4000, suite, "7"));
        pbx.send(invite);
        world.settle(&mut [&mut pbx, &mut carrier]);
        carrier.answer(200, &sdp(NORTH, 6000));
        world.settle(&mut [&mut pbx, &mut carrier]);
        let answered = lines(pbx.heard().body());
        assert!(answered[0].starts_with(&format!("7 {} inline:", suite.0)), "{answered:?}");
        assert_eq!((answered.len(), answered[0].contains("QQQQ")), (1, false), "with a key of our own");
        assert_eq!(suites(&world, 0), [plain(suite.0), plain(suite.0)]);
        assert_eq!(suites(&world, 1), ["clear", "clear"], "the carrier's leg is its own affair");
    }
}

#[test]
fn a_callee_that_has_to_be_called_with_srtp_may_choose_any_suite() {
    let mut records = records();
    records.voice_connectors[1].require_encryption = true;
    for suite in SUITES {
        let mut world = World::of(setup(&records));
        let mut pbx = Peer::new(PBX);
        let mut branch = Peer::with_protocol(BRANCH_PBX, Protocol::Tls);
        branch.address.set_port(5061);
        let invite = pbx.invitation(OWN_NUMBER, BRANCH_NUMBER, HOST, &sdp(PBX, 4000));
        pbx.send(invite);
        world.settle(&mut [&mut pbx, &mut branch]);
        let offered = lines(branch.requests[0].1.body());
        let word = |line: &String, at: usize| line.split(' ').nth(at).unwrap_or_default().to_owned();
        let chosen = offered.iter().find(|line| plain(&word(line, 1)) == plain(suite.0));
        let tag = word(chosen.unwrap_or_else(|| panic!("{} is not offered", suite.0)), 0);
        branch.answer(200, &protected(BRANCH_PBX, 6000, suite, &tag));
        world.settle(&mut [&mut pbx, &mut branch]);
        assert_eq!(pbx.heard().code(), 200, "{}", suite.0);
        assert_eq!(suites(&world, 1), [plain(suite.0), plain(suite.0)]);
    }
}

#[test]
fn the_first_suite_in_common_counts_in_the_order_of_who_offers() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::with_protocol(PBX, Protocol::Tls), Peer::new(NORTH));
    let first = protected(PBX, 4000, ("AES_256_CM_HMAC_SHA1_32", 46), "2");
    let key = "Q".repeat(40);
    let more = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\na=sendrecv");
    let unknown = first.replacen("a=crypto", "a=crypto:9 F8_128_HMAC_SHA1_80 inline:QQQQ\r\na=crypto", 1);
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &unknown.replace("a=sendrecv", &more));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert!(lines(pbx.heard().body())[0].starts_with("2 AES_256_CM_HMAC_SHA1_32 inline:"));
}
