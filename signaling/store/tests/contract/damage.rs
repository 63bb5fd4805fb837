//! What is not as it was written is found, and never handed out.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use store::{Error, Revision};

use crate::places::{Folder, Place, Schema, changes, gone, put};

#[test]
fn sqlite_tells_what_is_damaged() {
    tells_what_is_damaged(&Folder::new());
}

#[test]
fn postgres_tells_what_is_damaged() {
    if let Some(schema) = Schema::new() {
        tells_what_is_damaged(&schema);
    }
}

fn tells_what_is_damaged(place: &dyn Place) {
    let mut store = place.open();
    store.commit(Revision(0), &changes([put("a", b"1"), put("b", b"1")])).unwrap();
    store.commit(Revision(1), &changes([put("c", b"1"), gone("d")])).unwrap();
    // What is wrong, what puts it right again, and who is to blame.
    let damages = [
        (
            "UPDATE document SET body = '2' WHERE id = 'b'",
            "UPDATE document SET body = '1' WHERE id = 'b'",
            "number b",
        ),
        (
            "UPDATE document SET id = 'x' WHERE id = 'b'",
            "UPDATE document SET id = 'b' WHERE id = 'x'",
            "number x",
        ),
        (
            "UPDATE document SET revision = 2 WHERE id = 'b'",
            "UPDATE document SET revision = 1 WHERE id = 'b'",
            "number b",
        ),
    ];
    for (damage, repair, blamed) in damages {
        place.break_with(&damage.replace("'2'", bytes(place, "2")));
        let found = store.read(&mut |_key, _body| {});
        assert!(matches!(&found, Err(Error::Corrupt { what, .. }) if what.contains(blamed)), "{found:?}");
        let report = store.check().unwrap();
        assert!(report.faults.iter().any(|fault| fault.contains(blamed)), "{report:?}");
        place.break_with(&repair.replace("'1' W", &format!("{} W", bytes(place, "1"))));
        assert!(store.check().unwrap().is_clean());
    }
    place.break_with("UPDATE state SET revision = 1");
    let report = store.check().unwrap();
    assert!(report.faults.iter().any(|fault| fault.contains("of revision 2, of 1")), "{report:?}");
}

/// A body of one letter, in SQL.
fn bytes(place: &dyn Place, letter: &str) -> &'static str {
    match (place.told().starts_with("schema"), letter) {
        (true, "1") => "'\\x31'::bytea",
        (true, _) => "'\\x32'::bytea",
        (false, "1") => "x'31'",
        (false, _) => "x'32'",
    }
}

#[test]
fn a_page_that_has_rotted_is_found() {
    let folder = Folder::new();
    let many = (0..2_000).map(|number| put(&number.to_string(), &[7; 400]));
    folder.open().commit(Revision(0), &changes(many)).unwrap();
    let file = OpenOptions::new().write(true).open(folder.store().join("store.sqlite")).unwrap();
    assert!(file.metadata().unwrap().len() > 800_000);
    // The heads of some pages in the middle.
    for page in 60..70 {
        file.write_all_at(&[0xee; 64], page * 4_096).unwrap();
    }
    let mut store = folder.open();
    let found = store.read(&mut |_key, _body| {});
    assert!(matches!(found, Err(Error::Corrupt { .. })), "{found:?}");
    assert!(store.check().is_ok_and(|report| !report.is_clean()) || store.check().is_err());
}
