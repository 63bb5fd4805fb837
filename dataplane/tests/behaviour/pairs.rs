//! Media and reports between every pair of kinds of peers.

use std::net::SocketAddr;

use control::{Rtcp, SideName};
use crypto::Suite;
use dataplane::session::Leases;
use netio::LocalPort;
use wire::rtcp::{Compound, Form, Packet};

use crate::call::{Call, KEYS};
use crate::peer::Peer;
use crate::report::{receiver_report, sender_report};
use crate::world::{World, a_at, b_at, rtp, spec};

/// In the clear, or with one of the suites.
fn kinds() -> impl Iterator<Item = Option<Suite>> + Clone {
    core::iter::once(None).chain(Suite::ALL.map(Some))
}

fn peer(kind: Option<Suite>, at: SocketAddr, port: u16, number: u8) -> Peer {
    kind.map_or_else(|| Peer::clear(at, port), |suite| Peer::srtp(at, port, suite, number))
}

/// A call between each two kinds.
fn each_pair(rtcp: [Rtcp; 2], mut test: impl FnMut(&mut Call)) {
    for (a, b) in kinds().flat_map(|a| kinds().map(move |b| (a, b))) {
        let peers = [peer(a, a_at(), 4000, KEYS[0]), peer(b, b_at(), 5000, KEYS[1])];
        let mut call = Call::between(peers, |spec| {
            spec.sides.iter_mut().zip(rtcp).for_each(|(side, rtcp)| side.rtcp = rtcp);
        });
        test(&mut call);
        assert_eq!(call.drops().total(), 0, "{a:?} and {b:?}");
        call.check_books();
    }
}

#[test]
fn media_passes_between_every_two_kinds_of_peers() {
    each_pair([Rtcp::NextPort(None); 2], |call| call.go_on(10));
}

#[test]
fn reports_pass_on_shared_and_separate_ports_between_every_two_kinds_of_peers() {
    let [shared, separate] = [Rtcp::Muxed, Rtcp::NextPort(None)];
    for rtcp in [[shared, shared], [separate, separate], [shared, separate], [separate, shared]] {
        each_pair(rtcp, |call| {
            call.go_on(1);
            for step in 0..3 {
                for side in SideName::BOTH {
                    let [own, other] = [side, side.other()].map(|side| call.peer(side).ssrc);
                    for report in [receiver_report(own, other), sender_report(own, step, other, 1)] {
                        assert_eq!(
                            call.report(side, &report),
                            Some(report),
                            "as it was, since no source has changed"
                        );
                    }
                }
            }
            call.go_on(1);
        });
    }
}

#[test]
fn reports_go_where_the_peer_wants_them() {
    let mut call = Call::between([Peer::clear(a_at(), 4000), Peer::clear(b_at(), 5000)], |spec| {
        spec.sides[0].rtcp = Rtcp::NextPort(Some(33_333));
    });
    let reports_of_b = "203.0.113.1:30001".parse().unwrap();
    let sent = call.world.relay(5001, reports_of_b, &receiver_report(5000, 1)).unwrap();
    assert_eq!((sent.from, sent.to.to_string()), (4001, "198.51.100.1:33333".into()));
    let sent = call.world.relay(4001, sent.to, &receiver_report(4000, 1)).unwrap();
    assert_eq!((sent.from, sent.to), (5001, reports_of_b));
}

#[test]
fn a_peer_may_come_to_share_the_port_and_give_it_up_again() {
    let mut call = Call::clear();
    for rtcp in [Rtcp::Muxed, Rtcp::NextPort(None), Rtcp::Muxed] {
        call.spec.sides[0].rtcp = rtcp;
        // The pair stays leased, so that sharing can be given up again.
        call.update();
        call.go_on(1);
        for side in SideName::BOTH {
            let report = receiver_report(call.peer(side).ssrc, 1);
            assert_eq!(call.report(side, &report), Some(report));
        }
    }
}

