//! Why a packet was not sealed or not opened.

use core::fmt;

/// The reason a packet was refused. The words are the labels of metrics and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// The tag does not fit the packet: forged, damaged, or protected with another key.
    BadTag,
    /// The buffer has no room for the tag behind the packet.
    BufferFull,
    /// The sealer used this index before, or cannot prove that it did not.
    IndexUsed,
    /// The key protected as many packets as the standard allows; only a new key helps.
    KeyExhausted,
    /// The packet would pass the mark up to which indices are reserved; export a snapshot again.
    NotReserved,
    /// A packet with this index was accepted before.
    Replayed,
    /// As many sources are known as the table holds, and this packet comes from another one.
    SourcesFull,
    /// The packet is longer than a UDP datagram can be.
    TooLong,
    /// The index is older than the replay window reaches.
    TooOld,
    /// The packet is too short for its header and tag.
    Truncated,
    /// An SRTCP packet says of itself that it is not encrypted.
    Unencrypted,
}

impl Refusal {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::BadTag,
        Self::BufferFull,
        Self::IndexUsed,
        Self::KeyExhausted,
        Self::NotReserved,
        Self::Replayed,
        Self::SourcesFull,
        Self::TooLong,
        Self::TooOld,
        Self::Truncated,
        Self::Unencrypted,
    ];

    /// Returns the word that metrics, logs and people use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BadTag => "bad_tag",
            Self::BufferFull => "buffer_full",
            Self::IndexUsed => "index_used",
            Self::KeyExhausted => "key_exhausted",
            Self::NotReserved => "not_reserved",
            Self::Replayed => "replayed",
            Self::SourcesFull => "sources_full",
            Self::TooLong => "too_long",
            Self::TooOld => "too_old",
            Self::Truncated => "truncated",
            Self::Unencrypted => "unencrypted",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl core::error::Error for Refusal {}
