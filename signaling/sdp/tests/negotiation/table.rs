//! Offers against policies against answers: what becomes of each.

use sdp::negotiate::Encryption::{Accepted, Opportunistic, Refused, Required};
use sdp::negotiate::{Encryption, PayloadMap, Protection, Refusal, Remote, Rtcp, fresh_offer};
use sdp::{Direction, Protocol, SessionDescription};

use crate::scene::{Scene, crypto, key, said};

const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";
const CLEAR: &str = "4000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000";

fn protected() -> String {
    format!("4000 RTP/SAVP 0\n{}", crypto(1, SUITE, 1))
}

#[test]
fn an_offer_is_taken_or_refused_as_the_policy_of_its_leg_says() {
    let mki = format!("4000 RTP/SAVP 0\n{}|2^31|1:1", crypto(1, SUITE, 1));
    let with_keys = format!("4000 RTP/AVP 0\n{}", crypto(1, SUITE, 1));
    let reused = format!("4000 RTP/SAVP 0\n{}", crypto(1, SUITE, 0xaa));
    let no_key = "4000 RTP/SAVP 0".to_owned();
    let dtls = "4000 UDP/TLS/RTP/SAVPF 0".to_owned();
    let refused = |refusal| Err(refusal);
    let cases: [(&String, [Result<bool, Refusal>; 4]); 7] = [
        (&CLEAR.to_owned(), [Ok(false), Ok(false), Ok(false), refused(Refusal::ClearRefused)]),
        (&with_keys, [Ok(false), Ok(false), Ok(true), refused(Refusal::ClearRefused)]),
        (&protected(), [refused(Refusal::EncryptionRefused), Ok(true), Ok(true), Ok(true)]),
        (
            &mki,
            [
                refused(Refusal::EncryptionRefused),
                refused(Refusal::CryptoWithMkiOnly),
                refused(Refusal::CryptoWithMkiOnly),
                refused(Refusal::CryptoWithMkiOnly),
            ],
        ),
        (
            &no_key,
            [
                refused(Refusal::EncryptionRefused),
                refused(Refusal::NoCryptoInCommon),
                refused(Refusal::NoCryptoInCommon),
                refused(Refusal::NoCryptoInCommon),
            ],
        ),
        (
            &reused,
            [
                refused(Refusal::EncryptionRefused),
                refused(Refusal::KeyReused),
                refused(Refusal::KeyReused),
                refused(Refusal::KeyReused),
            ],
        ),
        (&dtls, [refused(Refusal::ProtocolNotSpoken); 4]),
    ];
    for (offer, expected) in cases {
        for (encryption, expected) in [Refused, Accepted, Opportunistic, Required].into_iter().zip(expected) {
            let agreed = Scene::new(encryption, Refused).exchange(&said(offer), |_| said(CLEAR));
            let is_protected = agreed.map(|agreement| agreement.asking.send != Protection::Clear);
            assert_eq!(is_protected, expected, "{encryption:?}: {offer}");
        }
    }
}

#[test]
fn our_offer_is_protected_as_the_policy_of_its_leg_says() {
    for (encryption, protocol, line_count) in [
        (Refused, Protocol::Avp, 0),
        (Accepted, Protocol::Avp, 0),
        (Opportunistic, Protocol::Avp, 8),
        (Required, Protocol::Savp, 8),
    ] {
        let ours = Scene::new(Accepted, encryption).forward(&said(CLEAR)).unwrap();
        let media = &ours.media[0];
        assert_eq!((&media.protocol, media.crypto().count()), (&protocol, line_count), "{encryption:?}");
    }
}

