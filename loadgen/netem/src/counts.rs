//! What became of the packets: each is counted once.

use std::fmt;

/// Names why a packet was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lost {
    /// The link was down.
    Blackout,
    /// The channel was in a bad state.
    Burst,
    /// The line held as many packets as it may.
    LineFull,
    /// The queue before the rate was full.
    QueueFull,
    /// Bad luck, independent of all other packets.
    Random,
    /// It was larger than the MTU.
    TooBig,
}

impl Lost {
    /// All reasons, in the order of their names.
    pub const ALL: [Self; 6] =
        [Self::Blackout, Self::Burst, Self::LineFull, Self::QueueFull, Self::Random, Self::TooBig];
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blackout => "blackout",
            Self::Burst => "burst",
            Self::LineFull => "line_full",
            Self::QueueFull => "queue_full",
            Self::Random => "random",
            Self::TooBig => "too_big",
        })
    }
}

/// Counts packets. At every moment `sent + duplicated == delivered + lost + queued`, and the link asserts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Copies that were changed; they count as delivered, too.
    pub corrupted: u64,
    /// Copies taken out at the far end.
    pub delivered: u64,
    /// Second copies made by the network.
    pub duplicated: u64,
    /// Packets handed in.
    pub sent: u64,
    lost: [u64; Lost::ALL.len()],
}

impl Counts {
    /// Counts the copies lost for one reason.
    pub fn lost(&self, reason: Lost) -> u64 {
        self.lost[reason as usize]
    }

    /// Counts all lost copies.
    pub fn lost_in_all(&self) -> u64 {
        self.lost.iter().sum()
    }

    pub(crate) fn lose(&mut self, reason: Lost) {
        self.lost[reason as usize] += 1;
    }
}
