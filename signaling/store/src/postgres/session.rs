//! One connection, prepared, and the transactions over it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{Client, IsolationLevel, NoTls, Row, Socket, Statement};

use crate::checksum;
use crate::document::{Key, Revision};
use crate::entry::{Entry, EntryQuery};
use crate::error::Error;

use super::address::Address;
use super::rows::{self, View, fault};

mod climb;

/// A connection that knows what is going to be asked.
pub(super) struct Session {
    client: Client,
    place: String,
    put: Statement,
    append: Statement,
    advance: Statement,
    since: Statement,
    /// Carries what the client says; ends with it.
    carrier: JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

impl Session {
    /// Connects, and does the steps that are missing there.
    pub(super) async fn open(address: &Address, call_max: Duration) -> Result<Self, Error> {
        let (mut client, carrier) = match &address.tls {
            Some(tls) => connect(address, call_max, tls.clone()).await?,
            None => connect(address, call_max, NoTls).await?,
        };
        let place = address.to_string();
        let failed = |error| fault(&place, &error);
        client.batch_execute(&greeting(address, call_max)).await.map_err(failed)?;
        climb::climb(&mut client, address).await?;
        let put = client.prepare(PUT).await.map_err(failed)?;
        let append = client.prepare(APPEND).await.map_err(failed)?;
        let advance = client.prepare(ADVANCE).await.map_err(failed)?;
        let since = client.prepare(rows::SINCE).await.map_err(failed)?;
        Ok(Self { client, place, put, append, advance, since, carrier })
    }

    /// Does a commit. `is_sent` says from when on it may be done without an answer.
    pub(super) async fn commit(
        &mut self,
        expected: Revision,
        settled: &BTreeMap<&Key, Option<&[u8]>>,
        entries: &[Entry],
        name: &[u8; 16],
        is_sent: &Cell<bool>,
    ) -> Result<Revision, Error> {
        let Self { client, place, put, append, advance, .. } = self;
        let failed = |error| fault(place, &error);
        let work = client.transaction().await.map_err(failed)?;
        let locked = work.query_one(LOCK, &[]).await.map_err(failed)?;
        let (current, _pruned) = rows::state(&locked, place)?;
        if current != expected {
            work.rollback().await.map_err(failed)?;
            return Err(Error::Behind { current });
        }
        let revision = expected.next();
        if !settled.is_empty() {
            let kinds: Vec<&str> = settled.keys().map(|key| key.kind.as_str()).collect();
            let ids: Vec<&str> = settled.keys().map(|key| &*key.id).collect();
            let bodies: Vec<Option<&[u8]>> = settled.values().copied().collect();
            let sums = settled.iter().map(|(key, body)| checksum::of_change(key, revision, *body));
            let sums: Vec<i64> = sums.collect();
            work.execute(put, &[&revision.to_stored(), &kinds, &ids, &bodies, &sums])
                .await
                .map_err(failed)?;
        }
        if !entries.is_empty() {
            let numbers: Vec<i64> = revision.entry_numbers().take(entries.len()).collect();
            let times: Vec<i64> = entries.iter().map(|entry| entry.at_ms).collect();
            let texts = |of: fn(&Entry) -> &str| entries.iter().map(of).collect::<Vec<&str>>();
            let accounts = texts(|entry| &entry.account);
            let actors = texts(|entry| &entry.actor);
            let operations = texts(|entry| &entry.operation);
            let targets = texts(|entry| &entry.target);
            let details = texts(|entry| &entry.detail);
            work.execute(append, &[&numbers, &times, &accounts, &actors, &operations, &targets, &details])
                .await
                .map_err(failed)?;
        }
        work.execute(advance, &[&revision.to_stored(), &&name[..]]).await.map_err(failed)?;
        is_sent.set(true);
        // Whatever is said here but yes, it may be done: who asks afterwards hears the truth.
        work.commit().await.map_err(|error| Error::Unavailable {
            cause: format!("{place}: {}", super::address::with_causes(&error)),
        })?;
        Ok(revision)
    }

    /// The name of the commit that led to a revision, as soon as nobody is at one any more.
    pub(super) async fn name_of(&mut self, revision: Revision) -> Result<Option<[u8; 16]>, Error> {
        let failed = |error| fault(&self.place, &error);
        let work = self.client.transaction().await.map_err(failed)?;
        work.query_one(LOCK, &[]).await.map_err(failed)?;
        let sql = "SELECT name FROM accepted WHERE revision = $1";
        let found = work.query_opt(sql, &[&revision.to_stored()]).await.map_err(failed)?;
        let name: Option<Vec<u8>> = found.map(|row| row.try_get(0)).transpose().map_err(failed)?;
        work.rollback().await.map_err(failed)?;
        Ok(name.and_then(|name| name.try_into().ok()))
    }

