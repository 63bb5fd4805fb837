//! One file beside the process. Nothing to install, nobody to share it with.
//!
//! The write-ahead log is forced to the disk with every commit (`synchronous=FULL`), so that what was accepted survives
//! a loss of power. One process has the folder; others may look into the file while it runs.

mod copy;
mod fault;
mod file;
mod rows;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::backup;
use crate::checksum;
use crate::document::{Change, Commit, Key, Revision};
use crate::engine::{Engine, FEED_CHANGES_MAX, Feed, Report};
use crate::entry::{EntryQuery, Page};
use crate::error::Error;

use fault::Place;
use rows::{Stored, state};

pub(crate) use copy::Copy;

/// The engine of one node.
pub struct Sqlite {
    connection: Connection,
    place: Place,
    /// Holds the folder for as long as anybody has it.
    lock: Arc<File>,
}

impl Sqlite {
    /// Opens the store in a folder, and makes both if there is none. The file is `store.sqlite`, for its owner only.
    ///
    /// # Errors
    ///
    /// [`Error::Taken`]: another process has it. [`Error::NotOurs`]: the file is something else, or of a later release.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let lock = Arc::new(file::take(folder)?);
        let path = folder.join(FILE);
        let place = Place::new(&path);
        let mut connection = file::connect(&path, &place)?;
        file::climb(&mut connection, &place)?;
        Ok(Self { connection, place, lock })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// One consistent state to look at.
    fn view(&mut self) -> Result<(Transaction<'_>, &Place), Error> {
        let place = &self.place;
        let view = self.connection.transaction().map_err(|error| place.fault(error))?;
        Ok((view, place))
    }
}

impl Engine for Sqlite {
    fn read(&mut self, each: &mut dyn FnMut(Key, &[u8])) -> Result<Revision, Error> {
        let (view, place) = self.view()?;
        let (revision, _pruned) = state(&view, place)?;
        let sql = "SELECT kind, id, revision, body, checksum FROM document \
                   WHERE body IS NOT NULL ORDER BY kind, id";
        rows::documents(&view, place, sql, [], |stored| {
            let (key, body) = stored.verified(place.name())?;
            each(key, body.unwrap_or_default());
            Ok(())
        })?;
        Ok(revision)
    }

    fn commit(&mut self, expected: Revision, commit: &Commit) -> Result<Revision, Error> {
        let settled = commit.settled()?;
        let place = &self.place;
        let failed = |error| place.fault(error);
        let work =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let (current, _pruned) = state(&work, place)?;
        if current != expected {
            return Err(Error::Behind { current });
        }
        let revision = expected.next();
        {
            let mut put = work.prepare(PUT).map_err(failed)?;
            for (key, body) in settled {
                let sum = checksum::of_change(key, revision, body);
                put.execute(params![key.kind.as_str(), key.id, revision.to_stored(), body, sum])
                    .map_err(failed)?;
            }
            let mut append = work.prepare(APPEND).map_err(failed)?;
            for (number, entry) in revision.entry_numbers().zip(&commit.entries) {
                append.execute(rows::of_entry(number, entry)).map_err(failed)?;
            }
        }
        work.execute("UPDATE state SET revision = ?1", [revision.to_stored()]).map_err(failed)?;
        work.commit().map_err(|error| place.fault_of_commit(error))?;
        Ok(revision)
    }

    fn since(&mut self, since: Revision) -> Result<Feed, Error> {
        let (view, place) = self.view()?;
        let (current, pruned) = state(&view, place)?;
        if since > current || since < pruned {
            return Ok(Feed::Lost { current });
        }
        let mut changes = Vec::new();
        let sql = "SELECT kind, id, revision, body, checksum FROM document \
                   WHERE revision > ?1 ORDER BY revision, kind, id LIMIT ?2";
        let parameters = [since.to_stored(), FEED_CHANGES_MAX as i64 + 1];
        rows::documents(&view, place, sql, parameters, |stored| {
            let (key, body) = stored.verified(place.name())?;
            changes.push(Change { key, body: body.map(Into::into) });
            Ok(())
        })?;
        if changes.len() > FEED_CHANGES_MAX {
            return Ok(Feed::Lost { current });
        }
        Ok(Feed::Changes { revision: current, changes })
    }

    fn prune(&mut self, until: Revision) -> Result<(), Error> {
        let place = &self.place;
        let failed = |error| place.fault(error);
        let work =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let (current, pruned) = state(&work, place)?;
        let until = until.min(current).max(pruned).to_stored();
        work.execute("DELETE FROM document WHERE body IS NULL AND revision <= ?1", [until])
            .map_err(failed)?;
        work.execute("UPDATE state SET pruned = ?1", [until]).map_err(failed)?;
        work.commit().map_err(failed)
    }

    fn entries(&mut self, query: &EntryQuery) -> Result<Page, Error> {
        let (view, place) = self.view()?;
        rows::entries(&view, place, query).map(|found| query.page(found))
    }

    fn backup(&mut self, to: &Path) -> Result<(), Error> {
        let (connection, place) = (&self.connection, &self.place);
        backup::write(to, |part| {
            let part = part.to_str().ok_or_else(|| Error::Setting {
                found: format!("the path {} of a backup is no UTF-8; name another", part.display()),
            })?;
            connection.execute("VACUUM INTO ?1", [part]).map_err(|error| place.fault(error))?;
            Ok(())
        })
    }

    fn check(&mut self) -> Result<Report, Error> {
        let (view, place) = self.view()?;
        let mut report = Report::default();
        for found in rows::integrity(&view, place)? {
            report.fault(found);
        }
        let (revision, pruned) = state(&view, place)?;
        report.revision = revision;
        let sql = "SELECT kind, id, revision, body, checksum FROM document";
        rows::documents(&view, place, sql, [], |stored: Stored<'_>| {
            stored.inspect(revision, pruned, &mut report);
            Ok(())
        })?;
        report.entries = rows::count_entries(&view, place)?;
        Ok(report)
    }

    fn twin(&self) -> Result<Box<dyn Engine>, Error> {
        let place = Place::new(self.path());
        let connection = file::connect(self.path(), &place)?;
        Ok(Box::new(Self { connection, place, lock: self.lock.clone() }))
    }

    fn is_shared(&self) -> bool {
        false
    }
}

/// The name of the file in its folder.
pub(crate) const FILE: &str = "store.sqlite";

const PUT: &str = "INSERT INTO document (kind, id, revision, body, checksum) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (kind, id) DO UPDATE SET revision = excluded.revision, body = excluded.body, \
                   checksum = excluded.checksum";

const APPEND: &str = "INSERT INTO entry (number, at_ms, account, actor, operation, target, detail) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
