//! Hold, in each direction: media stops, reports go on.

use control::{Event, SideName};
use dataplane::drop::Drop;

use crate::call::{Call, SUITES, srtp_peers};
use crate::report::receiver_report;

/// Says the next packet of a side in vain.
fn is_silent(call: &mut Call, side: SideName, reason: Drop) {
    let packet = call.peer(side).next_sealed();
    call.expect_drop(side, &packet, reason);
}

fn reports_pass(call: &mut Call) {
    for side in SideName::BOTH {
        let report = receiver_report(call.peer(side).ssrc, 1);
        assert!(call.report(side, &report).is_some(), "a report of {side:?} passes");
    }
}

#[test]
fn a_held_peer_is_not_heard_and_still_hears() {
    for mut call in [Call::clear(), Call::srtp(), Call::mixed()] {
        call.go_on(3);
        call.spec.sides[0].accepts = false;
        call.update();
        for _ in 0..5 {
            is_silent(&mut call, SideName::A, Drop::Held);
            call.speak(SideName::B);
            reports_pass(&mut call);
        }
        call.spec.sides[0].accepts = true;
        call.update();
        call.go_on(3);
    }
}

#[test]
fn a_peer_that_holds_us_gets_nothing_and_is_still_heard() {
    for mut call in [Call::clear(), Call::srtp(), Call::mixed()] {
        call.go_on(3);
        call.spec.sides[1].sends = false;
        call.update();
        for _ in 0..5 {
            is_silent(&mut call, SideName::A, Drop::FarHeld);
            call.speak(SideName::B);
            reports_pass(&mut call);
        }
        call.spec.sides[1].sends = true;
        call.update();
        // What B gets goes on where it was, or with a loss where it sees the numbers as they are.
        call.go_on(3);
    }
}

#[test]
fn both_may_be_held_and_their_reports_keep_the_call_alive() {
    let mut call = Call::between(srtp_peers(SUITES), |spec| {
        spec.media_timeout_s = 10;
        spec.sides.iter_mut().for_each(|side| (side.accepts, side.sends) = (false, false));
    });
    for _ in 0..10 {
        is_silent(&mut call, SideName::A, Drop::Held);
        is_silent(&mut call, SideName::B, Drop::Held);
        reports_pass(&mut call);
        call.world.pass_ms(5000);
    }
    assert_eq!(call.world.events, [], "nothing happens in a minute");
    call.world.pass_ms(10_000);
    assert!(matches!(call.world.events[..], [Event::MediaTimeout { .. }]), "without reports it times out");
}

#[test]
fn reports_alone_do_not_stand_for_media_that_is_missed() {
    let mut call = Call::between(srtp_peers(SUITES), |spec| spec.media_timeout_s = 10);
    for _ in 0..4 {
        reports_pass(&mut call);
        call.world.pass_ms(5000);
    }
    assert!(matches!(call.world.events[..], [Event::MediaTimeout { .. }]));
}

#[test]
fn an_update_begins_the_timeout_anew() {
    let mut call = Call::between(srtp_peers(SUITES), |spec| spec.media_timeout_s = 10);
    for _ in 0..10 {
        call.world.pass_ms(8000);
        call.update();
    }
    assert_eq!(call.world.events, []);
}