    /// The state, and the documents that have changed since, in one look.
    pub(super) async fn since(&self, since: Revision) -> Result<((Revision, Revision), Vec<Row>), Error> {
        let failed = |error| fault(&self.place, &error);
        let mut found = self.client.query(&self.since, &[&since.to_stored()]).await.map_err(failed)?;
        let state = match found.first() {
            Some(row) => rows::state(row, &self.place)?,
            None => return Err(rows::no_state(&self.place)),
        };
        // Without a change, the state stands alone.
        found.retain(|row| row.try_get::<_, Option<&str>>(2).is_ok_and(|kind| kind.is_some()));
        Ok((state, found))
    }

    pub(super) async fn prune(&mut self, until: Revision) -> Result<(), Error> {
        let failed = |error| fault(&self.place, &error);
        let work = self.client.transaction().await.map_err(failed)?;
        let (current, pruned) = rows::state(&work.query_one(LOCK, &[]).await.map_err(failed)?, &self.place)?;
        let until = until.min(current).max(pruned).to_stored();
        let gone = "DELETE FROM document WHERE body IS NULL AND revision <= $1";
        work.execute(gone, &[&until]).await.map_err(failed)?;
        // Somebody may still ask for the last ones.
        let names = until.min(current.to_stored() - NAMES_KEPT);
        work.execute("DELETE FROM accepted WHERE revision <= $1", &[&names]).await.map_err(failed)?;
        work.execute("UPDATE state SET pruned = $1", &[&until]).await.map_err(failed)?;
        work.commit().await.map_err(failed)
    }

    pub(super) async fn entries(&self, query: &EntryQuery) -> Result<Vec<(i64, Entry)>, Error> {
        let (sql, wanted) = query.to_sql('$');
        let parameters: Vec<_> = wanted.iter().map(rows::parameter).collect();
        let failed = |error| fault(&self.place, &error);
        let found = self.client.query(&sql, &parameters).await.map_err(failed)?;
        found.iter().map(|row| rows::entry(row).map_err(failed)).collect()
    }

    /// One consistent state to look at, for so long.
    pub(super) async fn view(&mut self, at_most: Duration) -> Result<View<'_>, Error> {
        let place = &self.place;
        let failed = |error| fault(place, &error);
        let start = self.client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
        let work = start.read_only(true).start().await.map_err(failed)?;
        let patience = format!("SET LOCAL statement_timeout = {}", at_most.as_millis());
        work.batch_execute(&patience).await.map_err(failed)?;
        Ok(View { work, place })
    }
}

async fn connect<T>(address: &Address, call_max: Duration, tls: T) -> Result<(Client, JoinHandle<()>), Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: TlsStream + Send + 'static,
    T::TlsConnect: TlsConnect<Socket>,
{
    let connected = address.config(call_max)?.connect(tls).await;
    let (client, connection) = connected.map_err(|error| fault(&address.to_string(), &error))?;
    // What ends it is told to whoever waits for an answer.
    let carrier = tokio::spawn(async move { drop(connection.await) });
    Ok((client, carrier))
}

/// What holds for all that follows. The server gives up before we do, so that nothing of ours is left there.
fn greeting(address: &Address, call_max: Duration) -> String {
    let (schema, patience_ms) = (address.schema.as_str(), call_max.as_millis());
    format!(
        "SET search_path = \"{schema}\"; SET statement_timeout = {patience_ms}; \
         SET idle_in_transaction_session_timeout = {patience_ms}; \
         SELECT set_config('synchronous_commit', 'on', false) \
         WHERE current_setting('synchronous_commit') = 'off'"
    )
}

/// Commits queue here.
const LOCK: &str = "SELECT revision, pruned FROM state FOR UPDATE";

const PUT: &str = "INSERT INTO document (kind, id, revision, body, checksum) \
                   SELECT kind, id, $1::bigint, body, checksum \
                   FROM unnest($2::text[], $3::text[], $4::bytea[], $5::bigint[]) \
                   AS new (kind, id, body, checksum) \
                   ON CONFLICT (kind, id) DO UPDATE SET revision = excluded.revision, \
                   body = excluded.body, checksum = excluded.checksum";

const APPEND: &str = "INSERT INTO entry (number, at_ms, account, actor, operation, target, detail) \
                      SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], \
                      $6::text[], $7::text[])";

const ADVANCE: &str = "WITH named AS (INSERT INTO accepted (revision, name) VALUES ($1::bigint, $2::bytea)) \
                       UPDATE state SET revision = $1::bigint";

/// A question about a commit comes within seconds.
const NAMES_KEPT: i64 = 1_000;