#[test]
fn an_answer_is_taken_or_refused_as_our_offer_was() {
    let with_keys = format!("4000 RTP/AVP 0\n{}", crypto(1, SUITE, 1));
    let wrong_key = "4000 RTP/AVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA".to_owned();
    let other_tag = format!("4000 RTP/SAVP 0\n{}", crypto(9, SUITE, 1));
    let reflected = format!("4000 RTP/SAVP 0\n{}", crypto(1, SUITE, 0xbb));
    let mki = format!("4000 RTP/SAVP 0\n{}|1:1", crypto(1, SUITE, 1));
    let cases: [(Encryption, &str, Result<bool, Refusal>); 19] = [
        (Accepted, CLEAR, Ok(false)),
        (Accepted, &with_keys, Ok(false)),
        (Accepted, &protected(), Err(Refusal::AnswerNotOffered)),
        (Opportunistic, CLEAR, Ok(false)),
        (Opportunistic, &with_keys, Ok(true)),
        (Opportunistic, &protected(), Ok(true)),
        (Opportunistic, &wrong_key, Err(Refusal::NoCryptoInCommon)),
        (Required, CLEAR, Err(Refusal::ClearRefused)),
        (Required, &with_keys, Err(Refusal::ClearRefused)),
        (Required, &protected(), Ok(true)),
        (Required, &other_tag, Ok(true)),
        (Required, &reflected, Err(Refusal::KeyReused)),
        (Required, &mki, Err(Refusal::CryptoWithMkiOnly)),
        (Required, "4000 RTP/SAVP 0", Err(Refusal::NoCryptoInCommon)),
        (Required, "4000 UDP/TLS/RTP/SAVP 0", Err(Refusal::AnswerNotOffered)),
        (Accepted, "0 RTP/AVP 0", Err(Refusal::AudioRefused)),
        (Accepted, "4000 RTP/AVP 3", Err(Refusal::AnswerNotOffered)),
        (Accepted, "4000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000", Err(Refusal::NoCommonCodec)),
        (Accepted, "4000 RTP/AVP 0\nc=IN IP4 239.0.0.1", Err(Refusal::AddressNotUsable)),
    ];
    for (encryption, answer, expected) in cases {
        let agreed = Scene::new(Accepted, encryption).exchange(&said(CLEAR), |_| said(answer));
        let is_protected = agreed.map(|agreement| agreement.replying.send != Protection::Clear);
        assert_eq!(is_protected, expected, "{encryption:?}: {answer}");
    }
}

#[test]
fn an_answer_with_a_suite_that_was_not_offered_is_refused() {
    let mut scene = Scene::new(Accepted, Required);
    scene.b.keys.truncate(1);
    let answer = format!("4000 RTP/SAVP 0\n{}", crypto(1, "AEAD_AES_128_GCM", 1));
    assert_eq!(scene.exchange(&said(CLEAR), |_| said(&answer)), Err(Refusal::AnswerNotOffered));
}

#[test]
fn a_renumbered_tag_that_may_mean_two_lines_is_refused() {
    let mut scene = Scene::new(Accepted, Required);
    scene.b.keys = vec![key("AES_256_CM_HMAC_SHA1_80", 0xbb), key("AES_CM_256_HMAC_SHA1_80", 0xbb)];
    let answer = |tag| said(&format!("4000 RTP/SAVP 0\n{}", crypto(tag, "AES_CM_256_HMAC_SHA1_80", 1)));
    assert_eq!(scene.exchange(&said(CLEAR), |_| answer(7)), Err(Refusal::AnswerNotOffered));
    let agreement = scene.exchange(&said(CLEAR), |_| answer(2)).unwrap();
    assert_eq!(agreement.replying.crypto_tag, Some(2));
}

#[test]
fn every_other_refusal_has_its_offer() {
    let cases = [
        ("0 RTP/AVP 0", Refusal::NoAudio),
        ("4000 RTP/AVP 3", Refusal::NoCommonCodec),
        ("4000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000", Refusal::NoCommonCodec),
        ("4000 RTP/AVP 13", Refusal::NoCommonCodec),
        ("65535 RTP/AVP 0", Refusal::AddressNotUsable),
        ("4000 RTP/AVP 0\nc=IN IP6 2001:db8::1", Refusal::AddressNotUsable),
        ("4000 RTP/AVP 0\nc=IN IP6 pbx.example.net", Refusal::AddressNotUsable),
        ("4000 RTP/AVP 0\nc=IN IP4 255.255.255.255", Refusal::AddressNotUsable),
        ("4000 TCP/RTP/AVP 0", Refusal::ProtocolNotSpoken),
    ];
    for (offer, expected) in cases {
        assert_eq!(Scene::new(Accepted, Accepted).forward(&said(offer)), Err(expected), "{offer}");
    }
    let mut scene = Scene::new(Accepted, Required);
    scene.b.keys.clear();
    assert_eq!(scene.forward(&said(CLEAR)), Err(Refusal::NoKeyOfOurs));
}

#[test]
fn every_refusal_owes_a_status_and_has_a_word_of_its_own() {
    let mut words: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Refusal::ALL.len());
    let others: Vec<_> = Refusal::ALL.into_iter().filter(|refusal| refusal.status() != 488).collect();
    assert_eq!(others, [Refusal::AnswerNotOffered, Refusal::NoKeyOfOurs]);
}

