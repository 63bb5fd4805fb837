//! A disk that is really full. The test starts itself in a mount namespace of its own, where it may mount one.

use std::cell::RefCell;
use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;

use cdr::{Error, Journal};

use crate::sample::{Folder, begin, id, objects, outcome, read_bucket, record, upload, wait_until};

#[test]
fn a_file_system_without_space_loses_nothing() {
    if let Some(folder) = env::var_os("CDR_FULL") {
        return fill(&PathBuf::from(folder));
    }
    let folder = Folder::new();
    fs::create_dir_all(folder.spool()).unwrap();
    let mount = "mount -t tmpfs -o size=17m cdr \"$CDR_FULL/spool\" || exit 77; exec \"$0\" \"$@\"";
    let name = "tmpfs::a_file_system_without_space_loses_nothing";
    let run = Command::new("unshare")
        .args(["--mount", "sh", "-c", mount])
        .arg(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env("CDR_FULL", folder.spool().parent().unwrap())
        .output();
    match run {
        Ok(run) if run.status.success() => {}
        Ok(run) if run.status.code() == Some(77) || is_refused(&run.stderr) => {
            println!("SKIPPED: may not mount: {}", String::from_utf8_lossy(&run.stderr));
        }
        Ok(run) => panic!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr)),
        Err(error) => println!("SKIPPED: no unshare: {error}"),
    }
}

fn is_refused(stderr: &[u8]) -> bool {
    String::from_utf8_lossy(stderr).contains("unshare failed")
}

/// What happens in the namespace: calls until there is no room, somebody else takes the last of the space, all calls end.
fn fill(folder: &std::path::Path) {
    let (spool_folder, bucket) = (folder.join("spool"), folder.join("bucket"));
    let mut opened = Journal::open(&spool_folder).unwrap();
    let mut calls = 0;
    while begin_call(&mut opened.journal, calls) {
        calls += 1;
    }
    let ballast = spool_folder.join("ballast");
    take_all_space(&ballast);

    for number in 0..calls {
        opened.journal.answer(id(number), record(number).answer_time_ms.unwrap()).unwrap();
        opened.journal.end(id(number), &outcome(number)).unwrap();
        opened.journal.flush().unwrap();
    }
    upload(&opened.spool, &bucket);
    assert!(calls > 4_000, "{calls} calls in 16 MiB");
    assert_eq!(read_bucket(&bucket), objects(0..calls));

    fs::remove_file(ballast).unwrap();
    let journal = RefCell::new(opened.journal);
    wait_until("room", || begin_call(&mut journal.borrow_mut(), calls));
    drop((journal, opened.spool));
    let opened = Journal::open(&spool_folder).unwrap();
    assert_eq!(opened.open.len(), 1);
    // Marks that found no space are made now; the records are not uploaded anew.
    assert_eq!(upload(&opened.spool, &bucket).conflicts, 0);
    assert_eq!(read_bucket(&bucket), objects(0..calls));
}

fn begin_call(journal: &mut Journal, number: u64) -> bool {
    match journal.begin(&begin(number)) {
        Ok(()) => journal.flush().map(|()| true).unwrap(),
        Err(Error::Full) => false,
        Err(error) => panic!("{error}"),
    }
}

fn take_all_space(path: &std::path::Path) {
    let mut file = File::create(path).unwrap();
    loop {
        match file.write(&[1; 4_096]) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::StorageFull => return,
            Err(error) => panic!("{error}"),
        }
    }
}
