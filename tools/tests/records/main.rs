//! One call detail record per attempt, whatever happens: the appliance as its processes, between peers that speak SIP over
//! UDP, on loopback. Processes are killed, disks are full, stores are away; afterwards the records are compared with
//! what the peers have seen.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]
#![expect(clippy::print_stdout, reason = "a failure needs the seed and what was said before it")]

mod appliance;
mod full;
mod kill;
mod ledger;
mod media;
mod message;
mod outage;
mod peer;
mod single;
mod store;
mod torn;
mod waiting;

use std::time::{Duration, Instant};

/// Nothing that is waited for takes as long, unless it never comes.
const LONG: Duration = Duration::from_secs(20);

/// Waits until something is so that other processes bring about.
fn wait_until(what: &str, is_so: impl FnMut() -> bool) {
    assert!(comes_true(LONG, is_so), "waited too long: {what}");
}

/// Tells whether something comes to be so in time.
fn comes_true(within: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if begun.elapsed() > within {
            return false;
        }
        pass(Duration::from_millis(5));
    }
}

/// Lets time pass: what is killed is killed at some moment.
fn pass(time: Duration) {
    std::thread::park_timeout(time);
}

/// Numbers that look random and come again with their seed.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn time(&mut self, most: Duration) -> Duration {
        Duration::from_micros(self.below(most.as_micros() as u64 + 1))
    }
}

/// A number from the environment.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}
