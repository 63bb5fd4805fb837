//! Signaling, three media nodes and everything that can come between them, in virtual time, from a seed.
//!
//! `TRUNKLINE_SEEDS=5000` takes more than the thousand seeds of every run; a failure says its seed, and
//! `TRUNKLINE_SEED=17` plays that one alone.

#[path = "simulation/judge.rs"]
mod judge;
#[path = "simulation/media.rs"]
mod media;
#[path = "simulation/spec.rs"]
mod spec;
#[path = "simulation/world.rs"]
mod world;

use world::World;

/// What a seed goes through before everybody comes to rest.
const STEPS: usize = 250;

fn play(seed: u64) -> World {
    let mut world = World::new(seed);
    for _ in 0..STEPS {
        world.step();
    }
    world.come_to_rest();
    world.check();
    world
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn whatever_happens_media_has_what_is_wished_in_the_end() {
    if let Some(seed) = number("TRUNKLINE_SEED") {
        play(seed);
        return;
    }
    let seeds = number("TRUNKLINE_SEEDS").unwrap_or(1000);
    let mut seen = judge::Seen::default();
    for seed in 0..seeds {
        let outcome = std::panic::catch_unwind(|| play(seed).judge.seen);
        match outcome {
            Ok(one) => seen.add(&one),
            Err(panic) => {
                eprintln!("failed with TRUNKLINE_SEED={seed}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    // A simulation in which something never happens proves nothing about it.
    println!("{seen:?}");
    for (what, count) in seen.counts() {
        assert!(count >= seeds / 50, "{what} happened only {count} times in {seeds} seeds");
    }
}

#[test]
fn the_same_seed_is_the_same_story() {
    assert_eq!(play(7).judge.seen, play(7).judge.seen);
}
