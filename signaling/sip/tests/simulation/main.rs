//! Two nodes call each other over a bad network: whatever is lost, doubled or out of order, each INVITE gets one final
//! response, everything ends, and nothing is left.

mod call;
mod world;

use std::collections::HashSet;

use sip::flow::Protocol::{Tcp, Udp};
use sip::transaction::Load;

use world::{End, World};

/// As many as run in a quarter of a minute without optimisation.
const SEEDS: u64 = 2_000;

#[test]
fn two_thousand_networks_are_survived() {
    let mut transcripts = HashSet::new();
    let (mut accepted, mut refused, mut cancelled, mut failed) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        let end = run(seed);
        check(seed, &end);
        transcripts.insert(end.transcript);
        for call in &end.calls {
            accepted += usize::from(call.acceptances_told > 0);
            refused += usize::from(call.refusal_told == Some(486));
            cancelled += usize::from(call.refusal_told == Some(487));
            failed += usize::from(call.failed);
        }
    }
    assert_eq!(transcripts.len() as u64, SEEDS, "each seed has a story of its own");
    // The stories are of all kinds, or the simulation proves nothing.
    for (count, kind) in
        [(accepted, "accepted"), (refused, "refused"), (cancelled, "cancelled"), (failed, "failed")]
    {
        assert!(count > 100, "{count} calls were {kind}");
    }
}

#[test]
fn one_seed_is_one_transcript() {
    for seed in (0..SEEDS).step_by(40) {
        assert_eq!(run(seed).transcript, run(seed).transcript, "seed {seed}");
    }
}

/// Every fifth network is a stream.
fn run(seed: u64) -> End {
    World::new(seed, if seed % 5 == 4 { Tcp } else { Udp }).run()
}

fn check(seed: u64, end: &End) {
    assert_eq!(end.loads, [Load::default(); 2], "seed {seed}: nothing is left");
    assert!(end.open.is_empty(), "seed {seed}: every request of ours has an end: {:?}", end.open);
    assert!(end.messages <= 150 * end.calls.len(), "seed {seed}: {} messages", end.messages);
    for call in &end.calls {
        let context = format!("seed {seed}, {call:?}");
        assert!(call.invites_told <= 1, "copies of an INVITE are no new ones: {context}");
        assert_eq!(
            call.finals_sent.len(),
            call.invites_told,
            "each INVITE has one final response: {context}"
        );
        assert_eq!(call.acks_sent, call.acceptances_told, "each acceptance has its ACK: {context}");
        // An acceptance may come when the caller has given up; everything else happens once.
        let accepted = call.acceptances_told > 0;
        let ends = [accepted && !call.failed, call.refusal_told.is_some(), call.failed];
        assert_eq!(ends.iter().filter(|&&end| end).count(), 1, "the caller hears one end: {context}");
    }
}
