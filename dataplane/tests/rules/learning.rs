//! What may be learned of a peer in the clear: the signalled address at once, another one only as far as it is allowed,
//! and nothing once the peer was heard.

use std::net::SocketAddr;

use control::{Event, Learn, Permit, SideName};
use dataplane::drop::Drop;

use crate::call::{Call, clear_peers};
use crate::report::{goodbye, receiver_report};
use crate::world::{A_AT, endpoint, rtp};

/// The signalled address of A, and another port.
const NEIGHBOUR: &str = "198.51.100.1:6666";
const SECOND_NEIGHBOUR: &str = "198.51.100.1:7777";
/// Other addresses.
const ELSEWHERE: &str = "192.0.2.200:6666";
const FARTHER: &str = "192.0.3.200:6666";

const WINDOW_MS: u16 = 2000;
const ANYWHERE: Learn = Learn::Address { window_ms: WINDOW_MS };

fn learning(learn: Learn) -> Call {
    Call::between(clear_peers(), |spec| spec.sides[0].learn = learn)
}

impl Call {
    /// Packets of one stream arrive for A from an address; tells of each whether it was forwarded.
    fn from(&mut self, from: &str, ssrc: u32, sequences: impl IntoIterator<Item = u16>) -> Vec<bool> {
        let from: SocketAddr = from.parse().unwrap();
        let arrive = |sequence| self.world.relay(4000, from, &rtp(ssrc, sequence, 160)).is_some();
        sequences.into_iter().map(arrive).collect()
    }

    /// Where media for A goes.
    fn goes_to(&mut self) -> String {
        let plain = self.peer(SideName::B).next();
        let sent = self.relay(SideName::B, &plain).expect("B is heard");
        assert_eq!(self.world.describe(0, 1).remotes[0], sent.to.into());
        sent.to.to_string()
    }
}

/// What becomes of five packets that make their sender the peer.
const LEARNED: [bool; 5] = [false, false, false, false, true];

#[test]
fn the_signalled_address_counts_at_once() {
    for learn in [Learn::Never, Learn::Port, ANYWHERE] {
        let mut call = learning(learn);
        assert_eq!(call.from(A_AT, 1, 1..4), [true; 3]);
        assert_eq!(call.goes_to(), A_AT);
    }
}

#[test]
fn another_port_counts_after_five_packets_if_that_may_be_learned() {
    for (learn, learned) in [(Learn::Never, false), (Learn::Port, true), (ANYWHERE, true)] {
        let mut call = learning(learn);
        assert_eq!(call.from(NEIGHBOUR, 1, 1..6), if learned { LEARNED } else { [false; 5] }, "{learn:?}");
        assert_eq!(call.goes_to(), if learned { NEIGHBOUR } else { A_AT }, "{learn:?}");
    }
}

#[test]
fn another_address_counts_only_if_addresses_may_be_learned() {
    for (learn, learned) in [(Learn::Never, false), (Learn::Port, false), (ANYWHERE, true)] {
        let mut call = learning(learn);
        assert_eq!(call.from(ELSEWHERE, 1, 1..6), if learned { LEARNED } else { [false; 5] }, "{learn:?}");
        assert_eq!(call.goes_to(), if learned { ELSEWHERE } else { A_AT }, "{learn:?}");
    }
}

#[test]
fn an_address_is_not_learned_after_the_window() {
    let mut call = learning(ANYWHERE);
    assert_eq!(call.from(ELSEWHERE, 1, 1..5), [false; 4]);
    call.world.pass_ms(u64::from(WINDOW_MS) + 20);
    assert_eq!(call.from(ELSEWHERE, 1, 5..20), [false; 15]);
    assert_eq!(call.goes_to(), A_AT);
    assert_eq!(call.from(A_AT, 2, 1..3), [true; 2], "the signalled one counts all the same");
}

#[test]
fn the_window_stays_closed_however_long_the_call_lasts() {
    let mut call = learning(ANYWHERE);
    // The clock of 32 bits comes round: 25 days are more than half of it.
    for _ in 0..50 {
        call.world.now_us += 12 * 3600 * 1_000_000;
        call.world.pass_ms(2000);
    }
    assert_eq!(call.from(ELSEWHERE, 1, 1..20), [false; 19]);
    assert_eq!(call.from(A_AT, 2, 1..3), [true; 2]);
}

#[test]
fn nothing_is_learned_once_the_signalled_address_was_heard() {
    for learn in [Learn::Port, ANYWHERE] {
        let mut call = learning(learn);
        assert_eq!(call.from(A_AT, 1, [1]), [true]);
        assert_eq!(call.from(NEIGHBOUR, 1, 2..20), [false; 18]);
        assert_eq!(call.from(ELSEWHERE, 1, 2..20), [false; 18]);
        assert_eq!(call.goes_to(), A_AT);
        assert_eq!(call.dropped(Drop::WrongSource), 36);
    }
}

