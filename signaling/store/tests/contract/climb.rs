//! A database of an earlier release becomes one of this release.

use store::{Commit, EntryQuery, Feed, Revision};

use crate::places::{Folder, Place, Schema, changes, entry, key, put, read};

#[test]
fn sqlite_of_the_first_version_climbs_all_steps() {
    let folder = Folder::new();
    std::fs::create_dir(folder.store()).unwrap();
    // 0x5452_4b4c, the mark of our files.
    folder.break_with("PRAGMA application_id = 1414679372");
    folder.break_with(include_str!("../../src/steps/1-documents.sqlite.sql"));
    folder.break_with(
        "CREATE TABLE step (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
    );
    climbs_all_steps(&folder, 0x9e23_af3d_1eef_7829, "x'7b7d'");
}

#[test]
fn postgres_of_the_first_version_climbs_all_steps() {
    let Some(schema) = Schema::new() else { return };
    schema.break_with(&format!("CREATE SCHEMA {}", schema.name));
    schema.break_with(include_str!("../../src/steps/1-documents.postgres.sql"));
    schema.break_with(
        "CREATE TABLE step (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BIGINT NOT NULL)",
    );
    climbs_all_steps(&schema, 0x6f37_4342_e2ab_21ed, "'\\x7b7d'");
}

/// Fills what the first version has made, and goes on with it. Its checksums are as they were released.
fn climbs_all_steps(place: &dyn Place, step: u64, body: &str) {
    place.break_with(&format!("INSERT INTO step VALUES (1, 'documents', {})", step.cast_signed()));
    let checksum = CHECKSUM.cast_signed();
    place.break_with(&format!(
        "INSERT INTO document VALUES ('number', '+14255550100', 1, {body}, {checksum}); UPDATE state SET revision = 1"
    ));

    let mut store = place.open();
    assert_eq!(read(&mut *store), (1, vec![(key("number", "+14255550100"), b"{}".to_vec())]));
    let next = Commit { changes: vec![put("new", b"1")], entries: vec![entry(1, "a", "Op", "t")] };
    assert_eq!(store.commit(Revision(1), &next), Ok(Revision(2)));
    assert_eq!(store.entries(&EntryQuery::default()).unwrap().entries, next.entries);
    let feed = Feed::Changes { revision: Revision(2), changes: changes([put("new", b"1")]).changes };
    assert_eq!(store.since(Revision(1)), Ok(feed));
    assert!(store.check().unwrap().is_clean());
    drop(store);
    assert_eq!(read(&mut *place.open()).0, 2, "it climbs once");
}

/// CRC-64/NVME over the document above, computed elsewhere: what the first version has written is read for ever.
const CHECKSUM: u64 = 0x1db6_29b7_3d67_26f7;