#[test]
fn each_suite_is_chosen_in_either_spelling_and_answered_as_it_was_offered() {
    for suite in sdp::Suite::ALL {
        for name in [suite.name().to_owned(), suite.swapped_name().into(), suite.name().to_lowercase()] {
            let line = crypto(77, suite.name(), 1).replace(suite.name(), &name);
            let agreement = Scene::new(Required, Required)
                .exchange(&said(&format!("4000 RTP/SAVP 0\n{line}")), |_| said(&protected()))
                .unwrap();
            let answered = agreement.answer.media[0].crypto().collect::<Vec<_>>();
            assert_eq!(answered.len(), 1);
            assert_eq!((answered[0].tag(), answered[0].suite()), (77, name.as_str()));
            assert_eq!(agreement.asking.receive, Protection::Srtp(key(suite.name(), 1)));
            assert_eq!(agreement.asking.send, Protection::Srtp(key(suite.name(), 0xaa)));
            assert_eq!(agreement.asking.crypto_tag, Some(77));
        }
    }
}

#[test]
fn the_order_of_the_offer_chooses_the_suite() {
    let lines = [crypto(3, "AES_256_CM_HMAC_SHA1_32", 1), crypto(1, SUITE, 2)].join("\n");
    let offer = said(&format!("4000 RTP/SAVP 0\na=crypto:9 F8_128_HMAC_SHA1_80 inline:AAAA\n{lines}"));
    let agreement = Scene::new(Required, Accepted).exchange(&offer, |_| said(CLEAR)).unwrap();
    assert_eq!(agreement.asking.crypto_tag, Some(3));
}

#[test]
fn our_suites_are_offered_in_our_order_and_spelling_and_with_a_lifetime_on_demand() {
    let mut scene = Scene::new(Accepted, Required);
    scene.b.keys = vec![key("AES_CM_256_HMAC_SHA1_80", 0xbb), key(SUITE, 0xbc)];
    scene.b.policy.names_lifetime = true;
    let text = scene.forward(&said(CLEAR)).unwrap().write();
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("a=crypto")).collect();
    assert!(lines[0].starts_with("a=crypto:1 AES_CM_256_HMAC_SHA1_80 inline:u7u7"), "{}", lines[0]);
    assert!(lines[1].starts_with("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:"), "{}", lines[1]);
    assert!(lines.iter().all(|line| line.ends_with("|2^31")), "{text}");
}

#[test]
fn only_what_both_legs_allow_is_offered() {
    let mut scene = Scene::new(Accepted, Accepted);
    scene.a.policy.codecs = "PCMU,PCMA".parse().unwrap();
    scene.b.policy.codecs = "G722,PCMA".parse().unwrap();
    assert_eq!(scene.forward(&said("4000 RTP/AVP 9 0 8")).unwrap().media[0].formats, ["8"]);
}

#[test]
fn each_leg_keeps_its_own_numbers() {
    let mut scene = Scene::new(Accepted, Accepted);
    scene.b.policy.telephone_event = Some(97);
    let offer = said(
        "4000 RTP/AVP 96 0 101\na=rtpmap:96 opus/48000/2\na=fmtp:96 useinbandfec=1\n\
         a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16",
    );
    let forwarded = scene.forward(&offer).unwrap();
    assert_eq!(forwarded.media[0].formats, ["96", "0", "97"]);

    // B has numbers of its own, and leaves out what 97 stands for.
    let answer = said("7000 RTP/AVP 111 97\na=rtpmap:111 opus/48000/2\na=fmtp:111 stereo=1\na=ptime:40");
    let agreement = scene.exchange(&offer, |_| answer).unwrap();

    let text = agreement.answer.write();
    assert!(text.contains("m=audio 5000 RTP/AVP 96 101\r\n"), "{text}");
    assert!(text.contains("a=fmtp:96 stereo=1\r\n") && text.contains("a=ptime:40\r\n"), "{text}");
    let maps =
        |pairs: &[(u8, u8)]| pairs.iter().map(|&(from, to)| PayloadMap { from, to }).collect::<Vec<_>>();
    assert_eq!(agreement.asking.payload_maps, maps(&[(96, 111), (101, 97)]));
    // B should send opus as 96, as we offered it, and may send it as 111.
    assert_eq!(agreement.replying.payload_maps, maps(&[(97, 101), (111, 96)]));
    assert_eq!((agreement.asking.telephone_event, agreement.replying.telephone_event), (Some(101), Some(97)));
    assert_eq!((agreement.asking.clock_rate, agreement.replying.clock_rate), (48_000, 48_000));
    assert_eq!((agreement.asking.packet_time_ms, agreement.replying.packet_time_ms), (None, Some(40)));
}

