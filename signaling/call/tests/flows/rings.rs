//! Media that would go round: sessions that send to each other.

use sip::Method;
use sip::transaction::{Limits, Transactions};

use crate::scene::*;

/// Two calls, the second with the ports 20002 and 30002, on a node that sends to itself.
fn two_calls() -> (World, [(Peer, Peer); 2]) {
    let mut world = World::of(call::Setup { allows_loopback: true, ..setup(&records()) });
    world.media.spreads = true;
    let first = call(&mut world, PBX);
    let second = call(&mut world, [192, 0, 2, 2]);
    (world, [first, second])
}

fn call(world: &mut World, caller: [u8; 4]) -> (Peer, Peer) {
    let (mut pbx, mut carrier) = (Peer::new(caller), Peer::new(NORTH));
    // The carrier has one peer for each call, whose branches are its own.
    let [.., seed] = caller;
    carrier.transactions = Transactions::new(Limits::default(), [100 + seed; 32]);
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(caller, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &sdp([198, 51, 100, 9], 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    world.settle(&mut [&mut pbx, &mut carrier]);
    (pbx, carrier)
}

/// Has one side of a call want its media elsewhere, which the other side agrees to; returns what it hears.
fn moved(world: &mut World, (asking, other): (&mut Peer, &mut Peer), to: u16) -> u16 {
    let asked = other.requests.len();
    asking.request(Method::Invite, &sdp(HERE, to));
    world.settle(&mut [asking, other]);
    if other.requests.len() > asked {
        other.answer(200, &sdp([198, 51, 100, 9], 6000));
        world.settle(&mut [asking, other]);
        asking.acknowledge("");
        world.settle(&mut [asking, other]);
    }
    asking.heard().code()
}

#[test]
fn the_port_of_another_session_is_taken_until_that_closes_a_ring() {
    for (last, status) in [(30_000, 488), (30_001, 200)] {
        let (mut world, [(mut pbx, mut carrier), (mut second, mut other)]) = two_calls();
        // The first call sends to the second: a proxy that hands on descriptions does so.
        assert_eq!(moved(&mut world, (&mut pbx, &mut carrier), 20_002), 200);
        assert_eq!(moved(&mut world, (&mut other, &mut second), last), status);
        assert_eq!(world.counted().contains(&"media_ring".to_owned()), status == 488);
        assert_eq!(world.engine.calls(), 2, "the calls stand");
    }
}

#[test]
fn a_session_does_not_send_to_itself() {
    let (mut world, [(mut pbx, mut carrier), _]) = two_calls();
    for port in [20_000, 30_000] {
        assert_eq!(moved(&mut world, (&mut pbx, &mut carrier), port), 488, "{port}");
    }
    assert_eq!(world.counted(), ["media_ring=2"]);
}

#[test]
fn an_answer_that_closes_a_ring_is_no_answer_and_a_call_that_is_over_is_no_part_of_one() {
    for (is_over, status) in [(false, 488), (true, 200)] {
        let (mut world, [(mut pbx, mut carrier), _]) = two_calls();
        // Whoever answers the third call sends to the first, which sends to the third.
        assert_eq!(moved(&mut world, (&mut pbx, &mut carrier), 30_004), 200);
        if is_over {
            pbx.request(Method::Bye, "");
            world.settle(&mut [&mut pbx, &mut carrier]);
            carrier.answer(200, "");
        }
        let (mut third, mut callee) = (Peer::new([192, 0, 2, 3]), Peer::new(NORTH));
        let invite = third.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
        third.send(invite);
        world.settle(&mut [&mut third, &mut callee]);
        callee.answer(200, &sdp(HERE, 30_000));
        world.settle(&mut [&mut third, &mut callee]);
        assert_eq!(third.heard().code(), status);
    }
}

#[test]
fn a_call_between_customers_is_one_session_and_no_ring() {
    let mut world = World::of(call::Setup { allows_loopback: true, ..setup(&records()) });
    world.media.spreads = true;
    let (mut pbx, mut branch) = (Peer::new(PBX), Peer::new(BRANCH_PBX));
    let invite = pbx.invitation(OWN_NUMBER, BRANCH_NUMBER, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut branch]);
    branch.answer(200, &sdp(BRANCH_PBX, 5000));
    world.settle(&mut [&mut pbx, &mut branch]);
    assert_eq!((pbx.heard().code(), world.engine.calls(), world.media.opened), (200, 1, 1));
}
