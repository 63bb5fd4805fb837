//! The folder, the file in it, and how it becomes ours.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use tenure::Refusal;

use crate::error::Error;
use crate::steps::{self, Dialect};

use super::fault::Place;

/// Takes the folder, or tells who has it.
pub(super) fn take(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK);
    let place = Place::new(&path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|cause| Place::new(folder).of_system(&cause))?;
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false).mode(OWNER_ONLY);
    let file = options.open(&path).map_err(|cause| place.of_system(&cause))?;
    tenure::take(file).map_err(|refusal| match refusal {
        Refusal::Taken(holder) => Error::Taken { folder: folder.to_path_buf(), holder },
        Refusal::System(cause) => place.of_system(&cause),
    })
}

/// Opens the file, and makes it if there is none. Nothing of somebody else's is changed.
pub(super) fn connect(path: &Path, place: &Place) -> Result<Connection, Error> {
    let failed = |cause: std::io::Error| place.of_system(&cause);
    let mut options = OpenOptions::new();
    // The log beside the file is made with the permissions of the file.
    options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(OWNER_ONLY)
        .open(path)
        .and_then(|_made| fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY)))
        .map_err(failed)?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| place.fault(error))?;
    prepare(&connection, place).map(|()| connection)
}

fn prepare(connection: &Connection, place: &Place) -> Result<(), Error> {
    let failed = |error| place.fault(error);
    connection.busy_timeout(BUSY_MAX).map_err(failed)?;
    let mark: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(failed)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    // A file that was made and not filled before its process ended is as good as none.
    if mark != APPLICATION && (mark != 0 || tables > 0) {
        return Err(place.not_ours("it is a file of SQLite that another program has made"));
    }
    let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; \
                    PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864;";
    connection.execute_batch(settings).map_err(failed)
}

/// Does the steps that are missing, all or none.
pub(super) fn climb(connection: &mut Connection, place: &Place) -> Result<(), Error> {
    let failed = |error| place.fault(error);
    let work = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let ledger = "CREATE TABLE IF NOT EXISTS step \
                  (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT";
    work.execute(ledger, []).map_err(failed)?;
    work.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
    let done = {
        let mut select =
            work.prepare("SELECT version, checksum FROM step ORDER BY version").map_err(failed)?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?;
        rows.collect::<Result<Vec<(i64, i64)>, _>>().map_err(failed)?
    };
    for (version, step) in steps::missing(&done, Dialect::Sqlite, place.name())? {
        work.execute_batch(step.sql(Dialect::Sqlite)).map_err(failed)?;
        let sum = step.checksum(Dialect::Sqlite);
        work.execute("INSERT INTO step VALUES (?1, ?2, ?3)", (version, step.name, sum)).map_err(failed)?;
    }
    work.commit().map_err(failed)
}

/// `TRKL`: the mark of our files.
const APPLICATION: i64 = 0x5452_4b4c;

/// What is managed is nobody else's to read.
pub(crate) const OWNER_ONLY: u32 = 0o600;

/// Somebody who looks into the file may hold it for so long.
const BUSY_MAX: Duration = Duration::from_secs(5);

/// The name of the file that is locked.
const LOCK: &str = tenure::NAME;

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::document::{Commit, Revision};
    use crate::engine::Engine;
    use crate::sqlite::{FILE, Sqlite};

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("store-{name}-{}", std::process::id()));
        let _absent = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_later_release_is_left_alone_and_named() {
        let folder = folder("later");
        let mut store = Sqlite::open(&folder).unwrap();
        store.commit(Revision(0), &Commit::default()).unwrap();
        store.connection.execute("INSERT INTO step VALUES (4, 'wings', 0)", []).unwrap();
        drop(store);
        let Err(Error::NotOurs { found, .. }) = Sqlite::open(&folder) else { panic!("it is opened") };
        assert!(found.contains("version 4") && found.contains("up to 3"), "{found}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn files_of_others_are_refused_as_they_are() {
        let folder = folder("others");
        let path = folder.join(FILE);
        fs::write(&path, "no database at all, but long enough to be taken for one".repeat(100)).unwrap();
        let before = fs::read(&path).unwrap();
        let Err(Error::NotOurs { found, .. }) = Sqlite::open(&folder) else { panic!("it is opened") };
        assert_eq!(found, "it is no file of SQLite; name another folder");
        assert_eq!(fs::read(&path).unwrap(), before);

        fs::remove_file(&path).unwrap();
        Connection::open(&path).unwrap().execute("CREATE TABLE theirs (x)", []).unwrap();
        let before = fs::read(&path).unwrap();
        let Err(Error::NotOurs { found, .. }) = Sqlite::open(&folder) else { panic!("it is opened") };
        assert!(found.contains("another program"), "{found}");
        assert_eq!(fs::read(&path).unwrap(), before);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn only_the_owner_reads_what_is_kept() {
        let folder = folder("owner");
        fs::write(folder.join(FILE), "").unwrap();
        let mut store = Sqlite::open(&folder).unwrap();
        store.commit(Revision(0), &Commit::default()).unwrap();
        for name in [FILE, "store.sqlite-wal", "store.sqlite-shm", LOCK] {
            let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, OWNER_ONLY, "{name}");
        }
        let synchronous: i64 =
            store.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        let journal: String =
            store.connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!((synchronous, journal.as_str()), (2, "wal"));
        fs::remove_dir_all(folder).unwrap();
    }
}
