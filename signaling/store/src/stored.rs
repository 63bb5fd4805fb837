//! A document as a database has it: to be believed after a look at its checksum.

use crate::checksum;
use crate::document::{Key, Kind, Revision};
use crate::engine::Report;
use crate::error::Error;

/// A row of the table of documents.
pub(crate) struct Stored<'a> {
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
    pub(crate) revision: Revision,
    /// `None`: it is gone.
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) checksum: i64,
}

impl<'a> Stored<'a> {
    /// The document, if it is what was written.
    pub(crate) fn verified(&self, place: &str) -> Result<(Key, Option<&'a [u8]>), Error> {
        let damaged = |what| Error::Corrupt { what, place: place.into() };
        if !self.is_whole() {
            return Err(damaged(format!("the document {} {} is not what was written", self.kind, self.id)));
        }
        let kind = Kind::parse(self.kind).map_err(|error| damaged(error.to_string()))?;
        Ok((Key { kind, id: self.id.into() }, self.body))
    }

    /// Counts it, and tells what is wrong with it.
    pub(crate) fn inspect(&self, current: Revision, pruned: Revision, report: &mut Report) {
        let (kind, id, revision) = (self.kind, self.id, self.revision);
        let count = if self.body.is_some() { &mut report.documents } else { &mut report.gone };
        *count += 1;
        if !self.is_whole() {
            report.fault(format!("the document {kind} {id} is not what was written"));
        }
        if revision == Revision(0) || revision > current {
            report.fault(format!("the document {kind} {id} is of revision {revision}, of {current}"));
        }
        if self.body.is_none() && revision <= pruned {
            report.fault(format!("{kind} {id} went at revision {revision}; it was to be forgotten"));
        }
    }

    fn is_whole(&self) -> bool {
        checksum::of_document(self.kind, self.id, self.revision, self.body) == self.checksum
    }
}
