//! The device's own account of all packets, as its statistics tell it.

use std::collections::BTreeMap;

use control::Count;

/// What a media process has counted over all its sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Packets that came to its workers.
    pub received: u64,
    /// Packets that it sent on.
    pub forwarded: u64,
    /// Packets that it did not.
    pub dropped: u64,
    /// Packets that its driver or kernel dropped before a worker saw them.
    pub unheard: u64,
    /// Those that were dropped, by the words of the reasons.
    pub reasons: BTreeMap<String, u64>,
}

impl Books {
    /// Reads what the media process answered to [`Request::Statistics`](control::Request::Statistics).
    #[must_use]
    pub fn from_counts(counts: &[Count]) -> Self {
        let mut books = Self::default();
        for Count { name, value } in counts {
            match name.as_str() {
                "packets_received" => books.received = *value,
                "packets_forwarded" => books.forwarded = *value,
                "packets_dropped" => books.dropped = *value,
                "driver_rx_foreign" | "driver_rx_overflow" | "driver_rx_truncated" => books.unheard += value,
                name => {
                    let reason = name.strip_prefix("dropped_");
                    books.reasons.extend(reason.map(|reason| (reason.to_owned(), *value)));
                }
            }
        }
        books
    }

    /// Returns what was added since an earlier account, with the reasons that there were.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let grown = |(reason, count): (&String, &u64)| {
            let before = earlier.reasons.get(reason).copied().unwrap_or(0);
            (reason.clone(), count.saturating_sub(before))
        };
        Self {
            received: self.received.saturating_sub(earlier.received),
            forwarded: self.forwarded.saturating_sub(earlier.forwarded),
            dropped: self.dropped.saturating_sub(earlier.dropped),
            unheard: self.unheard.saturating_sub(earlier.unheard),
            reasons: self.reasons.iter().map(grown).filter(|(_, count)| *count > 0).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books(counts: [(&str, u64); 6]) -> Books {
        Books::from_counts(&counts.map(|(name, value)| Count { name: name.to_owned(), value }))
    }

    #[test]
    fn what_was_added_is_told_with_its_reasons() {
        let account = |received, overflow, bad_tag| {
            books([
                ("packets_received", received),
                ("packets_forwarded", received - bad_tag),
                ("packets_dropped", bad_tag),
                ("driver_rx_overflow", overflow),
                ("dropped_bad_tag", bad_tag),
                ("dropped_held", 5),
            ])
        };
        let expected = Books {
            received: 90,
            forwarded: 70,
            dropped: 20,
            unheard: 3,
            reasons: BTreeMap::from([("bad_tag".to_owned(), 20)]),
        };
        assert_eq!(account(100, 7, 20).since(&account(10, 4, 0)), expected);
    }
}
