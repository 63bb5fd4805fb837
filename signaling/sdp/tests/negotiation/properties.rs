//! What holds for every description and every exchange.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use sdp::negotiate::{Encryption, PAYLOAD_MAPS_MAX, Protection};
use sdp::{
    Attribute, Codec, Connection, CryptoAttribute, Direction, FormatParameters, Host, IpVersion, Kind, Media,
    Origin, Protocol, RtcpPort, RtpMap, SessionDescription, Source, Suite, Time,
};

use crate::scene::{CODECS, Leg, Scene, crypto, key, said};

proptest! {
    #[test]
    fn what_is_written_reads_the_same(description in any_description()) {
        let text = description.write();
        prop_assert_eq!(SessionDescription::parse(text.as_bytes()).unwrap(), description, "{}", text);
    }

    #[test]
    fn line_ends_and_white_space_do_not_count(description in any_description(), end in select(vec!["\n", "\r", "  \r\n", "\n\n"])) {
        let text = description.write().replace("\r\n", end);
        prop_assert_eq!(SessionDescription::parse(text.as_bytes()).unwrap(), description);
    }

    #[test]
    fn no_debug_output_has_a_key(suite in select(Suite::ALL.to_vec()), byte: u8) {
        let key = key(suite.name(), byte);
        let mut description = said("4000 RTP/SAVP 0");
        description.media[0].attributes = vec![Attribute::Crypto(CryptoAttribute::offering(1, &key, true))];
        let text = description.write();
        let secret = text.split("inline:").nth(1).unwrap().split('|').next().unwrap();
        let shown = format!("{description:?} {key:?}");
        prop_assert!(secret.len() >= 36 && !shown.contains(&secret[..8]), "{}", shown);
    }
}

