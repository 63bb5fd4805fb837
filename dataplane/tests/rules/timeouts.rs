//! The timeout of media counts accepted packets, and nothing that is refused.

use control::{Event, Learn, SessionId, SideName};
use dataplane::drop::Drop;

use crate::call::{Call, SUITES, clear_peers, srtp_peers};
use crate::forgery::forgeries;
use crate::report::goodbye;
use crate::world::{a_at, rtp};

const TIMEOUT_S: u32 = 5;

impl Call {
    fn timeouts(&mut self) -> usize {
        self.world.collect_events();
        let timeout = Event::MediaTimeout { session: SessionId(1) };
        self.world.events.iter().filter(|event| **event == timeout).count()
    }
}

fn timed(is_protected: bool) -> Call {
    let peers = if is_protected { srtp_peers(SUITES) } else { clear_peers() };
    Call::between(peers, |spec| spec.media_timeout_s = TIMEOUT_S)
}

/// Half a second of a flood that is refused in every way.
fn flood(call: &mut Call, old: &[u8]) {
    let is_protected = call.peers[0].is_protected();
    for _ in 0..5 {
        let elsewhere = "192.0.2.200:6666".parse().unwrap();
        if is_protected {
            let fresh = rtp(call.peers[0].ssrc, call.peers[0].sequence, 160);
            let fresh = [&fresh[..], &[0; 10]].concat();
            for forgery in forgeries(&fresh, Some(old), SUITES[0].rtp_tag_len()) {
                call.world.arrive(4000, a_at(), &forgery.bytes);
                call.world.arrive(4000, elsewhere, &forgery.bytes);
            }
        } else {
            for bytes in [&rtp(1, 1, 1), old, &goodbye(1)] {
                call.world.arrive(4000, elsewhere, bytes);
                call.world.arrive(4001, elsewhere, bytes);
            }
            call.world.arrive(4000, a_at(), &[0, 1, 2]);
            call.world.arrive(4000, a_at(), &[0x80, 0, 2]);
        }
        call.world.pass_ms(100);
        assert!(call.world.take_sent().is_none());
    }
}

#[test]
fn a_flood_of_refused_packets_does_not_postpone_the_timeout_which_is_told_once() {
    for is_protected in [false, true] {
        let mut call = timed(is_protected);
        call.go_on(3);
        let old = call.peer(SideName::A).next_sealed();
        assert!(call.relay(SideName::A, &old).is_some());
        for _ in 0..8 {
            flood(&mut call, &old);
        }
        assert_eq!(call.timeouts(), 0, "four seconds are too early");
        for _ in 0..5 {
            flood(&mut call, &old);
        }
        assert_eq!(call.timeouts(), 1, "six and a half seconds are too late");
        for _ in 0..40 {
            flood(&mut call, &old);
        }
        assert_eq!(call.timeouts(), 1, "it is told once");
        // Media comes back, and ends once more.
        for _ in 0..80 {
            call.go_on(1);
        }
        call.world.pass_ms(20_000);
        assert_eq!(call.timeouts(), 2);
        call.check_books();
    }
}

#[test]
fn a_flood_of_refused_packets_does_not_trigger_a_timeout() {
    let mut call = timed(true);
    call.go_on(1);
    for _ in 0..20 {
        let old = call.peer(SideName::A).next_sealed();
        assert!(call.relay(SideName::A, &old).is_some());
        flood(&mut call, &old);
    }
    assert_eq!(call.timeouts(), 0);
}

#[test]
fn one_side_that_is_heard_is_enough() {
    for side in SideName::BOTH {
        let mut call = timed(false);
        for _ in 0..10 {
            call.speak(side);
            call.world.pass_ms(1000);
        }
        assert_eq!(call.timeouts(), 0);
    }
}

#[test]
fn a_call_that_was_never_heard_times_out_and_one_without_a_timeout_never() {
    let mut call = timed(false);
    call.world.pass_ms(10_000);
    assert_eq!(call.timeouts(), 1);
    let mut call = Call::clear();
    call.world.pass_ms(100_000);
    assert_eq!(call.timeouts(), 0);
}

/// The control thread reads the clock for itself, perhaps just after the worker has.
#[test]
fn a_wish_that_is_newer_than_the_turn_is_not_silent() {
    let mut call = timed(false);
    call.go_on(1);
    call.world.close(0);
    // Often enough that the sweep comes by in the turn itself.
    for _ in 0..300 {
        call.world.now_us += 20_000;
        call.world.open_ahead(0, &call.spec, 1000);
        call.world.close(0);
    }
    assert_eq!(call.timeouts(), 0);
}

#[test]
fn a_stranger_who_may_still_be_learned_does_not_postpone_the_timeout() {
    let mut call = timed(false);
    call.spec.sides[0].learn = Learn::Address { window_ms: 60_000 };
    call.update();
    let from = "192.0.2.200:6666".parse().unwrap();
    // Never five in a row.
    for sequence in 0..26 {
        call.expect_drop_at(4000, from, &rtp(1, sequence * 10, 160), Drop::WrongSource);
        call.world.pass_ms(250);
    }
    assert_eq!(call.timeouts(), 1);
}
