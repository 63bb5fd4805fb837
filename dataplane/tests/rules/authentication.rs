//! Authenticate first: what is forged changes nothing.

use std::net::SocketAddr;

use control::{Learn, SideName};
use dataplane::drop::Drop;

use crate::call::{Call, SUITES, Traces, clear_peers, srtp_peers};
use crate::forgery::forgeries;
use crate::report::{goodbye, receiver_report};
use crate::world::{A_AT, Sent, endpoint, rtp};

/// Where nobody of the call is.
const ELSEWHERE: &str = "192.0.2.200:6666";

#[test]
fn forged_packets_leave_a_protected_call_as_it_was() {
    for learn in [Learn::Never, Learn::Port, Learn::Address { window_ms: 60_000 }] {
        let call =
            || Call::between(srtp_peers(SUITES), |spec| spec.sides.iter_mut().for_each(|s| s.learn = learn));
        let quiet = play(call(), |_, _, _, _| ());
        let attacked = play(call(), |call, side, fresh, old| {
            for forgery in forgeries(fresh, old, SUITES[side as usize].rtp_tag_len()) {
                call.expect_drop(side, &forgery.bytes, forgery.reason);
                call.world.arrive(call.peers[side as usize].port, elsewhere(), &forgery.bytes);
            }
            call.world.turn();
        });
        assert!(quiet == attacked, "{learn:?}: what is sent and what is left differ");
    }
}

#[test]
fn packets_from_elsewhere_leave_a_plain_call_as_it_was() {
    for learn in [Learn::Never, Learn::Port, Learn::Address { window_ms: 60_000 }] {
        let call =
            || Call::between(clear_peers(), |spec| spec.sides.iter_mut().for_each(|s| s.learn = learn));
        let quiet = play(call(), |_, _, _, _| ());
        let attacked = play(call(), |call, side, fresh, old| {
            if old.is_none() {
                // Before anything was heard a packet from elsewhere may begin to be the peer.
                return;
            }
            let [own, report] = [call.peers[side as usize].port, call.peers[side as usize].port + 1];
            let neighbour = SocketAddr::new(call.peers[side as usize].at.ip(), 6666);
            for from in [elsewhere(), neighbour] {
                for bytes in [fresh, &rtp(0xbad, 1, 160), &goodbye(0xbad)] {
                    call.expect_drop_at(own, from, bytes, Drop::WrongSource);
                }
                call.expect_drop_at(report, from, &goodbye(0xbad), Drop::WrongSource);
            }
        });
        assert!(quiet == attacked, "{learn:?}: what is sent and what is left differ");
    }
}

/// Learning is told from nothing by the same measure: this is what an authentic packet does.
#[test]
fn an_authentic_packet_leaves_traces() {
    let call = || Call::between(srtp_peers(SUITES), |spec| spec.sides[0].learn = Learn::Port);
    let quiet = play(call(), |_, _, _, _| ());
    let moved = play(call(), |call, side, _, _| {
        let Call { world, peers: [a, b], .. } = call;
        if side == SideName::B {
            let from = SocketAddr::new(a.at.ip(), 6666);
            let sent = world.relay(a.port, from, &a.next_sealed()).unwrap();
            assert!(b.open(&sent.bytes).is_ok());
            assert_eq!(world.describe(0, 1).remotes[0], from.into());
            a.at = from;
        }
    });
    assert!(quiet != moved);
}

#[test]
fn forged_packets_do_not_change_what_is_told_of_a_call() {
    let mut call = Call::srtp();
    call.go_on(5);
    let before = call.world.describe(0, 1);
    let fresh = call.peer(SideName::A).next_sealed();
    let forgeries = forgeries(&fresh, None, SUITES[0].rtp_tag_len());
    forgeries.iter().for_each(|forgery| call.expect_drop(SideName::A, &forgery.bytes, forgery.reason));
    let after = call.world.describe(0, 1);
    assert_eq!(after.remotes, before.remotes);
    let [mut from_a, from_b] = after.summary.from;
    assert_eq!(from_a.dropped, forgeries.len() as u64);
    let bad_tags = forgeries.iter().filter(|forgery| forgery.reason == Drop::BadTag).count();
    assert_eq!(from_a.bad_tags, bad_tags as u64);
    (from_a.dropped, from_a.bad_tags) = (0, 0);
    assert_eq!([from_a, from_b], before.summary.from);
    assert!(call.relay(SideName::A, &fresh).is_some(), "what was forged arrives as it was");
}

#[test]
fn the_first_authentic_packet_decides_over_the_rollover_not_the_first_packet() {
    let mut call = Call::srtp();
    // A forger would have the sequence begin just below the wrap, so that the next one counts as a rollover.
    for sequence in [65_535, 0, 65_535, 1] {
        let mut packet = rtp(call.peer(SideName::A).ssrc, sequence, 0);
        packet.extend_from_slice(&[0; 10]);
        call.expect_drop(SideName::A, &packet, Drop::BadTag);
    }
    call.peer(SideName::A).sequence = 3;
    call.go_on(5);
    assert_eq!(call.world.describe(0, 1).remotes[0], endpoint(A_AT));
}

/// Talks for a second, with `attack` before every packet; returns what was sent, and what is left.
fn play(
    mut call: Call,
    mut attack: impl FnMut(&mut Call, SideName, &[u8], Option<&[u8]>),
) -> (Vec<Sent>, Traces) {
    let mut sent = Vec::new();
    let mut old: [Option<Vec<u8>>; 2] = [None, None];
    for round in 0..50 {
        for side in SideName::BOTH {
            let fresh = call.peer(side).next_sealed();
            attack(&mut call, side, &fresh, old[side as usize].as_deref());
            assert!(call.world.take_sent().is_none(), "nothing of the attack is forwarded");
            sent.push(call.relay(side, &fresh).expect("a good packet is forwarded"));
            old[side as usize] = Some(fresh);
            if round % 10 == 0 {
                let plain = receiver_report(call.peer(side).ssrc, 1);
                let report = call.peer(side).seal_report(&plain);
                sent.push(call.relay_report(side, &report).expect("a good report is forwarded"));
            }
        }
        call.world.pass_ms(20);
    }
    (sent, call.end())
}

fn elsewhere() -> SocketAddr {
    ELSEWHERE.parse().unwrap()
}