/// Packets of one batch are looked at side by side: the first of them decides over the others all the same.
#[test]
fn the_peer_and_strangers_in_one_batch_are_told_apart() {
    for learn in [Learn::Port, ANYWHERE] {
        let mut call = learning(learn);
        let arrive = |call: &mut Call, from: &str, ssrc: u32, sequences: core::ops::Range<u16>| {
            let from: SocketAddr = from.parse().unwrap();
            sequences.for_each(|sequence| call.world.arrive(4000, from, &rtp(ssrc, sequence, 160)));
        };
        arrive(&mut call, A_AT, 1, 1..2);
        arrive(&mut call, NEIGHBOUR, 2, 1..30);
        call.world.turn();
        assert!(call.world.take_sent().is_some() && call.world.take_sent().is_none());
        assert_eq!((call.goes_to().as_str(), call.dropped(Drop::WrongSource)), (A_AT, 29));

        let mut call = learning(learn);
        arrive(&mut call, NEIGHBOUR, 1, 1..11);
        arrive(&mut call, SECOND_NEIGHBOUR, 2, 1..11);
        call.world.turn();
        let sent = core::iter::from_fn(|| call.world.take_sent()).count();
        assert_eq!(sent, 6, "the fifth and all behind it, and nothing of the second neighbour");
        assert_eq!(call.goes_to(), NEIGHBOUR);
    }
}

#[test]
fn what_was_learned_stays_and_is_strict() {
    let mut call = learning(ANYWHERE);
    assert_eq!(call.from(ELSEWHERE, 1, 1..6), LEARNED);
    for other in [NEIGHBOUR, SECOND_NEIGHBOUR, FARTHER, A_AT, "192.0.2.200:6667"] {
        assert_eq!(call.from(other, 2, 1..20), [false; 19], "{other}");
    }
    assert_eq!(call.from(ELSEWHERE, 1, 6..9), [true; 3]);
    assert_eq!(call.goes_to(), ELSEWHERE);
}

#[test]
fn a_broken_streak_begins_again() {
    let streaks: [&[(u32, u16)]; 4] = [
        // Another source, a repeated packet, one that is late, and one far ahead.
        &[(1, 1), (1, 2), (1, 3), (1, 4), (2, 5)],
        &[(1, 1), (1, 2), (1, 3), (1, 4), (1, 4)],
        &[(1, 11), (1, 12), (1, 13), (1, 14), (1, 10)],
        &[(1, 1), (1, 2), (1, 3), (1, 4), (1, 40)],
    ];
    for streak in streaks {
        let mut call = learning(Learn::Port);
        for (ssrc, sequence) in streak {
            assert_eq!(call.from(NEIGHBOUR, *ssrc, [*sequence]), [false]);
        }
        let (ssrc, sequence) = *streak.last().unwrap();
        assert_eq!(call.from(NEIGHBOUR, ssrc, sequence + 1..sequence + 5), [false, false, false, true]);
    }
}

#[test]
fn a_lost_packet_or_two_do_not_break_a_streak() {
    let mut call = learning(Learn::Port);
    assert_eq!(call.from(NEIGHBOUR, 1, [65_533, 65_534, 1, 2, 5]), LEARNED, "also across the wrap");
}

#[test]
fn attackers_that_take_turns_make_no_streak() {
    let mut call = learning(ANYWHERE);
    for sequence in 0..50 {
        for from in [ELSEWHERE, FARTHER] {
            assert_eq!(call.from(from, 1, [sequence]), [false]);
        }
    }
    assert_eq!(call.goes_to(), A_AT);
    assert_eq!(call.from(A_AT, 2, [1]), [true]);
}

#[test]
fn packets_that_are_no_media_make_no_streak() {
    let mut call = learning(ANYWHERE);
    let from: SocketAddr = ELSEWHERE.parse().unwrap();
    for sequence in 1..20 {
        let bytes = rtp(1, sequence, 160);
        call.expect_drop_at(4000, from, &bytes[..11], Drop::Malformed);
        call.expect_drop_at(4000, from, &[0, 1, 0, 0], Drop::NotMedia);
        call.expect_drop_at(4000, from, &goodbye(1), Drop::WrongSource);
    }
    assert_eq!(call.goes_to(), A_AT);
}

