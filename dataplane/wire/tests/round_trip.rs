//! What is written is parsed as what it was.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use wire::datagram::{Datagram, Headers};
use wire::dtmf::{Code, Event, Events};
use wire::ether::{self, EtherType, Mac, Tag, Tags};
use wire::ip::{Addresses, TrafficClass};
use wire::rtcp::{
    Application, Compound, Feedback, Form, FullIntraRequest, FullIntraRequests, Item, ItemKind, Kind,
    Message, Nack, Nacks, NtpShort, NtpTime, Packet, ReportBlock, SenderInfo, Writer,
};
use wire::rtp::{Extension, Header, PayloadType, Sequence, Ssrc, Timestamp};
use wire::udp::Ports;

proptest! {
    #[test]
    fn rtp_headers(
        fixed in rtp_header(),
        csrcs in vec(ssrc(), 0..=15),
        extension in option::of((any::<u16>(), words(0..20))),
        media in vec(any::<u8>(), 0..40),
    ) {
        let extension = extension.as_ref().map(|(profile, words)| Extension { profile: *profile, words });
        let mut packet = [0; 300];
        let header_len = fixed.write(csrcs.iter().copied(), extension, &mut packet).unwrap();
        let packet_len = header_len + media.len();
        packet[header_len..packet_len].copy_from_slice(&media);
        let packet = &packet[..packet_len];

        let header = Header::parse(packet).unwrap();
        prop_assert_eq!(header.header_len(), header_len);
        prop_assert_eq!(header.marker, fixed.marker);
        prop_assert_eq!(header.padding, fixed.padding);
        prop_assert_eq!(header.payload_type, fixed.payload_type);
        prop_assert_eq!(header.sequence, fixed.sequence);
        prop_assert_eq!(header.timestamp, fixed.timestamp);
        prop_assert_eq!(header.ssrc, fixed.ssrc);
        prop_assert!(header.csrcs(packet).eq(csrcs));
        prop_assert_eq!(header.extension(packet), extension);
        if !header.padding {
            prop_assert_eq!(header.payload(packet), Ok(&media[..]));
        }
    }

    #[test]
    fn telephone_events(events in vec(event(), 1..8)) {
        let payload: Vec<u8> = events.iter().copied().flat_map(Event::to_bytes).collect();
        prop_assert!(Events::parse(&payload).unwrap().iter().eq(events));
    }

    #[test]
    fn reports(
        ssrc in ssrc(),
        info in sender_info(),
        reports in vec(report_block(), 0..=31),
        extension in words(0..4),
    ) {
        let bytes = compound(|writer| {
            writer.sender_report(ssrc, &info, reports.iter().copied(), &extension).unwrap();
            writer.receiver_report(ssrc, reports.iter().copied(), &extension).unwrap();
        });
        let [Packet::SenderReport(sent), Packet::ReceiverReport(received)] = packets(&bytes)[..] else {
            panic!("{bytes:02x?}");
        };
        prop_assert_eq!((sent.ssrc, sent.info, sent.extension), (ssrc, info, &extension[..]));
        prop_assert_eq!((received.ssrc, received.extension), (ssrc, &extension[..]));
        prop_assert!(sent.reports.iter().eq(reports.iter().copied()));
        prop_assert!(received.reports.iter().eq(reports));
    }

    #[test]
    fn source_descriptions(chunks in vec((ssrc(), vec((1..=255_u8, vec(any::<u8>(), 0..40)), 0..4)), 0..=31)) {
        let chunks: Vec<(Ssrc, Vec<Item<'_>>)> = chunks
            .iter()
            .map(|(ssrc, items)| {
                (*ssrc, items.iter().map(|(kind, text)| Item { kind: ItemKind(*kind), text }).collect())
            })
            .collect();
        let bytes = compound(|writer| {
            writer.source_description(chunks.iter().cloned()).unwrap();
        });
        let [Packet::SourceDescription(description)] = packets(&bytes)[..] else {
            panic!("{bytes:02x?}");
        };
        let parsed: Vec<_> =
            description.chunks().map(|chunk| (chunk.ssrc, chunk.items().collect::<Vec<_>>())).collect();
        prop_assert_eq!(parsed, chunks);
    }

    #[test]
    fn goodbyes(sources in vec(ssrc(), 0..=31), reason in option::of(vec(any::<u8>(), 0..=255))) {
        let bytes = compound(|writer| writer.goodbye(sources.iter().copied(), reason.as_deref()).unwrap());
        let [Packet::Goodbye(goodbye)] = packets(&bytes)[..] else {
            panic!("{bytes:02x?}");
        };
        prop_assert!(goodbye.sources().eq(sources));
        prop_assert_eq!(goodbye.reason, reason.as_deref());
    }

    #[test]
    fn applications(subtype in 0..32_u8, ssrc in ssrc(), name: [u8; 4], data in words(0..20)) {
        let application = Application { subtype, ssrc, name, data: &data };
        let bytes = compound(|writer| writer.application(&application).unwrap());
        prop_assert_eq!(packets(&bytes), [Packet::Application(application)]);
    }

    #[test]
    fn feedbacks(
        sender in ssrc(),
        media in ssrc(),
        format in 5..32_u8,
        nacks in vec((any::<u16>(), any::<u16>()), 0..20),
        requests in vec((ssrc(), any::<u8>()), 0..10),
    ) {
        let nacks: Vec<_> = nacks
            .into_iter()
            .map(|(first, following)| Nack { first: Sequence(first), following })
            .collect();
        let nack_words: Vec<_> = nacks.iter().copied().map(Nack::to_word).collect();
        let requests: Vec<_> =
            requests.into_iter().map(|(ssrc, command)| FullIntraRequest { ssrc, command }).collect();
        let request_words: Vec<_> = requests.iter().copied().map(FullIntraRequest::to_words).collect();
        let messages = [
            Message::FullIntraRequest(FullIntraRequests(&request_words)),
            Message::GenericNack(Nacks(&nack_words)),
            Message::Other { kind: Kind::Payload, format, information: &nack_words },
            Message::Other { kind: Kind::Transport, format, information: &nack_words },
            Message::PictureLossIndication,
        ];
        let feedbacks = messages.map(|message| Packet::Feedback(Feedback { sender, media, message }));
        let bytes = compound(|writer| {
            for feedback in &feedbacks {
                writer.packet(feedback).unwrap();
            }
        });
        prop_assert_eq!(packets(&bytes), feedbacks);
        prop_assert!(Nacks(&nack_words).iter().eq(nacks));
        prop_assert!(FullIntraRequests(&request_words).iter().eq(requests));
    }

    #[test]
    fn datagrams(headers in headers(), payload in vec(any::<u8>(), 0..200)) {
        let mut frame = [&vec![0xee; headers.header_len()], &payload[..]].concat();
        headers.write(&mut frame).unwrap();
        let datagram = match headers.link {
            Some(_) => Datagram::parse_ethernet(&frame).unwrap(),
            None => Datagram::parse_ip(&frame).unwrap(),
        };
        prop_assert_eq!(datagram.addresses, headers.addresses);
        prop_assert_eq!(datagram.ports, headers.ports);
        prop_assert_eq!(datagram.traffic_class, headers.traffic_class);
        prop_assert_eq!(datagram.payload(&frame), payload);
        prop_assert_eq!(datagram.payload_offset, headers.header_len());
        prop_assert_eq!(datagram.verify_checksum(&frame), Ok(()));
    }

    #[test]
    fn ethernet_headers(link in link(), ether_type in prop_oneof![Just(EtherType::IPV4), Just(EtherType(0x0806))]) {
        let mut frame = [0; 23];
        let len = link.write(ether_type, &mut frame).unwrap();
        prop_assert_eq!(len, link.header_len());
        prop_assert_eq!(ether::Header::parse(&frame), Ok((link, ether_type, &frame[len..])));
    }
}

fn compound(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut buffer = vec![0; 8192];
    let mut writer = Writer::new(&mut buffer);
    write(&mut writer);
    let len = writer.finish();
    buffer.truncate(len);
    buffer
}

fn packets(bytes: &[u8]) -> Vec<Packet<'_>> {
    let compound = Compound::parse(bytes, Form::ReducedSize).expect("written packets are a compound");
    compound.packets().map(|packet| packet.expect("a written packet is well-formed")).collect()
}

