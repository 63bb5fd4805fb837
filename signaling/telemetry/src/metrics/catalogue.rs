//! All metrics of a program, as a list for people.

use core::fmt::{self, Write};

use super::description::Description;

/// All metrics of a program.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    descriptions: Vec<&'static Description>,
}

/// Two metrics have the same name: rename one, or one would be taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredTwice {
    /// The name.
    pub name: &'static str,
}

impl fmt::Display for DeclaredTwice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "metric {}: wanted one declaration, found two", self.name)
    }
}

impl core::error::Error for DeclaredTwice {}

impl Catalogue {
    /// Gathers the `DESCRIPTIONS` of every set that [`metrics!`](crate::metrics!) has declared.
    ///
    /// # Errors
    ///
    /// If two have the same name.
    pub fn new(sets: &[&'static [Description]]) -> Result<Self, DeclaredTwice> {
        let mut descriptions: Vec<&'static Description> = sets.iter().copied().flatten().collect();
        descriptions.sort_by_key(|description| description.name);
        match descriptions.windows(2).find(|pair| pair[0].name == pair[1].name) {
            Some(pair) => Err(DeclaredTwice { name: pair[0].name }),
            None => Ok(Self { descriptions }),
        }
    }

    /// Returns the metrics in the order of their names.
    #[must_use]
    pub fn descriptions(&self) -> &[&'static Description] {
        &self.descriptions
    }

    /// Returns a table in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = "| metric | kind | labels | what it tells |\n|---|---|---|---|\n".to_owned();
        for description in &self.descriptions {
            let Description { name, kind, labels, .. } = description;
            let help = description.help().replace('|', "\\|");
            // Writing into a String cannot fail.
            let _ = writeln!(text, "| {name} | {} | {} | {help} |", kind.word(), labels.join(", "));
        }
        text
    }
}
