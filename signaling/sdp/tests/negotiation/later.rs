//! What follows the first exchange: refreshes, holds, changes, and INVITEs without an offer.

use sdp::negotiate::Encryption::{Accepted, Required};
use sdp::negotiate::MediaChange::{
    Address, Codecs, Held, PacketTime, Protocol, Rekeyed, Resumed, Sending, Streams,
};
use sdp::negotiate::{
    Agreement, Exchange, MediaChange, Protection, Remote, answer_for, changes, fresh_offer,
};
use sdp::{Kind, SessionDescription};

use crate::scene::{Scene, crypto, key, said};

const VOICE: &str = "4000 RTP/AVP 0\na=sendrecv";

/// An exchange after which both legs remember what we said.
fn concluded(scene: &mut Scene, offer: &str, answer: &str) -> Agreement {
    let forwarded = scene.forward(&said(offer)).expect("an offer to be taken");
    let agreement = scene.exchange(&said(offer), |_| said(answer)).expect("an answer to be taken");
    scene.a.previous = Some(agreement.answer.clone());
    scene.b.previous = Some(forwarded);
    agreement
}

fn version(description: Option<&SessionDescription>) -> u128 {
    description.expect("something was said").origin.version
}

#[test]
fn what_changes_is_told_and_a_refresh_changes_nothing() {
    let keys = |byte| format!("4000 RTP/SAVP 0\n{}", crypto(1, "AES_CM_128_HMAC_SHA1_80", byte));
    let cases: [(&str, &str, &[MediaChange]); 17] = [
        (VOICE, VOICE, &[]),
        (VOICE, "4000 RTP/AVP 0", &[]),
        (VOICE, "4000 RTP/AVP 0\na=sendonly", &[Held]),
        (VOICE, "4000 RTP/AVP 0\na=inactive", &[Held, Sending]),
        (VOICE, "4000 RTP/AVP 0\nc=IN IP4 0.0.0.0", &[Held]),
        ("4000 RTP/AVP 0\nc=IN IP4 0.0.0.0", VOICE, &[Resumed]),
        ("4000 RTP/AVP 0\na=inactive", VOICE, &[Resumed, Sending]),
        (VOICE, "4000 RTP/AVP 0\na=recvonly", &[Sending]),
        (VOICE, "4002 RTP/AVP 0", &[Address]),
        (VOICE, "4000 RTP/AVP 0\nc=IN IP4 192.0.2.2", &[Address]),
        (VOICE, "4000 RTP/AVP 0\na=rtcp:9000", &[Address]),
        (&keys(1), &keys(1), &[]),
        (&keys(1), &keys(2), &[Rekeyed]),
        (VOICE, &keys(1), &[Rekeyed, Protocol]),
        (VOICE, "4000 RTP/AVP 8 0\na=ptime:30", &[Codecs, PacketTime]),
        (VOICE, "4000 RTP/AVP 0\nm=video 6000 RTP/AVP 96", &[Streams]),
        (VOICE, "0 RTP/AVP 0\nm=image 6000 udptl t38", &[Streams]),
    ];
    for (before, after, expected) in cases {
        assert_eq!(changes(&said(before), &said(after)), expected, "{before} then {after}");
    }
}

#[test]
fn the_edition_of_a_peer_says_nothing() {
    let before = said(VOICE);
    let mut after = before.clone();
    after.origin = after.origin.next();
    assert_eq!(changes(&before, &after), []);
}

#[test]
fn the_edition_goes_up_only_if_something_changed() {
    let mut scene = Scene::new(Accepted, Accepted);
    concluded(&mut scene, VOICE, VOICE);
    let editions = |scene: &Scene| (version(scene.a.previous.as_ref()), version(scene.b.previous.as_ref()));
    assert_eq!(editions(&scene), (5000, 6000));

    concluded(&mut scene, VOICE, VOICE);
    assert_eq!(editions(&scene), (5000, 6000), "a refresh");

    concluded(&mut scene, "4000 RTP/AVP 0\na=sendonly", "4000 RTP/AVP 0\na=recvonly");
    assert_eq!(editions(&scene), (5001, 6001), "held");

    concluded(&mut scene, "4444 RTP/AVP 0\na=sendonly", "4000 RTP/AVP 0\na=recvonly");
    assert_eq!(editions(&scene), (5001, 6001), "the address of a peer is none of ours");

    concluded(&mut scene, VOICE, VOICE);
    assert_eq!(editions(&scene), (5002, 6002), "resumed");
}

