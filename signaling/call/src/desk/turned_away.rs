//! INVITEs that were refused for what they are, without a transaction: their copies are told the same, and are no other
//! attempt.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use sip::transaction::PATIENCE;

use crate::fingerprint::Fingerprint;

/// What was refused, and until when copies of it come.
#[derive(Default)]
pub(crate) struct TurnedAway {
    known: HashSet<Fingerprint>,
    /// All are kept equally long, so that the oldest note is always the first.
    notes: VecDeque<(Duration, Fingerprint)>,
}

/// What came of noting an INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// It is the first of its kind.
    New,
    /// It has come before.
    Copy,
    /// Nobody could tell a copy of it: there are too many.
    Full,
}

impl TurnedAway {
    /// Notes an INVITE for as long as it may be repeated, 64 times T1, if no more than so many are known.
    pub(crate) fn note(&mut self, now: Duration, invite: Fingerprint, max: usize) -> Noted {
        while self.notes.front().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, old)) = self.notes.pop_front() {
                self.known.remove(&old);
            }
        }
        if self.known.contains(&invite) {
            return Noted::Copy;
        }
        if self.notes.len() >= max {
            return Noted::Full;
        }
        self.known.insert(invite);
        self.notes.push_back((now.saturating_add(PATIENCE), invite));
        Noted::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::Fingerprints;

    #[test]
    fn a_copy_is_known_for_32_seconds_and_there_is_an_end_to_what_is_known() {
        let prints = Fingerprints::new(&[7; 32]);
        let print = |number: u32| prints.of(&[&number.to_be_bytes()]);
        let seconds = Duration::from_secs;
        let mut turned_away = TurnedAway::default();
        let mut note = |at, number| turned_away.note(seconds(at), print(number), 3);
        assert_eq!([note(0, 0), note(31, 0), note(32, 0)], [Noted::New, Noted::Copy, Noted::New]);
        assert_eq!([note(33, 1), note(33, 2), note(33, 3)], [Noted::New, Noted::New, Noted::Full]);
        assert_eq!([note(64, 3), note(64, 4)], [Noted::New, Noted::Full], "the oldest is forgotten");
        assert_eq!(turned_away.known.len(), 3);
    }
}
