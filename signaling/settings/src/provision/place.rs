//! Finds the place in a file that a fault of the records is about.

use toml::{Spanned, de::DeValue};
use trunk::Fault;

use super::canonical::KINDS;
use crate::document::Document;

/// Refuses what a fault is about, in the file where most of its place is found: of several, in the last, which is the one
/// that says something again.
pub(super) fn refuse(fault: &Fault, documents: &mut [Document<'_>]) {
    let paths = documents.iter().map(|document| path(&fault.at, &document.root));
    let found = documents.iter().zip(paths).map(|(document, path)| (document.place(&path).2, path));
    let best = found.enumerate().max_by_key(|(_, (depth, _))| *depth);
    let Some((at, (_, path))) = best else { return };
    if let Some(document) = documents.get_mut(at) {
        let wanted = format_args!("{} ({})", fault.wanted, fault.at);
        document.require(false, &path, wanted, &fault.found, "");
    }
}

/// Turns `voice connector x: origination: route 2: host` into `voice_connectors/0/origination/routes/1/host`, as far as
/// there is such a place.
fn path(at: &str, root: &Value<'_>) -> String {
    let (mut path, mut value, mut rest) = (String::new(), root, at);
    for (kind, id, noun) in KINDS {
        // A noun may begin another one, but ids have no spaces.
        let named = at.strip_prefix(noun).and_then(|rest| rest.strip_prefix(' '));
        let Some((index, found, tail)) = named.and_then(|named| thing(named, root.get_ref().get(kind)?, id))
        else {
            continue;
        };
        (path, value, rest) = (format!("{kind}/{index}"), found, tail);
    }
    for word in rest.split([':', ',']).map(str::trim).filter(|word| !word.is_empty()) {
        let Some((part, next)) = step(word, value) else { break };
        value = next;
        path.push('/');
        path.push_str(&part);
    }
    // What is wrong with a thing as a whole is shown at its id.
    let ids = KINDS.iter().map(|(_, id, _)| *id).chain(["carrier_link_id"]);
    if let Some(id) = ids.into_iter().find(|id| value.get_ref().get(*id).is_some()) {
        path.push('/');
        path.push_str(id);
    }
    path
}

type Value<'t> = Spanned<DeValue<'t>>;

/// Finds what is named by its id, and gives what follows the name.
fn thing<'a, 'n, 't>(
    named: &'n str,
    list: &'a Value<'t>,
    id: &str,
) -> Option<(usize, &'a Value<'t>, &'n str)> {
    let list = list.get_ref().as_array()?;
    list.iter().enumerate().rev().find_map(|(index, value)| {
        let rest = named.strip_prefix(value.get_ref().get(id)?.get_ref().as_str()?)?;
        (rest.is_empty() || rest.starts_with(':')).then_some((index, value, rest))
    })
}

/// Enters what one word names: a key, or the element of a list by its number or id.
fn step<'a, 't>(word: &str, value: &'a Value<'t>) -> Option<(String, &'a Value<'t>)> {
    for key in [word.to_owned(), word.replace(' ', "_"), format!("{word}s")] {
        if let Some(next) = value.get_ref().get(key.as_str()) {
            return Some((key, next));
        }
    }
    let (noun, which) = word.split_once(' ')?;
    let plural = format!("{noun}s");
    let mut keys = value.get_ref().as_table().into_iter().flatten();
    let named = keys.find(|(key, _)| key.get_ref().ends_with(&plural));
    let (prefix, list) = match named {
        Some((key, list)) => (format!("{}/", key.get_ref()), list),
        None => (String::new(), value),
    };
    let list = list.get_ref().as_array()?;
    let is_it = |value: &Value<'_>| {
        let id = value.get_ref().get("carrier_link_id");
        id.is_some_and(|id| id.get_ref().as_str() == Some(which))
    };
    let counted = which.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let index = list.iter().rposition(is_it).or(counted)?;
    Some((format!("{prefix}{index}"), list.get(index)?))
}
