//! A large installation: how long it takes to build, to look something up, and how much memory numbers take.
//!
//! Times are printed, with `--nocapture`, and asserted with optimisation only.

use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use trunk::{
    E164, Seed,
    records::{AssociationName, Records, VoiceConnectorRecord},
    route::{Attempt, decide},
};

use crate::sample::{attempt, connector, number, origination, records, snapshot, termination};

const CONNECTORS: u32 = 1_000;
const NUMBERS: u64 = 100_000;
const LOOKUPS: u32 = 100_000;

fn large() -> Records {
    let one = |at: u32| {
        let network = format!("{}/30", Ipv4Addr::from_bits(0x0a00_0000 + 4 * at));
        VoiceConnectorRecord {
            origination: Some(origination(&[("pbx1.example", 1, 1), ("pbx2.example", 1, 1)])),
            termination: Some(termination(&network)),
            ..connector(&name(at))
        }
    };
    let number = |at: u64| {
        let name = name(u32::try_from(at).unwrap() % CONNECTORS);
        number(&e164(at).to_string(), AssociationName::VoiceConnectorId, &name)
    };
    Records {
        phone_numbers: (0..NUMBERS).map(number).collect(),
        voice_connector_groups: Vec::new(),
        voice_connectors: (0..CONNECTORS).map(one).collect(),
        ..records()
    }
}

fn name(at: u32) -> String {
    format!("connector{at:013}")
}

/// Numbers of seven areas with five exchanges each, each next one of another.
fn e164(at: u64) -> E164 {
    let (area, rest) = (202 + at % 7, at / 7);
    E164::parse(&format!("+1{area}{}{:04}", 300 + rest % 5, rest / 5)).unwrap()
}

fn each(one: impl FnMut(u32)) -> Duration {
    let start = Instant::now();
    (0..LOOKUPS).for_each(one);
    start.elapsed() / LOOKUPS
}

#[test]
fn a_hundred_thousand_numbers_are_built_fast_and_found_faster() {
    let records = large();
    let start = Instant::now();
    let snapshot = snapshot(&records);
    let build = start.elapsed();
    let bytes = snapshot.numbers_bytes();
    println!("build: {} ms, bytes per number: {}", build.as_millis(), bytes as f64 / NUMBERS as f64);
    assert!(bytes < 29 * 100_000, "{bytes}");

    let numbers: Vec<E164> = (0..NUMBERS).map(e164).collect();
    let hosts: Vec<String> = (0..CONNECTORS).map(|at| format!("{}.vc.example", name(at))).collect();
    let address =
        |at: u32| IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + 4 * (at * 7 % CONNECTORS) + at % 4));
    let times = [
        each(|at| {
            assert!(snapshot.number(numbers[(at * 7_919 % LOOKUPS) as usize]).is_some());
        }),
        each(|at| {
            assert!(snapshot.connector_by_host(&hosts[(at * 7 % CONNECTORS) as usize]).is_some());
        }),
        each(|at| assert!(snapshot.owners_of(address(at)).is_some())),
        each(|_| {
            assert!(snapshot.link_by_source(black_box([198, 51, 100, 2].into())).is_some());
        }),
    ];
    let mut seed = Seed(1);
    let decision = each(|at| {
        let host = &hosts[(at * 7 % CONNECTORS) as usize];
        let attempt = Attempt { host, source: address(at), ..attempt() };
        black_box(decide(&snapshot, &attempt, |bound| seed.below(bound)));
    });
    println!("number, host, source, link: {times:?}; decision: {decision:?}");
    if !cfg!(debug_assertions) {
        assert!(build < Duration::from_millis(200), "{build:?}");
        assert!(times.iter().all(|time| *time < Duration::from_micros(1)), "{times:?}");
        assert!(decision < Duration::from_micros(50), "{decision:?}");
    }
}
