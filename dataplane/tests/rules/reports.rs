//! Reports are under the rules of media, and nothing that a stranger reports disturbs a call.

use std::net::SocketAddr;

use control::{Learn, Rtcp, SideName};
use crypto::Suite;
use dataplane::drop::Drop;

use crate::call::{Call, SUITES, clear_peers, srtp_peers};
use crate::forgery::other_peer;
use crate::luck::Luck;
use crate::report::{goodbye, lone_goodbye, receiver_report, sender_report, written};
use crate::world::{a_at, rtp};
use wire::rtcp::{Compound, Form, ItemKind, Packet};
use wire::rtp::Ssrc;

/// From where reports are expected, and the two places from where they are not.
const NEIGHBOUR: &str = "198.51.100.1:6666";
const ELSEWHERE: &str = "192.0.2.200:20001";

fn each_kind_of_call(mut test: impl FnMut(Call, bool)) {
    for rtcp in [Rtcp::NextPort(None), Rtcp::Muxed] {
        for learn in [Learn::Never, Learn::Port, Learn::Address { window_ms: 60_000 }] {
            for (peers, is_protected) in [(clear_peers(), false), (srtp_peers(SUITES), true)] {
                let call = Call::between(peers, |spec| {
                    for side in &mut spec.sides {
                        (side.rtcp, side.learn) = (rtcp, learn);
                    }
                });
                test(call, is_protected);
            }
        }
    }
}

#[test]
fn a_goodbye_from_a_stranger_never_disturbs_a_call() {
    each_kind_of_call(|mut call, is_protected| {
        for is_heard in [false, true] {
            let ssrc = call.peer(SideName::A).ssrc;
            for port in [4000, 4001] {
                for from in [NEIGHBOUR, ELSEWHERE] {
                    for bye in [goodbye(ssrc), lone_goodbye(ssrc), other_peer().seal_report(&goodbye(ssrc))] {
                        let sent = call.world.relay(port, from.parse().unwrap(), &bye);
                        assert_eq!(sent, None, "{port} {from} {is_heard} {:?}", call.spec.sides[0]);
                    }
                }
            }
            if is_protected {
                // A spoofed address is no proof either.
                for bye in [goodbye(ssrc), other_peer().seal_report(&goodbye(ssrc))] {
                    assert_eq!(call.relay_report(SideName::A, &bye), None);
                }
            }
            call.go_on(3);
            let plain = receiver_report(ssrc, 1);
            assert!(call.report(SideName::A, &plain).is_some(), "a report of the peer passes");
        }
        call.check_books();
    });
}

#[test]
fn a_goodbye_of_the_peer_ends_nothing_here() {
    let mut call = Call::srtp();
    call.go_on(3);
    let bye = goodbye(call.peer(SideName::A).ssrc);
    let told = call.report(SideName::A, &bye).unwrap();
    let compound = Compound::parse(&told, Form::Compound).unwrap();
    let is_report = |packet: Result<_, _>| matches!(packet, Ok(Packet::ReceiverReport(_)));
    assert!(compound.packets().all(is_report), "the stream that B gets goes on: {told:?}");
    call.go_on(3);
    assert_eq!(call.world.report().sessions, 1);
}

#[test]
fn a_goodbye_alone_becomes_an_empty_report_where_the_stream_goes_on() {
    for mut call in [Call::srtp(), Call::between(clear_peers(), |spec| spec.sides[1].continuous = true)] {
        call.go_on(3);
        let ssrc = call.peer(SideName::A).ssrc;
        let told = call.report(SideName::A, &lone_goodbye(ssrc)).expect("the peer hears that we are alive");
        assert_eq!(told, written(|writer| writer.receiver_report(Ssrc(ssrc), [], &[]).unwrap()));
        call.go_on(3);
    }
}

#[test]
fn nothing_is_sent_when_nothing_is_left_of_a_report() {
    let mut call = Call::clear();
    // Its frame fits, and what is inside does not: a block is missing.
    let report = [0x81, 201, 0, 1, 0, 0, 0, 1];
    let from = "198.51.100.1:20001".parse().unwrap();
    call.expect_drop_at(4001, from, &report, Drop::Malformed);
    call.go_on(1);
}