#[test]
fn a_number_that_another_format_has_is_not_given_to_telephone_events() {
    let mut scene = Scene::new(Accepted, Accepted);
    scene.b.policy.telephone_event = Some(96);
    let offer = said("4000 RTP/AVP 96 101\na=rtpmap:96 opus/48000/2\na=rtpmap:101 telephone-event/8000");
    assert_eq!(scene.forward(&offer).unwrap().media[0].formats, ["96", "101"]);
}

#[test]
fn telephone_events_on_the_clock_of_the_voice_come_first() {
    let offer = said(
        "4000 RTP/AVP 96 0 100 101\na=rtpmap:96 opus/48000/2\na=rtpmap:100 telephone-event/48000\n\
         a=rtpmap:101 telephone-event/8000",
    );
    for (answer, expected) in [("0 100 101", 101), ("96 101 100", 100), ("0 100", 100)] {
        let agreement = Scene::new(Accepted, Accepted)
            .exchange(&offer, |_| said(&format!("4000 RTP/AVP {answer}\na=rtpmap:96 opus/48000/2")))
            .unwrap();
        assert_eq!(agreement.asking.telephone_event, Some(expected), "{answer}");
    }
}

#[test]
fn no_more_numbers_change_than_the_relay_can_change() {
    let codecs = "a/8000,b/8000,c/8000,d/8000,e/8000,f/8000";
    let mut scene = Scene::new(Accepted, Accepted);
    scene.a.policy.codecs = codecs.parse().unwrap();
    scene.b.policy.codecs = codecs.parse().unwrap();
    let stream = |first: u8| {
        let numbers = (first..first + 6).map(|number| number.to_string()).collect::<Vec<_>>();
        let names = codecs.split(',').zip(&numbers);
        let maps = names.map(|(name, number)| format!("\na=rtpmap:{number} {name}")).collect::<String>();
        said(&format!("4000 RTP/AVP {}{maps}", numbers.join(" ")))
    };
    let agreement = scene.exchange(&stream(100), |_| stream(110)).unwrap();
    assert_eq!(agreement.answer.media[0].formats, ["100", "101", "102", "103"]);
    assert_eq!((agreement.asking.payload_maps.len(), agreement.replying.payload_maps.len()), (4, 4));
}

#[test]
fn a_codec_answered_twice_is_answered_once() {
    let offer = said("4000 RTP/AVP 96 0\na=rtpmap:96 opus/48000/2");
    let answer = said("7000 RTP/AVP 96 97\na=rtpmap:96 opus/48000/2\na=rtpmap:97 opus/48000/2");
    let agreement = Scene::new(Accepted, Accepted).exchange(&offer, |_| answer).unwrap();
    assert_eq!(agreement.answer.media[0].formats, ["96"]);
}

#[test]
fn comfort_noise_of_g729_is_never_allowed_against_the_offer() {
    let offer = said("4000 RTP/AVP 18\na=fmtp:18 annexb=no");
    let agreement = Scene::new(Accepted, Accepted).exchange(&offer, |_| said("4000 RTP/AVP 18")).unwrap();
    assert_eq!(agreement.answer.media[0].parameters_of(18), Some("annexb=no"));
}

#[test]
fn directions_pass_through_and_are_never_more_than_was_offered() {
    use Direction::{Inactive, ReceiveOnly, SendOnly, SendReceive};
    for (offered, answered, expected) in [
        (SendReceive, SendReceive, SendReceive),
        (SendReceive, SendOnly, SendOnly),
        (SendReceive, Inactive, Inactive),
        (SendOnly, ReceiveOnly, ReceiveOnly),
        (SendOnly, SendReceive, ReceiveOnly),
        (SendOnly, SendOnly, Inactive),
        (ReceiveOnly, SendOnly, SendOnly),
        (ReceiveOnly, SendReceive, SendOnly),
        (Inactive, SendReceive, Inactive),
    ] {
        let stream = |direction: Direction| {
            let name = ["sendrecv", "sendonly", "recvonly", "inactive"];
            let at =
                [SendReceive, SendOnly, ReceiveOnly, Inactive].iter().position(|other| *other == direction);
            said(&format!("4000 RTP/AVP 0\na={}", name[at.unwrap()]))
        };
        let scene = Scene::new(Accepted, Accepted);
        let forwarded = scene.forward(&stream(offered)).unwrap();
        assert_eq!(forwarded.direction_of(&forwarded.media[0]), offered);

        let agreement = scene.exchange(&stream(offered), |_| stream(answered)).unwrap();

        let answer = &agreement.answer;
        assert_eq!(answer.direction_of(&answer.media[0]), expected, "{offered:?} {answered:?}");
        assert_eq!(
            (agreement.asking.accepts, agreement.asking.sends),
            (expected.receives(), expected.sends())
        );
        assert_eq!(
            (agreement.replying.accepts, agreement.replying.sends),
            (expected.sends(), expected.receives())
        );
    }
}

