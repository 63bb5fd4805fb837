//! Why a packet was not forwarded.

use crypto::Refusal;

/// Defines the reasons together with their words, so that neither can lack the other.
macro_rules! drops {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// The reason a packet was not forwarded: a counter, and the label of a metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Drop {
            $($(#[$doc])* $name,)*
        }

        impl Drop {
            /// Every reason, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the word that metrics, logs and people use.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

drops! {
    /// The tag does not fit: forged, damaged, or protected with another key.
    BadTag = "bad_tag",
    /// A packet with this index was sent on before.
    Duplicate = "duplicate",
    /// The peer is on hold: nothing from it is wanted.
    Held = "held",
    /// The other side wants no media now.
    FarHeld = "far_held",
    /// The key has protected as many packets as it may.
    KeyExhausted = "key_exhausted",
    /// The bytes are no RTP or RTCP.
    Malformed = "malformed",
    /// Where the other side is, nobody has said or learned yet.
    NoRemote = "no_remote",
    /// No session has the port.
    NotLeased = "not_leased",
    /// Neither RTP nor RTCP: STUN, DTLS, or nothing that is known here.
    NotMedia = "not_media",
    /// The sender is in none of the networks that the peer may send from.
    NotPermitted = "not_permitted",
    /// Indices for this packet are not reserved yet.
    NotReserved = "not_reserved",
    /// The packet was accepted before.
    Replayed = "replayed",
    /// A single packet far away from its stream: perhaps the first of a new one.
    OutOfSequence = "out_of_sequence",
    /// RTCP where RTP is expected, or the other way round.
    WrongFlow = "wrong_flow",
    /// More sources than a session follows.
    SourcesFull = "sources_full",
    /// The peer is somewhere else, and this sender has not shown to be it.
    WrongSource = "wrong_source",
    /// The packet is older than the replay window reaches.
    TooOld = "too_old",
    /// With headers and tag the packet would not fit a frame.
    TooLong = "too_long",
    /// Too short for header and tag.
    Truncated = "truncated",
    /// An SRTCP packet that is not encrypted.
    Unencrypted = "unencrypted",
    /// The budget for packets of unproven origin is spent.
    OverBudget = "over_budget",
}

impl From<Refusal> for Drop {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::BadTag => Self::BadTag,
            Refusal::BufferFull | Refusal::TooLong => Self::TooLong,
            Refusal::IndexUsed => Self::Duplicate,
            Refusal::KeyExhausted => Self::KeyExhausted,
            Refusal::NotReserved => Self::NotReserved,
            Refusal::Replayed => Self::Replayed,
            Refusal::SourcesFull => Self::SourcesFull,
            Refusal::TooOld => Self::TooOld,
            Refusal::Truncated => Self::Truncated,
            Refusal::Unencrypted => Self::Unencrypted,
        }
    }
}

/// How many packets were dropped for each reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drops([u64; Drop::ALL.len()]);

impl Default for Drops {
    fn default() -> Self {
        Self([0; Drop::ALL.len()])
    }
}

impl Drops {
    /// Counts one packet.
    #[inline]
    pub fn count(&mut self, reason: Drop) {
        self.0[reason as usize] += 1;
    }

    /// Returns how many packets were dropped for a reason.
    #[must_use]
    pub fn of(&self, reason: Drop) -> u64 {
        self.0[reason as usize]
    }

    /// Returns how many packets were dropped in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Returns reasons and counts.
    pub fn iter(&self) -> impl Iterator<Item = (Drop, u64)> + '_ {
        Drop::ALL.iter().map(|reason| (*reason, self.of(*reason)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinct_and_reasons_stand_at_their_numbers() {
        let mut words: Vec<_> = Drop::ALL.iter().map(|reason| reason.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Drop::ALL.len());
        assert!(Drop::ALL.iter().enumerate().all(|(place, reason)| *reason as usize == place));
    }

    #[test]
    fn every_packet_is_counted_once() {
        let mut drops = Drops::default();
        drops.count(Drop::BadTag);
        drops.count(Drop::BadTag);
        drops.count(Drop::Held);
        assert_eq!((drops.of(Drop::BadTag), drops.of(Drop::Held), drops.total()), (2, 1, 3));
    }
}
