//! What servers have said, for as long as it holds.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::resolve::message::{Kind, Record, Reply};

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known<'a> {
    /// Records; none if there is no such thing.
    Records(&'a [Record]),
    /// No server can say.
    Failed,
    /// It has to be asked for.
    Unknown,
}

/// What is asked for, in small letters.
pub(crate) type Key = (String, Kind);

/// Answers of servers.
#[derive(Default)]
pub(crate) struct Cache {
    entries: HashMap<Key, Entry>,
}

struct Entry {
    /// What was said last.
    records: Vec<Record>,
    fresh_until: Instant,
    /// No server could say anything new, and none is asked until then.
    failed_until: Option<Instant>,
}

/// A record that holds for less than a second would be asked for by each call.
const TTL_MIN: Duration = Duration::from_secs(1);
/// What was changed at last has to be heard some day.
const TTL_MAX: Duration = Duration::from_secs(60 * 60);
/// How long there is no such thing.
const NOTHING_TTL: Duration = Duration::from_secs(5);
/// How long servers that said nothing are left alone.
const FAILURE_TTL: Duration = Duration::from_secs(5);
/// How long what was true is better than nothing.
const STALE: Duration = Duration::from_secs(10 * 60);

const ENTRIES_MAX: usize = 4096;

impl Cache {
    /// Returns what is known. At the last moment what was true before is better than nothing.
    pub(crate) fn find(&self, key: &Key, is_last: bool, now: Instant) -> Known<'_> {
        let Some(entry) = self.entries.get(key) else {
            return if is_last { Known::Failed } else { Known::Unknown };
        };
        if now < entry.fresh_until {
            return Known::Records(&entry.records);
        }
        if !is_last && entry.failed_until.is_none_or(|until| now >= until) {
            return Known::Unknown;
        }
        let is_usable = !entry.records.is_empty() && now < entry.fresh_until + STALE;
        if is_usable { Known::Records(&entry.records) } else { Known::Failed }
    }

    /// Notes what a server said, or that none did.
    pub(crate) fn note(&mut self, key: Key, reply: Reply, now: Instant) {
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(&key) {
            self.make_room(now);
        }
        let (records, life) = match reply {
            Reply::Records(records, ttl) => {
                (records, Duration::from_secs(ttl.into()).clamp(TTL_MIN, TTL_MAX))
            }
            Reply::Nothing => (Vec::new(), NOTHING_TTL),
            Reply::Failed => {
                let entry = self.entries.entry(key);
                let nothing = || Entry { records: Vec::new(), fresh_until: now, failed_until: None };
                entry.or_insert_with(nothing).failed_until = Some(now + FAILURE_TTL);
                return;
            }
        };
        self.entries.insert(key, Entry { records, fresh_until: now + life, failed_until: None });
    }

    /// Drops what holds no more, or else what holds shortest.
    fn make_room(&mut self, now: Instant) {
        self.entries.retain(|_, entry| now < entry.fresh_until);
        if self.entries.len() >= ENTRIES_MAX {
            let shortest = self.entries.iter().min_by_key(|(_, entry)| entry.fresh_until);
            if let Some(key) = shortest.map(|(key, _)| key.clone()) {
                self.entries.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        (name.to_owned(), Kind::A)
    }

    fn address(last: u8) -> Vec<Record> {
        vec![Record::Address([192, 0, 2, last].into())]
    }

    fn is_fresh(ttl: u32, after_ms: u64) -> bool {
        let now = Instant::now();
        let mut cache = Cache::default();
        cache.note(key("a"), Reply::Records(address(1), ttl), now);
        cache.find(&key("a"), false, now + Duration::from_millis(after_ms)) == Known::Records(&address(1))
    }

    #[test]
    fn records_hold_for_a_second_to_an_hour() {
        for (ttl, ms) in [(0, 1000), (1, 1000), (60, 60_000), (3600, 3_600_000), (86_400, 3_600_000)] {
            assert!(is_fresh(ttl, ms - 1) && !is_fresh(ttl, ms), "{ttl}");
        }
    }

    #[test]
    fn that_there_is_nothing_holds_for_five_seconds() {
        let now = Instant::now();
        let mut cache = Cache::default();
        cache.note(key("a"), Reply::Nothing, now);
        assert_eq!(cache.find(&key("a"), false, now + Duration::from_millis(4999)), Known::Records(&[]));
        assert_eq!(cache.find(&key("a"), false, now + Duration::from_secs(5)), Known::Unknown);
        assert_eq!(cache.find(&key("b"), false, now), Known::Unknown);
    }

    #[test]
    fn what_was_true_is_used_for_ten_minutes_when_servers_are_silent() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let mut cache = Cache::default();
        cache.note(key("a"), Reply::Records(address(1), 60), now);
        assert_eq!(cache.find(&key("a"), false, after(61)), Known::Unknown);
        cache.note(key("a"), Reply::Failed, after(61));
        assert_eq!(cache.find(&key("a"), false, after(62)), Known::Records(&address(1)));
        assert_eq!(cache.find(&key("a"), false, after(66)), Known::Unknown);
        assert_eq!(cache.find(&key("a"), true, after(659)), Known::Records(&address(1)));
        assert_eq!(cache.find(&key("a"), true, after(660)), Known::Failed);
    }

    #[test]
    fn the_cache_has_a_limit() {
        let now = Instant::now();
        let mut cache = Cache::default();
        for number in 0..=ENTRIES_MAX {
            let ttl = u32::try_from(number).unwrap() + 10;
            cache.note(key(&number.to_string()), Reply::Records(address(1), ttl.min(3000)), now);
        }
        assert_eq!(cache.entries.len(), ENTRIES_MAX);
        assert_eq!(cache.find(&key("0"), false, now), Known::Unknown);
        assert_ne!(cache.find(&key("1"), false, now), Known::Unknown);
    }
}
