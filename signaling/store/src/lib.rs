//! What is managed, durable: documents under keys, counted in revisions, and who changed them.
//!
//! The store knows no domain. Whoever knows one holds everything in memory, decides a change as a pure function, has it
//! made durable here, and applies it to memory afterwards. Two [`Engine`]s do the same: [`Sqlite`], a file beside the
//! process, and [`Postgres`], which several nodes share. A [`Clerk`] is the thread that owns one, so that nobody else
//! waits for a disk or a network.
//!
//! ```
//! use store::{Change, Commit, Engine, Key, Kind, Revision, Sqlite};
//!
//! # let folder = std::env::temp_dir().join(format!("store-example-{}", std::process::id()));
//! let mut store = Sqlite::open(&folder)?;
//! let key = Key { kind: Kind::parse("voice_connector")?, id: "abcdefghijklmnop12345a".into() };
//! let change = Change { key: key.clone(), body: Some((*b"{\"Name\":\"Berlin\"}").into()) };
//! let revision = store.commit(Revision(0), &Commit { changes: vec![change], entries: vec![] })?;
//!
//! let mut found = Vec::new();
//! assert_eq!(store.read(&mut |key, body| found.push((key, body.to_vec())))?, revision);
//! assert_eq!(found, [(key, b"{\"Name\":\"Berlin\"}".to_vec())]);
//! # drop(store);
//! # std::fs::remove_dir_all(&folder).expect("the folder of this example");
//! # Ok::<(), store::Error>(())
//! ```
#![forbid(unsafe_code)]

mod backup;
mod checksum;
mod clerk;
mod document;
mod engine;
mod entry;
mod error;
mod postgres;
mod sqlite;
mod steps;
mod stored;
mod vault;

pub use clerk::{Clerk, Pace};
pub use document::{BODY_BYTES_MAX, Change, Commit, ID_BYTES_MAX, Key, Kind, Revision};
pub use engine::{Engine, FEED_CHANGES_MAX, Feed, Report};
pub use entry::{Cursor, ENTRIES_MAX, Entry, EntryQuery, Page, TEXT_BYTES_MAX};
pub use error::Error;
pub use postgres::{Address, Postgres};
pub use sqlite::Sqlite;
pub use vault::Vault;
