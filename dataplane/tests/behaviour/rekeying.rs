//! Other keys on a live call: nothing is lost, and what was on its way under the old ones still counts for a while.

use control::{Protection, SessionSpec, SideName};
use crypto::Suite;
use dataplane::drop::Drop;

use crate::call::{Call, KEYS, SUITES, srtp_peers};
use crate::peer::Peer;
use crate::report::receiver_report;
use crate::world::{World, a_at, b_at, rtp_with, spec, srtp};

/// So many retired openers a worker keeps.
const RETIRED_MAX: u32 = 512;

/// Side A has the keys of another number from now on; returns its packets and reports that are still on their way.
fn rekey(call: &mut Call, suite: Suite, number: u8, late: usize) -> (Vec<[Vec<u8>; 2]>, Vec<Vec<u8>>) {
    let peer = call.peer(SideName::A);
    let plain = receiver_report(peer.ssrc, 1);
    let late = (0..late).map(|step| {
        // Short ones as well: with a longer tag they would be cut off.
        let plain = if step % 2 == 0 { peer.next() } else { short(peer) };
        let sealed = peer.seal(&plain);
        [plain, sealed]
    });
    let late: Vec<_> = late.collect();
    let reports = (0..late.len()).map(|_| peer.seal_report(&plain)).collect();
    peer.change_keys(suite, number);
    let side = &mut call.spec.sides[0];
    (side.receive, side.send) = (srtp(suite, number), srtp(suite, number + 1));
    call.update();
    (late, reports)
}

/// The next packet of a peer, as short as a telephone event.
fn short(peer: &mut Peer) -> Vec<u8> {
    peer.next()[..16].to_vec()
}

#[test]
fn a_live_call_changes_its_keys_without_losing_a_packet() {
    for (before, after) in Suite::ALL.into_iter().flat_map(|before| Suite::ALL.map(|after| (before, after))) {
        let mut call = Call::between(srtp_peers([before, SUITES[1]]), |_| ());
        call.go_on(3);
        let (late, reports) = rekey(&mut call, after, 31, 10);
        for ([plain, packet], report) in late.into_iter().zip(reports) {
            // New ones and old ones take turns.
            call.go_on(1);
            let sent = call.relay(SideName::A, &packet);
            let sent = sent.unwrap_or_else(|| panic!("{before} to {after}: {:?}", call.drops()));
            assert_eq!(call.hear(SideName::B, &sent), Some(plain));
            let plain = receiver_report(call.peer(SideName::A).ssrc, 1);
            assert!(call.report(SideName::A, &plain).is_some());
            assert!(
                call.relay_report(SideName::A, &report).is_some(),
                "{before} to {after}: {:?}",
                call.drops()
            );
        }
        assert_eq!(call.drops().total(), 0, "{before} to {after}");
    }
}

#[test]
fn packets_under_the_old_key_are_still_accepted_once_and_only_for_five_sweeps() {
    let mut call = Call::srtp();
    call.go_on(3);
    let (late, reports) = rekey(&mut call, SUITES[0], 31, 3);
    call.world.pass_ms(3900);
    assert!(call.relay(SideName::A, &late[0][1]).is_some());
    assert!(call.relay_report(SideName::A, &reports[0]).is_some());
    call.expect_drop(SideName::A, &late[0][1], Drop::BadTag);
    assert_eq!(call.relay_report(SideName::A, &reports[0]), None);
    call.world.pass_ms(2100);
    call.expect_drop(SideName::A, &late[1][1], Drop::BadTag);
    assert_eq!(call.relay_report(SideName::A, &reports[1]), None);
    call.go_on(3);
}

#[test]
fn only_the_last_key_before_counts() {
    let mut call = Call::srtp();
    call.go_on(3);
    let (first, _) = rekey(&mut call, SUITES[0], 31, 2);
    let (second, _) = rekey(&mut call, SUITES[0], 41, 2);
    call.expect_drop(SideName::A, &first[0][1], Drop::BadTag);
    assert!(call.relay(SideName::A, &second[0][1]).is_some());
    call.go_on(3);
}

#[test]
fn a_key_that_comes_back_within_the_grace_is_not_heard_twice() {
    let mut call = Call::srtp();
    let heard = call.peer(SideName::A).next_sealed();
    assert!(call.relay(SideName::A, &heard).is_some());
    rekey(&mut call, SUITES[0], 31, 0);
    // An offer that failed: signaling goes back to what was before.
    let side = &mut call.spec.sides[0];
    side.receive = srtp(SUITES[0], KEYS[0]);
    call.update();
    call.expect_drop(SideName::A, &heard, Drop::Replayed);
}