#[test]
fn every_truncation_of_a_compound_is_dropped_or_a_shorter_compound() {
    let compound = [sender_report(4000, 160, 1, 2), description(4000), goodbye(4000)].concat();
    let from = "198.51.100.1:20001".parse().unwrap();
    for shape in [Shape::Clear, Shape::Srtp] {
        let mut call = shape.call();
        for len in 0..compound.len() {
            let packet = call.peer(SideName::A).seal_report(&compound);
            let sent = call.world.relay(4001, from, &packet[..len]);
            let is_compound = Compound::parse(&compound[..len], Form::ReducedSize).is_ok();
            assert_eq!(sent.is_some(), is_compound && shape == Shape::Clear, "{len} bytes, {shape:?}");
        }
        assert!(call.report(SideName::A, &compound).is_some());
        call.check_books();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Clear,
    Srtp,
}

impl Shape {
    fn call(self) -> Call {
        match self {
            Self::Clear => Call::clear(),
            Self::Srtp => Call::srtp(),
        }
    }
}

/// Whatever is passed on is a compound, and the call lives.
#[test]
fn mutated_reports_are_dropped_or_passed_on_in_good_form() {
    let mutations = 100_000;
    println!("{mutations} mutations");
    let samples = [
        [sender_report(4000, 160, 1, 2), description(4000)].concat(),
        receiver_report(4000, 1),
        goodbye(4000),
        lone_goodbye(4000),
        [receiver_report(4000, 1), vec![0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]].concat(),
        [receiver_report(4000, 1), vec![0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 1]].concat(),
        vec![0x82, 204, 0, 3, 0, 0, 0, 1, b'n', b'a', b'm', b'e', 0, 0, 0, 1],
        vec![0x80, 207, 0, 2, 0, 0, 0, 1, 4, 0, 0, 0],
    ];
    let from = "198.51.100.1:20001".parse().unwrap();
    for (mut call, seed) in
        [(Call::clear(), 1), (Call::between(clear_peers(), |s| s.sides[1].continuous = true), 2)]
    {
        let mut luck = Luck::new(seed);
        call.go_on(1);
        let mut passed = 0;
        for _ in 0..mutations / 2 {
            let sample = luck.pick(&samples).clone();
            if let Some(sent) = call.world.relay(4001, from, &luck.mutate(&sample)) {
                assert!(Compound::parse(&sent.bytes, Form::ReducedSize).is_ok(), "{:02x?}", sent.bytes);
                passed += 1;
            }
        }
        assert!(passed > mutations / 20, "{passed} passed");
        call.go_on(1);
        call.check_books();
    }
}

#[test]
fn mutated_protected_reports_are_dropped() {
    let mut call = Call::srtp();
    let mut luck = Luck::new(3);
    for _ in 0..2000 {
        let plain = receiver_report(4000, 1);
        let report = call.peer(SideName::A).seal_report(&plain);
        let mut mutated = luck.mutate(&report);
        if mutated == report {
            mutated[0] ^= 1;
        }
        assert_eq!(call.relay_report(SideName::A, &mutated), None);
    }
    assert_eq!(call.drops().total(), 2000);
    assert!(call.report(SideName::A, &receiver_report(4000, 1)).is_some());
}

#[test]
fn reports_that_are_too_long_are_dropped() {
    let mut call = Call::clear();
    let from = "198.51.100.1:20001".parse().unwrap();
    let long = |words: u16| {
        let body = vec![0; usize::from(words) * 4];
        [&[0x80, 207][..], &words.to_be_bytes(), &body].concat()
    };
    assert!(call.world.relay(4001, from, &long(255)).is_some(), "1,024 bytes are passed on");
    call.expect_drop_at(4001, from, &long(256), Drop::TooLong);
    let many = receiver_report(4000, 1)[..8].to_vec();
    let many = [&[0x80][..], &many[1..2], &[0, 1], &many[4..]].concat();
    assert!(call.world.relay(4001, from, &many.repeat(32)).is_some());
    call.expect_drop_at(4001, from, &many.repeat(33), Drop::Malformed);
}

#[test]
fn a_report_that_is_not_encrypted_is_refused() {
    for suite in Suite::ALL {
        let mut call = Call::between(srtp_peers([suite, SUITES[1]]), |_| ());
        let plain = receiver_report(4000, 1);
        let mut report = call.peer(SideName::A).seal_report(&plain);
        // The bit that says so stands in front of the tag, and behind that of GCM.
        let word = report.len() - if suite.is_aead() { 4 } else { suite.rtcp_tag_len() + 4 };
        report[word] ^= 0x80;
        assert_eq!(call.relay_report(SideName::A, &report), None);
        assert_eq!(call.dropped(Drop::Unencrypted), 1);
        report[word] ^= 0x80;
        assert!(call.relay_report(SideName::A, &report).is_some(), "encrypted it passes");
    }
}

#[test]
fn the_port_of_reports_is_learned_from_the_stream_that_is_heard_and_then_strict() {
    let mut call = Call::between(clear_peers(), |spec| spec.sides[0].learn = Learn::Port);
    let [first, second]: [SocketAddr; 2] = [NEIGHBOUR, "198.51.100.1:7777"].map(|at| at.parse().unwrap());
    let ssrc = call.peer(SideName::A).ssrc;
    call.expect_drop_at(4001, first, &receiver_report(ssrc, 1), Drop::WrongSource);
    call.go_on(1);
    call.expect_drop_at(4001, first, &receiver_report(ssrc ^ 1, 1), Drop::WrongSource);
    assert!(
        call.world.relay(4001, first, &receiver_report(ssrc, 1)).is_some(),
        "the source of the media reports"
    );
    call.expect_drop_at(4001, second, &receiver_report(ssrc, 1), Drop::WrongSource);
    assert!(call.world.relay(4001, first, &receiver_report(ssrc, 1)).is_some());
    let b_reports = "203.0.113.1:30001".parse().unwrap();
    assert_eq!(call.world.relay(5001, b_reports, &receiver_report(5000, 1)).unwrap().to, first);
}

/// Not even with the source of the media, nor with the key.
#[test]
fn reports_from_another_host_than_the_media_are_refused() {
    for peers in [clear_peers(), srtp_peers(SUITES)] {
        let mut call =
            Call::between(peers, |spec| spec.sides[0].learn = Learn::Address { window_ms: 60_000 });
        call.go_on(1);
        let plain = receiver_report(call.peer(SideName::A).ssrc, 1);
        let report = call.peer(SideName::A).seal_report(&plain);
        call.expect_drop_at(4001, ELSEWHERE.parse().unwrap(), &report, Drop::WrongSource);
        assert!(call.relay_report(SideName::A, &report).is_some());
    }
}

#[test]
fn reports_cannot_be_taken_for_media_nor_media_for_reports() {
    let mut call = Call::between(srtp_peers(SUITES), |spec| {
        spec.sides.iter_mut().for_each(|side| side.rtcp = Rtcp::Muxed);
    });
    call.go_on(1);
    let packet = call.peer(SideName::A).next_sealed();
    let mut as_report = packet.clone();
    as_report[1] = 200;
    assert_eq!(call.relay(SideName::A, &as_report), None);
    let mut as_media = call.peer(SideName::A).seal_report(&receiver_report(4000, 1));
    as_media[1] = 0;
    call.expect_drop(SideName::A, &as_media, Drop::BadTag);
    assert_eq!(call.world.relay(4000, a_at(), &rtp(4000, 1, 1)), None);
    assert!(call.relay(SideName::A, &packet).is_some());
}

fn description(ssrc: u32) -> Vec<u8> {
    let item = wire::rtcp::Item { kind: ItemKind::CNAME, text: b"a@example" };
    written(|writer| writer.source_description([(Ssrc(ssrc), [item])]).unwrap())
}
