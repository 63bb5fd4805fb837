//! Reads what people write, in one file or several, into one set of records.

use trunk::{records::Records, snapshot::Snapshot};
use zeroize::Zeroizing;

use super::{canonical::KINDS, place, short};
use crate::document::{Document, Faults};

/// A file: its name and its text.
type Text = (String, Zeroizing<String>);

/// Reads files, and checks them together.
pub(super) fn read(texts: &[Text]) -> Result<Records, Faults> {
    let mut documents = parse(texts)?;
    let records = records(&mut documents);
    if let Some(records) = &records
        && let Err(faults) = Snapshot::build(records)
    {
        faults.list.iter().for_each(|fault| place::refuse(fault, &mut documents));
    }
    finish(documents, records)
}

/// Reads the canonical form, which was checked before it was written.
pub(super) fn stored(text: &Text) -> Result<Records, Faults> {
    let mut documents = parse(std::slice::from_ref(text))?;
    let records = records(&mut documents);
    finish(documents, records)
}

fn parse(texts: &[Text]) -> Result<Vec<Document<'_>>, Faults> {
    let mut faults = Faults::default();
    let mut documents = Vec::new();
    for (file, text) in texts {
        match Document::parse(file, text) {
            Ok(document) => documents.push(document),
            Err(more) => faults.append(more),
        }
    }
    if faults.is_empty() { Ok(documents) } else { Err(faults) }
}

fn finish(documents: Vec<Document<'_>>, records: Option<Records>) -> Result<Records, Faults> {
    let mut faults = Faults::default();
    for document in documents {
        faults.append(document.finish().err().unwrap_or_default());
    }
    if faults.is_empty() { Ok(records.unwrap_or_default()) } else { Err(faults) }
}

/// Puts all files together; `None` if something was refused, for what refers to it would be refused, too.
fn records(documents: &mut [Document<'_>]) -> Option<Records> {
    let mut zones =
        documents.iter().filter_map(|document| document.root.get_ref().get("zone")?.get_ref().as_str());
    let zone = zones.next().unwrap_or_default().to_ascii_lowercase();
    let (mut all, mut said) = (Records::default(), Vec::new());
    for document in &mut *documents {
        short::write_out(document, &zone);
        let table = document.root.get_ref().as_table();
        let keys = table.into_iter().flatten().map(|(key, _)| key.get_ref().to_string());
        let keys: Vec<String> = keys.filter(|key| KINDS.iter().all(|(kind, ..)| kind != key)).collect();
        for key in &keys {
            document.require(!said.contains(key), key, "it in one file only", "it in two", "");
        }
        if let Some(records) = document.read(&short::KEYS) {
            append(&mut all, records, &keys);
        }
        said.extend(keys);
    }
    documents.iter().all(Document::is_well).then_some(all)
}

/// Appends the lists of a file, and takes over the settings that it says.
fn append(all: &mut Records, mut one: Records, settings: &[String]) {
    all.carriers.append(&mut one.carriers);
    all.phone_numbers.append(&mut one.phone_numbers);
    all.voice_connector_groups.append(&mut one.voice_connector_groups);
    all.voice_connectors.append(&mut one.voice_connectors);
    for key in settings {
        match key.as_str() {
            "caller_identity" => all.caller_identity = one.caller_identity.clone(),
            "calls_max" => all.calls_max = one.calls_max,
            "default_calling_name" => all.default_calling_name.clone_from(&one.default_calling_name),
            "global_settings" => all.global_settings = one.global_settings.clone(),
            "quotas" => all.quotas = one.quotas,
            "strict_aws_limits" => all.strict_aws_limits = one.strict_aws_limits,
            "zone" => all.zone.clone_from(&one.zone),
            _ => (),
        }
    }
}
