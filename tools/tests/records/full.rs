//! The disk of the appliance is really full. The test starts itself in a mount namespace of its own, where it may mount
//! one: as root, or as the root of a user namespace.

use std::env;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use crate::appliance::{Appliance, OWN_NUMBER};
use crate::ledger;
use crate::peer::{self, Manners, Peer, Plan};
use crate::single::{outbound, several};
use crate::wait_until;

const NAME: &str = "full::a_full_disk_refuses_calls_ends_none_and_loses_no_record";

#[test]
fn a_full_disk_refuses_calls_ends_none_and_loses_no_record() {
    if let Some(disk) = env::var_os("TRUNKLINE_FULL_DISK") {
        return fill(&PathBuf::from(disk));
    }
    let disk = env::temp_dir().join(format!("trunkline-disk-{}", std::process::id()));
    fs::create_dir_all(&disk).unwrap();
    let outcome = [&["--mount"][..], &["--map-root-user", "--mount"]]
        .into_iter()
        .map(|namespaces| start(&disk, namespaces))
        .find(|run| run.status.code() != Some(REFUSED));
    let _ = fs::remove_dir(&disk);
    match outcome {
        None => println!("SKIPPED: neither root nor user namespaces: no disk can be mounted"),
        Some(run) => {
            println!("{}", String::from_utf8_lossy(&run.stdout));
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        }
    }
}

/// What the shell says if it may not.
const REFUSED: i32 = 77;
/// Room for some thousand records, each of which takes a page.
const DISK_MIB: u64 = 48;
/// What is left of it when the appliance starts: one segment of the journal, instead of the two that it would like.
const LEFT_MIB: u64 = 6;

fn start(disk: &Path, namespaces: &[&str]) -> Output {
    let mount = format!(
        "mount -t tmpfs -o size={DISK_MIB}m records \"$TRUNKLINE_FULL_DISK\" || exit {REFUSED}; exec \"$0\" \"$@\""
    );
    let shell = format!("unshare \"$@\" true 2>/dev/null || exit {REFUSED}");
    let may = Command::new("sh").args(["-c", &shell, "sh"]).args(namespaces).output().unwrap();
    if !may.status.success() {
        return may;
    }
    Command::new("unshare")
        .args(namespaces)
        .args(["sh", "-c", &mount])
        .arg(env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env("TRUNKLINE_FULL_DISK", disk)
        .output()
        .unwrap()
}

fn fill(disk: &Path) {
    // Records go to the same disk: while it is full they wait in the journal, which cannot grow.
    let ballast = disk.join("ballast");
    fs::write(&ballast, vec![1; ((DISK_MIB - LEFT_MIB) << 20) as usize]).unwrap();
    let data = disk.join("data");
    let bucket = disk.join("bucket");
    let mut appliance = Appliance::start(Some(&data), &format!("folder = {bucket:?}"));
    let (mut customer, carrier) = peer::both(&appliance, Manners::Answers);
    let calls = several(&mut customer);
    take_all_space(&ballast);

    use_up(&mut customer, 0..40);

    // Those that were let in live on, and can end.
    for call in &calls[..3] {
        assert!(!customer.seen(call).is_over);
        customer.hang_up(call);
        assert_eq!(customer.wait(call, "the end", |seen| seen.is_over).bye, Some(200));
    }
    // So does a crash: two calls are up.
    appliance.kill_signaling();
    appliance.start_signaling();
    // Those two are over, and leave room for some others, not for many.
    use_up(&mut customer, 40..80);

    fs::remove_file(&ballast).unwrap();
    let mut short_call = caller();
    wait_until("calls as before", || short_call(&mut customer));
    customer.rest();
    for call in &calls[3..] {
        assert_eq!(customer.wait(call, "the end", |seen| seen.is_over).bye, Some(481));
    }
    customer.wait_until_idle();
    appliance.stop_signaling();
    // What could not be delivered is tried again after up to a minute, and at once after a start.
    appliance.start_signaling();
    let due = customer.book().values().filter(|seen| seen.last() != 503).count();
    wait_until("all records", || ledger::count(&bucket) >= due);
    appliance.stop_signaling();

    let found = ledger::compare(&[&customer.book(), &carrier.book()], &ledger::read(&bucket));
    assert!(found.answered > calls.len() && found.recovered == 2, "{found:?}");
    assert!(found.refused > 1_000, "{found:?}");
}

/// Makes attempts that end where they begin, until they have used up what the journal has set aside. So many at a time may be
/// refused for being many; one that comes alone is refused for want of room.
fn use_up(customer: &mut Peer, rounds: Range<u64>) {
    for round in rounds {
        let first = 70_000_000 + round * 10_000;
        customer.call_often(
            Duration::from_millis(2),
            Box::new(move |_, number| Plan {
                from: OWN_NUMBER.to_owned(),
                ..outbound(&format!("+4420{:08}", first + number))
            }),
        );
        thread::sleep(Duration::from_secs(1));
        customer.stop_calling();
        // What is under way is worked off.
        thread::sleep(Duration::from_millis(500));
        let alone = customer.call(outbound(&format!("+1206555{:04}", 300 + round)));
        let seen = customer.wait(&alone, "an end or an answer", |seen| seen.is_up || seen.is_over);
        if seen.last() == 503 {
            return;
        }
        customer.hang_up(&alone);
        customer.wait(&alone, "the end", |seen| seen.is_over);
    }
    panic!("the disk has no end");
}

/// Makes one call after the other, each to a number of its own, and tells which one was answered.
fn caller() -> impl FnMut(&mut Peer) -> bool {
    let mut number = 0;
    move |customer| {
        number += 1;
        let call = customer.call(outbound(&format!("+1206556{number:04}")));
        let seen = customer.wait(&call, "an end or an answer", |seen| seen.is_up || seen.is_over);
        customer.hang_up(&call);
        seen.is_up
    }
}

fn take_all_space(path: &Path) {
    let mut file = File::options().append(true).open(path).unwrap();
    loop {
        match file.write(&[1; 4_096]) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => return,
            Err(error) => panic!("{error}"),
        }
    }
}
