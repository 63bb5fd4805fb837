//! What it costs to read and write the formats on the wire, on the packets of a G.711 call with 20 ms to a packet.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wire::checksum::{self, Sum};
use wire::datagram::{Datagram, Headers};
use wire::dtmf::Events;
use wire::ether::{self, Mac, Tags};
use wire::ip::{Addresses, TrafficClass};
use wire::rtcp::{Compound, Form, Item, ItemKind, NtpShort, NtpTime, ReportBlock, SenderInfo, Writer};
use wire::rtp::{Header, Patch, PayloadType, Sequence, Ssrc, Timestamp};
use wire::udp::Ports;
use wire::{demux, udp};

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = media, reports, frames, checksums
}
criterion_main!(benches);

fn media(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    group.throughput(Throughput::Elements(1));
    let mut packet = media_packet();

    group.bench_function("demux", |bencher| bencher.iter(|| demux::classify(black_box(&packet))));
    group.bench_function("rtp_parse/172", |bencher| bencher.iter(|| Header::parse(black_box(&packet))));
    let header = Header::parse(&packet).expect("it was written as one");
    group.bench_function("rtp_write", |bencher| {
        bencher.iter(|| black_box(header).write([], None, black_box(&mut packet)));
    });
    group.bench_function("rtp_patch", |bencher| {
        bencher.iter(|| {
            let mut patch = Patch::new(black_box(&mut packet)).expect("the packet has a header");
            patch.set_payload_type(black_box(PCMA));
            patch.set_sequence(black_box(Sequence(7)));
            patch.set_timestamp(black_box(Timestamp(1120)));
            patch.set_ssrc(black_box(Ssrc(2)));
        });
    });
    let key_5_let_go = [0x05, 0x8a, 0x03, 0x20];
    group.bench_function("dtmf_parse", |bencher| {
        bencher.iter(|| Events::parse(black_box(&key_5_let_go)).map(|events| events.iter().last()));
    });
}

fn reports(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    group.throughput(Throughput::Elements(1));
    let mut buffer = [0; 256];
    let len = write_compound(&mut buffer);
    let compound = &buffer[..len];

    group.bench_function("rtcp_compound_parse", |bencher| {
        bencher.iter(|| {
            let compound =
                Compound::parse(black_box(compound), Form::Compound).expect("it was written as one");
            for packet in compound.packets() {
                let _ = black_box(packet);
            }
        });
    });
    let mut target = [0; 256];
    group.bench_function("rtcp_compound_write", |bencher| {
        bencher.iter(|| write_compound(black_box(&mut target)))
    });
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    group.throughput(Throughput::Elements(1));
    let mut frame = [0; 214];
    frame[42..].copy_from_slice(&media_packet());
    HEADERS.write(&mut frame).expect("the frame has room for the headers");
    let datagram = Datagram::parse_ethernet(&frame).expect("it was written as one");

    group.bench_function("datagram_parse/ethernet_ipv4_udp_214", |bencher| {
        bencher.iter(|| Datagram::parse_ethernet(black_box(&frame)));
    });
    group.bench_function("datagram_verify/ethernet_ipv4_udp_214", |bencher| {
        bencher.iter(|| black_box(&datagram).verify_checksum(black_box(&frame)));
    });
    group.bench_function("datagram_write/ethernet_ipv4_udp_214", |bencher| {
        bencher.iter(|| black_box(&HEADERS).write(black_box(&mut frame)));
    });
}

fn checksums(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    group.throughput(Throughput::Elements(1));
    let packet = media_packet();
    group.bench_function("checksum/20", |bencher| {
        bencher.iter(|| Sum::default().plus(black_box(&packet[..20])).checksum());
    });
    group.bench_function("checksum/172", |bencher| {
        bencher.iter(|| Sum::default().plus(black_box(&packet)).checksum());
    });
    // What a relay of plain RTP changes: both addresses, both ports, and the fixed header.
    let (before, after) = ([0x11; 24], [0x22; 24]);
    group.bench_function("checksum_incremental", |bencher| {
        bencher.iter(|| checksum::mend(black_box(0x1234), black_box(&before), black_box(&after)));
    });
    group.bench_function("checksum_incremental_udp", |bencher| {
        bencher.iter(|| udp::mend_checksum(black_box(0x1234), black_box(&before), black_box(&after)));
    });
}

const PCMA: PayloadType = PayloadType::new(8).expect("eight fits into seven bits");
const HEADERS: Headers = Headers {
    link: Some(ether::Header {
        destination: Mac([2, 0, 0, 0, 0, 1]),
        source: Mac([2, 0, 0, 0, 0, 2]),
        tags: Tags::Untagged,
    }),
    addresses: Addresses::V4 {
        source: Ipv4Addr::new(192, 0, 2, 10),
        destination: Ipv4Addr::new(198, 51, 100, 20),
    },
    ports: Ports { source: 10_000, destination: 20_002 },
    traffic_class: TrafficClass::from_dscp(46),
    hop_limit: 64,
};

/// A header and 160 samples.
fn media_packet() -> [u8; 172] {
    let mut packet = [0xd5; 172];
    let header = Header::new(PCMA, Sequence(1), Timestamp(160), Ssrc(1));
    header.write([], None, &mut packet).expect("the packet has room for a header");
    packet
}

/// What a caller sends every five seconds: a sender report with one block, and its name.
fn write_compound(buffer: &mut [u8]) -> usize {
    let info = SenderInfo {
        ntp: NtpTime(0xb44d_b705_2000_0000),
        timestamp: Timestamp(90_000),
        packets: 100,
        bytes: 16_000,
    };
    let block = ReportBlock {
        ssrc: Ssrc(2),
        fraction_lost: 1,
        cumulative_lost: 1,
        highest_sequence: 100,
        jitter: 8,
        last_sender_report: NtpShort(0xb705_2000),
        delay_since: NtpShort(0x0005_4000),
    };
    let name = Item { kind: ItemKind::CNAME, text: b"a2f6c1d0@trunkline.invalid" };
    let mut writer = Writer::new(buffer);
    let (info, block) = (black_box(info), black_box(block));
    writer.sender_report(Ssrc(1), &info, [block], &[]).expect("the buffer has room");
    writer.source_description([(Ssrc(1), [black_box(name)])]).expect("the buffer has room");
    writer.finish()
}
