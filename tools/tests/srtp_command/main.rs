//! `trunkline srtp` on small captures, as a person would run it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod capture;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use capture::{Format, Link, MICROSECONDS, NANOSECONDS, Packet, USUAL, rtcp, rtp};
use serde_json::{Value, json};
use wire::datagram::Datagram;

/// Every suite, with a key for it.
const SUITES: [(&str, &str); 8] = [
    ("AES_CM_128_HMAC_SHA1_80", KEY),
    ("AES_CM_128_HMAC_SHA1_32", KEY),
    ("AES_192_CM_HMAC_SHA1_80", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSY="),
    ("AES_192_CM_HMAC_SHA1_32", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSY="),
    ("AES_CM_256_HMAC_SHA1_80", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLg=="),
    ("AES_256_CM_HMAC_SHA1_32", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLg=="),
    ("AEAD_AES_128_GCM", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHA=="),
    ("AEAD_AES_256_GCM", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKyw="),
];
const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";
const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";

#[test]
fn what_was_sealed_opens_to_what_it_was_in_every_suite() {
    let room = Room::new("every_suite");
    let packets = call(&USUAL);
    let plain = room.write("plain.pcap", &USUAL.write(&packets));
    for (suite, key) in SUITES {
        let (sealed, opened) = (room.path("sealed.pcap"), room.path("opened.pcap"));
        let summary = succeed(&run("seal", suite, key, &[&plain, &sealed]));
        assert_eq!(summary["sealed"], json!(packets.len()), "{suite}: {summary}");
        let summary = succeed(&run("open", suite, key, &[&sealed, &opened]));
        assert_eq!(
            summary,
            json!({ "packets": 205, "rtp": 200, "rtcp": 5, "opened": 205, "copied": 0, "cut_short": 0, "refused": {} }),
            "{suite}"
        );
        assert!(fs::read(&sealed).unwrap() != fs::read(&plain).unwrap(), "{suite}");
        assert!(fs::read(&opened).unwrap() == fs::read(&plain).unwrap(), "{suite}");
    }
}

#[test]
fn every_link_layer_byte_order_and_clock_is_kept() {
    let room = Room::new("formats");
    for link in [Link::Cooked, Link::Cooked2, Link::Ethernet, Link::EthernetWithTag, Link::Ip, Link::Ipv6] {
        for (magic, is_big_endian) in [(MICROSECONDS, true), (NANOSECONDS, false), (NANOSECONDS, true)] {
            let format = Format { magic, is_big_endian, link };
            let packets = call(&format);
            let plain = room.write("plain.pcap", &format.write(&packets));
            let (sealed, opened) = (room.path("sealed.pcap"), room.path("opened.pcap"));
            succeed(&run("seal", SUITE, KEY, &[&plain, &sealed]));
            succeed(&run("open", SUITE, KEY, &[&sealed, &opened]));
            assert!(fs::read(&opened).unwrap() == fs::read(&plain).unwrap(), "{format:?}");

            let sealed = format.read(&fs::read(&sealed).unwrap());
            for ((seconds, fraction, frame), before) in sealed.iter().zip(&packets) {
                assert_eq!((*seconds, *fraction), (before.0, before.1), "{format:?}");
                assert!(frame.len() >= before.2.len() + 10, "{format:?}");
                let packet = &frame[format.ip_offset()..];
                let datagram = Datagram::parse_ip(packet).unwrap();
                datagram.verify_checksum(packet).unwrap();
                assert_eq!(packet.len(), datagram.payload_offset + datagram.payload_len);
            }
        }
    }
}

#[test]
fn what_is_neither_rtp_nor_rtcp_is_copied_as_it_is() {
    let room = Room::new("copied");
    let stun = USUAL.frame(5004, &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
    let arp = [&[0xff; 12][..], &[8, 6, 0, 1, 8, 0]].concat();
    let mut tcp = USUAL.frame(5004, &rtp(7, 1));
    // The protocol of IPv4 becomes TCP, and the checksum what it was minus the difference.
    let checksum = u16::from_be_bytes([tcp[24], tcp[25]]) + (17 - 6);
    tcp[23] = 6;
    tcp[24..26].copy_from_slice(&checksum.to_be_bytes());
    let packets: Vec<Packet> = [stun, arp, tcp, vec![1, 2, 3]].map(|frame| (1, 2, frame)).into();
    let (plain, out) = (room.write("plain.pcap", &USUAL.write(&packets)), room.path("out.pcap"));

    let summary = succeed(&run("seal", SUITE, KEY, &[&plain, &out]));
    assert_eq!((&summary["copied"], &summary["sealed"]), (&json!(4), &json!(0)));
    assert!(fs::read(&out).unwrap() == fs::read(&plain).unwrap());
}

#[test]
fn only_the_selected_ports_and_sources_are_touched() {
    let room = Room::new("selected");
    let packets: Vec<Packet> =
        [(5004, 0xa), (5004, 0xb), (6004, 0xa), (7004, 0xa)].map(|(port, ssrc)| packet(port, ssrc, 9)).into();
    let (plain, out) = (room.write("plain.pcap", &USUAL.write(&packets)), room.path("out.pcap"));
    let selection = ["--port", "5004", "--port", "7004", "--ssrc", "0x0000000A"].map(Path::new);

    let arguments = [selection.as_slice(), &[&plain, &out]].concat();
    let output = run("seal", SUITE, KEY, &arguments);
    // The third is not selected; the fourth repeats the sequence number of the first.
    assert_eq!(output.status.code(), Some(1));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["refused"], json!({ "index_used": 1 }));
    let after = USUAL.read(&fs::read(&out).unwrap());
    let is_changed: Vec<_> = after.iter().zip(&packets).map(|(after, before)| after != before).collect();
    assert_eq!(is_changed, [true, false, false]);
}

#[test]
fn replayed_forged_and_foreign_packets_are_left_out_and_counted() {
    let room = Room::new("refused");
    let packets: Vec<Packet> = (1..=4).map(|sequence| packet(5004, 7, sequence)).collect();
    let (plain, sealed) = (room.write("plain.pcap", &USUAL.write(&packets)), room.path("sealed.pcap"));
    succeed(&run("seal", SUITE, KEY, &[&plain, &sealed]));
    let mut arriving = USUAL.read(&fs::read(&sealed).unwrap());
    arriving.push(arriving[0].clone());
    *arriving[3].2.last_mut().unwrap() ^= 1;
    arriving.push((0, 0, USUAL.frame(5004, &rtp(7, 9)[..11])));

    let (tapped, out) = (room.write("tapped.pcap", &USUAL.write(&arriving)), room.path("out.pcap"));
    let output = run("open", SUITE, KEY, &[&tapped, &out]);
    assert_eq!(output.status.code(), Some(1));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["refused"], json!({ "bad_tag": 1, "replayed": 1, "truncated": 1 }));
    assert_eq!(USUAL.read(&fs::read(&out).unwrap()), packets[..3]);

    let other = KEY.replace('A', "B");
    let output = run("open", SUITE, &other, &[&sealed, &out]);
    assert_eq!(output.status.code(), Some(1));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["opened"], &summary["refused"]), (&json!(0), &json!({ "bad_tag": 4 })));
}

#[test]
fn a_capture_that_begins_behind_the_first_rollover_is_opened() {
    let room = Room::new("rollover");
    let packets: Vec<Packet> = [65_534, 65_535, 0, 1].map(|sequence| packet(5004, 7, sequence)).into();
    let (plain, sealed) = (room.write("plain.pcap", &USUAL.write(&packets)), room.path("sealed.pcap"));
    succeed(&run("seal", SUITE, KEY, &[&plain, &sealed]));
    let late = USUAL.read(&fs::read(&sealed).unwrap())[2..].to_vec();
    let (late, out) = (room.write("late.pcap", &USUAL.write(&late)), room.path("out.pcap"));
    succeed(&run("open", SUITE, KEY, &[&late, &out]));
    assert_eq!(USUAL.read(&fs::read(&out).unwrap()), packets[2..]);
}

#[test]
fn a_checksum_that_the_network_card_had_yet_to_fill_in_is_filled_in() {
    let room = Room::new("offloaded");
    let packets = [packet(5004, 7, 1)];
    let mut offloaded = packets.clone();
    offloaded[0].2[24..26].fill(0);
    let plain = room.write("plain.pcap", &USUAL.write(&offloaded));
    let (sealed, opened) = (room.path("sealed.pcap"), room.path("opened.pcap"));
    succeed(&run("seal", SUITE, KEY, &[&plain, &sealed]));
    succeed(&run("open", SUITE, KEY, &[&sealed, &opened]));
    assert_eq!(USUAL.read(&fs::read(&opened).unwrap()), packets);
}

#[test]
fn the_filling_of_a_short_ethernet_frame_is_not_part_of_the_packet() {
    let room = Room::new("filled");
    let mut filled = packet(5004, 7, 1);
    filled.2.extend([0; 18]);
    let plain = room.write("plain.pcap", &USUAL.write(&[filled]));
    let (sealed, opened) = (room.path("sealed.pcap"), room.path("opened.pcap"));
    succeed(&run("seal", SUITE, KEY, &[&plain, &sealed]));
    succeed(&run("open", SUITE, KEY, &[&sealed, &opened]));
    assert_eq!(USUAL.read(&fs::read(&opened).unwrap()), [packet(5004, 7, 1)]);
}

#[test]
fn the_summary_for_people_is_aligned_and_gives_a_hint() {
    let room = Room::new("summary");
    let plain = room.write("plain.pcap", &USUAL.write(&call(&USUAL)));
    let out = room.path("out.pcap");
    let output = trunkline(&["srtp", "open", "--suite", SUITE, "--key", KEY], &[&plain, &out], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        // The reports, and nineteen packets of each source, are shorter than a header with a tag.
        "packets                205\n\
         rtp                    200\n\
         rtcp                     5\n\
         opened                   0\n\
         copied                   0\n\
         refused                205\n  \
           bad_tag              162\n  \
           truncated             43\n\
         hint: no tag fits: another key or suite, the key of the other direction, packets in the clear, or a \
         capture that begins after the second rollover of a sequence number\n"
    );
}

#[test]
fn errors_say_what_was_wanted_and_what_was_found() {
    let room = Room::new("errors");
    let good = USUAL.write(&call(&USUAL));
    let plain = room.write("plain.pcap", &good);
    let out = room.path("out.pcap");
    let mut strange = good.clone();
    strange[20..24].copy_from_slice(&105u32.to_le_bytes());
    let ng = room.write("ng.pcapng", &[0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0]);
    let truncated = room.write("truncated.pcap", &good[..good.len() - 3]);
    let text = room.write("notes.txt", b"not a capture at all, but longer than the header of one");
    let strange = room.write("strange.pcap", &strange);
    let missing = room.path("missing.pcap");

    let mki = format!("inline:{KEY}|2^31|1:1");
    for (suite, key, input, output, reasons) in [
        (
            "AES_CM_512",
            KEY,
            &plain,
            &out,
            ["'AES_CM_512' for '--suite", "known are: AES_CM_128_HMAC_SHA1_80"],
        ),
        (SUITE, "A!", &plain, &out, ["--key: wanted 30 bytes of key and salt in base64", "found something"]),
        ("AEAD_AES_128_GCM", KEY, &plain, &out, ["wanted 28 bytes (16 of key, 12 of salt)", "found 30"]),
        (SUITE, &mki, &plain, &out, ["wanted a key without a master key identifier", "`|VALUE:LENGTH`"]),
        (SUITE, KEY, &ng, &out, ["ng.pcapng: wanted a classic pcap file, found pcapng", "editcap -F pcap"]),
        (SUITE, KEY, &text, &out, ["notes.txt: wanted a pcap file", "found something else"]),
        (SUITE, KEY, &strange, &out, ["strange.pcap: wanted frames of Ethernet", "found link type 105"]),
        (SUITE, KEY, &truncated, &out, ["ends within packet 205: wanted", "before it are in"]),
        (SUITE, KEY, &missing, &out, ["missing.pcap: ", "No such file"]),
        (SUITE, KEY, &plain, &plain, ["is the input as well", "name another file"]),
    ] {
        let output = run("seal", suite, key, &[input, output]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.starts_with("trunkline: "), "{message}");
        assert!(reasons.iter().all(|reason| message.contains(reason)), "wanted {reasons:?}, found {message}");
        assert!(!message.contains(&key[1..]) && output.stdout.is_empty(), "{message}");
    }
    assert!(fs::read(&plain).unwrap() == good, "the input was left alone");
}

/// Two hundred RTP packets of two sources across a wrap, and five of RTCP, with rising times.
fn call(format: &Format) -> Vec<Packet> {
    let mut packets = Vec::new();
    for number in 0..100u16 {
        let sequence = 65_500u16.wrapping_add(number);
        for ssrc in [0xcafe, 0xbeef] {
            packets.push(format.frame(5004, &rtp(ssrc, sequence)));
        }
        if number % 20 == 10 {
            packets.push(format.frame(5005, &rtcp(0xcafe)));
        }
    }
    (0..)
        .zip(packets)
        .map(|(number, frame)| (1_700_000_000 + number / 50, number % 50 * 20_000, frame))
        .collect()
}

fn packet(port: u16, ssrc: u32, sequence: u16) -> Packet {
    (1, u32::from(sequence), USUAL.frame(port, &rtp(ssrc, sequence)))
}

/// Runs the command with the key on standard input; paths and flags follow.
fn run(verb: &str, suite: &str, key: &str, arguments: &[impl AsRef<Path>]) -> Output {
    trunkline(&["srtp", verb, "--json", "--suite", suite, "--key", "-"], arguments, key)
}

fn trunkline(words: &[&str], paths: &[impl AsRef<Path>], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .args(words)
        .args(paths.iter().map(AsRef::as_ref))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command line that is refused ends the program before it reads.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn succeed(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A folder for the files of one test.
struct Room(PathBuf);

impl Room {
    fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("srtp_command").join(test);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}
