//! Hosts whose dialogs have just ended. They may be in no list, and their copies of what ended them want an answer still.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use sip::transaction::{PATIENCE, T4};

/// Hosts, and until when they are heard.
#[derive(Default)]
pub(crate) struct Departed {
    hosts: HashMap<IpAddr, Duration>,
    /// All are kept equally long, so that the oldest note is always the first.
    notes: VecDeque<(Duration, IpAddr)>,
}

/// A request is repeated for 64 times T1, and may be on its way for T4.
const HEARD: Duration = PATIENCE.saturating_add(T4);

/// 200 calls a second with hosts that nobody lists, for as long as those are heard.
const NOTES_MAX: usize = 8_000;

impl Departed {
    pub(crate) fn note(&mut self, now: Duration, host: IpAddr) {
        while self.notes.front().is_some_and(|(until, _)| *until <= now || self.notes.len() >= NOTES_MAX) {
            self.forget_one();
        }
        let until = now.saturating_add(HEARD);
        self.hosts.insert(host, until);
        self.notes.push_back((until, host));
    }

    pub(crate) fn contains(&self, now: Duration, host: IpAddr) -> bool {
        self.hosts.get(&host).is_some_and(|until| *until > now)
    }

    fn forget_one(&mut self) {
        let Some((until, host)) = self.notes.pop_front() else { return };
        if self.hosts.get(&host) == Some(&until) {
            self.hosts.remove(&host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_heard_for_as_long_as_it_may_repeat_itself() {
        let mut departed = Departed::default();
        let host = |number: u32| IpAddr::from(number.to_be_bytes());
        departed.note(Duration::ZERO, host(1));
        departed.note(Duration::from_secs(10), host(1));
        assert!(departed.contains(Duration::from_secs(46), host(1)));
        assert!(!departed.contains(Duration::from_secs(47), host(1)));
        for number in 2..10_000 {
            departed.note(Duration::from_secs(11), host(number));
        }
        assert!(departed.notes.len() <= NOTES_MAX && departed.hosts.len() <= NOTES_MAX);
        assert!(!departed.contains(Duration::from_secs(11), host(1)));
    }
}
