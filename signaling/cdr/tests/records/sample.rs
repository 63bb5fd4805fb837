//! Calls, folders and buckets for all tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cdr::{
    Begin, Destination, Disposition, Figures, Outcome, Record, Spool, Status, TransactionId, Uploader,
};

/// The sample of the documents: 2019-03-08 06:27:38.563 UTC.
pub(crate) const START_MS: u64 = 1_552_026_458_563;

/// Nothing in these tests takes as long, unless it never ends.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn id(number: u64) -> TransactionId {
    TransactionId::new(START_MS + number, u128::from(number) << 7 | 1)
}

pub(crate) fn begin(number: u64) -> Begin {
    Begin {
        aws_account_id: "123456789012".into(),
        transaction_id: id(number),
        call_id: format!("{number}-7d9f@192.0.2.1").as_str().into(),
        invite_call_id: "not in the record".into(),
        voice_connector_id: "11111222223333334444".into(),
        from_number: "+12065550100".into(),
        to_number: "+12065550101".into(),
        disposition: Disposition::Termination,
        sip_auth_user: Some("5600".into()),
        start_time_ms: START_MS + number,
    }
}

pub(crate) fn outcome(number: u64) -> Outcome {
    Outcome {
        status: Status::Completed,
        status_message: "Normal Call Clearing".into(),
        end_time_ms: START_MS + number + 29_473,
    }
}

/// What is to be in the bucket for a call that was answered after a second.
pub(crate) fn record(number: u64) -> Record {
    let answer_time_ms = Some(START_MS + number + 1_000);
    Record { begin: begin(number), answer_time_ms, outcome: outcome(number) }
}

/// Objects by their names, as they are to be after these calls.
pub(crate) fn objects(numbers: impl Iterator<Item = u64>) -> BTreeMap<String, Vec<u8>> {
    numbers.map(record).map(|record| (record.key(), record.json())).collect()
}

/// Uploads all there is, and ends.
pub(crate) fn upload(spool: &Arc<Spool>, bucket: &Path) -> Figures {
    let destination = Destination::Folder(bucket.to_path_buf());
    let figures = Uploader::start(spool.clone(), &destination).unwrap().drain(LONG);
    assert_eq!(figures.waiting, 0, "records are left: {figures:?}");
    figures
}

/// Waits until something is so that another thread or process brings about.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "waited too long: {what}");
        // Gives up the processor to those that are waited for, which are more than there are processors.
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// What is in a folder that is used as a bucket.
pub(crate) fn read_bucket(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    read_folder(root, root, &mut found);
    found
}

fn read_folder(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with(".incomplete") {
            continue;
        }
        if path.is_dir() {
            read_folder(root, &path, found);
        } else {
            let key = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(key, fs::read(&path).unwrap());
        }
    }
}

/// The names of the files in the folder of a journal that end so.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.to_str().unwrap().ends_with(ending)).collect();
    files.sort();
    files
}

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // In memory, where there is such a place: what a kill leaves is the same there, and a sync takes no time.
        let memory = PathBuf::from("/dev/shm");
        let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let path = place.join(format!("cdr-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.0.join("spool")
    }

    pub(crate) fn bucket(&self) -> PathBuf {
        self.0.join("bucket")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Numbers that look random and come again with their seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