#[test]
fn holding_the_old_way_stops_what_would_be_sent_there() {
    for host in ["IP4 0.0.0.0", "IP6 ::", "IP4 hold.invalid"] {
        let offer = said(&format!("4000 RTP/AVP 0\nc=IN {host}"));
        let agreement = Scene::new(Accepted, Accepted).exchange(&offer, |_| said("4000 RTP/AVP 0")).unwrap();
        assert_eq!(agreement.asking.remote, Remote::Nowhere, "{host}");
        assert_eq!((agreement.asking.accepts, agreement.asking.sends), (true, false), "{host}");
        assert!(agreement.answer.write().contains("a=recvonly\r\n"));
    }
}

#[test]
fn rtcp_goes_where_it_is_wanted() {
    for (stream, mux, expected) in [
        ("4000 RTP/AVP 0", true, Rtcp::Port(4001)),
        ("4000 RTP/AVP 0\na=rtcp:4010", true, Rtcp::Port(4010)),
        ("4000 RTP/AVP 0\na=rtcp:0", true, Rtcp::Port(4001)),
        ("4000 RTP/AVP 0\na=rtcp-mux", false, Rtcp::Port(4001)),
        ("4000 RTP/AVP 0\na=rtcp-mux", true, Rtcp::Muxed),
    ] {
        let mut scene = Scene::new(Accepted, Accepted);
        scene.a.policy.rtcp_mux = mux;
        scene.b.policy.rtcp_mux = mux;
        let agreement = scene.exchange(&said(stream), |_| said(stream)).unwrap();
        assert_eq!((agreement.asking.rtcp, agreement.replying.rtcp), (expected, expected), "{stream}");
        let ours = &agreement.answer.media[0];
        assert_eq!(ours.has_rtcp_mux(), expected == Rtcp::Muxed, "{stream}");
        let port = ours.rtcp().map(|rtcp| rtcp.port);
        assert_eq!(port, (expected != Rtcp::Muxed).then_some(5001), "{stream}");
    }
}

#[test]
fn remotes_are_addresses_or_names() {
    let remote = |host: &str| {
        let stream = format!("4000 RTP/AVP 0\nc=IN {host}");
        Scene::new(Accepted, Accepted).exchange(&said(CLEAR), |_| said(&stream)).unwrap().replying.remote
    };
    assert_eq!(remote("IP4 192.0.2.9").address(), Some("192.0.2.9:4000".parse().unwrap()));
    assert_eq!(remote("IP6 ::ffff:192.0.2.9").address(), Some("192.0.2.9:4000".parse().unwrap()));
    assert_eq!(remote("IP4 pbx.example.net"), Remote::Name { name: "pbx.example.net".into(), port: 4000 });
}

#[test]
fn a_fresh_offer_has_all_that_the_terms_allow() {
    let mut scene = Scene::new(Required, Required);
    let media = |offer: SessionDescription| offer.media[0].clone();
    let offered = media(fresh_offer(&scene.a.terms()).unwrap());
    assert_eq!(offered.formats, ["0", "8", "9", "18", "96", "13", "101"]);
    assert_eq!((offered.protocol, offered.attributes.len() > 8), (Protocol::Savp, true));

    scene.a.policy.codecs = "opus,telephone-event".parse().unwrap();
    scene.a.policy.telephone_event = Some(96);
    assert_eq!(media(fresh_offer(&scene.a.terms()).unwrap()).formats, ["97", "96"]);

    scene.a.policy.codecs = "telephone-event".parse().unwrap();
    assert_eq!(fresh_offer(&scene.a.terms()), Err(Refusal::NoCommonCodec));
}
