//! The one form in which the same records are always written, and what differs between two of them.

use std::{collections::BTreeMap, fmt};

use toml::{Table, Value};
use trunk::records::{PhoneNumberRecord, Records, VoiceConnectorRecord};
use zeroize::Zeroizing;

/// Gives records as a table: sorted by id, without what is said by saying nothing.
pub(super) fn table(records: &Records) -> Table {
    let mut table = as_table(records);
    for (kind, id, _) in KINDS {
        let Some(Value::Array(items)) = table.get_mut(kind) else { continue };
        items.sort_by(|one, other| text(one, id).cmp(text(other, id)));
        let defaults = match kind {
            "phone_numbers" => as_table(&PhoneNumberRecord::default()),
            "voice_connectors" => as_table(&VoiceConnectorRecord::default()),
            _ => continue,
        };
        items.iter_mut().filter_map(Value::as_table_mut).for_each(|item| thin_out(item, &defaults));
    }
    thin_out(&mut table, &as_table(&Records::default()));
    table
}

/// Writes a table, one thing at a time: the time that `toml` takes for a list grows with the square of its length.
pub(super) fn written(table: &Table) -> Zeroizing<String> {
    let write = |table: &Table| toml::to_string(table).map(Zeroizing::new).expect("a table can be written");
    let is_list = |key: &str| KINDS.iter().any(|(kind, ..)| *kind == key);
    let mut settings = table.clone();
    settings.retain(|key, _| !is_list(key));
    let mut text = Zeroizing::new(format!("{NOTE}{}", *write(&settings)));
    for (key, value) in table.iter().filter(|(key, _)| is_list(key)) {
        for item in value.as_array().into_iter().flatten() {
            let one = Table::from_iter([(key.clone(), Value::Array(vec![item.clone()]))]);
            text.push('\n');
            text.push_str(&write(&one));
        }
    }
    text
}

fn as_table(records: &impl serde::Serialize) -> Table {
    Table::try_from(records).expect("records are tables of texts, numbers and lists")
}

fn thin_out(table: &mut Table, defaults: &Table) {
    table.retain(|key, value| defaults.get(key) != Some(value));
}

fn text<'a>(item: &'a Value, key: &str) -> &'a str {
    item.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What a change does to each thing, by its name; of what is changed, which keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// What was not there.
    pub added: Vec<String>,
    /// What was another.
    pub changed: Vec<String>,
    /// What is gone.
    pub removed: Vec<String>,
    /// How many things are what they were.
    pub unchanged: usize,
}

impl Applied {
    /// Tells whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    pub(super) fn between(before: &Table, after: &Table) -> Self {
        let (mut before, after) = (things(before), things(after));
        let mut applied = Self::default();
        for (name, value) in after {
            match before.remove(&name) {
                None => applied.added.push(name),
                Some(old) if old == value => applied.unchanged = applied.unchanged.saturating_add(1),
                Some(old) => applied.changed.push(format!("{name}{}", keys(old, value))),
            }
        }
        applied.removed = before.into_keys().collect();
        applied
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (sign, names) in [("+", &self.added), ("~", &self.changed), ("-", &self.removed)] {
            names.iter().try_for_each(|name| writeln!(f, "{sign} {name}"))?;
        }
        let Self { added, changed, removed, unchanged } = self;
        let (added, changed, removed) = (added.len(), changed.len(), removed.len());
        write!(f, "added {added}, changed {changed}, removed {removed}, unchanged {unchanged}")
    }
}

/// Gives all things by their names, and settings by their keys.
fn things(table: &Table) -> BTreeMap<String, &Value> {
    let mut things = BTreeMap::new();
    for (key, value) in table {
        match (KINDS.iter().find(|(kind, ..)| kind == key), value) {
            (Some((_, id, noun)), Value::Array(items)) => {
                things.extend(items.iter().map(|item| (format!("{noun} {}", text(item, id)), item)));
            }
            _ => {
                things.insert(key.clone(), value);
            }
        }
    }
    things
}

/// Names the keys whose values differ.
fn keys(old: &Value, new: &Value) -> String {
    let (Some(old), Some(new)) = (old.as_table(), new.as_table()) else { return String::new() };
    let mut keys: Vec<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| old.get(*key) != new.get(*key));
    format!(": {}", keys.join(", "))
}

/// The lists of records, by what their elements are told apart, and what these are called.
pub(super) const KINDS: [(&str, &str, &str); 4] = [
    ("carriers", "carrier_id", "carrier"),
    ("phone_numbers", "e164_phone_number", "phone number"),
    ("voice_connector_groups", "voice_connector_group_id", "voice connector group"),
    ("voice_connectors", "voice_connector_id", "voice connector"),
];

const NOTE: &str = "# Written by `trunkline provision apply`, which replaces it: change the file that was applied instead.\n";