proptest! {
    // Three in four generated exchanges end in a refusal.
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn an_answer_keeps_to_its_offer(
        offer in any_stream(),
        others in vec(select(vec!["m=video 6000 RTP/AVP 96", "m=image 6002 udptl t38", "m=audio 0 RTP/AVP 8"]), 0..4),
        place: Index,
        legs in (any_leg(5000, 0xaa), any_leg(6000, 0xbb)),
        answered in any_answer(),
    ) {
        let offer = offer_among(&offer, &others, place);
        let scene = Scene { a: legs.0, b: legs.1 };
        let Ok(forwarded) = scene.forward(&offer) else { return Ok(()) };
        prop_assert!(is_within(&forwarded.media[0], &offer));
        let Ok(agreement) = scene.exchange(&offer, |forwarded| answered.to(forwarded)) else { return Ok(()) };
        let answer = &agreement.answer;

        // Streams: as many, in the same order, and one of them ours.
        let outline = |description: &SessionDescription| {
            description.media.iter().map(|media| (media.kind.clone(), media.protocol.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(outline(answer), outline(&offer));
        let live: Vec<_> = (0..answer.media.len()).filter(|at| answer.media[*at].port != 0).collect();
        prop_assert_eq!(live.len(), 1);
        let (asked, ours) = (&offer.media[live[0]], &answer.media[live[0]]);
        prop_assert_eq!(&asked.kind, &Kind::Audio);
        prop_assert_ne!(asked.port, 0);

        // Codecs, suites and tags: none that was not offered.
        prop_assert!(is_within(ours, &offer));
        for format in ours.stream_formats() {
            let legs = [&scene.a, &scene.b];
            prop_assert!(legs.iter().all(|leg| leg.policy.codecs.allows(&format.codec)));
        }
        for line in ours.crypto() {
            prop_assert!(asked.crypto().any(|other| (other.tag(), other.suite()) == (line.tag(), line.suite())));
        }
        let is_protected = matches!(asked.protocol, Protocol::Savp | Protocol::Savpf);
        prop_assert!(!is_protected || ours.crypto().count() == 1);
        prop_assert!(!ours.has_rtcp_mux() || asked.has_rtcp_mux());

        // Directions: RFC 3264 section 6.1.
        let (wanted, given) = (offer.direction_of(asked), answer.direction_of(ours));
        prop_assert_eq!(given.limited_to(wanted.reversed()), given);

        // The relay: what is required is protected, and both sides mean the same.
        let (a, b) = (&agreement.asking, &agreement.replying);
        for (side, leg) in [(a, &scene.a), (b, &scene.b)] {
            let is_clear = side.send == Protection::Clear;
            prop_assert_eq!(is_clear, side.receive == Protection::Clear);
            prop_assert!(!is_clear || leg.policy.encryption != Encryption::Required);
            prop_assert!(is_clear || leg.policy.encryption != Encryption::Refused);
            prop_assert!(is_clear || side.send != side.receive);
            prop_assert!(side.payload_maps.len() <= PAYLOAD_MAPS_MAX);
            for map in &side.payload_maps {
                prop_assert_eq!(side.payload_maps.iter().filter(|other| other.from == map.from).count(), 1);
                prop_assert!(map.from <= 127 && map.to <= 127 && map.from != map.to);
            }
        }
        prop_assert_eq!((a.accepts, a.sends), (b.sends, b.accepts));
        prop_assert_eq!(&a.codec, &b.codec);

        // What was agreed upon can be read by whoever gets it.
        let again = SessionDescription::parse(answer.write().as_bytes());
        prop_assert_eq!(again.as_ref(), Ok(answer));
    }
}

/// Every format stands for something that an audio stream of the offer has.
fn is_within(ours: &Media, offer: &SessionDescription) -> bool {
    let audio = offer.media.iter().filter(|media| media.kind == Kind::Audio);
    let offered: Vec<_> = audio.flat_map(Media::stream_formats).map(|format| format.codec).collect();
    let formats = ours.stream_formats();
    formats.len() == ours.formats.len() && formats.iter().all(|format| offered.contains(&format.codec))
}

fn offer_among(stream: &str, others: &[&str], place: Index) -> SessionDescription {
    let at = place.index(others.len() + 1);
    let (before, after) = others.split_at(at);
    let streams = [before, &[&format!("m=audio {stream}")], after].concat().join("\n");
    let text = format!("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n{streams}\n");
    SessionDescription::parse(text.as_bytes()).expect("streams are all it is made of")
}

prop_compose! {
    fn any_leg(port: u16, byte: u8)(
        encryption in any_encryption(),
        codecs in subsequence(CODECS.split(',').collect::<Vec<_>>(), 3..=7),
        suites in subsequence(Suite::ALL.to_vec(), 1..=8),
        mux: bool,
        event in option::of(96..128_u8),
    ) -> Leg {
        let mut leg = Leg::new(encryption, &codecs.join(","), port, byte);
        leg.keys.retain(|key| suites.contains(&key.suite()));
        leg.policy.rtcp_mux = mux;
        leg.policy.telephone_event = event;
        leg
    }
}

fn any_encryption() -> impl Strategy<Value = Encryption> {
    select(vec![Encryption::Refused, Encryption::Accepted, Encryption::Opportunistic, Encryption::Required])
}

const MAPS: &str = "a=rtpmap:96 opus/48000/2\na=rtpmap:97 SILK/16000\na=rtpmap:100 telephone-event/48000\n\
                    a=rtpmap:101 telephone-event/8000\n";

prop_compose! {
    /// An audio stream of a peer: the end of its `m=` line, and its attributes.
    fn any_stream()(
        protocol in select(vec!["RTP/AVP", "RTP/SAVP", "RTP/AVPF", "RTP/SAVPF"]),
        formats in subsequence(vec!["0", "8", "9", "18", "13", "96", "97", "100", "101"], 1..=9).prop_shuffle(),
        lines in vec((1..1000_u32, select(Suite::ALL.to_vec()), any::<bool>(), 1..9_u8, select(vec!["", "|2^31", "|1:1", " WSH=64", " KDR=1"])), 0..4),
        direction in select(vec!["sendrecv", "sendonly", "recvonly", "inactive"]),
        mux in select(vec!["", "a=rtcp-mux\n"]),
    ) -> String {
        let lines = lines.into_iter().map(|(tag, suite, is_swapped, byte, tail)| {
            let name = if is_swapped { suite.swapped_name() } else { suite.name() };
            format!("{}{tail}\n", crypto(tag, suite.name(), byte).replace(suite.name(), name))
        });
        format!("4000 {protocol} {}\n{MAPS}{}a={direction}\n{mux}", formats.join(" "), lines.collect::<String>())
    }
}

/// What a peer makes of our offer.
#[derive(Clone, Debug)]
struct Answered {
    direction: Direction,
    keep: Vec<bool>,
    shift: u8,
    line: Index,
    mux: bool,
}

impl Answered {
    fn to(&self, forwarded: &SessionDescription) -> SessionDescription {
        let mut answer = said("7000 RTP/AVP 0");
        let offered = &forwarded.media[0];
        let media = &mut answer.media[0];
        media.protocol = offered.protocol.clone();
        media.attributes = vec![Attribute::Direction(self.direction)];
        let kept =
            offered.stream_formats().into_iter().zip(self.keep.iter().cycle()).filter(|(_, keep)| **keep);
        media.formats.clear();
        for (format, _) in kept {
            // A static number cannot mean anything else; dynamic ones may be the peer's own.
            let dynamic = 96 + (format.payload_type.wrapping_sub(96).wrapping_add(self.shift)) % 32;
            let payload_type = format.codec.static_payload_type().unwrap_or(dynamic);
            media.formats.push(payload_type.to_string());
            media.attributes.push(Attribute::RtpMap(RtpMap { payload_type, codec: format.codec }));
        }
        let lines: Vec<_> = offered.crypto().collect();
        if !lines.is_empty() {
            let line = lines[self.line.index(lines.len())];
            let key = key(line.suite(), 0x77);
            media.attributes.push(Attribute::Crypto(line.answering(&key, false)));
        }
        media.attributes.extend(self.mux.then_some(Attribute::RtcpMux));
        answer
    }
}

prop_compose! {
    fn any_answer()(
        direction in any_direction(),
        keep in vec(any::<bool>(), 1..9),
        shift in 0..32_u8,
        line: Index,
        mux: bool,
    ) -> Answered {
        Answered { direction, keep, shift, line, mux }
    }
}

fn any_direction() -> impl Strategy<Value = Direction> {
    use Direction::{Inactive, ReceiveOnly, SendOnly, SendReceive};
    select(vec![SendReceive, SendOnly, ReceiveOnly, Inactive])
}

fn any_connection() -> impl Strategy<Value = Connection> {
    let name = ("[a-z][a-z0-9.-]{0,20}[g-z]", select(vec![IpVersion::V4, IpVersion::V6]));
    prop_oneof![
        any::<[u8; 4]>().prop_map(|bytes| std::net::IpAddr::from(bytes).into()),
        any::<[u8; 16]>().prop_map(|bytes| std::net::IpAddr::from(bytes).into()),
        name.prop_map(|(name, version)| Connection { version, host: Host::Name(name) }),
    ]
}

fn any_attribute() -> impl Strategy<Value = Attribute> {
    let codec = ("[A-Za-z][A-Za-z0-9-]{0,12}", 1..200_000_u32, 1..9_u8);
    let codec =
        codec.prop_map(|(name, clock_rate, channels)| Codec { name: name.into(), clock_rate, channels });
    let words = "[!-~]([ -~]{0,30}[!-~])?";
    prop_oneof![
        (0..128_u8, codec)
            .prop_map(|(payload_type, codec)| Attribute::RtpMap(RtpMap { payload_type, codec })),
        (0..128_u8, words).prop_map(|(payload_type, parameters)| {
            Attribute::FormatParameters(FormatParameters { payload_type, parameters })
        }),
        (1..u16::MAX).prop_map(Attribute::PacketTime),
        (1..u16::MAX).prop_map(Attribute::PacketTimeMax),
        any_direction().prop_map(Attribute::Direction),
        (any::<u16>(), option::of(any_connection()))
            .prop_map(|(port, connection)| Attribute::Rtcp(RtcpPort { port, connection })),
        Just(Attribute::RtcpMux),
        any_crypto().prop_map(Attribute::Crypto),
        (any::<u32>(), words).prop_map(|(ssrc, attribute)| Attribute::Source(Source { ssrc, attribute })),
        words.prop_map(Attribute::Candidate),
        ("x-[a-z]{1,8}", option::of(words)).prop_map(|(name, value)| Attribute::Other { name, value }),
    ]
}

fn any_crypto() -> impl Strategy<Value = CryptoAttribute> {
    let tails =
        vec!["", "|2^31", "|1048576", "|2^20|1:4", "|1:1;inline:QUJD|2:1", " KDR=1 -x UNENCRYPTED_SRTP"];
    (0..1_000_000_000_u32, "[A-Z][A-Z0-9_]{3,20}", "[A-Za-z0-9+/]{1,60}", select(tails)).prop_map(
        |(tag, suite, key, tail)| {
            CryptoAttribute::parse(&format!("{tag} {suite} inline:{key}{tail}"))
                .expect("a line by the grammar")
        },
    )
}

fn any_media() -> impl Strategy<Value = Media> {
    let kind =
        select(vec![Kind::Audio, Kind::Video, Kind::Image, Kind::Application, Kind::Other("text".into())]);
    let protocol = select(vec![
        Protocol::Avp,
        Protocol::Savpf,
        Protocol::DtlsSavp,
        Protocol::DtlsSavpf,
        Protocol::Other("udptl".into()),
    ]);
    let head = (kind, any::<u16>(), 1..4_u16, protocol, vec("[!-~]{1,6}", 1..8));
    (head, option::of(any_connection()), vec("AS:[0-9]{1,5}", 0..2), vec(any_attribute(), 0..12)).prop_map(
        |((kind, port, port_count, protocol, formats), connection, bandwidths, attributes)| Media {
            port_count,
            formats,
            connection,
            bandwidths,
            attributes,
            ..Media::new(kind, port, protocol)
        },
    )
}

fn any_description() -> impl Strategy<Value = SessionDescription> {
    let origin = ("[!-~]{1,12}", any::<u128>(), any::<u128>(), any_connection());
    let origin =
        origin.prop_map(|(username, id, version, connection)| Origin { username, id, version, connection });
    let times = vec((any::<u64>(), any::<u64>()).prop_map(|(start, stop)| Time { start, stop }), 1..3);
    let head = (origin, "[!-~]([ -~äß€]{0,20}[!-~])?", option::of(any_connection()), times);
    (head, vec("TIAS:[0-9]{1,5}", 0..2), vec(any_attribute(), 0..6), vec(any_media(), 0..5)).prop_map(
        |((origin, session_name, connection, times), bandwidths, attributes, media)| SessionDescription {
            origin,
            session_name,
            connection,
            bandwidths,
            times,
            attributes,
            media,
        },
    )
}