#[test]
fn our_keys_stay_while_the_peer_changes_its_own() {
    let mut scene = Scene::new(Required, Accepted);
    let offer = |byte| format!("4000 RTP/SAVP 0\n{}", crypto(1, "AES_CM_128_HMAC_SHA1_80", byte));
    let first = concluded(&mut scene, &offer(1), VOICE);
    let second = concluded(&mut scene, &offer(2), VOICE);
    assert_eq!(first.asking.send, second.asking.send);
    assert_ne!(first.asking.receive, second.asking.receive);
    assert_ne!(first.asking.receive, Protection::Clear);
}

#[test]
fn the_other_leg_may_ask_later_and_every_stream_keeps_its_place() {
    let mut scene = Scene::new(Accepted, Accepted);
    concluded(&mut scene, VOICE, VOICE);

    // B asks for video as well, before its voice.
    std::mem::swap(&mut scene.a, &mut scene.b);
    let offer = "0 RTP/AVP 0\nm=video 7000 RTP/AVP 96\nm=audio 4000 RTP/AVP 0";
    let agreement = concluded(&mut scene, offer, VOICE);
    let ports: Vec<_> = agreement.answer.media.iter().map(|media| media.port).collect();
    assert_eq!(ports, [0, 0, 6000]);
    assert_eq!(agreement.answer.origin.version, 6001);

    // A asks again, and B hears of as many streams as before.
    std::mem::swap(&mut scene.a, &mut scene.b);
    let forwarded = scene.forward(&said(VOICE)).unwrap();
    let streams: Vec<_> = forwarded.media.iter().map(|media| (media.kind.clone(), media.port)).collect();
    assert_eq!(streams, [(Kind::Audio, 0), (Kind::Video, 0), (Kind::Audio, 6000)]);
    let answer = "0 RTP/AVP 0\nm=video 0 RTP/AVP 96\nm=audio 4400 RTP/AVP 0";
    let agreement = scene.exchange(&said(VOICE), |_| said(answer)).unwrap();
    assert_eq!(agreement.replying.remote, Remote::Address("192.0.2.1:4400".parse().unwrap()));
}

#[test]
fn an_invite_without_an_offer_is_served_by_the_other_leg_or_by_a_fresh_one() {
    // A has said nothing, so we ask B on our own account.
    let mut scene = Scene::new(Accepted, Required);
    let fresh = fresh_offer(&scene.b.terms()).unwrap();
    let line = crypto(6, "AES_256_CM_HMAC_SHA1_32", 1);
    let b_answer = said(&format!("7000 RTP/SAVP 8 0 101\na=rtpmap:101 telephone-event/8000\n{line}"));
    scene.b.previous = Some(fresh);

    // Its answer stands for an offer to A.
    std::mem::swap(&mut scene.a, &mut scene.b);
    let ours = scene.forward(&b_answer).unwrap();
    assert_eq!(ours.media[0].formats, ["8", "0", "101"]);
    let a_answer = said("4000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000");
    let exchange = Exchange { offer: &b_answer, forwarded: &ours, answer: &a_answer };
    let agreement = answer_for(exchange, &scene.a.terms(), &scene.b.terms()).unwrap();

    assert_eq!(agreement.asking.receive, Protection::Srtp(key("AES_256_CM_HMAC_SHA1_32", 1)));
    assert_eq!(agreement.asking.send, Protection::Srtp(key("AES_256_CM_HMAC_SHA1_32", 0xbb)));
    assert_eq!(agreement.replying.send, Protection::Clear);
    assert_eq!(agreement.asking.telephone_event, Some(101));
}
