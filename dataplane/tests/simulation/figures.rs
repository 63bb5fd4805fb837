//! What simulations were, in numbers.

use crate::plant::Output;

/// What a simulation was, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// All outputs and replies, summed up.
    pub(crate) transcript: u64,
    pub(crate) forwarded: u64,
    pub(crate) dropped: u64,
    /// Packets of which the rules say that they go on, that they do not, and neither.
    pub(crate) must: u64,
    pub(crate) never: u64,
    pub(crate) may: u64,
    pub(crate) forged: u64,
    pub(crate) events: u64,
}

impl Figures {
    /// Adds up those of several simulations.
    pub(crate) fn add(&mut self, other: &Self) {
        self.forwarded += other.forwarded;
        self.dropped += other.dropped;
        self.must += other.must;
        self.never += other.never;
        self.may += other.may;
        self.forged += other.forged;
        self.events += other.events;
    }

    pub(crate) fn note(&mut self, output: &Output) {
        self.mix(&output.from.port.to_be_bytes());
        self.mix(output.to.to_string().as_bytes());
        self.mix(&output.bytes);
    }

    /// FNV-1a.
    pub(crate) fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.transcript = (self.transcript ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
