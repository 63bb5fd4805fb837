//! One thing that is wrong in a file, shown where it stands.

use std::{error::Error, fmt, path::Path};

use super::spelling;

/// One thing that is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What to type instead; empty if `wanted` says it.
    pub advice: String,
    /// The place in the line, counted from 1 in characters.
    pub column: usize,
    /// The file, as it was named.
    pub file: String,
    /// What stands there.
    pub found: String,
    /// The line, counted from 1; 0 if it is the file as a whole.
    pub line: usize,
    /// The line as it is written, except for secrets.
    pub shown: String,
    /// What should stand there.
    pub wanted: String,
}

impl Fault {
    pub(super) fn new(
        file: &str,
        text: &str,
        offset: usize,
        wanted: &str,
        found: &str,
        advice: &str,
    ) -> Self {
        let offset = offset.min(text.len());
        let before = text.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let written = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let (shown, is_whole) = shown(before.get(..start).unwrap_or_default(), written);
        Self {
            advice: advice.to_owned(),
            column: before.get(start..).unwrap_or_default().chars().count().saturating_add(1),
            file: file.to_owned(),
            found: if is_whole { found.to_owned() } else { HIDDEN.to_owned() },
            line: before.matches('\n').count().saturating_add(1),
            shown,
            wanted: wanted.to_owned(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { advice, column, file, found, line, shown, wanted } = self;
        if *line == 0 {
            return write!(f, "{file}: wanted {wanted}, found {found}");
        }
        writeln!(f, "{file}:{line}:{column}: wanted {wanted}, found {found}")?;
        let indent = " ".repeat(column.saturating_sub(1).min(SHOWN_MAX));
        write!(f, "{line:5} | {shown}\n      | {indent}^")?;
        if advice.is_empty() { Ok(()) } else { write!(f, " type: {advice}") }
    }
}

/// All that is wrong in some files, in the order of the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first ones, up to 1,000.
    pub list: Vec<Fault>,
    /// How many more there are.
    pub more: usize,
}

impl Faults {
    /// Tells that a file as a whole is no good.
    pub(crate) fn of_file(file: &Path, wanted: &str, found: impl fmt::Display) -> Self {
        let (file, found) = (file.display().to_string(), found.to_string());
        let (advice, shown, wanted) = (String::new(), String::new(), wanted.to_owned());
        let fault = Fault { advice, column: 0, file, found, line: 0, shown, wanted };
        Self { list: vec![fault], more: 0 }
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        if self.list.len() >= LISTED_MAX {
            self.more = self.more.saturating_add(1);
            return;
        }
        let key = |fault: &Fault| (fault.file.clone(), fault.line, fault.column);
        let at = self.list.partition_point(|other| key(other) <= key(&fault));
        self.list.insert(at, fault);
    }

    pub(crate) fn append(&mut self, others: Self) {
        others.list.into_iter().for_each(|fault| self.add(fault));
        self.more = self.more.saturating_add(others.more);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.list {
            writeln!(f, "{fault}")?;
        }
        let count = self.list.len().saturating_add(self.more);
        write!(f, "{count} {} to mend", if count == 1 { "thing" } else { "things" })
    }
}

impl Error for Faults {}

/// Shortens a text to what fits a line.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        None => text.trim_end().to_owned(),
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}

/// Gives a line without what must not be seen, and whether that is all of it: nothing follows the name of a secret, nor
/// is any line shown of a text that began above, for it may be one.
fn shown(above: &str, line: &str) -> (String, bool) {
    if ["\"\"\"", "'''"].iter().any(|quotes| above.matches(quotes).count() % 2 == 1) {
        return (HIDDEN.to_owned(), false);
    }
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    let mut end = 0_usize;
    for word in line.split_inclusive(|letter| !is_letter(letter)) {
        end = end.saturating_add(word.len());
        let bare = word.trim_end_matches(|letter| !is_letter(letter));
        let rest = line.get(end..).unwrap_or_default();
        if spelling::is_secret(bare) && rest.contains(['"', '\'']) {
            return (format!("{} {HIDDEN}", cut(line.get(..end).unwrap_or_default()).trim_end()), false);
        }
    }
    (cut(line), true)
}

/// Stands for what must not be seen.
const HIDDEN: &str = "(not shown)";

/// More than anybody mends in one sitting.
const LISTED_MAX: usize = 1_000;

/// What fits a terminal.
const SHOWN_MAX: usize = 120;
