//! Documents, and what changes them.

use std::collections::BTreeMap;
use std::fmt;

use crate::entry::Entry;
use crate::error::Error;

/// Counts commits; 0 is an empty store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl Revision {
    /// The one after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// As databases count: no store sees 2^63 commits.
    pub(crate) fn to_stored(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// The numbers of the entries of its commit: rising, whichever engine counts.
    pub(crate) fn entry_numbers(self) -> impl Iterator<Item = i64> {
        let first = self.to_stored().saturating_mul(COMMIT_ENTRIES_MAX as i64);
        first..first.saturating_add(COMMIT_ENTRIES_MAX as i64)
    }

    /// What a database says; below zero there is nothing.
    pub(crate) fn from_stored(stored: i64) -> Self {
        Self(u64::try_from(stored).unwrap_or(0))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What sort of document it is, in a short word that the caller chooses: `voice_connector`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(Box<str>);

impl Kind {
    /// Reads a word of at most 32 letters `a` to `z`, digits and underscores, that begins with a letter.
    ///
    /// # Errors
    ///
    /// [`Error::Unfit`]: it is no such word.
    pub fn parse(word: &str) -> Result<Self, Error> {
        let is_letter = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        let is_word = word.len() <= KIND_BYTES_MAX
            && word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.as_bytes().iter().all(is_letter);
        if !is_word {
            let found = format!("the kind {word:?}: wanted is a word like voice_connector, 32 bytes at most");
            return Err(Error::Unfit { found });
        }
        Ok(Self(word.into()))
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a document is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What sort of document.
    pub kind: Kind,
    /// Which of that sort: not empty, at most [`ID_BYTES_MAX`] bytes, without NUL.
    pub id: Box<str>,
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind.as_str(), self.id)
    }
}

/// What becomes of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which one.
    pub key: Key,
    /// What it says from now on, at most [`BODY_BYTES_MAX`]; `None`: it is gone.
    pub body: Option<Box<[u8]>>,
}

/// Changes that happen together or not at all, and what the audit trail says of them.
///
/// Of two changes of one document the later counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// What changes.
    pub changes: Vec<Change>,
    /// Who has done what.
    pub entries: Vec<Entry>,
}

impl Commit {
    /// The last change of each document, after a look at whether engines can keep all of it.
    pub(crate) fn settled(&self) -> Result<BTreeMap<&Key, Option<&[u8]>>, Error> {
        if self.entries.len() > COMMIT_ENTRIES_MAX {
            let found = format!("{} entries in a commit; {COMMIT_ENTRIES_MAX} fit", self.entries.len());
            return Err(Error::Unfit { found });
        }
        for entry in &self.entries {
            entry.check()?;
        }
        let mut settled = BTreeMap::new();
        for Change { key, body } in &self.changes {
            let (id, bytes) = (&key.id, body.as_ref().map_or(0, |body| body.len()));
            if id.is_empty() || id.len() > ID_BYTES_MAX || id.contains('\0') {
                let found = format!("the id {id:?}: wanted are 1 to {ID_BYTES_MAX} bytes without NUL");
                return Err(Error::Unfit { found });
            }
            if bytes > BODY_BYTES_MAX {
                let found = format!("the document {key} has {bytes} bytes; {BODY_BYTES_MAX} fit");
                return Err(Error::Unfit { found });
            }
            settled.insert(key, body.as_deref());
        }
        Ok(settled)
    }
}

/// As many as a number of an entry has room for, behind its revision.
const COMMIT_ENTRIES_MAX: usize = 1 << 16;

/// A word, not a sentence.
const KIND_BYTES_MAX: usize = 32;

/// More than an ARN or an E.164 number needs.
pub const ID_BYTES_MAX: usize = 256;

/// A thousand times what a connector needs.
pub const BODY_BYTES_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_a_short_word() {
        assert_eq!(Kind::parse("voice_connector").unwrap().as_str(), "voice_connector");
        let longest = "a".repeat(32);
        assert_eq!(Kind::parse(&longest).unwrap().as_str(), longest);
        for word in ["", "Voice", "1st", "_x", "a b", "a-b", "ä", "a\0", &"a".repeat(33)] {
            assert!(matches!(Kind::parse(word), Err(Error::Unfit { .. })), "{word:?}");
        }
    }

    #[test]
    fn of_two_changes_the_later_counts() {
        let key = Key { kind: Kind::parse("a").unwrap(), id: "1".into() };
        let change = |body: Option<&[u8]>| Change { key: key.clone(), body: body.map(Into::into) };
        let commit = Commit { changes: vec![change(Some(b"old")), change(None)], entries: vec![] };
        assert_eq!(commit.settled().unwrap(), BTreeMap::from([(&key, None)]));
    }
}
