//! Rows of SQLite as what they mean.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Params, Row, ToSql, params_from_iter};

use crate::document::Revision;
use crate::entry::{Entry, EntryQuery, Wanted};
use crate::error::Error;
pub(super) use crate::stored::Stored;

use super::fault::Place;

/// The revision of the state, and up to which one those that are gone were forgotten.
pub(super) fn state(connection: &Connection, place: &Place) -> Result<(Revision, Revision), Error> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (revision, pruned) = connection
        .query_row("SELECT revision, pruned FROM state", [], read)
        .map_err(|error| place.fault(error))?;
    Ok((Revision::from_stored(revision), Revision::from_stored(pruned)))
}

/// Tells every document that a query finds, as it is stored.
pub(super) fn documents(
    connection: &Connection,
    place: &Place,
    sql: &str,
    parameters: impl Params,
    mut each: impl FnMut(Stored<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let failed = |error| place.fault(error);
    let mut select = connection.prepare(sql).map_err(failed)?;
    let mut rows = select.query(parameters).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        each(stored(row).map_err(failed)?)?;
    }
    Ok(())
}

fn stored<'a>(row: &'a Row<'_>) -> Result<Stored<'a>, rusqlite::Error> {
    Ok(Stored {
        kind: row.get_ref(0)?.as_str()?,
        id: row.get_ref(1)?.as_str()?,
        revision: Revision::from_stored(row.get(2)?),
        body: row.get_ref(3)?.as_blob_or_null()?,
        checksum: row.get(4)?,
    })
}

/// The entries that a query finds, with their numbers.
pub(super) fn entries(
    connection: &Connection,
    place: &Place,
    query: &EntryQuery,
) -> Result<Vec<(i64, Entry)>, Error> {
    let failed = |error| place.fault(error);
    let (sql, wanted) = query.to_sql('?');
    let mut select = connection.prepare(&sql).map_err(failed)?;
    let found = select.query_map(params_from_iter(wanted), entry).map_err(failed)?;
    found.collect::<Result<_, _>>().map_err(failed)
}

fn entry(row: &Row<'_>) -> Result<(i64, Entry), rusqlite::Error> {
    let text = |column| row.get::<_, Box<str>>(column);
    let entry = Entry {
        at_ms: row.get(1)?,
        account: text(2)?,
        actor: text(3)?,
        operation: text(4)?,
        target: text(5)?,
        detail: text(6)?,
    };
    Ok((row.get(0)?, entry))
}

/// An entry as a row.
pub(super) fn of_entry(number: i64, entry: &Entry) -> impl Params {
    let Entry { at_ms, account, actor, operation, target, detail } = entry;
    (number, *at_ms, &**account, &**actor, &**operation, &**target, &**detail)
}

pub(super) fn count_entries(connection: &Connection, place: &Place) -> Result<u64, Error> {
    let count: i64 = connection
        .query_row("SELECT count(*) FROM entry", [], |row| row.get(0))
        .map_err(|error| place.fault(error))?;
    Ok(count.unsigned_abs())
}

/// What SQLite itself finds wrong with its file.
pub(super) fn integrity(connection: &Connection, place: &Place) -> Result<Vec<String>, Error> {
    let failed = |error| place.fault(error);
    let mut select = connection.prepare("PRAGMA integrity_check").map_err(failed)?;
    let found = select.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(failed)?;
    Ok(found.into_iter().filter(|one| one != "ok").collect())
}

impl ToSql for Wanted<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Wanted::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Wanted::Number(number) => ToSqlOutput::Owned(Value::Integer(*number)),
        })
    }
}
