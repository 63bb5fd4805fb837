//! A protected peer that sends from elsewhere is followed with its first authentic packet, if that is allowed.

use std::net::SocketAddr;

use control::{Learn, Permit, SideName};
use dataplane::drop::Drop;

use crate::call::{Call, SUITES, srtp_peers};
use crate::forgery::{forgeries, other_peer};
use crate::report::receiver_report;
use crate::world::{A_AT, endpoint, srtp};

const NEIGHBOUR: &str = "198.51.100.1:6666";
const ELSEWHERE: &str = "192.0.2.200:6666";
const ANYWHERE: Learn = Learn::Address { window_ms: 2000 };

fn learning(learn: Learn) -> Call {
    let mut call = Call::between(srtp_peers(SUITES), |spec| spec.sides[0].learn = learn);
    call.go_on(3);
    call
}

#[test]
fn one_authentic_packet_moves_a_protected_peer_as_far_as_it_may_learn() {
    for (learn, from, follows) in [
        (Learn::Never, NEIGHBOUR, false),
        (Learn::Never, ELSEWHERE, false),
        (Learn::Port, NEIGHBOUR, true),
        (Learn::Port, ELSEWHERE, false),
        (ANYWHERE, NEIGHBOUR, true),
        (ANYWHERE, ELSEWHERE, true),
    ] {
        let mut call = learning(learn);
        let packet = call.peer(SideName::A).next_sealed();
        let source: SocketAddr = from.parse().unwrap();
        if follows {
            assert!(call.world.relay(4000, source, &packet).is_some(), "{learn:?} {from}");
            assert_eq!(call.world.describe(0, 1).remotes[0], endpoint(from));
            call.peer(SideName::A).at = source;
        } else {
            call.expect_drop_at(4000, source, &packet, Drop::WrongSource);
            assert_eq!(call.world.describe(0, 1).remotes[0], endpoint(A_AT));
        }
        call.go_on(3);
    }
}

#[test]
fn forged_packets_move_nobody() {
    for learn in [Learn::Port, ANYWHERE] {
        let mut call = learning(learn);
        let fresh = call.peer(SideName::A).next_sealed();
        let old = call.peer(SideName::A).next_sealed();
        assert!(call.relay(SideName::A, &old).is_some());
        for forgery in forgeries(&fresh, Some(&old), SUITES[0].rtp_tag_len()) {
            call.expect_drop_at(4000, NEIGHBOUR.parse().unwrap(), &forgery.bytes, forgery.reason);
            call.world.pass_ms(100);
        }
        assert_eq!(call.world.describe(0, 1).remotes[0], endpoint(A_AT));
        call.go_on(3);
    }
}

#[test]
fn an_authentic_packet_from_a_network_that_is_not_permitted_moves_nobody() {
    let mut call = learning(ANYWHERE);
    call.spec.sides[0].permits = vec![Permit { address: "192.0.3.0".parse().unwrap(), prefix_len: 24 }];
    call.update();
    let packet = call.peer(SideName::A).next_sealed();
    call.expect_drop_at(4000, ELSEWHERE.parse().unwrap(), &packet, Drop::NotPermitted);
    let near = "192.0.3.9:6666".parse().unwrap();
    assert!(call.world.relay(4000, near, &packet).is_some(), "it would have moved the peer from there");
}

#[test]
fn reports_move_the_port_of_reports_and_only_authentic_ones() {
    let mut call = learning(Learn::Port);
    let plain = receiver_report(call.peer(SideName::A).ssrc, 1);
    let from = NEIGHBOUR.parse().unwrap();
    call.expect_drop_at(4001, from, &plain, Drop::Unencrypted);
    call.expect_drop_at(4001, from, &other_peer().seal_report(&plain), Drop::BadTag);
    let to_a = |call: &mut Call| {
        let report = call.peer(SideName::B).seal_report(&plain);
        call.world.relay(5001, "203.0.113.1:30001".parse().unwrap(), &report).unwrap().to
    };
    assert_eq!(to_a(&mut call).port(), 20_001);
    let report = call.peer(SideName::A).seal_report(&plain);
    assert!(call.world.relay(4001, from, &report).is_some());
    assert_eq!(to_a(&mut call), from);
    call.go_on(3);
}

#[test]
fn packets_under_the_former_key_move_nobody() {
    let mut call = learning(ANYWHERE);
    let late = call.peer(SideName::A).next_sealed();
    let late_report = call.peer(SideName::A).seal_report(&receiver_report(4000, 1));
    call.peer(SideName::A).change_keys(SUITES[0], 31);
    (call.spec.sides[0].receive, call.spec.sides[0].send) = (srtp(SUITES[0], 31), srtp(SUITES[0], 32));
    call.update();
    let from: SocketAddr = NEIGHBOUR.parse().unwrap();
    assert!(call.world.relay(4000, from, &late).is_some(), "it is accepted all the same");
    assert!(call.world.relay(4001, from, &late_report).is_some(), "so are reports");
    assert_eq!(call.world.describe(0, 1).remotes[0], endpoint(A_AT));
    let report = call.peer(SideName::B).seal_report(&receiver_report(5000, 1));
    let sent = call.world.relay(5001, "203.0.113.1:30001".parse().unwrap(), &report).unwrap();
    assert_eq!(sent.to.port(), 20_001);
    call.go_on(3);
}

/// A peer that moved back and forth ends where its newest packet came from.
#[test]
fn a_peer_may_move_as_often_as_it_authenticates() {
    let mut call = learning(ANYWHERE);
    for port in 1000..1020 {
        call.peer(SideName::A).at = SocketAddr::new("192.0.2.200".parse().unwrap(), port);
        call.speak(SideName::A);
        call.speak(SideName::B);
    }
}
