//! The tables, as this release wants them.

use tokio_postgres::Client;

use crate::error::Error;
use crate::postgres::address::Address;
use crate::postgres::rows::fault;
use crate::steps::{self, Dialect};

/// Does the steps that are missing, all or none; of several nodes one does, and the others wait.
pub(super) async fn climb(client: &mut Client, address: &Address) -> Result<(), Error> {
    let (place, schema) = (address.to_string(), address.schema.as_str());
    let failed = |error| fault(&place, &error);
    let refuse = |found: &str| Err(Error::NotOurs { place: place.clone(), found: found.into() });
    let work = client.transaction().await.map_err(failed)?;
    work.query_one(QUEUE, &[&schema]).await.map_err(failed)?;
    let found = work.query_one(LOOK, &[&schema]).await.map_err(failed)?;
    let (encoding, has_ledger, tables): (String, bool, i64) = (found.get(0), found.get(1), found.get(2));
    if encoding != "UTF8" {
        return refuse(&format!("its encoding is {encoding}; make it with ENCODING 'UTF8'"));
    }
    if !has_ledger && tables > 0 {
        return refuse(&format!("the schema {schema} has tables of another program; name another schema"));
    }
    let ledger_sql = "SELECT version, checksum FROM step ORDER BY version";
    let done = if has_ledger { work.query(ledger_sql, &[]).await.map_err(failed)? } else { Vec::new() };
    let done: Vec<(i64, i64)> = done.iter().map(|row| (row.get(0), row.get(1))).collect();
    let missing = steps::missing(&done, Dialect::Postgres, &place)?;
    if missing.is_empty() {
        return work.rollback().await.map_err(failed);
    }
    if !has_ledger {
        work.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"; {LEDGER}"))
            .await
            .map_err(failed)?;
    }
    for (version, step) in missing {
        work.batch_execute(step.sql(Dialect::Postgres)).await.map_err(failed)?;
        let sum = step.checksum(Dialect::Postgres);
        let note = "INSERT INTO step (version, name, checksum) VALUES ($1, $2, $3)";
        work.execute(note, &[&version, &step.name, &sum]).await.map_err(failed)?;
    }
    work.commit().await.map_err(failed)
}

/// The lock goes with the transaction. Its number is ours by chance; the schema tells stores in one database apart.
const QUEUE: &str = "SELECT pg_advisory_xact_lock(1414681420, hashtext($1))";

const LOOK: &str = "SELECT pg_encoding_to_char(encoding)::text, to_regclass(quote_ident($1) || '.step') IS NOT NULL, \
                    (SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(quote_ident($1))) \
                    FROM pg_database WHERE datname = current_database()";

const LEDGER: &str =
    "CREATE TABLE step (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BIGINT NOT NULL)";
