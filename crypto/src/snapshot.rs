//! Indices without keys: what must survive a restart or reach another node.
//!
//! Whoever takes over derives the keys again from the master key that signaling knows. What it must not do is
//! to repeat an index under the same key, or to accept one again.

use crate::{opener, sealer};

/// How many packets a sealer may still send of each source after an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// RTP packets: at 50 a second, ten seconds between exports take 500.
    pub rtp: u32,
    /// RTCP packets.
    pub rtcp: u32,
}

/// What is known of up to `N` sources: plain data without secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot<S, const N: usize> {
    sources: [Option<S>; N],
}

/// The reserved indices of a [`Sealer`](crate::Sealer).
pub type SealerSnapshot = Snapshot<SealerSource, { sealer::SOURCES_MAX }>;

/// What an [`Opener`](crate::Opener) had accepted.
pub type OpenerSnapshot = Snapshot<OpenerSource, { opener::SOURCES_MAX }>;

/// The marks of one source: every index below them may have been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealerSource {
    /// The synchronisation source.
    pub ssrc: u32,
    /// The first RTCP index that is certainly unused.
    pub rtcp_mark: u32,
    /// The first RTP index that is certainly unused.
    pub rtp_mark: u64,
}

/// What was accepted of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenerSource {
    /// The synchronisation source.
    pub ssrc: u32,
    /// The highest RTCP index accepted, plus one.
    pub rtcp_next: u32,
    /// The highest RTP index accepted, plus one.
    pub rtp_next: u64,
}

impl<S: Copy, const N: usize> Snapshot<S, N> {
    /// Makes a snapshot of sources that came from elsewhere; none if there are more than a table holds.
    #[must_use]
    pub fn of(sources: &[S]) -> Option<Self> {
        let mut snapshot = Self { sources: [None; N] };
        let places = snapshot.sources.get_mut(..sources.len())?;
        places.iter_mut().zip(sources).for_each(|(place, source)| *place = Some(*source));
        Some(snapshot)
    }

    /// Makes a snapshot of the first sources of a table with as many places.
    pub(crate) fn of_table(source: impl FnMut(usize) -> Option<S>) -> Self {
        Self { sources: core::array::from_fn(source) }
    }

    /// Returns the sources in the order of their admission.
    pub fn sources(&self) -> impl Iterator<Item = &S> {
        self.sources.iter().flatten()
    }
}
