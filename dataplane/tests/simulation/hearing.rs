//! What a receiver of SRTP must accept: the rules of RFC 3711 about indices, on numbers alone.

use std::collections::BTreeMap;

/// What was heard under one key.
#[derive(Clone, Debug)]
pub(crate) struct Hearing {
    /// The number of the key.
    pub(crate) key: u32,
    sources: BTreeMap<u32, Source>,
}

#[derive(Clone, Debug, Default)]
struct Source {
    highest: Option<u64>,
    /// Indices that were accepted, and whether that is certain.
    accepted: BTreeMap<u64, bool>,
    /// The same for reports.
    reports: BTreeMap<u64, bool>,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Expected {
    /// It is refused.
    Never,
    /// The rules leave it open.
    May,
    /// It passes.
    Must,
}

/// Sources that an opener follows.
const SOURCES_MAX: usize = 8;
/// The replay window of media.
const WINDOW: u64 = 128;
/// The replay window of reports.
const REPORT_WINDOW: u64 = 64;

impl Hearing {
    /// Nothing was heard yet.
    pub(crate) fn new(key: u32) -> Self {
        Self { key, sources: BTreeMap::new() }
    }

    /// What becomes of an undamaged media packet that was sealed under the key with this index.
    pub(crate) fn media(&self, ssrc: u32, index: u64) -> Expected {
        let Some(guess) = self.guess(ssrc, index as u16) else { return Expected::Never };
        if self.is_lost(ssrc) {
            Expected::May
        } else if guess == index {
            self.newness(ssrc, index)
        } else if guess + (1 << 16) == index && self.newness(ssrc, guess) != Expected::Never {
            // A try one rollover ahead costs from a budget that others may have spent.
            Expected::May
        } else {
            Expected::Never
        }
    }

    /// Whether a packet under another key is told by its tag, so that the key before this one is tried.
    pub(crate) fn looks_new(&self, ssrc: u32, sequence: u16) -> bool {
        self.guess(ssrc, sequence).is_some_and(|guess| self.newness(ssrc, guess) == Expected::Must)
    }

    /// What becomes of an undamaged report.
    pub(crate) fn report(&self, ssrc: u32, index: u64) -> Expected {
        let Some(source) = self.sources.get(&ssrc) else { return self.room() };
        let highest = source.reports.last_key_value().map_or(0, |(index, _)| *index);
        match source.reports.get(&index) {
            Some(true) => Expected::Never,
            Some(false) => Expected::May,
            None if highest >= index + REPORT_WINDOW => Expected::Never,
            None => Expected::Must,
        }
    }

    /// Notes an accepted media packet, or one that may have been accepted.
    pub(crate) fn note(&mut self, ssrc: u32, index: u64, is_certain: bool) {
        let source = self.sources.entry(ssrc).or_default();
        *source.accepted.entry(index).or_default() |= is_certain;
        source.highest = source.highest.max(Some(index));
    }

    /// Notes a report.
    pub(crate) fn note_report(&mut self, ssrc: u32, index: u64, is_certain: bool) {
        *self.sources.entry(ssrc).or_default().reports.entry(index).or_default() |= is_certain;
    }

    /// Whether it is not certain what the highest index of a source is, and with it what its numbers stand for.
    fn is_lost(&self, ssrc: u32) -> bool {
        let source = self.sources.get(&ssrc);
        source.is_some_and(|source| source.highest.is_some_and(|highest| !source.accepted[&highest]))
    }

    fn room(&self) -> Expected {
        if self.sources.len() < SOURCES_MAX { Expected::Must } else { Expected::Never }
    }

    /// The index that a sequence number probably stands for; none if the source is one too many.
    fn guess(&self, ssrc: u32, sequence: u16) -> Option<u64> {
        match self.sources.get(&ssrc).map(|source| source.highest) {
            Some(Some(highest)) => Some(estimate(highest, sequence)),
            Some(None) => Some(sequence.into()),
            None => (self.room() == Expected::Must).then_some(sequence.into()),
        }
    }

    fn newness(&self, ssrc: u32, index: u64) -> Expected {
        let Some(source) = self.sources.get(&ssrc) else { return Expected::Must };
        match source.accepted.get(&index) {
            Some(true) => Expected::Never,
            Some(false) => Expected::May,
            None if source.highest.is_some_and(|highest| highest >= index + WINDOW) => Expected::Never,
            None => Expected::Must,
        }
    }
}

/// RFC 3711 section 3.3.1: the index nearest to the highest one; before the first cycle there is none.
pub(crate) fn estimate(highest: u64, sequence: u16) -> u64 {
    let ahead = sequence.wrapping_sub(highest as u16);
    let index = highest as i64 + i64::from(ahead.cast_signed());
    if index < 0 { u64::from(sequence) } else { index as u64 }
}
