//! Rows of PostgreSQL as what they mean.

use std::pin::pin;

use futures_util::TryStreamExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Transaction};

use crate::document::{Change, Revision};
use crate::entry::{Entry, Wanted};
use crate::error::Error;
use crate::stored::Stored;

use super::address::with_causes;

/// One consistent state.
pub(super) struct View<'a> {
    pub(super) work: Transaction<'a>,
    pub(super) place: &'a str,
}

impl View<'_> {
    /// Its revision, and up to which one those that are gone were forgotten.
    pub(super) async fn state(&self) -> Result<(Revision, Revision), Error> {
        let row = self.work.query_one("SELECT revision, pruned FROM state", &[]).await;
        state(&row.map_err(|error| fault(self.place, &error))?, self.place)
    }

    /// Tells every document that a query finds, as it is stored, one after the other.
    pub(super) async fn documents(
        &self,
        sql: &str,
        mut each: impl FnMut(Stored<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = |error| fault(self.place, &error);
        let none: [&str; 0] = [];
        let mut found = pin!(self.work.query_raw(sql, none).await.map_err(failed)?);
        while let Some(row) = found.try_next().await.map_err(failed)? {
            each(stored(&row, 0).map_err(failed)?)?;
        }
        Ok(())
    }

    pub(super) async fn all_entries(
        &self,
        mut each: impl FnMut(i64, &Entry) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = |error| fault(self.place, &error);
        let sql =
            "SELECT number, at_ms, account, actor, operation, target, detail FROM entry ORDER BY number";
        let none: [&str; 0] = [];
        let mut found = pin!(self.work.query_raw(sql, none).await.map_err(failed)?);
        while let Some(row) = found.try_next().await.map_err(failed)? {
            let (number, entry) = entry(&row).map_err(failed)?;
            each(number, &entry)?;
        }
        Ok(())
    }

    pub(super) async fn count_entries(&self) -> Result<u64, Error> {
        let failed = |error| fault(self.place, &error);
        let row = self.work.query_one("SELECT count(*) FROM entry", &[]).await.map_err(failed)?;
        row.try_get::<_, i64>(0).map(i64::unsigned_abs).map_err(failed)
    }
}

/// The state, from the first two columns.
pub(super) fn state(row: &Row, place: &str) -> Result<(Revision, Revision), Error> {
    let failed = |error| fault(place, &error);
    let (revision, pruned) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
    Ok((Revision::from_stored(revision), Revision::from_stored(pruned)))
}

pub(super) fn no_state(place: &str) -> Error {
    Error::Corrupt { what: "the table state is empty".into(), place: place.into() }
}

/// A document, from five columns.
pub(super) fn stored(row: &Row, first: usize) -> Result<Stored<'_>, tokio_postgres::Error> {
    Ok(Stored {
        kind: row.try_get(first)?,
        id: row.try_get(first + 1)?,
        revision: Revision::from_stored(row.try_get(first + 2)?),
        body: row.try_get(first + 3)?,
        checksum: row.try_get(first + 4)?,
    })
}

/// The same, verified and by itself.
pub(super) fn change(row: &Row, first: usize, place: &str) -> Result<Change, Error> {
    let stored = stored(row, first).map_err(|error| fault(place, &error))?;
    let (key, body) = stored.verified(place)?;
    Ok(Change { key, body: body.map(Into::into) })
}

pub(super) fn entry(row: &Row) -> Result<(i64, Entry), tokio_postgres::Error> {
    let text = |column: usize| row.try_get::<_, &str>(column).map(Box::from);
    let entry = Entry {
        at_ms: row.try_get(1)?,
        account: text(2)?,
        actor: text(3)?,
        operation: text(4)?,
        target: text(5)?,
        detail: text(6)?,
    };
    Ok((row.try_get(0)?, entry))
}

pub(super) fn parameter<'a>(wanted: &'a Wanted<'a>) -> &'a (dyn ToSql + Sync) {
    match wanted {
        Wanted::Text(text) => text,
        Wanted::Number(number) => number,
    }
}

/// What PostgreSQL or the network says, as a reason that somebody can act on.
pub(super) fn fault(place: &str, error: &tokio_postgres::Error) -> Error {
    let what = with_causes(error);
    let place = place.to_owned();
    match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => Error::Full { place },
        Some(code) if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
            Error::Corrupt { what, place }
        }
        Some(_) | None => Error::Unavailable { cause: format!("{place}: {what}") },
    }
}

/// Every document that is there, in the order of their keys.
pub(super) const ALIVE: &str = "SELECT kind, id, revision, body, checksum FROM document \
                                WHERE body IS NOT NULL ORDER BY kind, id";

/// Those that are gone, too.
pub(super) const ALL: &str = "SELECT kind, id, revision, body, checksum FROM document";

/// One statement sees one state. One row more than fits tells that it is too much.
pub(super) const SINCE: &str = "SELECT s.revision, s.pruned, d.kind, d.id, d.revision, d.body, d.checksum \
                                FROM state s LEFT JOIN document d ON d.revision > $1 \
                                ORDER BY d.revision, d.kind, d.id LIMIT 10001";
