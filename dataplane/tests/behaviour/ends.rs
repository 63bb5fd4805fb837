//! The end of a call: what it was, and nothing left of it.

use control::SideName;
use dataplane::drop::Drop;

use crate::call::{Call, SUITES, clear_peers, mixed_peers, srtp_peers};
use crate::report::receiver_report;

#[test]
fn a_call_that_ended_is_summed_up() {
    for peers in [clear_peers(), mixed_peers(), srtp_peers(SUITES)] {
        let mut call = Call::between(peers, |_| ());
        call.go_on(100);
        call.speak(SideName::B);
        let report = receiver_report(call.peer(SideName::A).ssrc, 1);
        assert!(call.report(SideName::A, &report).is_some());
        call.expect_drop(SideName::A, &[0, 1, 0, 0], Drop::NotMedia);
        let told = call.world.describe(0, 1).summary;
        let summary = call.world.close(0).summary();
        assert_eq!(summary, told);
        let [from_a, from_b] = summary.from;
        assert_eq!((from_a.packets, from_a.bytes, from_a.rtcp_packets, from_a.dropped), (100, 16_000, 1, 1));
        assert_eq!((from_b.packets, from_b.bytes, from_b.rtcp_packets, from_b.dropped), (101, 16_160, 0, 0));
    }
}

#[test]
fn ports_and_slots_are_free_when_a_call_has_ended() {
    let ports = [4000, 4001, 5000, 5001];
    for round in 0..100 {
        let peers = if round % 2 == 0 { clear_peers() } else { srtp_peers(SUITES) };
        let mut call = Call::between(peers, |_| ());
        assert_eq!(ports.map(|port| call.world.is_leased(port)), [true; 4]);
        assert_eq!(call.world.report().sessions, 1);
        call.go_on(2);
        call.world.close(0);
        assert_eq!(ports.map(|port| call.world.is_leased(port)), [false; 4]);
        assert_eq!(call.world.report().sessions, 0);
        call.peers = srtp_peers(SUITES);
        let Call { world, peers, spec } = &mut call;
        peers.iter().zip(&mut spec.sides).for_each(|(peer, side)| peer.describe(side));
        world.open(0, spec, 4000, 5000);
        call.go_on(2);
    }
}

#[test]
fn a_new_call_in_the_place_of_another_knows_nothing_of_it() {
    let mut call = Call::srtp();
    call.go_on(5);
    let old = call.peer(SideName::A).next_sealed();
    call.world.close(0);
    call.peers = clear_peers();
    let Call { world, peers, spec } = &mut call;
    peers.iter().zip(&mut spec.sides).for_each(|(peer, side)| peer.describe(side));
    world.open(0, spec, 4000, 5000);
    assert_eq!(call.world.describe(0, 1).summary.from.map(|from| from.packets), [0, 0]);
    assert_eq!(call.relay(SideName::A, &old).map(|sent| sent.bytes), Some(old), "it is in the clear now");
    call.go_on(5);
}
