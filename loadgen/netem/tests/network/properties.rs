//! What holds of every link and all traffic.

use std::{collections::BTreeMap, time::Duration};

use netem::{
    chance::Chance,
    counts::{Counts, Lost},
    link::Link,
    profile::{Blackout, Burst, Order, Profile, Rate, Reorder, Shape},
};
use proptest::prelude::*;

use crate::traffic::{number, packet, run};

fn chances() -> impl Strategy<Value = Chance> {
    prop_oneof![Just(Chance::NEVER), (0_u32..=1_000_000_000).prop_map(Chance::from_billionths)]
}

fn times() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(Duration::ZERO), (0_u64..50_000_000).prop_map(Duration::from_nanos)]
}

fn bursts() -> impl Strategy<Value = Burst> {
    (chances(), chances(), chances(), chances()).prop_map(|(enter, leave, lost_in_bad, lost_in_good)| Burst {
        enter,
        leave,
        lost_in_bad,
        lost_in_good,
    })
}

fn profiles() -> impl Strategy<Value = Profile> {
    let luck = (prop::option::of(bursts()), chances(), chances(), chances());
    let flight = (times(), times(), any::<bool>(), any::<bool>(), prop::option::of((chances(), 0_u32..6)));
    let limits = (
        prop::option::of((1_000_u64..100_000_000, 0_usize..40)),
        1_usize..60,
        prop::option::of(100_usize..200),
        prop::collection::vec((times(), times()), 0..3),
    );
    (luck, flight, limits).prop_map(|(luck, flight, limits)| {
        let (burst, corrupt, duplicate, loss) = luck;
        let (delay, jitter, free, normal, reorder) = flight;
        let (rate, line_packets, mtu_bytes, blackouts) = limits;
        Profile {
            blackouts: blackouts.into_iter().map(|(from, until)| Blackout { from, until }).collect(),
            burst,
            corrupt,
            delay,
            duplicate,
            jitter,
            line_packets,
            loss,
            mtu_bytes,
            order: if free { Order::Free } else { Order::Kept },
            rate: rate.and_then(|(speed, queue)| Rate::new(speed, queue)),
            reorder: reorder.map(|(chance, gap)| Reorder { chance, gap }),
            shape: if normal { Shape::Normal } else { Shape::Uniform },
        }
    })
}

fn conserved(counts: &Counts, queued: usize) -> bool {
    let lost: u64 = Lost::ALL.iter().map(|reason| counts.lost(*reason)).sum();
    counts.sent + counts.duplicated == counts.delivered + lost + queued as u64
}

proptest! {
    #[test]
    fn every_copy_is_delivered_lost_or_under_way(
        profile in profiles(),
        seed: u64,
        steps in prop::collection::vec((any::<bool>(), 0_u64..5_000_000, 0_usize..250), 0..200),
    ) {
        let mut link = Link::new(&profile, seed);
        let mut now = Duration::ZERO;
        for (sends, pause, bytes) in steps {
            now += Duration::from_nanos(pause);
            if sends {
                link.send(now, vec![0; bytes]);
            } else {
                while link.poll(now).is_some() {}
            }
            prop_assert!(conserved(link.counts(), link.queued()));
            prop_assert!(link.queued() <= profile.line_packets);
        }
    }

    #[test]
    fn a_transcript_is_the_same_again_and_of_packets_that_were_sent(profile in profiles(), seed: u64) {
        let every = Duration::from_millis(1);
        let profile = Profile { corrupt: Chance::NEVER, ..profile };
        let transcript = run(&profile, seed, 200, every);
        prop_assert_eq!(&transcript, &run(&profile, seed, 200, every));
        prop_assert!(conserved(&transcript.counts, 0));
        let mut copies = BTreeMap::new();
        for (at, arrived) in &transcript.arrivals {
            let number = number(arrived);
            prop_assert_eq!(arrived, &packet(number));
            prop_assert!(*at >= every * u32::try_from(number).unwrap(), "none arrives before it was sent");
            *copies.entry(number).or_insert(0) += 1;
        }
        prop_assert!(copies.values().all(|copies| *copies <= 2));
    }

    #[test]
    fn without_overtaking_the_order_is_kept_whatever_the_jitter(profile in profiles(), seed: u64) {
        let profile = Profile { corrupt: Chance::NEVER, order: Order::Kept, reorder: None, ..profile };
        let numbers = run(&profile, seed, 200, Duration::from_millis(1)).numbers();
        prop_assert!(numbers.is_sorted());
    }

    #[test]
    fn arrivals_come_out_in_the_order_of_their_times(profile in profiles(), seed: u64) {
        let transcript = run(&profile, seed, 200, Duration::from_millis(1));
        prop_assert!(transcript.arrivals.is_sorted_by_key(|(at, _)| *at));
    }

    #[test]
    fn no_text_makes_the_reader_of_profiles_panic(
        text in "[a-z_]{0,8}(,?(rate|loss|delay|down|burst|reorder|mtu|[a-z]{2,8})=[-+.%:0-9a-z]{0,24}){0,4}",
    ) {
        let _ = text.parse::<Profile>();
    }
}
