//! A disk that is really full. The test starts itself in a mount namespace of its own, where it may mount one.

use std::env;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use store::{Engine, Error, Revision, Sqlite};

use crate::places::{Folder, changes, put, read, skip};

#[test]
fn a_full_disk_refuses_and_keeps_what_it_has() {
    if let Some(folder) = env::var_os("STORE_FULL") {
        return fill(&PathBuf::from(folder));
    }
    let folder = Folder::new();
    let mount = "mount -t tmpfs -o size=4m store \"$STORE_FULL\" || exit 77; exec \"$0\" \"$@\"";
    let run = Command::new("unshare")
        .args(["--mount", "sh", "-c", mount])
        .arg(env::current_exe().unwrap())
        .args(["full::a_full_disk_refuses_and_keeps_what_it_has", "--exact", "--nocapture"])
        .env("STORE_FULL", &folder.0)
        .output();
    let told = |run: &std::process::Output| String::from_utf8_lossy(&run.stderr).into_owned();
    match run {
        Ok(run) if run.status.success() => {}
        Ok(run) if run.status.code() == Some(77) || told(&run).contains("unshare failed") => {
            skip(&format!("a full disk: may not mount: {}", told(&run)));
        }
        Ok(run) => panic!("{}{}", String::from_utf8_lossy(&run.stdout), told(&run)),
        Err(error) => skip(&format!("a full disk: no unshare: {error}")),
    }
}

fn fill(folder: &Path) {
    let mut store = Sqlite::open(&folder.join("store")).unwrap();
    let ballast = folder.join("ballast");
    fs::write(&ballast, vec![1; 1 << 20]).unwrap();
    let mut revision = Revision(0);
    let refused = loop {
        match store.commit(revision, &changes([put(&revision.to_string(), &[7; 20_000])])) {
            Ok(next) => revision = next,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Full { .. }), "{refused}");
    assert!(revision.0 > 20, "{revision} commits in 3 MB");
    take_the_rest(&folder.join("rest"));
    assert!(matches!(store.commit(revision, &changes([put("small", b"x")])), Err(Error::Full { .. })));
    let full = store.backup(&folder.join("backup"));
    assert!(matches!(full, Err(Error::Full { .. })), "{full:?}");
    let (found, documents) = read(&mut store);
    assert_eq!((found, documents.len() as u64), (revision.0, revision.0));
    drop(store);

    // The next process finds the same, and goes on as soon as there is room.
    fs::remove_file(ballast).unwrap();
    let mut store = Sqlite::open(&folder.join("store")).unwrap();
    assert!(store.check().unwrap().is_clean());
    assert_eq!(store.commit(revision, &changes([put("small", b"x")])), Ok(revision.next()));
}

fn take_the_rest(path: &Path) {
    let mut file = File::create(path).unwrap();
    while match file.write(&[1; 4_096]) {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::StorageFull => false,
        Err(error) => panic!("{error}"),
    } {}
}
