//! Traffic in real time: send what is due, receive what has come, and wait for late ones at the end.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use crate::media::clock::Clock;
use crate::media::packet::Packets;
use crate::media::schedule::Pace;
use crate::media::side::{Losses, Side, SideError};
use crate::media::traffic::Traffic;

/// How long to wait for what is still on its way after the last packet was sent. A packet that is later is lost.
pub const DRAIN: Duration = Duration::from_millis(500);

/// From now to the first packet, so that everything is in place.
const LEAD_NS: u64 = 10_000_000;

/// A sleep ends some 50 microseconds late on Linux (timerslack_ns): what is due sooner is awaited without one.
const SLEEP_MIN_NS: u64 = 100_000;

/// Runs the traffic at a pace until all is sent, or somebody says stop, and then drains. Returns what our side lost.
///
/// # Errors
///
/// If the side stops to work.
pub fn run(
    traffic: &mut Traffic,
    side: &mut dyn Side,
    pace: Pace,
    clock: &Clock,
    stop: &AtomicBool,
) -> Result<Losses, SideError> {
    let before = side.losses();
    let mut packets = Packets::new();
    traffic.begin(pace, clock.now_ns() + LEAD_NS);
    while let Some(due_ns) = traffic.next_due_ns().filter(|_| !stop.load(Ordering::Relaxed)) {
        let now_ns = clock.now_ns();
        traffic.send(side, now_ns)?;
        let wait = due_ns.saturating_sub(now_ns);
        let wait = if wait < SLEEP_MIN_NS { 0 } else { wait };
        receive(traffic, side, &mut packets, clock, Duration::from_nanos(wait))?;
    }
    let drain_ns = DRAIN.as_nanos() as u64;
    let end_ns = clock.now_ns() + drain_ns;
    while let Some(left_ns) = end_ns.checked_sub(clock.now_ns()).filter(|left| *left > 0) {
        receive(traffic, side, &mut packets, clock, Duration::from_nanos(left_ns))?;
    }
    Ok(side.losses().since(before))
}

fn receive(
    traffic: &mut Traffic,
    side: &mut dyn Side,
    packets: &mut Packets,
    clock: &Clock,
    wait: Duration,
) -> Result<(), SideError> {
    side.receive(packets, clock.now_ns(), wait)?;
    if !packets.is_empty() {
        traffic.hear(packets, clock.now_ns());
    }
    Ok(())
}
