//! The rollover counter: kept while the key is, and found again at a price.

use control::SideName;
use crypto::Sealer;
use dataplane::drop::Drop;

use crate::call::{Call, KEYS, SUITES};
use crate::peer::seal;
use crate::world::{key, rtp, srtp};

#[test]
fn a_call_survives_the_wrap_of_the_sequence_with_losses_around_it() {
    for lost in [0..0, 65_530..65_536, 65_536..65_545, 65_500..65_560u32] {
        let mut call = Call::srtp();
        for index in 65_450..65_620u32 {
            let plain = rtp(7, index as u16, index * 160);
            for side in SideName::BOTH {
                let packet = call.peer(side).seal(&plain);
                if !lost.contains(&index) {
                    let sent = call.relay(side, &packet).unwrap_or_else(|| panic!("{index} of {lost:?}"));
                    assert_eq!(call.hear(side.other(), &sent).as_ref(), Some(&plain), "{index} of {lost:?}");
                }
            }
        }
        for peer in &call.peers {
            let heard = peer.heard().unwrap();
            assert_eq!(heard.sources().next().unwrap().rtp_next, 65_620, "the rollover is one");
        }
    }
}

#[test]
fn packets_around_the_wrap_may_come_in_any_order() {
    let mut call = Call::srtp();
    let packets: Vec<_> = (65_500..65_600u32).map(|index| rtp(7, index as u16, index * 160)).collect();
    let packets: Vec<_> = packets.iter().map(|plain| call.peer(SideName::A).seal(plain)).collect();
    for chunk in packets.chunks(20) {
        for packet in chunk.iter().rev() {
            let sent = call.relay(SideName::A, packet).unwrap();
            assert!(call.hear(SideName::B, &sent).is_some());
        }
    }
    assert_eq!(call.drops().total(), 0);
}

#[test]
fn an_update_with_the_same_keys_keeps_the_rollover() {
    let mut call = wrapped();
    call.update();
    call.go_on(5);
    for side in SideName::BOTH {
        let ssrc = call.peer(side).ssrc;
        let mut sealer = Sealer::new(&key(SUITES[side as usize], KEYS[side as usize]));
        // A little ahead, and without a rollover.
        call.expect_drop(side, &seal(&mut sealer, &rtp(ssrc, 100, 160)), Drop::BadTag);
    }
    assert!(call.peers.iter().all(|peer| peer.heard().unwrap().sources().next().unwrap().rtp_next > 65_536));
}

#[test]
fn new_keys_begin_without_a_rollover() {
    let mut call = wrapped();
    for (side, number) in SideName::BOTH.into_iter().zip([31, 41]) {
        let suite = SUITES[side as usize];
        let spec = &mut call.spec.sides[side as usize];
        (spec.receive, spec.send) = (srtp(suite, number), srtp(suite, number + 1));
        call.peer(side).change_keys(suite, number);
    }
    call.update();
    call.go_on(5);
    for (side, number) in SideName::BOTH.into_iter().zip([31, 41]) {
        assert!(call.peer(side).heard().unwrap().sources().next().unwrap().rtp_next < 65_536);
        // Under the new key the rollover of the old one is as wrong as any other.
        let (ssrc, sequence) = (call.peer(side).ssrc, call.peer(side).sequence);
        let mut sealer = Sealer::new(&key(SUITES[side as usize], number));
        let mut ahead = Vec::new();
        for sequence in [20_000, 40_000, 60_000, sequence] {
            ahead = seal(&mut sealer, &rtp(ssrc, sequence, 0));
        }
        // The tries at another rollover are spent first.
        let packets = (0..4).map(|_| rtp(1, 1, 1)).chain([ahead]);
        packets.for_each(|packet| call.expect_drop(side, &packet, Drop::BadTag));
    }
    call.go_on(5);
}

/// A peer that was silent for more than half a cycle is found again, as long as nobody has spent the tries.
#[test]
fn tries_at_another_rollover_are_budgeted() {
    let mut call = Call::srtp();
    call.peer(SideName::A).sequence = 1000;
    call.go_on(3);
    let ahead = |call: &mut Call, times: u16| {
        // The peer goes on unheard, once round.
        (0..times).for_each(|step| drop(call.peer(SideName::A).seal(&rtp(4000, 1003 + step * 16_000, 0))));
    };
    ahead(&mut call, 5);
    call.peer(SideName::A).sequence = 1003;
    let packet = call.peer(SideName::A).next_sealed();
    let from = call.peer(SideName::A).at;
    for _ in 0..4 {
        let mut forged = packet.clone();
        forged[30] ^= 1;
        call.world.arrive(4000, from, &forged);
    }
    call.world.turn();
    call.expect_drop(SideName::A, &packet, Drop::BadTag);
    call.world.pass_ms(1300);
    assert!(call.relay(SideName::A, &packet).is_some(), "the sweep grants tries");
}

/// A call whose streams have wrapped on both sides.
fn wrapped() -> Call {
    let mut call = Call::srtp();
    SideName::BOTH.into_iter().for_each(|side| call.peer(side).sequence = 65_530);
    call.go_on(10);
    call
}
