//! What differs between a thing as it is and as a file has it.

use serde::Serialize;
use serde_json::Value;

use super::Provisioned;

impl Provisioned {
    /// Notes what becomes of a thing; tells whether it has to be kept anew.
    pub(super) fn note<T: Serialize>(&mut self, name: &str, before: Option<&T>, after: &T) -> bool {
        let differing = before.map(|before| differing(before, after));
        self.note_keys(name, differing)
    }

    /// Notes what becomes of a thing of which the differing keys are known; none if there was no such thing.
    pub(super) fn note_keys(&mut self, name: &str, differing: Option<Vec<String>>) -> bool {
        match differing {
            None => self.added.push(name.to_owned()),
            Some(keys) if keys.is_empty() => {
                self.unchanged = self.unchanged.saturating_add(1);
                return false;
            }
            Some(keys) => self.changed.push(format!("{name}: {}", keys.join(", "))),
        }
        true
    }
}

/// Names the keys that two forms of a thing have different values for, ascending.
pub(super) fn differing<T: Serialize>(before: &T, after: &T) -> Vec<String> {
    let value = |thing: &T| serde_json::to_value(thing).unwrap_or_default();
    let (Value::Object(before), Value::Object(after)) = (value(before), value(after)) else {
        return Vec::new();
    };
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().filter(|key| before.get(*key) != after.get(*key)).cloned().collect()
}