#[test]
fn reports_speak_of_the_streams_that_their_readers_know() {
    let mut call = Call::between([Peer::clear(a_at(), 4000), Peer::clear(b_at(), 5000)], |spec| {
        spec.sides[1].continuous = true;
    });
    call.go_on(3);
    // Behind the stream that B gets there is another source now, with other numbers.
    assert!(call.say(SideName::A, &rtp(99, 50_000, 7_000)).is_some());
    let told = call.report(SideName::A, &sender_report(99, 7_000, 5000, 0)).unwrap();
    let Some(Ok(Packet::SenderReport(report))) = packets(&told).next() else { panic!("{told:?}") };
    assert_eq!(report.ssrc.0, 4000);
    assert_eq!(
        report.info.timestamp.0,
        160 + 2 * 160 + 160,
        "20 ms after the last packet of the first source"
    );
    let told = call.report(SideName::B, &receiver_report_up_to(5000, 4000, 4003)).unwrap();
    let Some(Ok(Packet::ReceiverReport(report))) = packets(&told).next() else { panic!("{told:?}") };
    let block = report.reports.iter().next().unwrap();
    assert_eq!((block.ssrc.0, block.highest_sequence), (99, 50_000));
}

fn packets(told: &[u8]) -> impl Iterator<Item = Result<Packet<'_>, wire::Malformed>> {
    Compound::parse(told, Form::Compound).unwrap().packets()
}

fn receiver_report_up_to(ssrc: u32, about: u32, highest_sequence: u32) -> Vec<u8> {
    let mut report = receiver_report(ssrc, about);
    report[16..20].copy_from_slice(&highest_sequence.to_be_bytes());
    report
}

#[test]
fn ipv4_and_ipv6_meet_in_one_session() {
    let [v4, v6] = [LocalPort { address: 0, port: 4000 }, LocalPort { address: 1, port: 4000 }];
    let mut world = World::new(4);
    let mut wish = spec(1);
    let far: SocketAddr = "[2001:db8:1::7]:30000".parse().unwrap();
    wish.sides[1].remote = Some(far);
    // The same port number on both addresses: they are different ports.
    world.open_at(0, &wish, Leases([(v4, true), (v6, true)]));
    for sequence in 0..10 {
        let packet = rtp(7, sequence, u32::from(sequence) * 160);
        let (route, bytes) = world.relay_at(v4, a_at(), &packet).unwrap();
        assert_eq!((route.from, SocketAddr::from(route.to), &bytes), (v6, far, &packet));
        let (route, bytes) = world.relay_at(v6, far, &packet).unwrap();
        assert_eq!((route.from, SocketAddr::from(route.to), &bytes), (v4, a_at(), &packet));
    }
    let report = receiver_report(7, 7);
    let reports_at = |port: LocalPort| LocalPort { port: port.port + 1, ..port };
    let from = SocketAddr::new(far.ip(), far.port() + 1);
    let (route, bytes) = world.relay_at(reports_at(v6), from, &report).unwrap();
    assert_eq!((route.from, SocketAddr::from(route.to).port(), bytes), (reports_at(v4), 20_001, report));
    assert_eq!(world.relay_at(v6, a_at(), &rtp(7, 11, 0)), None, "nobody sends from IPv4 to IPv6");
}

#[test]
fn many_sessions_of_all_kinds_share_a_batch() {
    let mut world = World::new(81);
    let mut peers = Vec::new();
    for (slot, (a, b)) in (0..).zip(kinds().flat_map(|a| kinds().map(move |b| (a, b)))) {
        let port = 10_000 + slot as u16 * 4;
        let mut pair = [peer(a, a_at(), port, KEYS[0]), peer(b, b_at(), port + 2, KEYS[1])];
        let mut wish = spec(slot.into());
        pair.iter().zip(&mut wish.sides).for_each(|(peer, side)| peer.describe(side));
        world.open(slot, &wish, port, port + 2);
        pair[0].ssrc = slot;
        peers.push(pair);
    }
    for _ in 0..10 {
        let said: Vec<_> = peers.iter_mut().map(|[a, _]| a.next()).collect();
        for ([a, _], plain) in peers.iter_mut().zip(&said) {
            let packet = a.seal(plain);
            world.arrive(a.port, a.at, &packet);
        }
        world.turn();
        world.turn();
        for ([_, b], plain) in peers.iter_mut().zip(&said) {
            let sent = world.take_sent().unwrap();
            assert_eq!((sent.from, b.open(&sent.bytes).as_ref()), (b.port, Ok(plain)));
        }
    }
}
