//! What was recorded, and whether it is what the peers have seen.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::peer::{Book, Seen};

/// A record and the name of its object.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) key: String,
    json: Value,
}

impl Record {
    pub(crate) fn new(key: &str, bytes: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(bytes).unwrap();
        let record = Self { key: key.to_owned(), json };
        assert!(key.contains(record.text("VoiceConnectorId")), "{record:?}");
        assert!(key.ends_with(record.text("TransactionId")), "{record:?}");
        assert!(record.number("EndTime") >= record.number("StartTime"), "{record:?}");
        record
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.json[member].as_str().unwrap_or_else(|| panic!("{member} in {self:?}"))
    }

    pub(crate) fn number(&self, member: &str) -> u64 {
        self.json[member].as_u64().unwrap_or_else(|| panic!("{member} in {self:?}"))
    }

    pub(crate) fn has(&self, member: &str) -> bool {
        !self.json[member].is_null()
    }

    fn numbers(&self) -> (String, String) {
        (self.text("FromNumber").to_owned(), self.text("ToNumber").to_owned())
    }
}

/// Reads the records in a folder that is used as a bucket.
pub(crate) fn read(bucket: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    read_folder(bucket, bucket, &mut records);
    records
}

fn read_folder(root: &Path, folder: &Path, records: &mut Vec<Record>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.ends_with(".incomplete") {
            continue;
        }
        if path.is_dir() {
            read_folder(root, &path, records);
        } else {
            let key = path.strip_prefix(root).unwrap().to_str().unwrap();
            records.push(Record::new(key, &fs::read(&path).unwrap()));
        }
    }
}

/// Counts the records in such a folder.
pub(crate) fn count(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with(".incomplete"));
    paths.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

/// Counts the reasons in records.
pub(crate) fn reasons(records: &[Record]) -> BTreeMap<&str, usize> {
    let mut reasons = BTreeMap::new();
    for record in records {
        *reasons.entry(record.text("StatusMessage")).or_default() += 1;
    }
    reasons
}

/// What came of a comparison, to be looked at.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) records: usize,
    pub(crate) answered: usize,
    pub(crate) recovered: usize,
    pub(crate) refused: usize,
    /// Attempts of which nobody has heard a word; they may have a record.
    pub(crate) unheard: usize,
    /// Attempts that were refused for want of room or for being too many, and have no record; they may have one.
    pub(crate) turned_away: usize,
}

/// Compares records with what peers have seen: each attempt has numbers of its own. Whoever got an answer, and whoever was
/// reached, is in one record; answered calls are paid for; and there are no others.
pub(crate) fn compare(books: &[&Book], records: &[Record]) -> Found {
    let mut by_numbers = BTreeMap::<_, Vec<&Record>>::new();
    for record in records {
        by_numbers.entry(record.numbers()).or_default().push(record);
    }
    for (numbers, records) in &by_numbers {
        assert_eq!(records.len(), 1, "{numbers:?} have several records: {records:#?}");
    }
    let mut found = Found { records: records.len(), ..Found::default() };
    let calls = || books.iter().flat_map(|book| book.iter());
    for (call_id, seen) in calls() {
        let record = by_numbers.get(&(seen.from.clone(), seen.to.clone())).map(|records| records[0]);
        match record {
            Some(record) => judge(call_id, seen, record, &mut found),
            None if !seen.is_incoming && seen.last() == 503 => found.turned_away += 1,
            None if seen.is_incoming || !seen.statuses.is_empty() => {
                panic!("no record of {call_id}: {seen:?}")
            }
            None => found.unheard += 1,
        }
    }
    let attempts: Vec<_> = calls().map(|(_, seen)| (&seen.from, &seen.to)).collect();
    for (from, to) in by_numbers.keys() {
        assert!(attempts.contains(&(from, to)), "a record of nobody: {from} to {to}");
    }
    found
}

fn judge(call_id: &str, seen: &Seen, record: &Record, found: &mut Found) {
    let told = format!("{call_id}: {seen:?}, {record:?}");
    if seen.is_incoming {
        return;
    }
    let (status, message) = (record.text("Status"), record.text("StatusMessage"));
    let is_outbound = record.text("Disposition") == "Termination";
    assert_eq!(record.text("CallId") == call_id, is_outbound, "the customer's own Call-ID: {told}");
    found.recovered += usize::from(message == "Recovered");
    let billed = record.number("BillableDuration");
    if seen.is_up {
        found.answered += 1;
        assert!(status == "Completed", "answered: {told}");
        assert!(
            billed > 0 || message == "Recovered",
            "its process may have ended in the same moment: {told}"
        );
        // No test lasts longer.
        assert!(record.number("EndTime") < record.number("StartTime") + 120_000, "{told}");
        if seen.bye == Some(200) {
            assert_eq!(message, "Normal Call Clearing", "{told}");
        }
    } else if seen.last() >= 300 {
        found.refused += 1;
        assert_eq!(billed, 0, "{told}");
        // A refusal may come again, by a copy of the INVITE after a restart.
        if message != "Recovered" {
            assert_eq!(status, if seen.last() == 487 { "Completed" } else { "Rejected" }, "{told}");
        }
    }
}
