//! The short forms that people may write, turned into what records have: numbers by their connector, and passwords, of
//! which only hashes remain.

use std::ops::Range;

use md5::{Digest, Md5};
use sha2::Sha256;
use toml::{
    Spanned,
    de::{DeArray, DeString, DeTable, DeValue},
};
use trunk::{E164, NumberClass};

use crate::document::Document;

/// The keys of short forms, each behind a key of the records that it stands beside.
pub(super) const KEYS: [(&str, &str); 6] = [
    ("associations", "carrier"),
    ("associations", "connector"),
    ("associations", "group"),
    ("associations", "number"),
    ("phone_numbers", "numbers"),
    ("secrets", "password"),
];

type Value<'t> = Spanned<DeValue<'t>>;

/// Writes out all short forms of a file. What is none, because its values are of other types, stays and is refused later.
pub(super) fn write_out(document: &mut Document<'_>, zone: &str) {
    let mut empty = Vec::new();
    let DeValue::Table(root) = document.root.get_mut() else { return };
    if let Some(DeValue::Array(connectors)) = root.get_mut("voice_connectors").map(Spanned::get_mut) {
        for connector in connectors.iter_mut().filter_map(table) {
            let Some(DeValue::Array(list)) = connector.get_mut("credentials").map(Spanned::get_mut) else {
                continue;
            };
            empty.extend(list.iter_mut().filter_map(table).filter_map(|one| password(one, zone)));
        }
    }
    one_list(root);
    if let Some(DeValue::Array(numbers)) = root.get_mut("phone_numbers").map(Spanned::get_mut) {
        numbers.iter_mut().filter_map(table).for_each(number);
    }
    for span in empty {
        document.add(span, "a password", "an empty one", "");
    }
}

/// Puts numbers under one name: people write either, or both.
fn one_list(root: &mut DeTable<'_>) {
    let Some((key, numbers)) = root.remove_entry("numbers") else { return };
    let Some(all) = root.get_mut("phone_numbers") else {
        root.insert(Spanned::new(key.span(), "phone_numbers".into()), numbers);
        return;
    };
    // If it is no list itself, it is refused first.
    let DeValue::Array(all) = all.get_mut() else { return };
    if !numbers.get_ref().is_array() {
        all.push(numbers);
    } else if let DeValue::Array(numbers) = numbers.into_inner() {
        numbers.into_iter().for_each(|number| all.push(number));
    }
}

fn table<'a, 't>(value: &'a mut Value<'t>) -> Option<&'a mut DeTable<'t>> {
    match value.get_mut() {
        DeValue::Table(table) => Some(table),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => None,
    }
}

/// Writes out `number`, `connector`, `group` and `carrier`, and says what follows from the number.
fn number(record: &mut DeTable<'_>) {
    if let Some((key, value)) = record.remove_entry("number") {
        insert(record, "e164_phone_number", key.span(), value);
    }
    for (key, name) in [("connector", "VoiceConnectorId"), ("group", "VoiceConnectorGroupId")] {
        let Some((key, value)) = record.remove_entry(key) else { continue };
        let span = value.span();
        let association = [("name", text(name, &span)), ("value", value)];
        insert(record, "associations", key.span(), list([pairs(association, &span)], &span));
        insert(record, "status", key.span(), text("Assigned", &span));
    }
    if let Some((key, value)) = record.remove_entry("carrier") {
        let span = value.span();
        insert(record, "carriers", key.span(), list([value], &span));
    }
    let Some(value) = record.get("e164_phone_number") else { return };
    let number = value.get_ref().as_str().and_then(|text| E164::parse(text).ok());
    let number = number.filter(|number| number.nanp().is_some() && number.class() == NumberClass::TollFree);
    let span = value.span();
    if number.is_some() {
        insert(record, "type", span.clone(), text("TollFree", &span));
    }
}

/// Puts hashes in the place of a password; tells its place if it is empty.
fn password(credential: &mut DeTable<'_>, zone: &str) -> Option<Range<usize>> {
    let username = credential.get("username")?.get_ref().as_str()?.to_owned();
    let (password, span) =
        credential.get("password").map(|value| (value.get_ref().as_str(), value.span()))?;
    let joined = zeroize::Zeroizing::new(format!("{username}:{zone}:{}", password?));
    let is_empty = password?.is_empty();
    let (key, _) = credential.remove_entry("password")?;
    let hashes = [("MD5", hex(&Md5::digest(&*joined))), ("SHA-256", hex(&Sha256::digest(&*joined)))];
    let secret = |(algorithm, ha1): (&str, String)| {
        pairs([("algorithm", text(algorithm, &span)), ("ha1", text(&ha1, &span))], &span)
    };
    insert(credential, "secrets", key.span(), list(hashes.map(secret), &span));
    is_empty.then_some(span)
}

/// Adds a key, unless it is there.
fn insert<'t>(table: &mut DeTable<'t>, key: &'static str, span: Range<usize>, value: Value<'t>) {
    if !table.contains_key(key) {
        table.insert(Spanned::new(span, DeString::Borrowed(key)), value);
    }
}

fn text<'t>(text: &str, span: &Range<usize>) -> Value<'t> {
    Spanned::new(span.clone(), DeValue::String(text.to_owned().into()))
}

fn list<'t, const N: usize>(values: [Value<'t>; N], span: &Range<usize>) -> Value<'t> {
    Spanned::new(span.clone(), DeValue::Array(DeArray::from_iter(values)))
}

fn pairs<'t, const N: usize>(pairs: [(&'static str, Value<'t>); N], span: &Range<usize>) -> Value<'t> {
    let mut table = DeTable::new();
    pairs.into_iter().for_each(|(key, value)| insert(&mut table, key, span.clone(), value));
    Spanned::new(span.clone(), DeValue::Table(table))
}

/// Writes bytes as digits of hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