fn words(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<[u8; 4]>> {
    vec(any::<[u8; 4]>(), len)
}

fn ssrc() -> impl Strategy<Value = Ssrc> {
    any::<u32>().prop_map(Ssrc)
}

prop_compose! {
    fn rtp_header()(
        marker: bool,
        padding: bool,
        payload_type in (0..128_u8).prop_filter_map("seven bits", PayloadType::new),
        sequence: u16,
        timestamp: u32,
        ssrc in ssrc(),
    ) -> Header {
        let mut header = Header::new(payload_type, Sequence(sequence), Timestamp(timestamp), ssrc);
        header.marker = marker;
        header.padding = padding;
        header
    }
}

prop_compose! {
    fn event()(code: u8, end: bool, reserved: bool, volume in 0..64_u8, duration: u16) -> Event {
        Event { code: Code(code), end, reserved, volume, duration }
    }
}

prop_compose! {
    fn sender_info()(ntp: u64, timestamp: u32, packets: u32, bytes: u32) -> SenderInfo {
        SenderInfo { ntp: NtpTime(ntp), timestamp: Timestamp(timestamp), packets, bytes }
    }
}

prop_compose! {
    fn report_block()(
        ssrc in ssrc(),
        fraction_lost: u8,
        cumulative_lost in -0x80_0000..=0x7f_ffff_i32,
        highest_sequence: u32,
        jitter: u32,
        last_sender_report: u32,
        delay_since: u32,
    ) -> ReportBlock {
        ReportBlock {
            ssrc,
            fraction_lost,
            cumulative_lost,
            highest_sequence,
            jitter,
            last_sender_report: NtpShort(last_sender_report),
            delay_since: NtpShort(delay_since),
        }
    }
}

prop_compose! {
    fn headers()(
        link in option::of(link()),
        addresses in prop_oneof![
            any::<(u32, u32)>().prop_map(|(source, destination)| Addresses::V4 {
                source: source.into(),
                destination: destination.into(),
            }),
            any::<(u128, u128)>().prop_map(|(source, destination)| Addresses::V6 {
                source: source.into(),
                destination: destination.into(),
            }),
        ],
        source: u16,
        destination: u16,
        class: u8,
        hop_limit: u8,
    ) -> Headers {
        let (ports, traffic_class) = (Ports { source, destination }, TrafficClass(class));
        Headers { link, addresses, ports, traffic_class, hop_limit }
    }
}

prop_compose! {
    fn link()(destination: [u8; 6], source: [u8; 6], tags in tags()) -> ether::Header {
        ether::Header { destination: Mac(destination), source: Mac(source), tags }
    }
}

fn tags() -> impl Strategy<Value = Tags> {
    let tag = (prop_oneof![Just(EtherType::CUSTOMER_TAG), Just(EtherType::SERVICE_TAG)], any::<u16>())
        .prop_map(|(protocol, control)| Tag { protocol, control });
    prop_oneof![
        Just(Tags::Untagged),
        tag.clone().prop_map(Tags::Single),
        (tag.clone(), tag).prop_map(|(outer, inner)| Tags::Double { outer, inner }),
    ]
}
