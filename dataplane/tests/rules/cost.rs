//! What strangers cost is bounded: from elsewhere, so many tags a second and not one more.

use std::net::SocketAddr;

use control::{Learn, SideName};
use dataplane::drop::Drop;

use crate::call::{Call, SUITES, srtp_peers};
use crate::forgery::other_peer;
use crate::report::goodbye;
use crate::world::rtp;

/// So many packets from elsewhere may ask for a tag between two sweeps.
const PROOFS_MAX: u64 = 32;

#[test]
fn a_flood_from_elsewhere_costs_a_bounded_number_of_tags_and_no_good_packet() {
    for (learn, from) in
        [(Learn::Port, "198.51.100.1:6666"), (Learn::Address { window_ms: 60_000 }, "192.0.2.200:6666")]
    {
        let mut call = Call::between(srtp_peers(SUITES), |spec| spec.sides[0].learn = learn);
        let from: SocketAddr = from.parse().unwrap();
        let mut forger = other_peer();
        let (seconds, flood) = (10, 20);
        for _ in 0..seconds * 50 {
            for _ in 0..flood {
                call.world.arrive(4000, from, &forger.next_sealed());
            }
            call.go_on(1);
        }
        let (tags, rest) = (call.dropped(Drop::BadTag), call.dropped(Drop::OverBudget));
        assert_eq!(tags + rest, seconds * 50 * flood);
        assert!((PROOFS_MAX * (seconds - 2)..=PROOFS_MAX * (seconds + 1)).contains(&tags), "{tags} tags");
        assert_eq!(call.drops().total(), tags + rest);
        call.check_books();
    }
}

#[test]
fn reports_and_media_from_elsewhere_share_the_budget() {
    let mut call = Call::between(srtp_peers(SUITES), |spec| spec.sides[0].learn = Learn::Port);
    let from = "198.51.100.1:6666".parse().unwrap();
    let mut forger = other_peer();
    for _ in 0..PROOFS_MAX {
        let (media, report) = (forger.next_sealed(), forger.seal_report(&goodbye(1)));
        assert_eq!(
            (call.world.relay(4000, from, &media), call.world.relay(4001, from, &report)),
            (None, None)
        );
    }
    assert_eq!((call.dropped(Drop::BadTag), call.dropped(Drop::OverBudget)), (PROOFS_MAX, PROOFS_MAX));
    call.world.pass_ms(1300);
    call.expect_drop_at(4000, from, &forger.next_sealed(), Drop::BadTag);
}

#[test]
fn what_may_not_be_learned_from_costs_no_tag() {
    let mut call = Call::srtp();
    let from = "198.51.100.1:6666".parse().unwrap();
    let good = call.peer(SideName::A).next_sealed();
    for packet in [other_peer().next_sealed(), good.clone(), rtp(1, 1, 1)] {
        call.expect_drop_at(4000, from, &packet, Drop::WrongSource);
    }
    assert!(call.relay(SideName::A, &good).is_some());
}
