//! What is left of the calls: one record each, and nothing in the media process.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use loadgen::node::Node;
use serde_json::Value;

use super::Check;
use super::appliance::{ACCOUNT, Appliance, CALLED, CALLER, CONNECTOR};

/// Records arrive within seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// The records that are there before the calls: of another demo in the same folder.
pub(super) fn earlier(appliance: &Appliance) -> io::Result<BTreeSet<PathBuf>> {
    Ok(records(&appliance.cdr())?.into_iter().map(|(path, _)| path).collect())
}

pub(super) fn verify(
    appliance: &Appliance,
    calls: u16,
    earlier: &BTreeSet<PathBuf>,
) -> Result<Vec<Check>, Box<dyn std::error::Error>> {
    let wanted = usize::from(calls);
    let new = || -> io::Result<Vec<(PathBuf, String)>> {
        Ok(records(&appliance.cdr())?.into_iter().filter(|(path, _)| !earlier.contains(path)).collect())
    };
    let records = wait_for(|| {
        let found = new()?;
        Ok((found.len() >= wanted).then_some(found))
    })?;
    let records = match records {
        Some(records) => records,
        None => new()?,
    };
    let right = records.iter().filter(|(_, text)| is_right(text)).count();
    let shown = records.first().map_or_else(String::new, |(path, _)| {
        let path = path.strip_prefix(appliance.cdr()).unwrap_or(path);
        format!(": {}", path.display())
    });
    let sessions = wait_for(|| {
        let mut node = Node::connect(appliance.control()).map_err(io::Error::other)?;
        let sessions = node.sessions().map_err(io::Error::other)?;
        Ok(sessions.is_empty().then_some(()))
    })?;
    Ok(vec![
        Check::new(
            "record",
            right == wanted && records.len() == wanted,
            format!("{right} of {wanted} call detail records are right{shown}"),
        ),
        Check::new("drained", sessions.is_some(), "no session is left in the media process"),
    ])
}

/// Tells whether a record says what has happened.
fn is_right(text: &str) -> bool {
    let Ok(record) = serde_json::from_str::<Value>(text) else { return false };
    let says = |key: &str, value: &str| record[key] == value;
    says("AwsAccountId", ACCOUNT)
        && says("VoiceConnectorId", CONNECTOR)
        && says("FromNumber", CALLER)
        && says("ToNumber", CALLED)
        && says("Disposition", "Termination")
        && says("Status", "Completed")
        && says("StatusMessage", "Normal Call Clearing")
        && record["BillableDuration"].as_u64().is_some_and(|seconds| seconds > 0 && seconds % 6 == 0)
        && record["EndTime"].as_u64() > record["StartTime"].as_u64()
        && !text.contains(char::is_whitespace) | text.contains("Normal Call Clearing")
}

fn records(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if !entry.file_name().to_string_lossy().starts_with('.') {
                found.push((entry.path(), fs::read_to_string(entry.path())?));
            }
        }
    }
    Ok(found)
}

fn wait_for<T>(mut look: impl FnMut() -> io::Result<Option<T>>) -> io::Result<Option<T>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look()? {
            Some(found) => return Ok(Some(found)),
            None if Instant::now() > deadline => return Ok(None),
            None => thread::sleep(Duration::from_millis(20)),
        }
    }
}
