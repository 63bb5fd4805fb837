//! Packets that no device may relay, beside the good ones: how many, and of what kinds.
//!
//! Who forges has no key. On a protected side it can copy headers and whole packets; on a side in the clear a packet from
//! the peer's address is the peer's, so only what is no media, or comes from somewhere else, is forged there.

pub mod forger;
mod past;
pub mod rhythm;

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use netio::LocalPort;

/// What is forged in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgery {
    /// How much of it there is.
    pub factor: Factor,
    /// What kinds, flows and bytes are drawn from. Keys, ports and sources are new in every run.
    pub seed: u64,
}

/// Forged packets for each good one, in thousandths: more than none, and at most twenty whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor(u32);

impl Factor {
    /// Returns the factor times a thousand.
    #[must_use]
    pub const fn thousandths(self) -> u32 {
        self.0
    }
}

const THOUSANDTHS_MAX: f64 = 20_000.0;

impl FromStr for Factor {
    type Err = NotAFactor;

    fn from_str(text: &str) -> Result<Self, NotAFactor> {
        let thousandths = text.parse::<f64>().map_err(|_| NotAFactor)? * 1000.0;
        let fits = (1.0..=THOUSANDTHS_MAX).contains(&thousandths);
        fits.then(|| Self(thousandths.round() as u32)).ok_or(NotAFactor)
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (f64::from(self.0) / 1000.0).fmt(f)
    }
}

/// The text is no factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAFactor;

impl fmt::Display for NotAFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wanted 0.001 to 20 forged packets for each good one")
    }
}

impl core::error::Error for NotAFactor {}

/// What is wrong with a forged packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A packet of the peer with other bytes behind the header, or with another sequence number.
    BadTag,
    /// A packet that was sent before, as it was.
    Replay,
    /// Up to 20 bytes that begin like RTP or RTCP, and end too soon.
    Truncated,
    /// Another version than two: STUN, ZRTP, DTLS, TURN, or nothing that is known.
    NotMedia,
    /// A packet of the peer under the name of another source.
    OtherSsrc,
    /// As good as a packet of the peer, from another address or port.
    Stranger,
}

impl Kind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::BadTag, Self::Replay, Self::Truncated, Self::NotMedia, Self::OtherSsrc, Self::Stranger];

    /// Those that a device can tell from good packets without a key.
    pub const IN_CLEAR: [Self; 3] = [Self::Truncated, Self::NotMedia, Self::Stranger];

    /// Returns the word that people and JSON use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BadTag => "bad_tag",
            Self::Replay => "replay",
            Self::Truncated => "truncated",
            Self::NotMedia => "not_media",
            Self::OtherSsrc => "other_ssrc",
            Self::Stranger => "stranger",
        }
    }
}

/// Where strangers send from.
#[derive(Clone, Debug)]
pub struct Strangers {
    /// Our addresses; a side that writes its own headers claims others beside them.
    pub addresses: Vec<IpAddr>,
    /// Ports of ours that no session knows: at least one on each address.
    pub ports: Vec<LocalPort>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_read_to_the_thousandth_and_written_as_they_were() {
        for (text, thousandths) in [("2", 2_000), ("0.001", 1), ("0.5", 500), ("20", 20_000), ("1.25", 1_250)]
        {
            let factor: Factor = text.parse().unwrap();
            assert_eq!((factor.thousandths(), factor.to_string()), (thousandths, text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_factor_is_refused() {
        for text in ["0", "-1", "20.001", "0.0009", "NaN", "inf", "", "two"] {
            assert_eq!(text.parse::<Factor>(), Err(NotAFactor), "{text}");
        }
    }

    #[test]
    fn kinds_stand_at_their_numbers_and_words_are_distinct() {
        let mut words: Vec<_> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Kind::ALL.len());
        assert!(Kind::ALL.iter().enumerate().all(|(place, kind)| *kind as usize == place));
    }
}
