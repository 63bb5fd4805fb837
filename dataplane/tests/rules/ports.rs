//! Ports nobody can foretell, which answer only while they are leased.

use std::collections::BTreeSet;

use control::{Rtcp, SideName};
use dataplane::drop::Drop;
use dataplane::port::Ports;

use crate::call::{Call, clear_peers};
use crate::luck::Luck;
use crate::world::{World, a_at, local, rtp, spec};

#[test]
fn nothing_answers_on_a_port_that_leads_to_no_session() {
    let mut world = World::new(4);
    world.lease(local(4000));
    assert_eq!(world.relay(4000, a_at(), &rtp(7, 1, 160)), None);
    assert_eq!(world.relay(4000, a_at(), &[0, 1, 0, 0]), None);
    let counters = world.report().counters;
    assert_eq!((counters.received, counters.drops.of(Drop::NotLeased)), (2, 2));
    world.release(local(4000));
    world.open(0, &spec(1), 4000, 5000);
    assert!(world.relay(4000, a_at(), &rtp(7, 1, 160)).is_some(), "it answers as soon as it leads somewhere");
}

#[test]
fn a_packet_that_was_on_its_way_when_its_session_ended_is_counted() {
    let mut call = Call::clear();
    call.go_on(2);
    call.world.close(0);
    call.world.lease(local(4000));
    call.expect_drop(SideName::A, &rtp(7, 1, 160), Drop::NotLeased);
    call.check_books();
}

#[test]
fn the_port_beside_a_shared_one_leads_nowhere() {
    let mut call =
        Call::between(clear_peers(), |spec| spec.sides.iter_mut().for_each(|side| side.rtcp = Rtcp::Muxed));
    assert!(!call.world.is_leased(4001) && call.world.is_leased(4000));
    call.world.lease(local(4001));
    call.expect_drop_at(4001, a_at(), &rtp(7, 1, 160), Drop::NotLeased);
    call.go_on(1);
}

#[test]
fn media_at_the_port_of_reports_is_in_the_wrong_place() {
    let mut call = Call::clear();
    call.expect_drop_at(4001, a_at(), &rtp(7, 1, 160), Drop::WrongFlow);
    call.expect_drop_at(4001, "198.51.100.1:20001".parse().unwrap(), &rtp(7, 1, 160), Drop::WrongFlow);
    call.go_on(1);
}

/// All first ports are met, and knowing many leases in a row tells nothing of the next one.
#[test]
fn ports_are_leased_in_an_order_of_chance() {
    let mut luck = Luck::new(9);
    let (mut firsts, mut rising) = (BTreeSet::new(), 0);
    for _ in 0..2000 {
        let mut ports = Ports::new(10_000, 10_199, 1000);
        let leases: Vec<_> =
            (0..100).map(|_| ports.lease_pair(luck.number() as u32, 0).unwrap().rtp()).collect();
        firsts.insert(leases[0]);
        rising += leases.windows(2).filter(|pair| pair[1] > pair[0]).count();
        assert_eq!(leases.iter().collect::<BTreeSet<_>>().len(), 100);
    }
    assert_eq!(firsts.len(), 100, "every pair is a first one at some time");
    // Of 198,000 steps half go up; three hundredths more or less are far beyond chance.
    assert!((93_000..105_000).contains(&rising), "{rising} of 198000 steps go up");
}
