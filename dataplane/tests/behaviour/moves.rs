//! A peer that is somewhere else from now on, and wishes that change nothing.

use std::net::SocketAddr;

use control::{Learn, SideName};
use dataplane::drop::Drop;

use crate::call::{Call, SUITES, Traces, clear_peers, mixed_peers, srtp_peers};
use crate::report::receiver_report;
use crate::world::{Sent, a_at, endpoint};

const MOVED: &str = "198.51.100.9:22000";

/// Signaling says that A is elsewhere.
fn move_a(call: &mut Call) -> SocketAddr {
    let to: SocketAddr = MOVED.parse().unwrap();
    call.spec.sides[0].remote = Some(to);
    call.update();
    core::mem::replace(&mut call.peers[0].at, to)
}

#[test]
fn a_peer_moves_without_losing_a_packet() {
    for peers in [clear_peers(), mixed_peers(), srtp_peers(SUITES)] {
        let mut call = Call::between(peers, |_| ());
        call.go_on(3);
        let [late, later] = core::array::from_fn(|_| call.peer(SideName::A).next());
        let [late_sealed, later_sealed] = [&late, &later].map(|plain| call.peer(SideName::A).seal(plain));
        let report = receiver_report(call.peer(SideName::A).ssrc, 1);
        let late_report = call.peer(SideName::A).seal_report(&report);
        let former = move_a(&mut call);
        // Media for A goes to its new place at once, before anything came from there.
        call.speak(SideName::B);
        call.speak(SideName::A);
        // What was on its way from the former place arrives, as do reports from there.
        for (packet, plain) in [(late_sealed, late), (later_sealed, later)] {
            let sent = call.world.relay(4000, former, &packet).expect("a late packet passes");
            assert_eq!(call.hear(SideName::B, &sent), Some(plain));
            call.world.pass_ms(1500);
        }
        let former_reports = SocketAddr::new(former.ip(), former.port() + 1);
        assert!(call.world.relay(4001, former_reports, &late_report).is_some(), "a late report passes");
        assert_eq!(call.world.describe(0, 1).remotes[0], endpoint(MOVED), "nothing is learned from it");
        assert!(call.report(SideName::B, &receiver_report(5000, 1)).is_some());
        call.go_on(3);
        assert_eq!(call.drops().total(), 0);
        call.world.pass_ms(3000);
        let packet = call.peer(SideName::A).next_sealed();
        call.expect_drop_at(4000, former, &packet, Drop::WrongSource);
        call.expect_drop_at(4001, former_reports, &receiver_report(1, 1), Drop::WrongSource);
    }
}

#[test]
fn a_former_address_is_never_learned_again_by_what_comes_from_it() {
    for learn in [Learn::Port, Learn::Address { window_ms: 60_000 }] {
        let mut call = Call::between(clear_peers(), |spec| spec.sides[0].learn = learn);
        call.go_on(3);
        let former = move_a(&mut call);
        for _ in 0..20 {
            let plain = call.peer(SideName::A).next();
            assert!(call.world.relay(4000, former, &plain).is_some());
            call.speak(SideName::B);
        }
        call.go_on(3);
        assert_eq!(call.world.describe(0, 1).remotes[0], endpoint(MOVED));
    }
}

#[test]
fn a_learned_peer_that_moves_is_heard_from_where_it_was_learned_for_a_while() {
    let mut call = Call::between(clear_peers(), |spec| spec.sides[0].learn = Learn::Port);
    let learned: SocketAddr = SocketAddr::new(a_at().ip(), 6666);
    let relays = |call: &mut Call| {
        let plain = call.peer(SideName::A).next();
        call.world.relay(4000, learned, &plain).is_some()
    };
    assert_eq!(core::array::from_fn(|_| relays(&mut call)), [false, false, false, false, true]);
    move_a(&mut call);
    assert!(relays(&mut call));
    call.go_on(1);
}

#[test]
fn a_peer_that_nobody_knew_is_known_from_now_on_and_forgotten_when_signaling_forgets_it() {
    let mut call = Call::between(clear_peers(), |spec| spec.sides[0].remote = None);
    let plain = call.peer(SideName::B).next();
    call.expect_drop(SideName::B, &plain, Drop::NoRemote);
    call.spec.sides[0].remote = Some(a_at());
    call.update();
    call.go_on(3);
    call.spec.sides[0].remote = None;
    call.update();
    call.expect_drop(SideName::B, &plain, Drop::NoRemote);
}

#[test]
fn a_wish_that_changes_nothing_loses_nothing() {
    for learn in [Learn::Never, Learn::Port, Learn::Address { window_ms: 60_000 }] {
        for peers in [clear_peers, mixed_peers, || srtp_peers(SUITES)] {
            let play = |is_repeated: bool| -> (Vec<Sent>, Traces) {
                let mut call = Call::between(peers(), |spec| spec.sides[0].learn = learn);
                let mut sent = Vec::new();
                for _ in 0..100 {
                    for side in SideName::BOTH {
                        let packet = call.peer(side).next_sealed();
                        sent.push(call.relay(side, &packet).unwrap());
                        if is_repeated {
                            call.update();
                        }
                    }
                    call.world.pass_ms(20);
                }
                // The timeout begins again with a wish: both say something in the end.
                call.go_on(1);
                (sent, call.end())
            };
            let [repeated, left] = [true, false].map(play);
            assert!(repeated.0 == left.0, "{learn:?}: the same is sent");
            // Only a window for learning is later, since it was said again.
            assert!(repeated.1 == left.1 || learn == Learn::Address { window_ms: 60_000 }, "{learn:?}");
        }
    }
}

#[test]
fn a_wish_that_changes_nothing_keeps_what_was_learned() {
    for (peers, packets) in [(clear_peers(), 5), (srtp_peers(SUITES), 1)] {
        let mut call = Call::between(peers, |spec| spec.sides[0].learn = Learn::Port);
        call.peers[0].at = SocketAddr::new(a_at().ip(), 6666);
        for _ in 0..packets {
            let packet = call.peer(SideName::A).next_sealed();
            call.relay(SideName::A, &packet);
        }
        for _ in 0..3 {
            call.go_on(3);
            call.update();
        }
        assert_eq!(call.world.describe(0, 1).remotes[0], call.peers[0].at.into());
    }
}