#[test]
fn what_is_sent_is_under_the_new_key_at_once() {
    let mut call = Call::srtp();
    call.go_on(3);
    rekey(&mut call, Suite::AeadAes128Gcm, 51, 0);
    call.go_on(100);
}

#[test]
fn a_call_that_gives_up_protection_goes_on_in_the_clear() {
    let mut call = Call::srtp();
    call.go_on(3);
    let before = core::mem::replace(&mut call.peers[0], Peer::clear(a_at(), 4000));
    call.peers[0].sequence = before.sequence;
    let side = &mut call.spec.sides[0];
    (side.receive, side.send) = (Protection::Clear, Protection::Clear);
    call.update();
    call.go_on(3);
}

/// Many calls of one worker, each with a packet under the old key on its way.
struct Crowd {
    world: World,
    peers: Vec<[Peer; 2]>,
    keys: u8,
}

impl Crowd {
    fn new(calls: u32) -> Self {
        let mut crowd = Self { world: World::new(calls), peers: Vec::new(), keys: 11 };
        for slot in 0..calls {
            let port = 10_000 + slot as u16 * 4;
            crowd.peers.push([Peer::srtp(a_at(), port, SUITES[0], 11), Peer::clear(b_at(), port + 2)]);
            let wish = crowd.wish(slot);
            crowd.world.open(slot, &wish, port, port + 2);
        }
        crowd
    }

    fn wish(&self, slot: u32) -> SessionSpec {
        let mut wish = spec(slot.into());
        self.peers[slot as usize].iter().zip(&mut wish.sides).for_each(|(peer, side)| peer.describe(side));
        wish
    }

    /// Calls get other keys; returns for how many of them a packet under the old one is still accepted.
    fn rekey(&mut self, slots: core::ops::Range<u32>) -> usize {
        self.keys += 2;
        let late: Vec<_> = slots.map(|slot| (slot, self.peers[slot as usize][0].next_sealed())).collect();
        for (slot, _) in &late {
            let [a, b] = &mut self.peers[*slot as usize];
            a.change_keys(SUITES[0], self.keys);
            let (a, b) = (a.port, b.port);
            let wish = self.wish(*slot);
            self.world.update(*slot, &wish, a, b);
        }
        let accepted = late.iter().filter(|(slot, packet)| {
            let port = self.peers[*slot as usize][0].port;
            let is_accepted = self.world.relay(port, a_at(), packet).is_some();
            let fresh = self.peers[*slot as usize][0].next_sealed();
            assert!(self.world.relay(port, a_at(), &fresh).is_some(), "the new key always counts");
            is_accepted
        });
        accepted.count()
    }
}

#[test]
fn retired_openers_are_bounded_and_their_places_are_free_again() {
    let mut crowd = Crowd::new(RETIRED_MAX + 20);
    for _ in 0..3 {
        assert_eq!(crowd.rekey(0..RETIRED_MAX + 20), RETIRED_MAX as usize);
        // The grace is over for all.
        crowd.world.pass_ms(12_000);
    }
}

#[test]
fn changing_keys_again_takes_no_second_place() {
    let mut crowd = Crowd::new(RETIRED_MAX + 1);
    for _ in 0..3 {
        assert_eq!(crowd.rekey(0..RETIRED_MAX), RETIRED_MAX as usize);
    }
    assert_eq!(crowd.rekey(RETIRED_MAX..RETIRED_MAX + 1), 0, "all places are taken");
}

#[test]
fn a_call_that_ends_during_the_grace_frees_its_place() {
    let mut crowd = Crowd::new(RETIRED_MAX + 1);
    assert_eq!(crowd.rekey(0..RETIRED_MAX), RETIRED_MAX as usize);
    crowd.world.close(7);
    assert_eq!(crowd.rekey(RETIRED_MAX..RETIRED_MAX + 1), 1);
}

#[test]
fn short_packets_are_as_short_as_telephone_events() {
    let mut peer = Peer::clear(a_at(), 4000);
    assert_eq!(short(&mut peer).len(), rtp_with(101, 1, 1, 1, &[5, 0x8a, 3, 0x20]).len());
}
