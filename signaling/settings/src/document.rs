//! A TOML file as a person wrote it: its values with their places, and all that is wrong with them.

mod fault;
mod reader;
mod refusal;
mod spelling;

use std::{fmt::Display, ops::Range};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use refusal::{Kind, Refusal};

pub use fault::{Fault, Faults};

/// A file while it is read.
pub(crate) struct Document<'t> {
    /// Its values; what was refused is no longer among them.
    pub(crate) root: Spanned<DeValue<'t>>,
    faults: Faults,
    file: &'t str,
    /// The places of tables that something was refused in: what is missing there may be what was refused.
    mended: Vec<Range<usize>>,
    text: &'t str,
}

impl<'t> Document<'t> {
    /// Reads the syntax. If it is broken, that is all that is told: what was meant behind it is a guess.
    pub(crate) fn parse(file: &'t str, text: &'t str) -> Result<Self, Faults> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let root = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
        let mut document = Self { root, faults: Faults::default(), file, mended: Vec::new(), text };
        for error in &errors {
            let span = error.span().unwrap_or_default();
            let found = document.found(&span);
            document.add(span, &format!("TOML ({})", error.message()), &found, "");
        }
        if document.faults.is_empty() { Ok(document) } else { Err(document.faults) }
    }

    /// Reads the values. What is refused is taken out, so that the rest can be read, too; `None` if that is too much.
    ///
    /// `also` are keys that are understood besides those of `T`: each with a key of `T` that it stands beside.
    pub(crate) fn read<T: DeserializeOwned>(&mut self, also: &[(&str, &'static str)]) -> Option<T> {
        for _ in 0..REFUSED_MAX {
            let refusal = match T::deserialize(reader::Reader::new(&self.root)) {
                Ok(value) => return Some(value),
                Err(refusal) => refusal,
            };
            let span = refusal.span.clone().unwrap_or_else(|| self.root.span());
            self.explain(&refusal, &span, also);
            let table = remove(&mut self.root, &span)?;
            self.mended.push(table);
        }
        None
    }

    /// Refuses a value that was read, or the lack of one, if the condition does not hold. Its place is that of the last part
    /// of the path that there is.
    pub(crate) fn require(
        &mut self,
        holds: bool,
        path: &str,
        wanted: impl Display,
        found: impl Display,
        advice: &str,
    ) {
        if holds {
            return;
        }
        let (table, span, depth) = self.place(path);
        let is_written = depth == parts(path).count() && span != table;
        if is_written || !self.mended.contains(&table) {
            self.add(span, &wanted.to_string(), &found.to_string(), advice);
        }
    }

    /// Tells whether nothing was taken out, so that what refers to something else may be judged.
    pub(crate) fn is_whole(&self) -> bool {
        self.mended.is_empty()
    }

    /// Tells whether nothing is wrong so far.
    pub(crate) fn is_well(&self) -> bool {
        self.faults.is_empty()
    }

    /// Ends reading: all is well, or this is what is not.
    pub(crate) fn finish(self) -> Result<(), Faults> {
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }

    /// Finds the last part of a path (`sip/listeners/2/port`) that there is: the place of the table that it is in, its own,
    /// and how many parts were found.
    pub(crate) fn place(&self, path: &str) -> (Range<usize>, Range<usize>, usize) {
        let (mut table, mut value, mut depth) = (&self.root, &self.root, 0_usize);
        for part in parts(path) {
            let next = match part.parse::<usize>() {
                Ok(index) if value.get_ref().is_array() => value.get_ref().get(index),
                _ => value.get_ref().get(part),
            };
            let Some(next) = next else { break };
            (value, depth) = (next, depth.saturating_add(1));
            if next.get_ref().is_table() {
                table = next;
            }
        }
        (table.span(), value.span(), depth)
    }

    fn explain(&mut self, refusal: &Refusal, span: &Range<usize>, also: &[(&str, &'static str)]) {
        match &refusal.kind {
            Kind::Missing(key) => {
                if !self.mended.contains(span) {
                    self.add(span.clone(), &format!("{key} to be said"), "nothing", &format!("{key} = ..."));
                }
            }
            Kind::UnknownKey { key, known } => {
                let mut known = known.to_vec();
                let more = also.iter().filter(|(beside, _)| known.contains(beside)).map(|(_, key)| *key);
                let more: Vec<&'static str> = more.collect();
                known.extend(more);
                let advice = spelling::advice(key, &known);
                self.add(span.clone(), "a key that is known here", key, &advice);
            }
            Kind::UnknownWord { word, known } => {
                let wanted = known.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
                let advice = spelling::nearest(word, known).map(|word| format!("\"{word}\""));
                let found = self.found(span);
                self.add(span.clone(), &wanted, &found, advice.as_deref().unwrap_or_default());
            }
            Kind::Value { wanted } => {
                let found = self.found(span);
                self.add(span.clone(), wanted, &found, &heading(wanted, &found).unwrap_or_default());
            }
        }
    }

    /// Adds a fault where something begins.
    pub(crate) fn add(&mut self, span: Range<usize>, wanted: &str, found: &str, advice: &str) {
        self.faults.add(Fault::new(self.file, self.text, span.start, wanted, found, advice));
    }

    /// Gives what is written somewhere, as far as it fits a line.
    fn found(&self, span: &Range<usize>) -> String {
        let end = if span.is_empty() { self.text.len() } else { span.end };
        let text = self.text.get(span.start..end).unwrap_or_default();
        match text.lines().next().unwrap_or_default().trim_end() {
            "" if text.trim_end().is_empty() => "the end of the file".to_owned(),
            "" => "the end of the line".to_owned(),
            line => fault::cut(line),
        }
    }
}

/// Gives the heading of one table of several where that of the only one was found, and the other way round.
fn heading(wanted: &str, found: &str) -> Option<String> {
    let name = found.trim_matches(['[', ']']);
    match wanted {
        reader::LIST if found == format!("[{name}]") => Some(format!("[[{name}]]")),
        reader::TABLE if found == format!("[[{name}]]") => Some(format!("[{name}]")),
        _ => None,
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

/// Takes the value or key with this place out, and tells the place of the table or list it was in. Of values that share a
/// place, as a list of tables and its first table do, it is the innermost.
fn remove<'t>(value: &mut Spanned<DeValue<'t>>, span: &Range<usize>) -> Option<Range<usize>> {
    let place = value.span();
    match value.get_mut() {
        DeValue::Table(table) => {
            if let Some(within) = table.iter_mut().find_map(|(_key, value)| remove(value, span)) {
                return Some(within);
            }
            let mut pairs = table.iter();
            let (key, _value) = pairs.find(|(key, value)| key.span() == *span || value.span() == *span)?;
            let key = key.get_ref().clone();
            table.remove(&*key).map(|_| place)
        }
        DeValue::Array(list) => {
            if let Some(within) = list.iter_mut().find_map(|value| remove(value, span)) {
                return Some(within);
            }
            list.iter().find(|value| value.span() == *span)?;
            let all = std::mem::replace(list, DeArray::new()).into_iter();
            *list = all.filter(|value| value.span() != *span).collect();
            Some(place)
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => None,
    }
}

/// More than anybody mends in one sitting; each is a new walk through the file.
const REFUSED_MAX: usize = 100;
