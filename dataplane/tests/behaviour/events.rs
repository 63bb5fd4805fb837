//! What a worker tells without being asked.

use control::{Event, SessionId, SideName};
use dataplane::drop::Drop;
use dataplane::worker::Habits;

use crate::call::{Call, SUITES, clear_peers, mixed_peers, srtp_peers};
use crate::peer::Peer;
use crate::world::{World, a_at, b_at, rtp_with};

const SESSION: SessionId = SessionId(1);

impl Call {
    fn events(&mut self) -> Vec<Event> {
        self.world.collect_events();
        core::mem::take(&mut self.world.events)
    }
}

#[test]
fn the_first_media_of_a_side_is_told_once() {
    for peers in [clear_peers(), srtp_peers(SUITES)] {
        let mut call = Call::between(peers, |_| ());
        let first = |side, from| Event::FirstMedia { session: SESSION, side, from };
        call.speak(SideName::B);
        assert_eq!(call.events(), [first(SideName::B, b_at())]);
        call.go_on(3);
        assert_eq!(call.events(), [first(SideName::A, a_at())]);
        call.update();
        call.go_on(3);
        assert_eq!(call.events(), []);
    }
}

#[test]
fn what_is_refused_is_no_first_media() {
    let mut call = Call::srtp();
    let mut packet = call.peer(SideName::A).next_sealed();
    packet[20] ^= 1;
    call.expect_drop(SideName::A, &packet, Drop::BadTag);
    assert_eq!(call.events(), []);
}

#[test]
fn failures_to_authenticate_are_told_with_their_number_each_once() {
    let mut call = Call::srtp();
    let mut forger = Peer::srtp(a_at(), 4000, SUITES[0], 99);
    for count in [1, 7, 100] {
        for _ in 0..count {
            call.expect_drop(SideName::A, &forger.next_sealed(), Drop::BadTag);
        }
        call.world.pass_ms(1300);
        assert_eq!(
            call.events(),
            [Event::AuthenticationFailures { session: SESSION, side: SideName::A, count }]
        );
        call.world.pass_ms(3000);
        assert_eq!(call.events(), [], "no news is no event");
    }
    let [from_a, from_b] = call.world.describe(0, 1).summary.from;
    assert_eq!((from_a.bad_tags, from_b.bad_tags), (108, 0));
}

#[test]
fn a_round_of_the_sweep_takes_a_second_however_many_slots_and_turns_it_has() {
    for slots in [1, 4, 30, 100, 500] {
        let mut call = Call::in_world(World::new(slots), srtp_peers(SUITES), |_| ());
        let mut forger = Peer::srtp(a_at(), 4000, SUITES[0], 99);
        for _ in 0..60 * 50 {
            call.world.arrive(4000, a_at(), &forger.next_sealed());
            call.world.pass_ms(20);
        }
        let told = call.events().len();
        assert!((59..=61).contains(&told), "{told} rounds in a minute with {slots} slots");
    }
}

/// The payload type of telephone events in these calls.
const EVENTS: u8 = 101;

fn with_digits(peers: [Peer; 2]) -> Call {
    let mut call = Call::between(peers, |spec| spec.sides[0].telephone_event = Some(EVENTS));
    call.go_on(1);
    call.events();
    call
}

impl Call {
    /// A says events of one timestamp.
    fn press(&mut self, timestamp: u32, payloads: &[[u8; 4]]) {
        for payload in payloads {
            let Peer { ssrc, sequence, .. } = *self.peer(SideName::A);
            self.peer(SideName::A).sequence += 1;
            let plain = rtp_with(EVENTS, ssrc, sequence, timestamp, payload);
            assert_eq!(self.say(SideName::A, &plain), Some(plain), "events are relayed as they are");
        }
    }
}

fn digit(event: u8, duration: u16) -> Event {
    Event::Digit { session: SESSION, side: SideName::A, event, duration }
}

#[test]
fn a_key_is_told_once_when_it_is_let_go_though_its_end_comes_three_times() {
    for peers in [clear_peers(), mixed_peers(), srtp_peers(SUITES)] {
        let mut call = with_digits(peers);
        for event in 0..16 {
            let end = [event, 0x8a, 3, 32];
            call.press(u32::from(event) * 1000, &[[event, 0x0a, 0, 160], [event, 0x0a, 1, 64]]);
            assert_eq!(call.events(), [], "it is still pressed");
            call.press(u32::from(event) * 1000, &[end, end, end]);
            assert_eq!(call.events(), [digit(event, 800)]);
        }
    }
}

#[test]
fn the_same_key_again_is_another_event() {
    let mut call = with_digits(clear_peers());
    for timestamp in [1000, 5000, 9000] {
        call.press(timestamp, &[[5, 0x8a, 3, 32]; 3]);
    }
    assert_eq!(call.events(), [digit(5, 800), digit(5, 800), digit(5, 800)]);
}

#[test]
fn what_is_no_key_is_not_told() {
    let mut call = with_digits(clear_peers());
    for (timestamp, payload) in [
        (1, [0; 4]),            // zeros are no digit 0
        (2, [0, 0x80, 0, 0]),   // nor is an end without a duration
        (3, [5, 0x8a, 0, 0]),   // of any key
        (4, [16, 0x8a, 3, 32]), // the hook flash
        (5, [32, 0x8a, 3, 32]), // a tone of fax
    ] {
        call.press(timestamp, &[payload; 3]);
    }
    assert_eq!(call.events(), []);
    call.press(6, &[[0, 0x8a, 3, 32]]);
    assert_eq!(call.events(), [digit(0, 800)], "this is one");
}

#[test]
fn keys_are_heard_only_under_the_payload_type_that_was_agreed_on() {
    let mut call = Call::clear();
    call.go_on(1);
    call.events();
    call.press(1, &[[5, 0x8a, 3, 32]; 3]);
    assert_eq!(call.events(), [], "none was agreed on");
    call.spec.sides[0].telephone_event = Some(EVENTS - 1);
    call.update();
    call.press(2, &[[5, 0x8a, 3, 32]; 3]);
    assert_eq!(call.events(), [], "another one was");
    call.spec.sides[0].telephone_event = Some(EVENTS);
    call.update();
    call.press(3, &[[5, 0x8a, 3, 32]; 3]);
    assert_eq!(call.events(), [digit(5, 800)]);
}

#[test]
fn the_quality_is_told_at_its_interval() {
    let world = World::with_habits(4, Habits { busy_poll: false, quality_interval_s: 5 });
    let mut call = Call::in_world(world, clear_peers(), |_| ());
    call.go_on(50 * 60);
    let told: Vec<_> = call
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Quality { session: SESSION, summary } => Some(summary.from.map(|from| from.packets)),
            _ => None,
        })
        .collect();
    assert!((11..=13).contains(&told.len()), "{} times in a minute", told.len());
    for (earlier, later) in told.iter().zip(&told[1..]) {
        let step = later[0] - earlier[0];
        assert!((190..=310).contains(&step), "{step} packets between two of them");
        assert_eq!(later[0], later[1]);
    }
}

#[test]
fn no_interval_is_no_telling_of_quality() {
    let mut call = Call::clear();
    call.go_on(50 * 20);
    assert!(call.events().iter().all(|event| matches!(event, Event::FirstMedia { .. })));
}

#[test]
fn media_that_ends_is_told_once() {
    let mut call = Call::between(clear_peers(), |spec| spec.media_timeout_s = 5);
    call.go_on(10);
    call.events();
    call.world.pass_ms(60_000);
    assert_eq!(call.events(), [Event::MediaTimeout { session: SESSION }]);
}
