//! What a call costs. The figures mean something in a release build only; the bounds hold in any.

use std::process::Command;
use std::time::Duration;

use sip::Method;

use crate::outbound::answered;
use crate::scene::*;

#[test]
fn a_whole_call_costs_less_than_a_millisecond_of_a_release_build() {
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let mut world = World::new();
        let (mut pbx, mut carrier) = answered(&mut world);
        pbx.request(Method::Bye, "");
        world.settle(&mut [&mut pbx, &mut carrier]);
        carrier.answer(200, "");
        world.settle(&mut [&mut pbx, &mut carrier]);
        best = best.min(world.busy);
        assert_eq!(world.journal.ended.len(), 1);
    }
    println!("a whole call, without its peers: {} us", best.as_micros());
    assert!(best < Duration::from_millis(if cfg!(debug_assertions) { 50 } else { 2 }), "{best:?}");
}

/// Tells the process that runs one test alone.
const ALONE: &str = "TRUNKLINE_TEST_ALONE";

/// Runs a test in a process of its own, as what others need at the same time would be taken for its own. Returns what it said.
fn alone(test: &str) -> String {
    let mut words = Command::new(std::env::current_exe().unwrap());
    let done = words.args(["--exact", test, "--nocapture"]).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("1 passed"), "{said}");
    said
}

/// The memory of this process that is in use, in bytes; `None` where nobody tells.
fn resident() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(text.split(' ').nth(1)?.parse::<usize>().ok()? * 4096)
}

/// Makes calls that stay up, and forgets what peers and test remember of them.
fn more_calls(world: &mut World, (pbx, carrier): (&mut Peer, &mut Peer), count: usize) {
    for at in 0..count {
        let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
        pbx.send(invite);
        world.settle(&mut [pbx, carrier]);
        carrier.answer(200, &sdp(NORTH, 6000));
        world.settle(&mut [pbx, carrier]);
        pbx.dialog = None;
        pbx.acknowledge("");
        world.settle(&mut [pbx, carrier]);
        if at % 50 == 49 {
            world.pass(Duration::from_secs(40), &mut [pbx, carrier]);
            for peer in [&mut *pbx, &mut *carrier] {
                (peer.requests, peer.responses, peer.acks) = Default::default();
            }
            (world.wire, world.targets, world.flows, world.media.wishes) = Default::default();
            (world.journal.begun, world.journal.answered) = Default::default();
        }
    }
}

#[test]
fn a_call_that_is_up_takes_no_more_than_16_kilobytes() {
    const CALLS: usize = 2_000;
    if std::env::var_os(ALONE).is_none() {
        println!("{}", alone("cost::a_call_that_is_up_takes_no_more_than_16_kilobytes"));
        return;
    }
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    more_calls(&mut world, (&mut pbx, &mut carrier), 200);
    let Some(before) = resident() else {
        println!("skipped: the memory of a process is read from /proc/self/statm, which is not there");
        return;
    };
    more_calls(&mut world, (&mut pbx, &mut carrier), CALLS);
    let grown = resident().map_or(0, |after| after.saturating_sub(before)) / CALLS;
    assert_eq!(world.engine.calls(), CALLS + 200);
    println!("a call that is up: {grown} bytes");
    assert!(grown < 16 * 1024, "{grown} bytes");
}
