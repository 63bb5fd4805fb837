//! What a run is to do: how many calls, how often, and how long they last.

/// What a run is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Calls that are begun.
    pub calls: u32,
    /// How many of them in a second; at least one.
    pub rate: u32,
    /// How long the carrier rings before it answers.
    pub ring_ns: u64,
    /// How long calls last.
    pub hold: Hold,
    /// So many of the first calls stay until all others are over, and talk meanwhile.
    pub talking: u32,
}

/// How long calls last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Each so long, from its answer on.
    For(u64),
    /// Until [`Traffic::release`](super::traffic::Traffic::release): then they end at the rate at which they began.
    UntilReleased,
}

impl Plan {
    /// Returns when a call is due, after the start.
    #[must_use]
    pub fn offset_ns(&self, count: u32) -> u64 {
        u64::from(count) * 1_000_000_000 / u64::from(self.rate.max(1))
    }
}
