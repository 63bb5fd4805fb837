//! Where stores are made for tests: a folder, and a schema in a database.

use std::env;
use std::fs;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Once, PoisonError, RwLock, RwLockReadGuard};

use store::{Address, Change, Commit, Engine, Entry, Key, Kind, Postgres, Sqlite};

/// A store that can be opened again and again.
pub(crate) trait Place: Sync {
    fn open(&self) -> Box<dyn Engine>;
    /// Does something that no engine would.
    fn break_with(&self, sql: &str);
    /// How a process of its own opens the same.
    fn told(&self) -> String;
}

/// A folder with a store of SQLite.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = env::temp_dir().join(format!("store-{}", unique()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.0.join("store")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

impl Place for Folder {
    fn open(&self) -> Box<dyn Engine> {
        Box::new(Sqlite::open(&self.store()).unwrap())
    }

    fn break_with(&self, sql: &str) {
        rusqlite::Connection::open(self.store().join("store.sqlite")).unwrap().execute_batch(sql).unwrap();
    }

    fn told(&self) -> String {
        self.store().display().to_string()
    }
}

/// A schema of PostgreSQL. While there is one, nobody restarts the server.
pub(crate) struct Schema {
    pub(crate) name: String,
    _server: RwLockReadGuard<'static, ()>,
}

/// Held by those who use the server, and alone by who restarts it.
pub(crate) static SERVER: RwLock<()> = RwLock::new(());

impl Schema {
    /// `None`, and a loud word, where there is no server.
    pub(crate) fn new() -> Option<Self> {
        server_url()?;
        let _server = SERVER.read().unwrap_or_else(PoisonError::into_inner);
        Some(Self { name: format!("test_{}", unique()), _server })
    }
}

/// The server to test with, or a loud word.
pub(crate) fn server_url() -> Option<String> {
    let url = env::var("TRUNKLINE_POSTGRES_URL").ok();
    if url.is_none() {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| skip("PostgreSQL: TRUNKLINE_POSTGRES_URL is not set; tests/postgres.sh sets it"));
    }
    url
}

/// Says what is not tested here and why, even where the harness keeps what tests print.
pub(crate) fn skip(what: &str) {
    stderr().write_all(format!("SKIPPED: {what}\n").as_bytes()).unwrap();
}

impl Drop for Schema {
    fn drop(&mut self) {
        self.break_with(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name));
    }
}

impl Place for Schema {
    fn open(&self) -> Box<dyn Engine> {
        Box::new(open_schema(&self.name))
    }

    fn break_with(&self, sql: &str) {
        batch(&format!("SET search_path = {}; {sql}", self.name));
    }

    fn told(&self) -> String {
        format!("schema {}", self.name)
    }
}

pub(crate) fn open_schema(name: &str) -> Postgres {
    let address = Address::parse(&server_url().unwrap(), None, &[]).unwrap();
    Postgres::new(address.with_schema(name).unwrap()).unwrap()
}

/// What a child does with what its parent has told it.
pub(crate) fn open_told(told: &str) -> Box<dyn Engine> {
    match told.strip_prefix("schema ") {
        Some(name) => Box::new(open_schema(name)),
        None => Box::new(Sqlite::open(Path::new(told)).unwrap()),
    }
}

/// Runs SQL beside all engines.
fn batch(sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = server_url().unwrap();
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    });
}

pub(crate) fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn key(kind: &str, id: &str) -> Key {
    Key { kind: Kind::parse(kind).unwrap(), id: id.into() }
}

pub(crate) fn put(id: &str, body: &[u8]) -> Change {
    Change { key: key("number", id), body: Some(body.into()) }
}

pub(crate) fn gone(id: &str) -> Change {
    Change { key: key("number", id), body: None }
}

pub(crate) fn changes(changes: impl IntoIterator<Item = Change>) -> Commit {
    Commit { changes: changes.into_iter().collect(), entries: vec![] }
}

pub(crate) fn entry(at_ms: i64, account: &str, operation: &str, target: &str) -> Entry {
    Entry {
        at_ms,
        account: account.into(),
        actor: "AKIAEXAMPLE".into(),
        operation: operation.into(),
        target: target.into(),
        detail: "{\"ip\":\"192.0.2.1\"}".into(),
    }
}

/// Everything that is there.
pub(crate) fn read(engine: &mut dyn Engine) -> (u64, Vec<(Key, Vec<u8>)>) {
    let mut found = Vec::new();
    let revision = engine.read(&mut |key, body| found.push((key, body.to_vec()))).unwrap();
    (revision.0, found)
}
