//! A store written from outside, row by row: how an engine that is no file makes a backup that is one.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::document::Revision;
use crate::entry::Entry;
use crate::error::Error;
use crate::stored::Stored;

use super::fault::Place;
use super::{APPEND, PUT, file, rows};

/// A store in the making.
pub(crate) struct Copy {
    connection: Connection,
    place: Place,
}

impl Copy {
    /// Begins a store in an empty file.
    pub(crate) fn begin(path: &Path, revision: Revision, pruned: Revision) -> Result<Self, Error> {
        let place = Place::new(path);
        let mut connection = file::connect(path, &place)?;
        file::climb(&mut connection, &place)?;
        let copy = Self { connection, place };
        // Nothing of it counts before all of it is there: the last call forces it to the disk.
        copy.run("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN")?;
        let state = params![revision.to_stored(), pruned.to_stored()];
        let put = copy.connection.execute("UPDATE state SET revision = ?1, pruned = ?2", state);
        put.map_err(|error| copy.place.fault(error))?;
        Ok(copy)
    }

    pub(crate) fn put(&self, stored: &Stored<'_>) -> Result<(), Error> {
        let Stored { kind, id, revision, body, checksum } = stored;
        let row = params![kind, id, revision.to_stored(), body, checksum];
        self.connection.execute(PUT, row).map(drop).map_err(|error| self.place.fault(error))
    }

    pub(crate) fn append(&self, number: i64, entry: &Entry) -> Result<(), Error> {
        let row = rows::of_entry(number, entry);
        self.connection.execute(APPEND, row).map(drop).map_err(|error| self.place.fault(error))
    }

    /// Ends it. What has the file has to force it to the disk.
    pub(crate) fn end(self) -> Result<(), Error> {
        self.run("COMMIT")?;
        self.connection.close().map_err(|(_connection, error)| self.place.fault(error))
    }

    fn run(&self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(|error| self.place.fault(error))
    }
}
