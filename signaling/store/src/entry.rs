//! The audit trail: who has done what, written with what was done.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// One line of the audit trail. It is appended and never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, in milliseconds since 1970, by the clock of whoever decided it.
    pub at_ms: i64,
    /// Whose things were changed.
    pub account: Box<str>,
    /// Who did it.
    pub actor: Box<str>,
    /// What was done, as its API calls it.
    pub operation: Box<str>,
    /// To what.
    pub target: Box<str>,
    /// The rest, which nobody looks for. No secrets.
    pub detail: Box<str>,
}

impl Entry {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let texts = [&self.account, &self.actor, &self.operation, &self.target, &self.detail];
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        if bytes > TEXT_BYTES_MAX {
            let found = format!("an entry of {bytes} bytes; {TEXT_BYTES_MAX} fit");
            return Err(Error::Unfit { found });
        }
        // PostgreSQL keeps no NUL in a text.
        if texts.iter().any(|text| text.contains('\0')) {
            return Err(Error::Unfit { found: "an entry with NUL in it: write it escaped".into() });
        }
        Ok(())
    }
}

/// Which entries. What is `None` does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryQuery {
    /// Of this account.
    pub account: Option<Box<str>>,
    /// About this target.
    pub target: Option<Box<str>>,
    /// Of this operation.
    pub operation: Option<Box<str>>,
    /// At this time or later, in milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// Before this time.
    pub until_ms: Option<i64>,
    /// What follows after a page that was read.
    pub after: Option<Cursor>,
    /// So many; at least one, [`ENTRIES_MAX`] at most.
    pub limit: usize,
}

impl EntryQuery {
    /// The query in SQL with its parameters in order. `sign` stands before the number of a parameter.
    pub(crate) fn to_sql(&self, sign: char) -> (String, Vec<Wanted<'_>>) {
        let mut wanted = Vec::new();
        let mut conditions = String::new();
        let texts = [("account", &self.account), ("target", &self.target), ("operation", &self.operation)];
        let texts = texts.into_iter().filter_map(|(column, text)| {
            text.as_deref().map(|text| (format!("{column} ="), Wanted::Text(text)))
        });
        let after = self.after.map(|Cursor(number)| number);
        let numbers = [("at_ms >=", self.from_ms), ("at_ms <", self.until_ms), ("number <", after)];
        let numbers = numbers.into_iter().filter_map(|(comparison, number)| {
            number.map(|number| (comparison.to_owned(), Wanted::Number(number)))
        });
        for (comparison, one) in texts.chain(numbers) {
            wanted.push(one);
            let word = if wanted.len() == 1 { "WHERE" } else { "AND" };
            conditions += &format!(" {word} {comparison} {sign}{}", wanted.len());
        }
        // One more tells whether there is another page.
        let limit = self.rows() + 1;
        let sql = format!(
            "SELECT number, at_ms, account, actor, operation, target, detail FROM entry{conditions} \
             ORDER BY number DESC LIMIT {limit}"
        );
        (sql, wanted)
    }

    /// How many entries a page has at most.
    pub(crate) fn rows(&self) -> usize {
        self.limit.clamp(1, ENTRIES_MAX)
    }

    /// A page from what the query has found, and maybe one too many.
    pub(crate) fn page(&self, mut found: Vec<(i64, Entry)>) -> Page {
        let is_more = found.len() > self.rows();
        found.truncate(self.rows());
        let next = found.last().filter(|_last| is_more).map(|(number, _entry)| Cursor(*number));
        Page { entries: found.into_iter().map(|(_number, entry)| entry).collect(), next }
    }
}

/// What a parameter of a query is.
#[derive(Debug, PartialEq)]
pub(crate) enum Wanted<'a> {
    Text(&'a str),
    Number(i64),
}

/// Entries, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// At most as many as were wanted.
    pub entries: Vec<Entry>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// The place of an entry in the trail. It travels as a number in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub(crate) i64);

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let number = text.parse().ok().filter(|number| *number > 0 && !text.starts_with('+'));
        let found = || format!("the cursor {text:?}: wanted is one that a page came with");
        number.map(Self).ok_or_else(|| Error::Unfit { found: found() })
    }
}

/// A page that a person can read.
pub const ENTRIES_MAX: usize = 1_000;

/// All texts of an entry together: a request and its answer, cut.
pub const TEXT_BYTES_MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_what_is_wanted_only() {
        let query = EntryQuery { limit: 7, ..EntryQuery::default() };
        let (sql, wanted) = query.to_sql('?');
        assert!(sql.ends_with("FROM entry ORDER BY number DESC LIMIT 8"), "{sql}");
        assert!(wanted.is_empty());

        let target = Some("vc".into());
        let query = EntryQuery { target, until_ms: Some(9), after: Some(Cursor(3)), ..EntryQuery::default() };
        let (sql, wanted) = query.to_sql('$');
        let expected = "WHERE target = $1 AND at_ms < $2 AND number < $3 ORDER BY number DESC LIMIT 2";
        assert!(sql.ends_with(expected), "{sql}");
        assert_eq!(wanted, [Wanted::Text("vc"), Wanted::Number(9), Wanted::Number(3)]);
    }

    #[test]
    fn a_cursor_travels_as_text() {
        assert_eq!("17".parse::<Cursor>().unwrap().to_string(), "17");
        for text in ["", "-1", "0", "+1", "1 ", "9223372036854775808", "1;"] {
            assert!(text.parse::<Cursor>().is_err(), "{text:?}");
        }
    }
}
