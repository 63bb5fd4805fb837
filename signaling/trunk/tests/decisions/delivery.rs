//! In which order hosts are tried: priority, weight, and groups.

use std::collections::BTreeMap;

use trunk::{
    Reason, Seed,
    records::{CallDistributionType, Records},
    route::{Attempt, Outcome, RouteTarget, decide},
    snapshot::Snapshot,
};

use crate::sample::{
    BRANCH, BRANCH_AT, HEADQUARTERS, HEADQUARTERS_AT, OF_GROUP, carrier_attempt, origination, origination_of,
    reason, records, snapshot,
};

fn with_routes(routes: &[(&str, u32, u32)]) -> Records {
    let mut records = records();
    records.voice_connectors[HEADQUARTERS_AT].origination = Some(origination(routes));
    records
}

fn targets(snapshot: &Snapshot, attempt: &Attempt<'_>, seed: u64) -> Vec<RouteTarget> {
    let mut seed = Seed(seed);
    let decision = decide(snapshot, attempt, |bound| seed.below(bound));
    let explained = decision.explain();
    let Outcome::Inbound(inbound) = decision.outcome else { panic!("{explained}") };
    inbound.targets
}

fn hosts(snapshot: &Snapshot, attempt: &Attempt<'_>, seed: u64) -> Vec<String> {
    targets(snapshot, attempt, seed).iter().map(|target| target.peer.host.to_string()).collect()
}

/// Gives the sum of squared deviations from what the shares would have, each divided by that.
fn chi_square(counts: &BTreeMap<String, u32>, shares: &[(&str, f64)], all: u32) -> f64 {
    let term = |(name, share): &(&str, f64)| {
        let wanted = share * f64::from(all);
        (f64::from(counts.get(*name).copied().unwrap_or(0)) - wanted).powi(2) / wanted
    };
    shares.iter().map(term).sum()
}

#[test]
fn calls_are_shared_by_weight() {
    let snapshot = snapshot(&with_routes(&[("a", 1, 10), ("b", 1, 20), ("c", 1, 70)]));
    let mut counts = BTreeMap::new();
    for seed in 0..20_000 {
        let first = hosts(&snapshot, &carrier_attempt(), seed).remove(0);
        *counts.entry(first).or_insert(0) += 1;
    }
    let deviation = chi_square(&counts, &[("a", 0.1), ("b", 0.2), ("c", 0.7)], 20_000);
    // With two degrees of freedom, one run in a thousand of a fair draw is above 13.8; the seeds are fixed.
    assert!(deviation < 13.8, "{deviation}: {counts:?}");
}

#[test]
fn when_the_first_host_fails_the_rest_is_shared_by_weight_again() {
    let snapshot = snapshot(&with_routes(&[("a", 1, 10), ("b", 1, 20), ("c", 1, 70)]));
    let mut counts = BTreeMap::new();
    let mut all = 0;
    for seed in 0..20_000 {
        let hosts = hosts(&snapshot, &carrier_attempt(), seed);
        if hosts[0] == "c" {
            all += 1;
            *counts.entry(hosts[1].clone()).or_insert(0) += 1;
        }
    }
    let deviation = chi_square(&counts, &[("a", 1.0 / 3.0), ("b", 2.0 / 3.0)], all);
    // One degree of freedom: one in a thousand is above 10.8.
    assert!(deviation < 10.8, "{deviation}: {counts:?}");
}

#[test]
fn a_host_of_the_next_priority_comes_after_all_of_this_one_whatever_its_weight() {
    let snapshot = snapshot(&with_routes(&[("last", 3, 100), ("a", 1, 1), ("next", 2, 100), ("b", 1, 1)]));
    for seed in 0..1_000 {
        let hosts = hosts(&snapshot, &carrier_attempt(), seed);
        assert_eq!(hosts[2..], ["next", "last"], "seed {seed}: {hosts:?}");
    }
}

#[test]
fn a_route_without_port_or_with_port_0_means_the_port_of_its_transport() {
    let mut records = with_routes(&[("a", 1, 1), ("b", 2, 1), ("c", 3, 1)]);
    origination_of(&mut records, HEADQUARTERS_AT).routes[1].port = Some(0);
    origination_of(&mut records, HEADQUARTERS_AT).routes[2].port = Some(5070);
    let ports: Vec<u16> =
        targets(&snapshot(&records), &carrier_attempt(), 1).iter().map(|target| target.peer.port).collect();
    assert_eq!(ports, [5060, 5060, 5070]);
}

#[test]
fn the_same_seed_gives_the_same_order() {
    let snapshot = snapshot(&with_routes(&[("a", 1, 1), ("b", 1, 1), ("c", 1, 1), ("d", 1, 1)]));
    let orders: Vec<Vec<String>> = (0..50).map(|seed| hosts(&snapshot, &carrier_attempt(), seed)).collect();
    assert!((0..50).all(|seed| hosts(&snapshot, &carrier_attempt(), seed) == orders[seed as usize]));
    assert!(orders.iter().any(|order| *order != orders[0]));
}

#[test]
fn a_changed_weight_counts_from_the_next_call() {
    let mut records = with_routes(&[("a", 1, 100), ("b", 1, 1)]);
    origination_of(&mut records, HEADQUARTERS_AT).routes[0].priority = 2;
    let snapshot = snapshot(&records);
    assert!((0..100).all(|seed| hosts(&snapshot, &carrier_attempt(), seed)[0] == "b"));
}

fn to_group() -> Attempt<'static> {
    Attempt { number: OF_GROUP, ..carrier_attempt() }
}

fn connectors(snapshot: &Snapshot, seed: u64) -> Vec<String> {
    let mut ids: Vec<String> =
        targets(snapshot, &to_group(), seed).iter().map(|target| target.connector.to_string()).collect();
    ids.dedup();
    ids
}

#[test]
fn a_group_tries_all_hosts_of_the_first_connector_before_the_next_one() {
    let snapshot = snapshot(&records());
    for seed in 0..100 {
        assert_eq!(hosts(&snapshot, &to_group(), seed), ["pbx1.example", "pbx2.example", "pbx3.example"]);
        assert_eq!(connectors(&snapshot, seed), [HEADQUARTERS, BRANCH]);
    }
}

#[test]
fn a_group_goes_on_without_a_connector_that_takes_no_calls() {
    let mut records = records();
    origination_of(&mut records, HEADQUARTERS_AT).disabled = true;
    assert_eq!(connectors(&snapshot(&records), 1), [BRANCH]);
    records.voice_connectors[BRANCH_AT].origination = None;
    assert_eq!(reason(&records, &to_group()), Some(Reason::OriginationDisabled));
    records.voice_connector_groups[0].voice_connector_items.clear();
    assert_eq!(reason(&records, &to_group()), Some(Reason::OriginationMissing));
}

#[test]
fn a_load_balanced_group_gives_each_connector_the_same_share() {
    let mut records = records();
    records.voice_connector_groups[0].call_distribution_type = CallDistributionType::LoadBalancedDistribution;
    let snapshot = snapshot(&records);
    let mut counts = BTreeMap::new();
    for seed in 0..10_000 {
        *counts.entry(connectors(&snapshot, seed).remove(0)).or_insert(0) += 1;
    }
    let deviation = chi_square(&counts, &[(HEADQUARTERS, 0.5), (BRANCH, 0.5)], 10_000);
    assert!(deviation < 10.8, "{deviation}: {counts:?}");
}