#[test]
fn a_peer_is_learned_again_only_when_signaling_says_that_it_moved() {
    let mut call = learning(Learn::Port);
    assert_eq!(call.from(NEIGHBOUR, 1, 1..6), LEARNED);
    // The same wish again changes nothing.
    call.update();
    assert_eq!(call.from(SECOND_NEIGHBOUR, 1, 6..20), [false; 14]);
    assert_eq!(call.from(NEIGHBOUR, 1, [6]), [true]);
    // Another port is signalled: it counts, and may be learned anew.
    call.spec.sides[0].remote = Some("198.51.100.1:20010".parse().unwrap());
    call.update();
    assert_eq!(call.from(SECOND_NEIGHBOUR, 1, 20..25), LEARNED);
    assert_eq!(call.goes_to(), SECOND_NEIGHBOUR);
}

#[test]
fn a_peer_that_nobody_knows_yet_is_learned_if_addresses_may_be() {
    let mut call = Call::between(clear_peers(), |spec| {
        (spec.sides[0].remote, spec.sides[0].learn) = (None, ANYWHERE);
    });
    let plain = call.peer(SideName::B).next();
    call.expect_drop(SideName::B, &plain, Drop::NoRemote);
    assert_eq!(call.from(ELSEWHERE, 1, 1..6), LEARNED);
    assert_eq!(call.goes_to(), ELSEWHERE);
}

#[test]
fn nobody_is_no_address() {
    // Zeros stand for an address that is not known; a packet that claims to come from there comes from nobody.
    for remote in [None, Some(A_AT.parse().unwrap())] {
        for learn in [Learn::Never, Learn::Port, ANYWHERE] {
            let mut call = Call::between(clear_peers(), |spec| {
                (spec.sides[0].remote, spec.sides[0].learn) = (remote, learn);
            });
            for from in ["[::]:0", "[::]:6666", "198.51.100.1:0"] {
                assert_eq!(call.from(from, 1, 1..10), [false; 9], "{from}, {learn:?}, {remote:?}");
            }
            assert_eq!(call.world.relay(4001, "[::]:1".parse().unwrap(), &receiver_report(1, 1)), None);
        }
    }
}

#[test]
fn only_permitted_networks_are_learned_from() {
    let permit = |address: &str, prefix_len| Permit { address: address.parse().unwrap(), prefix_len };
    for (from, learned) in [
        ("192.0.2.0:1000", true),
        ("192.0.2.255:1000", true),
        ("192.0.3.0:1000", false),
        ("192.0.1.255:1000", false),
        ("[2001:db8:0:1::]:1000", true),
        ("[2001:db8:0:1:ffff:ffff:ffff:ffff]:1000", true),
        ("[2001:db8:0:2::]:1000", false),
        ("[2001:db8::ffff]:1000", false),
        (NEIGHBOUR, false),
    ] {
        let mut call = Call::between(clear_peers(), |spec| {
            let side = &mut spec.sides[0];
            side.learn = ANYWHERE;
            side.permits = vec![permit("192.0.2.7", 24), permit("2001:db8:0:1::7", 64)];
        });
        assert_eq!(call.from(from, 1, 1..6), if learned { LEARNED } else { [false; 5] }, "{from}");
        assert_eq!(call.dropped(Drop::NotPermitted), if learned { 0 } else { 5 }, "{from}");
        assert_eq!(call.goes_to(), if learned { from } else { A_AT });
    }
}

#[test]
fn a_learned_address_that_is_not_permitted_any_more_is_forgotten() {
    let mut call = learning(ANYWHERE);
    assert_eq!(call.from(ELSEWHERE, 1, 1..6), LEARNED);
    call.spec.sides[0].permits = vec![Permit { address: "203.0.113.0".parse().unwrap(), prefix_len: 24 }];
    call.update();
    assert_eq!(call.from(ELSEWHERE, 1, 6..20), [false; 14]);
    assert_eq!(call.goes_to(), A_AT);
    assert_eq!(call.from(A_AT, 1, [20]), [true]);
}

#[test]
fn the_first_media_is_told_from_where_it_was_learned() {
    let mut call = learning(ANYWHERE);
    call.from(ELSEWHERE, 1, 1..9);
    call.world.collect_events();
    let [Event::FirstMedia { side: SideName::A, from, .. }] = call.world.events[..] else {
        panic!("{:?}", call.world.events);
    };
    assert_eq!(endpoint(ELSEWHERE), from.into());
}

#[test]
fn a_report_is_no_way_to_become_the_peer() {
    let mut call = learning(ANYWHERE);
    // On the port of media nobody is heard by reports alone, and on that of reports only the host of the media.
    for port in [4000, 4001] {
        for from in [ELSEWHERE, FARTHER] {
            for _ in 0..10 {
                call.expect_drop_at(port, from.parse().unwrap(), &receiver_report(1, 1), Drop::WrongSource);
            }
        }
    }
    assert_eq!(call.goes_to(), A_AT);
}
