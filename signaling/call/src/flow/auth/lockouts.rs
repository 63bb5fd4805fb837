//! Who guesses passwords waits, longer each time: by user and source together, so that nobody locks out somebody else.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::fingerprint::Fingerprint;

/// Logins that were wrong, by user and source.
#[derive(Default)]
pub(super) struct Lockouts {
    known: HashMap<Fingerprint, Lockout>,
    /// By when they failed last.
    order: BTreeSet<(Duration, Fingerprint)>,
}

#[derive(Clone, Copy)]
struct Lockout {
    failures: u32,
    failed: Duration,
    until: Duration,
}

/// Two calls with a password that was mistyped lock nobody out; the next wrong login does.
const FREE: u32 = 4;
/// The first wait, which doubles with each further failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest: ten failures behind the free ones, and 96 guesses a day from then on.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// After so long without a failure all is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
/// So many users and sources are known; beyond, the one that has not failed for longest is forgotten, which takes as many
/// wrong logins as there are.
const KNOWN_MAX: usize = 10_000;

impl Lockouts {
    /// Tells whether a login is not even looked at.
    pub(super) fn contains(&self, now: Duration, login: Fingerprint) -> bool {
        self.known.get(&login).is_some_and(|lockout| now < lockout.until)
    }

    /// Notes a wrong login.
    pub(super) fn note(&mut self, now: Duration, login: Fingerprint) {
        let before = self.remove(login).filter(|before| now < before.failed.saturating_add(FORGOTTEN));
        while self.known.len() >= KNOWN_MAX
            && let Some((_, oldest)) = self.order.first().copied()
        {
            self.remove(oldest);
        }
        let failures = before.map_or(0, |before| before.failures).saturating_add(1);
        let wait = match failures.checked_sub(FREE) {
            None | Some(0) => Duration::ZERO,
            Some(beyond) => FIRST.saturating_mul(1 << beyond.saturating_sub(1).min(16)).min(LONGEST),
        };
        self.known.insert(login, Lockout { failures, failed: now, until: now.saturating_add(wait) });
        self.order.insert((now, login));
    }

    /// Forgets what was wrong before a right login.
    pub(super) fn remove_proven(&mut self, login: Fingerprint) {
        self.remove(login);
    }

    fn remove(&mut self, login: Fingerprint) -> Option<Lockout> {
        let lockout = self.known.remove(&login)?;
        self.order.remove(&(lockout.failed, login));
        Some(lockout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::Fingerprints;

    fn print(number: u32) -> Fingerprint {
        Fingerprints::new(&[7; 32]).of(&[&number.to_be_bytes()])
    }

    #[test]
    fn each_failure_beyond_four_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let (mut lockouts, mut now) = (Lockouts::default(), Duration::ZERO);
        let mut waits = Vec::new();
        for _ in 0..16 {
            lockouts.note(now, print(1));
            let begun = now;
            while lockouts.contains(now, print(1)) {
                now += Duration::from_secs(1);
            }
            waits.push((now - begun).as_secs());
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }

    #[test]
    fn what_is_right_or_an_hour_ago_is_forgotten_and_others_are_not_concerned() {
        let (mut lockouts, now) = (Lockouts::default(), Duration::from_secs(10));
        let is_locked = |lockouts: &Lockouts, number| lockouts.contains(now, print(number));
        for _ in 0..5 {
            lockouts.note(now, print(1));
        }
        assert!(is_locked(&lockouts, 1) && !is_locked(&lockouts, 2));
        lockouts.remove_proven(print(1));
        assert!(!is_locked(&lockouts, 1) && lockouts.order.is_empty());
        for second in [10, 11, 12, 13] {
            lockouts.note(Duration::from_secs(second), print(1));
        }
        let later = Duration::from_secs(13 + 3600);
        lockouts.note(later, print(1));
        assert!(!lockouts.contains(later, print(1)));
    }

    #[test]
    fn there_is_an_end_to_what_is_known() {
        let mut lockouts = Lockouts::default();
        for number in 0..10_100 {
            lockouts.note(Duration::from_secs(number.into()), print(number));
        }
        assert_eq!((lockouts.known.len(), lockouts.order.len()), (KNOWN_MAX, KNOWN_MAX));
        assert!(!lockouts.known.contains_key(&print(99)) && lockouts.known.contains_key(&print(100)));
    }
}
