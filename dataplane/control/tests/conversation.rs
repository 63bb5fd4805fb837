//! Signaling and media talk through their halves of a connection; whatever happens on the way, they agree in the end.

use control::{Client, Epoch, Incarnation, Server, SessionId};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

#[path = "messages/samples.rs"]
#[expect(dead_code, reason = "ports and one state are all that is taken from there")]
mod samples;
#[path = "conversation/world.rs"]
mod world;

use world::{Sessions, World};

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Step {
    WishNew,
    WishChange(prop::sample::Index),
    Forget(prop::sample::Index),
    CarryToMedia(usize),
    CarryFromMedia(usize),
    Answer(usize),
    Event(usize),
    Reconnect,
    RestartMedia,
    /// Signaling saves what it knows.
    Save,
    /// Signaling, or another one in its place, starts with what was saved.
    RestartSignaling,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_conversation_media_has_the_sessions_that_signaling_wants(
        wanted in sessions(),
        present in sessions(),
        steps in vec(step(), 0..200),
    ) {
        let mut saved = wanted.clone();
        let mut world = World::new(wanted, present);
        let mut next = 1000;
        for step in steps {
            take(&mut world, step, &mut saved, &mut next);
        }
        world.settle();
        prop_assert_eq!(&world.media.sessions, &world.signaling.wanted);
        let accounted = world.signaling.events_heard + world.signaling.events_lost;
        prop_assert_eq!(accounted, world.media.events_said);
    }
}

#[test]
fn more_sessions_than_questions_may_be_open_are_made_again_after_a_restart() {
    let count = 3 * Client::REQUESTS_MAX as u64;
    let wanted: Sessions = (0..count).map(|number| (SessionId(number), Epoch(4))).collect();
    let mut world = World::new(wanted.clone(), wanted.clone());
    world.settle();
    assert_eq!(world.signaling.times_full, 0, "what is as it should be needs no question");

    world.restart_media();
    assert!(world.media.sessions.is_empty());
    world.settle();
    assert_eq!(world.signaling.incarnation, Some(Incarnation(2)));
    assert_eq!(world.media.sessions, wanted);
    assert_eq!(world.signaling.times_full, 1, "the first that does not fit holds back the others");
}

#[test]
fn a_second_client_takes_over_what_the_first_one_has_left() {
    let ids = |ids: &[u64]| ids.iter().map(|id| (SessionId(*id), Epoch(1))).collect::<Sessions>();
    let mut world = World::new(ids(&[1, 2, 3]), Sessions::new());
    world.settle();
    world.signaling.wish(SessionId(2));
    world.settle();

    world.signaling.wanted = ids(&[2, 3, 4]);
    world.reconnect();
    world.settle();
    let expected = [(2, 3), (3, 1), (4, 1)].map(|(session, epoch)| (SessionId(session), Epoch(epoch)));
    assert_eq!(
        world.media.sessions,
        Sessions::from(expected),
        "the wish for 2 is newer than the one that was left"
    );
}

#[test]
fn a_client_that_does_not_listen_learns_how_much_it_has_missed() {
    let mut world = World::new(Sessions::new(), Sessions::new());
    world.settle();
    let said = 3 * Server::EVENTS_MAX as u64;
    (0..said).for_each(|_| world.event());
    world.settle();
    assert_eq!(world.signaling.events_heard, Server::EVENTS_MAX as u64);
    assert_eq!(world.signaling.events_lost, said - Server::EVENTS_MAX as u64);
}

fn take(world: &mut World, step: Step, saved: &mut Sessions, next: &mut u64) {
    let pick = |world: &World, which: prop::sample::Index| {
        let wanted: Vec<_> = world.signaling.wanted.keys().copied().collect();
        (!wanted.is_empty()).then(|| *which.get(&wanted))
    };
    match step {
        Step::WishNew => {
            *next += 1;
            world.signaling.wish(SessionId(*next));
        }
        Step::WishChange(which) => {
            pick(world, which).into_iter().for_each(|session| world.signaling.wish(session))
        }
        Step::Forget(which) => {
            pick(world, which).into_iter().for_each(|session| world.signaling.forget(session))
        }
        Step::CarryToMedia(times) => (0..times).for_each(|_| _ = world.carry_to_media()),
        Step::CarryFromMedia(times) => (0..times).for_each(|_| _ = world.carry_from_media()),
        Step::Answer(which) => _ = world.answer(which),
        Step::Event(times) => (0..times).for_each(|_| world.event()),
        Step::Reconnect => world.reconnect(),
        Step::RestartMedia => world.restart_media(),
        Step::Save => *saved = world.signaling.wanted.clone(),
        Step::RestartSignaling => {
            world.signaling.wanted = saved.clone();
            world.reconnect();
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::WishNew),
        6 => any::<prop::sample::Index>().prop_map(Step::WishChange),
        4 => any::<prop::sample::Index>().prop_map(Step::Forget),
        12 => (1usize..8).prop_map(Step::CarryToMedia),
        12 => (1usize..8).prop_map(Step::CarryFromMedia),
        12 => any::<usize>().prop_map(Step::Answer),
        2 => (1usize..3000).prop_map(Step::Event),
        1 => Just(Step::Reconnect),
        1 => Just(Step::RestartMedia),
        1 => Just(Step::Save),
        1 => Just(Step::RestartSignaling),
    ]
}

/// Few sessions, or some pages of them.
fn sessions() -> impl Strategy<Value = Sessions> {
    let session = || (0u64..600).prop_map(SessionId);
    let epoch = || (1u32..4).prop_map(Epoch);
    prop_oneof![btree_map(session(), epoch(), 0..10), btree_map(session(), epoch(), 100..400)]
}
