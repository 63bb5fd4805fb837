//! Whole calls between peers that do whatever comes to their minds, over networks that lose, repeat and reorder.
//!
//! `TRUNKLINE_SEEDS` says how many are played, 300 if nothing does; `TRUNKLINE_SEED` plays one of them alone.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod actor;
#[path = "../flows/scene/records.rs"]
mod records;
mod world;

use world::World;

const SEEDS: u64 = 300;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn every_call_ends_once_and_leaves_nothing_behind() {
    let seeds = match number("TRUNKLINE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TRUNKLINE_SEEDS").unwrap_or(SEEDS),
    };
    let mut answered = 0;
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| World::new(seed).play());
        match outcome {
            Ok(played) => answered += played.answered,
            Err(panic) => {
                let said = panic.downcast_ref::<String>().map_or("", String::as_str);
                panic!("TRUNKLINE_SEED={seed}: {said}");
            }
        }
    }
    assert!(count < 20 || answered > count / 2, "only {answered} calls of {count} seeds were answered");
}

#[test]
fn one_seed_is_one_transcript() {
    for seed in [1, 17, 42] {
        assert_eq!(World::new(seed).play().transcript, World::new(seed).play().transcript, "{seed}");
    }
}
