//! Whole calls in virtual time: a worker between peers that behave as peers do, on networks as they are, with strangers
//! at the door. What must hold is looked at after every turn.
//!
//! `TRUNKLINE_SEED=17` plays one seed, `TRUNKLINE_SEEDS=5000` so many.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "what helps a test speaks and fails as a test does"
)]

#[path = "simulation/attacker.rs"]
mod attacker;
#[path = "simulation/call.rs"]
mod call;
#[path = "simulation/delivery.rs"]
mod delivery;
#[path = "simulation/door.rs"]
mod door;
#[path = "simulation/figures.rs"]
mod figures;
#[path = "simulation/happenings.rs"]
mod happenings;
#[path = "simulation/hearing.rs"]
mod hearing;
#[path = "simulation/judge.rs"]
mod judge;
#[path = "simulation/network.rs"]
mod network;
#[path = "simulation/peer.rs"]
mod peer;
#[path = "simulation/plant.rs"]
mod plant;
#[path = "simulation/record.rs"]
mod record;
#[path = "simulation/run.rs"]
mod run;
#[path = "simulation/sabotage.rs"]
mod sabotage;
#[path = "simulation/script.rs"]
mod script;
#[path = "simulation/stage.rs"]
mod stage;
#[path = "simulation/stream.rs"]
mod stream;
#[path = "simulation/tap.rs"]
mod tap;
#[path = "simulation/verdict.rs"]
mod verdict;

use std::env;

use figures::Figures;
use run::play;
use sabotage::Sabotage;

/// Seeds that are played unless somebody asks for more: 20 seconds in a debug build.
const SEEDS: u64 = 300;

#[test]
fn calls_are_relayed_as_promised_whatever_happens_to_them() {
    let number =
        |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number of a seed"));
    let seeds = match number("TRUNKLINE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TRUNKLINE_SEEDS").unwrap_or(SEEDS),
    };
    let mut sum = Figures::default();
    let mut failed = Vec::new();
    for seed in seeds.clone() {
        let rerun = Rerun(seed);
        match play(seed, None) {
            Ok(figures) => sum.add(&figures),
            Err(violation) => failed.push((seed, violation)),
        }
        core::mem::forget(rerun);
    }
    for (seed, violation) in failed.iter().take(20) {
        Rerun::say(*seed);
        println!("  => {seed}: {violation}");
    }
    println!("{} seeds: {sum:?}", seeds.end - seeds.start);
    assert!(failed.is_empty(), "{} seeds failed", failed.len());
    // Where the rules leave everything open, nothing is watched.
    assert!(
        seeds.end - seeds.start < SEEDS || sum.may < sum.must / 10,
        "most packets may do as they like: {sum:?}"
    );
}

#[test]
fn a_seed_is_the_same_world_again() {
    let world = |seed| play(seed, None).unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
    for seed in 0..10 {
        assert_eq!(world(seed), world(seed), "seed {seed}");
        assert_ne!(world(seed).transcript, world(seed + 1).transcript, "seeds {seed} and {}", seed + 1);
    }
}

/// Every check fails where it must: a world that is spoilt is found out, for what it is.
#[test]
fn what_is_spoilt_is_noticed() {
    for sabotage in Sabotage::ALL {
        let noticed: Vec<_> = (0..SPOILT_SEEDS).filter_map(|seed| play(seed, Some(sabotage)).err()).collect();
        let strange = noticed.iter().find(|violation| violation.invariant != sabotage.violates());
        assert!(!noticed.is_empty(), "{sabotage:?} was not noticed");
        assert!(
            strange.is_none(),
            "{sabotage:?} was taken for {}",
            strange.map_or(String::new(), ToString::to_string)
        );
        println!("{sabotage:?}: noticed in {} of {SPOILT_SEEDS} seeds", noticed.len());
    }
}

/// Enough that each kind of call is among them.
const SPOILT_SEEDS: u64 = 12;

/// Says how to play a seed again if it panics.
struct Rerun(u64);

impl Rerun {
    fn say(seed: u64) {
        println!(
            "seed {seed}: TRUNKLINE_SEED={seed} cargo test -p dataplane --test simulation -- --nocapture"
        );
    }
}

impl Drop for Rerun {
    fn drop(&mut self) {
        Self::say(self.0);
    }
}
